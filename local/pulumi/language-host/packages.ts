import { existsSync, readFileSync } from "node:fs";
import path from "node:path";

/** A package that a program depends on, as it is installed. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** The provider plugin that its resources need, if it is an SDK. */
  readonly plugin?: { readonly name: string; readonly version: string };
}

interface Manifest {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly pulumi?: { readonly resource?: boolean; readonly name?: string; readonly version?: string };
}

/** The installed packages that the package.json of a program names, in its order. */
export function installedPackages(programDirectory: string): InstalledPackage[] {
  const manifest = nearest(programDirectory, "package.json");
  if (manifest === undefined) return [];
  const names = Object.keys(readManifest(manifest).dependencies ?? {});
  return names.flatMap((name) => installedPackage(programDirectory, name) ?? []);
}

/** A package as Node would find it from a folder, or undefined if it is not installed. */
export function installedPackage(directory: string, name: string): InstalledPackage | undefined {
  const file = nearest(directory, path.join("node_modules", name, "package.json"));
  if (file === undefined) return undefined;
  const { version = "", pulumi } = readManifest(file);
  const pluginName = pulumi?.name ?? path.basename(name);
  const plugin = pulumi?.resource ? { name: pluginName, version: pulumi.version ?? version } : undefined;
  return { name, version, plugin };
}

/** The file of this name in the folder, or in the nearest folder above that has one. */
function nearest(directory: string, name: string): string | undefined {
  const file = path.join(directory, name);
  if (existsSync(file)) return file;
  const parent = path.dirname(directory);
  return parent === directory ? undefined : nearest(parent, name);
}

function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, "utf8")) as Manifest;
}
