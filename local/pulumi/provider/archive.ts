import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { type Zippable, unzipSync, zipSync } from "fflate";
import { Archive, Asset } from "./values";

// The same files make the same bytes, so that the hash that Lambda reports shows whether the code has
// drifted.
const ENTRY = { mtime: new Date(1980, 0, 1), os: 3, attrs: (0o100_755 << 16) >>> 0, level: 1 } as const;

/**
 * The archive as a ZIP file. A ZIP file on disk is used unchanged; in all others, the files are executable, as a
 * `bootstrap` has to be.
 */
export async function zip(archive: Archive): Promise<Uint8Array> {
  const file = archive.source.path;
  if (file !== undefined && !(await stat(file)).isDirectory()) return readFile(file);
  const files = new Map<string, Uint8Array>();
  await collect(archive, "", files);
  const entries: Zippable = {};
  for (const name of [...files.keys()].sort()) entries[name] = [files.get(name) ?? new Uint8Array(), ENTRY];
  return zipSync(entries);
}

async function collect(item: Archive | Asset, place: string, files: Map<string, Uint8Array>): Promise<void> {
  if (item.source.uri !== undefined) {
    throw new Error(
      `the code has a file from ${item.source.uri}: the local AWS provider takes local files only`,
    );
  }
  if (item instanceof Asset) {
    files.set(
      place,
      item.source.path === undefined ? Buffer.from(item.source.text ?? "") : await readFile(item.source.path),
    );
    return;
  }
  for (const [name, child] of Object.entries(item.source.assets ?? {})) {
    await collect(child, path.posix.join(place, name), files);
  }
  if (item.source.path !== undefined) await collectPath(item.source.path, place, files);
}

async function collectPath(source: string, place: string, files: Map<string, Uint8Array>): Promise<void> {
  if (!(await stat(source)).isDirectory()) {
    for (const [name, content] of Object.entries(unzipSync(await readFile(source)))) {
      if (!name.endsWith("/")) files.set(path.posix.join(place, name), content);
    }
    return;
  }
  for (const entry of await readdir(source, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (!(await stat(file)).isFile()) continue;
    files.set(path.posix.join(place, ...path.relative(source, file).split(path.sep)), await readFile(file));
  }
}
