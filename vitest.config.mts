import * as fs from "node:fs";

import { defineConfig } from "vitest/config";
import {
  BaseSequencer,
  type Reporter,
  type TestCase,
  type TestModule,
  type TestSpecification,
} from "vitest/node";

/** End-to-end tests that take longest: they start first, since as the last ones they would run alone. */
const LONGEST = ["contenders", "adding-a-scenario", "archive", "aurora", "watch"].map(
  (name) => `/${name}.e2e.test.ts`,
);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const found = LONGEST.findIndex((name) => moduleId.endsWith(name));
      return found < 0 ? LONGEST.length : found;
    };
    const sorted = await super.sort(files);
    return sorted.toSorted((one, other) => place(one) - place(other));
  }
}

/** Notes how long end-to-end tests took for the table that `make test` prints (tools/timed.sh). */
class StepTimes implements Reporter {
  onTestCaseResult(test: TestCase): void {
    if (test.project.name === "e2e") this.note("test", test.diagnostic()?.duration ?? 0, test.fullName);
  }

  onTestModuleEnd(module: TestModule): void {
    const tests = [...module.children.allTests()].map((test) => test.diagnostic()?.duration ?? 0);
    const all = module.diagnostic().duration;
    const outside = (all - tests.reduce((sum, one) => sum + one, 0)) / 1000;
    if (module.project.name === "e2e") {
      this.note(
        "file",
        all,
        `${module.relativeModuleId} (before and after its tests: ${outside.toFixed(1)})`,
      );
    }
  }

  private note(kind: string, ms: number, name: string): void {
    const file = process.env.STEP_TIMES;
    if (file) fs.appendFileSync(file, `${kind}\t${(ms / 1000).toFixed(1)}\t${name}\n`);
  }
}

// unit: no process, no network. provider: the local provider against a real emulator. browser: the page of results in
// Chromium. e2e: the commands a user types.
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    reporters: ["default", new StepTimes()],
    projects: [
      {
        test: {
          name: "unit",
          include: ["infra/**/*.test.ts", "stacks/**/*.test.ts", "local/**/*.unit.test.ts"],
          isolate: false, // loading Pulumi's packages anew for each file takes longer than the tests
          // Loading Pulumi's packages alone takes seconds where other programs compute as well.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "provider",
          include: ["local/pulumi/**/*.emulator.test.ts"],
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "browser",
          include: ["cli/tests/browser/*.browser.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["local/tests/**/*.e2e.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
