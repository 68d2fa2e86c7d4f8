import { defineConfig } from "vitest/config";

// unit: no process, no network. provider: the local provider against a real emulator. e2e: the commands a user types.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["infra/**/*.test.ts", "stacks/**/*.test.ts", "local/pulumi/**/*.unit.test.ts"],
        },
      },
      {
        test: {
          name: "provider",
          include: ["local/pulumi/**/*.emulator.test.ts"],
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
