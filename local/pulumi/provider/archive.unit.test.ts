import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { afterEach, beforeEach, expect, test } from "vitest";
import { zip } from "./archive";
import { Archive, Asset } from "./values";

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), "lambench-archive-"));
  await mkdir(path.join(folder, "code/sub"), { recursive: true });
  await writeFile(path.join(folder, "code/bootstrap"), "run");
  await writeFile(path.join(folder, "code/sub/data.txt"), "data");
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function contents(file: Uint8Array): Record<string, string> {
  return Object.fromEntries(Object.entries(unzipSync(file)).map(([name, bytes]) => [name, strFromU8(bytes)]));
}

test("a folder becomes a ZIP file with the same bytes each time, or drift would be seen where there is none", async () => {
  const archive = new Archive({ path: path.join(folder, "code") });
  const first = await zip(archive);
  expect(contents(first)).toEqual({ bootstrap: "run", "sub/data.txt": "data" });
  await utimes(path.join(folder, "code/bootstrap"), 1, 1);
  expect(Buffer.compare(await zip(archive), first)).toBe(0);
});

test("texts, files, folders and ZIP files are put together", async () => {
  await writeFile(path.join(folder, "lib.zip"), zipSync({ "l.py": strToU8("lib") }));
  const assets = {
    "index.py": new Asset({ text: "text" }),
    "copy/boot": new Asset({ path: path.join(folder, "code/bootstrap") }),
    all: new Archive({ path: path.join(folder, "code") }),
    lib: new Archive({ path: path.join(folder, "lib.zip") }),
  };
  expect(contents(await zip(new Archive({ assets })))).toEqual({
    "index.py": "text",
    "copy/boot": "run",
    "all/bootstrap": "run",
    "all/sub/data.txt": "data",
    "lib/l.py": "lib",
  });
});

test("files can be executed, or Lambda could not start a bootstrap", async () => {
  const file = Buffer.from(await zip(new Archive({ assets: { bootstrap: new Asset({ text: "run" }) } })));
  const directory = file.indexOf(Buffer.from([0x50, 0x4b, 0x01, 0x02])); // the central directory's first entry
  expect(file.readUInt32LE(directory + 38) >>> 16).toBe(0o100755);
});

test("a ZIP file is taken as it is", async () => {
  const original = zipSync({ x: strToU8("y") });
  await writeFile(path.join(folder, "code.zip"), original);
  expect(Buffer.compare(await zip(new Archive({ path: path.join(folder, "code.zip") })), original)).toBe(0);
});
