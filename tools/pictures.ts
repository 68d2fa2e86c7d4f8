/**
 * Draws the pictures that README and docs show (`make pictures`): those of the page that lambench makes of docs/examples,
 * each as an SVG file that stands alone.
 */
import * as fs from "node:fs";
import * as path from "node:path";

import { PICTURES, pictures, shown } from "../cli/tests/browser/standalone";

const drawn = new Map(pictures().map(({ name, svg }) => [name, svg]));
fs.rmSync(PICTURES, { recursive: true, force: true });
fs.mkdirSync(PICTURES);
for (const name of shown()) {
  const svg = drawn.get(name);
  if (svg === undefined) {
    throw new Error(`no picture is named ${name}; there are: ${[...drawn.keys()].join(", ")}`);
  }
  fs.writeFileSync(path.join(PICTURES, `${name}.svg`), svg);
}
