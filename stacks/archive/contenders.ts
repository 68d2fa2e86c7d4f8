import * as fs from "node:fs";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";

import { bootstrapArtefact, inTarget, ROOT, rustArtefact } from "../../infra/artefact";
import { MAX_TIMEOUT, MEMORY_RANGE } from "../../infra/function";
import { stop } from "../../infra/stop";
import type { Architecture } from "../../infra/target";
import { filesBelow, followed } from "./folder";

/** A contender as its folder describes it: `contenders/<lang>/<id>/`. */
export interface Contender {
  readonly lang: string;
  readonly id: string;
  readonly folder: string;
  readonly runtime: string;
  readonly handler: string;
  readonly architecture: Architecture;
  /** MB. */
  readonly memory: number;
  /** Seconds. */
  readonly timeout: number;
  /** MB. */
  readonly ephemeralStorage: number;
}

/** What a contender has unless its `contender.yaml` says otherwise. */
export type Defaults = Pick<Contender, "architecture" | "memory" | "timeout">;

const RUNTIMES: Readonly<Record<string, readonly [runtime: string, handler: string]>> = {
  python: ["python3.13", "index.handler"],
  node: ["nodejs22.x", "index.handler"],
};
const CUSTOM_RUNTIME = ["provided.al2023", "bootstrap"] as const;

/** What a contender sets for itself. */
const SETTINGS_FILE = "contender.yaml";

/** What a value must be, as a check and in words. */
interface Rule {
  readonly check: (value: unknown) => boolean;
  readonly must: string;
}

/** The keys of `contender.yaml` and what each must be (limits: Lambda quotas page). */
const KEYS: Readonly<Record<string, Rule>> = {
  runtime: { check: isName, must: "the name of a Lambda runtime" },
  handler: { check: isName, must: "a handler such as index.handler" },
  architecture: { check: (v) => v === "arm64" || v === "x86_64", must: "arm64 or x86_64" },
  memory: numberWithin(...MEMORY_RANGE, "MB"),
  timeout: numberWithin(1, MAX_TIMEOUT, "seconds"),
  ephemeralStorage: numberWithin(512, 10240, "MB"),
};

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
  return stop(
    `there is no contender: put one into ${folder}/<lang>/<id>/ (docs/scenarios/archive.md says how)`,
  );
}

/** What is deployed for a contender: what the build left, or the folder itself where nothing has to be built. */
export function contenderCode(contender: Contender, checkout = ROOT): pulumi.asset.Archive {
  const { lang, id, folder, architecture } = contender;
  const built = inTarget("contenders", `${lang}-${id}`);
  if (lang === "rust") return rustArtefact(id, architecture);
  if (fs.existsSync(path.join(folder, "build.sh")))
    return bootstrapArtefact(built, `${lang}-${id}`, architecture);
  const needsBuild = ["requirements.txt", "package.json"].some((file) =>
    fs.existsSync(path.join(folder, file)),
  );
  if (!needsBuild) return folderArchive(folder, checkout);
  return fs.existsSync(built)
    ? folderArchive(built, built)
    : stop(`the contender ${lang}/${id} is not built (no ${built}): build it with: make build`);
}

function describe(folder: string, lang: string, id: string, defaults: Defaults): Contender | LeftOut {
  if (!hasFiles(folder)) {
    stop(
      `the contender ${lang}/${id} has no files: put its program into ${path.relative(ROOT, folder)}/ ` +
        "(docs/scenarios/archive.md says what), or remove the folder",
    );
  }
  const [runtime, handler] = RUNTIMES[lang] ?? CUSTOM_RUNTIME;
  const own = readSettings(path.join(folder, SETTINGS_FILE));
  if (typeof own === "string") return { contender: `${lang}/${id}`, reason: own };
  return { lang, id, folder, runtime, handler, ephemeralStorage: 512, ...defaults, ...own };
}

/** Whether there is a program: any file besides the contender's settings and what running it leaves behind. */
function hasFiles(folder: string): boolean {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .filter(({ name }) => name !== SETTINGS_FILE && name !== "__pycache__")
    .some((entry) => !entry.isDirectory() || hasFiles(path.join(folder, entry.name)));
}

/** What a `contender.yaml` sets, or why it cannot be followed. */
function readSettings(file: string): Partial<Contender> | string {
  if (!fs.existsSync(file)) return {};
  const where = path.relative(ROOT, file);
  let content: unknown;
  try {
    content = parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    const [line] = (error as Error).message.split("\n");
    return `${where} cannot be read: ${line ?? ""}`;
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    return `${where} must hold keys and values, such as memory: 1024`;
  }
  for (const [key, value] of Object.entries(content)) {
    const rule = KEYS[key];
    if (rule === undefined)
      return `${where} has an unknown key '${key}' (known: ${Object.keys(KEYS).join(", ")})`;
    if (!rule.check(value)) return `${where}: ${key} is ${JSON.stringify(value)}, but must be ${rule.must}`;
  }
  return content;
}

function isName(value: unknown): boolean {
  return typeof value === "string" && value.length > 0;
}

function numberWithin(min: number, max: number, unit: string): Rule {
  return {
    check: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
    must: `${min} to ${max} (${unit})`,
  };
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

/** A folder file by file. */
function folderArchive(folder: string, checkout: string): pulumi.asset.Archive {
  const assets = [...filesBelow(folder, checkout)].map(
    ([name, file]) => [name, new pulumi.asset.FileAsset(file)] as const,
  );
  return new pulumi.asset.AssetArchive(Object.fromEntries(assets));
}
