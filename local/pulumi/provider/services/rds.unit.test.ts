import { expect, test } from "vitest";
import { engineVersion } from "./rds";

test("a declared major version is no drift from the minor one that RDS made of it", () => {
  expect(engineVersion({ engineVersion: "16" }, "16.8")).toBe("16");
  expect(engineVersion({ engineVersion: "16.8" }, "16.8")).toBe("16.8");
  expect(engineVersion({ engineVersion: "1" }, "16.8")).toBe("16.8");
  expect(engineVersion({}, "16.8")).toBe("16.8");
});
