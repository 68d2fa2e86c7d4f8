import * as fs from "node:fs";
import * as path from "node:path";

import { ROOT } from "../../infra/artefact";
import { stop } from "../../infra/stop";
import { type OwnSettings, readSettings, SETTINGS_FILE } from "./contender-settings";
import { followed } from "./folder";

/** A contender as its folder describes it: `contenders/<lang>/<id>/`. */
export interface Contender extends OwnSettings {
  readonly lang: string;
  readonly id: string;
  readonly folder: string;
}

/** What a contender has unless its `contender.yaml` says otherwise. */
export type Defaults = Pick<Contender, "architecture" | "memory" | "timeout">;

const RUNTIMES: Readonly<Record<string, readonly [runtime: string, handler: string]>> = {
  python: ["python3.13", "index.handler"],
  node: ["nodejs22.x", "index.handler"],
};
const CUSTOM_RUNTIME = ["provided.al2023", "bootstrap"] as const;

/** A contender whose `contender.yaml` cannot be followed: it takes no part, and keeps no other from it. */
export interface LeftOut {
  /** As in messages: `python/wrong`. */
  readonly contender: string;
  /** What is wrong, with the file's name. */
  readonly reason: string;
}

/** The contenders that there are, and those that are left out, each in order of name. */
export interface Found {
  readonly contenders: readonly Contender[];
  readonly leftOut: readonly LeftOut[];
}

/** Every contender below a folder. None at all stops the program, and so does one without files. */
export function findContenders(folder: string, defaults: Defaults, checkout = ROOT): Found {
  const contenders: Contender[] = [];
  const leftOut: LeftOut[] = [];
  for (const lang of subfolders(folder, checkout)) {
    for (const id of subfolders(path.join(folder, lang), checkout)) {
      const found = describe(path.join(folder, lang, id), lang, id, defaults);
      if ("reason" in found) leftOut.push(found);
      else contenders.push(found);
    }
  }
  if (contenders.length > 0) return { contenders, leftOut };
  if (leftOut.length > 0)
    stop(`every contender is left out: ${leftOut.map(({ reason }) => reason).join("; ")}`);
  return stop(`there is no contender: put one into ${folder}/<lang>/<id>/ (docs/contenders.md says how)`);
}

function describe(folder: string, lang: string, id: string, defaults: Defaults): Contender | LeftOut {
  if (!hasFiles(folder)) {
    stop(
      `the contender ${lang}/${id} has no files: put its program into ${path.relative(ROOT, folder)}/ ` +
        "(docs/contenders.md says what), or remove the folder",
    );
  }
  const [runtime, handler] = runtimeOf(folder, lang);
  const own = readSettings(folder);
  if (typeof own === "string") return { contender: `${lang}/${id}`, reason: own };
  const others = { runtime, handler, ephemeralStorage: 512, environment: {}, invokesItself: false };
  return { lang, id, folder, ...others, ...defaults, ...own };
}

/** The language's, unless the contender brings its own: a program `bootstrap`, or a build.sh that makes it. */
function runtimeOf(folder: string, lang: string): readonly [runtime: string, handler: string] {
  const isOwn = ["bootstrap", "build.sh"].some((file) => fs.existsSync(path.join(folder, file)));
  return (isOwn ? undefined : RUNTIMES[lang]) ?? CUSTOM_RUNTIME;
}

/** Whether there is a program: any file besides the contender's settings and what running it leaves behind. */
function hasFiles(folder: string): boolean {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== SETTINGS_FILE && name !== "__pycache__")
    .some((entry) => !entry.isDirectory() || hasFiles(path.join(folder, entry.name)));
}

function subfolders(folder: string, checkout: string): string[] {
  if (!fs.existsSync(folder)) return [];
  const isFolder = (name: string): boolean => {
    const target = followed(path.join(folder, name), checkout);
    return target !== undefined && fs.statSync(target).isDirectory();
  };
  return fs
    .readdirSync(folder)
    .filter((name) => /^[a-z0-9]/.test(name) && isFolder(name))
    .sort();
}
