import * as fs from "node:fs";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { type Zippable, zipSync } from "fflate";

import { stop } from "./stop";
import type { Architecture } from "./target";

/** The repository's root folder. */
export const ROOT = path.resolve(__dirname, "..");

/** A path in Cargo's output folder. */
export function inTarget(...parts: readonly string[]): string {
  return path.resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target", ...parts);
}

/** Bytes 18 and 19 of an ELF file say what machine it is for (`e_machine`, ELF specification). */
const ELF_MACHINES: Readonly<Record<number, Architecture>> = { 0x3e: "x86_64", 0xb7: "arm64" };

/** ZIP's number of the system whose file modes follow (APPNOTE 4.4.2), and the modes 0755 and 0644 of a file as they stand there. */
const UNIX = 3;
const EXECUTABLE = 0o100755 << 16;
const READABLE = 0o100644 << 16;

/** The archive of a Rust function as `cargo lambda build` left it; missing or for another architecture stops the program. */
export function rustArtefact(bin: string, architecture: Architecture): pulumi.asset.Archive {
  return bootstrapArtefact(inTarget("lambda", bin), bin, architecture);
}

/** A folder with a compiled `bootstrap`. */
export function bootstrapArtefact(
  folder: string,
  what: string,
  architecture: Architecture,
): pulumi.asset.FileArchive {
  const bootstrap = path.join(folder, "bootstrap");
  const build = `build it with: make build ARCH=${architecture}`;
  if (!fs.existsSync(bootstrap)) stop(`the function '${what}' is not built (no ${bootstrap}): ${build}`);
  const built = machineOf(bootstrap);
  if (built !== undefined && built !== architecture) {
    stop(
      `the function '${what}' is built for ${built}, but the stack's architecture is ${architecture}: ${build}`,
    );
  }
  return new pulumi.asset.FileArchive(zipped(bootstrap));
}

/**
 * The bootstrap as a ZIP that says it is executable, made anew whenever the bootstrap is. An archive that the engine
 * packs itself has no file modes (pulumi/pulumi#3593), and Lambda may then refuse to start the file.
 */
function zipped(bootstrap: string): string {
  const zip = `${bootstrap}.zip`;
  const isCurrent = fs.existsSync(zip) && fs.statSync(zip).mtimeMs > fs.statSync(bootstrap).mtimeMs;
  return isCurrent ? zip : writeZip(zip, new Map([["bootstrap", bootstrap]]), ["bootstrap"]);
}

/** Writes a ZIP of files by their paths in it, with their modes; `programs` are executable whatever theirs. Returns its own path. */
export function writeZip(
  zip: string,
  files: ReadonlyMap<string, string>,
  programs: readonly string[],
): string {
  const entry = ([name, file]: [string, string]): [string, Zippable[string]] => {
    const isProgram = programs.includes(name) || (fs.statSync(file).mode & 0o111) !== 0;
    // A fixed time: the same files are the same archive, and so no update.
    const attributes = { os: UNIX, attrs: isProgram ? EXECUTABLE : READABLE, mtime: "1990-01-01T12:00:00Z" };
    return [name, [fs.readFileSync(file), attributes]];
  };
  const packed = zipSync(Object.fromEntries([...files].map(entry)));
  fs.mkdirSync(path.dirname(zip), { recursive: true });
  const part = `${zip}.${process.pid}`;
  fs.writeFileSync(part, packed);
  fs.renameSync(part, zip);
  return zip;
}

/** What an ELF file runs on; none for scripts and unknown machines. */
export function machineOf(file: string): Architecture | undefined {
  const header = Buffer.alloc(20);
  const fd = fs.openSync(file, "r");
  try {
    fs.readSync(fd, header, 0, header.length, 0);
  } finally {
    fs.closeSync(fd);
  }
  const isElf = header.subarray(0, 4).equals(Buffer.from("\x7fELF", "latin1"));
  return isElf ? ELF_MACHINES[header.readUInt16LE(18)] : undefined;
}
