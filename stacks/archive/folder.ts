import * as fs from "node:fs";
import * as path from "node:path";

import { stop } from "../../infra/stop";

/** Every file below a folder by its path there. Links are followed inside the checkout; all others stop the program. */
export function filesBelow(folder: string, checkout: string): Map<string, string> {
  const files = new Map<string, string>();
  const walk = (at: string, above: readonly string[]): void => {
    const here = [...above, fs.realpathSync(at)];
    for (const name of fs.readdirSync(at).sort()) {
      // What running it leaves behind: the same sources give the same code hash.
      if (name === "__pycache__") continue;
      const file = path.join(at, name);
      const target = followed(file, checkout);
      if (target === undefined) continue;
      if (fs.statSync(target).isFile()) files.set(path.relative(folder, file), file);
      else if (here.includes(target)) stop(`the link ${file} leads back to ${target}: remove it`);
      else walk(file, here);
    }
  };
  walk(folder, []);
  return files;
}

/** What a path is in the end; none if it is neither a file nor a folder. A link that leads out of the checkout stops the program. */
export function followed(file: string, checkout: string): string | undefined {
  if (fs.lstatSync(file).isSymbolicLink()) {
    if (!fs.existsSync(file)) stop(`the link ${file} leads to ${fs.readlinkSync(file)}, which is not there`);
    const way = path.relative(fs.realpathSync(checkout), fs.realpathSync(file));
    if (way.startsWith("..") || path.isAbsolute(way))
      stop(
        `the link ${file} leads out of the checkout, to ${fs.realpathSync(file)}: put a copy in its place`,
      );
  }
  const found = fs.statSync(file);
  return found.isFile() || found.isDirectory() ? fs.realpathSync(file) : undefined;
}
