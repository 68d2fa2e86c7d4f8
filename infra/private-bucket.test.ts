import * as pulumi from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { PrivateBucket } from "./private-bucket";

describe("a bucket", () => {
  beforeAll(async () => {
    const mocks = { newResource: () => ({ id: "id", state: {} }), call: () => ({}) };
    await pulumi.runtime.setMocks(mocks, "lambench", "my_stack");
  });

  it.each(["lambench-my_stack-archive", "lambench-my.stack-archive"])(
    "is refused with the name %s, which S3 would refuse only when it is made",
    (name) => {
      expect(() => new PrivateBucket("bucket", { name, requireTls: true, temporaryPrefixes: [] })).toThrow(
        `'${name}' cannot be a bucket's name, which has letters, digits and '-' only: rename the stack 'my_stack'`,
      );
    },
  );
});
