import * as fs from "node:fs";
import * as path from "node:path";

/**
 * What contenders/build.sh does to a contender's folder; nothing, if there is no step.
 * `own` is the contender's own program, which may leave its result in dist/; `packages` are a language's packages beside the sources.
 */
export type BuildStep = "own" | "packages";

/** The build step of a contender's folder; contenders/build.sh has the same rules. */
export function buildStep(folder: string): BuildStep | undefined {
  const has = (file: string): boolean => fs.existsSync(path.join(folder, file));
  if (has("build.sh") || hasMakeTarget(folder) || hasBuildScript(folder)) return "own";
  return has("requirements.txt") || has("package.json") ? "packages" : undefined;
}

/** Whether a Makefile has the target `build`. */
function hasMakeTarget(folder: string): boolean {
  const file = path.join(folder, "Makefile");
  return fs.existsSync(file) && /^build[ \t]*:(?!=)/m.test(fs.readFileSync(file, "utf8"));
}

/** Whether a package.json has the script `build`. */
function hasBuildScript(folder: string): boolean {
  const file = path.join(folder, "package.json");
  if (!fs.existsSync(file)) return false;
  try {
    const { scripts } = JSON.parse(fs.readFileSync(file, "utf8")) as { scripts?: Record<string, unknown> };
    return typeof scripts?.build === "string";
  } catch {
    // npm says what is wrong with it.
    return false;
  }
}
