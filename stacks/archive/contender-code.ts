import * as fs from "node:fs";
import * as path from "node:path";

import * as pulumi from "@pulumi/pulumi";

import { inTarget, machineOf, ROOT, rustArtefact, writeZip } from "../../infra/artefact";
import { stop } from "../../infra/stop";
import { buildStep } from "./build-step";
import type { Contender } from "./contenders";
import { filesBelow } from "./folder";

/** Runtimes that start a program called so. */
const BOOTSTRAP = "bootstrap";

/** Whether Lambda starts the contender's own `bootstrap`, instead of a language's runtime. */
function bringsItsRuntime({ runtime }: Contender): boolean {
  return runtime.startsWith("provided");
}

/** What is deployed for a contender: what the build left, or the folder itself where nothing has to be built. */
export function contenderCode(contender: Contender, checkout = ROOT): pulumi.asset.Archive {
  const { lang, id, architecture } = contender;
  if (lang === "rust") return rustArtefact(id, architecture);
  const files = filesOf(contender, checkout);
  if (!bringsItsRuntime(contender)) return asAssets(files);
  const bootstrap = files.get(BOOTSTRAP);
  if (bootstrap === undefined) return stop(withoutBootstrap(contender));
  const built = machineOf(bootstrap);
  if (built !== undefined && built !== architecture) stop(forAnother(contender, built));
  // The engine packs no file modes, and Lambda may refuse to start a file that isn't executable.
  const zip = inTarget("contenders", `${lang}-${id}.zip`);
  return new pulumi.asset.FileArchive(writeZip(zip, files, [BOOTSTRAP]));
}

/** All files by their path in the function. */
function filesOf({ lang, id, folder }: Contender, checkout: string): Map<string, string> {
  const step = buildStep(folder);
  if (step === undefined) return filesBelow(folder, checkout);
  const built = inTarget("contenders", `${lang}-${id}`);
  if (!fs.existsSync(built))
    stop(`the contender ${lang}/${id} is not built (no ${built}): build it with: make build`);
  const dist = path.join(built, "dist");
  const left = step !== "packages" && fs.existsSync(dist) ? dist : built;
  return filesBelow(left, left);
}

function withoutBootstrap({ lang, id, folder, runtime }: Contender): string {
  const what = `the contender ${lang}/${id} has the runtime ${runtime}, which starts a program 'bootstrap', but `;
  return buildStep(folder) === undefined
    ? `${what}its folder has none: put it there, or a build.sh or a Makefile with the target 'build' that makes it, or set ` +
        "another runtime in its contender.yaml"
    : `${what}its build left none: have the build make it, or dist/bootstrap, and build again with: make build`;
}

function forAnother({ lang, id, folder, architecture }: Contender, built: string): string {
  const what = `the bootstrap of the contender ${lang}/${id} is built for ${built}, but the contender's architecture is ${architecture}: `;
  return buildStep(folder) === undefined
    ? `${what}put one for ${architecture} into its folder, or set architecture: ${built} in its contender.yaml`
    : `${what}build it with: make build ARCH=${architecture} (its build step has to follow the variable ARCH)`;
}

function asAssets(files: ReadonlyMap<string, string>): pulumi.asset.Archive {
  const assets = [...files].map(([name, file]) => [name, new pulumi.asset.FileAsset(file)] as const);
  return new pulumi.asset.AssetArchive(Object.fromEntries(assets));
}
