import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { bootstrapArtefact } from "./artefact";

describe("bootstrapArtefact", () => {
  let folder: string;
  const write = (text: string): void => {
    fs.writeFileSync(path.join(folder, "bootstrap"), text);
  };
  const zipOf = async (): Promise<string> => {
    return await bootstrapArtefact(folder, "quick", "arm64").path;
  };

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "artefact-"));
  });
  afterEach(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it("is a ZIP whose bootstrap Lambda can start: with the mode of an executable", async () => {
    write("#!/bin/sh");
    const zip = fs.readFileSync(await zipOf());
    const directory = zip.indexOf("PK\x01\x02", 0, "latin1");
    // APPNOTE 4.3.12: the system that made the entry, and its attributes, whose upper half is a file mode there.
    expect(zip.readUInt8(directory + 5)).toBe(3);
    expect(zip.readUInt16LE(directory + 40) & 0o777).toBe(0o755);
  });

  it("is the same for the same bootstrap, and another for another one", async () => {
    write("one");
    const first = fs.readFileSync(await zipOf());
    write("one");
    expect(fs.readFileSync(await zipOf())).toEqual(first);
    write("two");
    expect(fs.readFileSync(await zipOf())).not.toEqual(first);
  });

  it("refuses a bootstrap for another architecture, with the command that builds the right one", () => {
    const elf = Buffer.concat([Buffer.from("\x7fELF"), Buffer.alloc(14), Buffer.from([0x3e, 0])]);
    fs.writeFileSync(path.join(folder, "bootstrap"), elf);
    expect(() => bootstrapArtefact(folder, "quick", "arm64")).toThrow(
      "the function 'quick' is built for x86_64, but the stack's architecture is arm64: build it with: make build ARCH=arm64",
    );
  });
});
