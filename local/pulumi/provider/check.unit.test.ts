import { describe, expect, test } from "vitest";
import { check } from "./check";
import type { ResourceType } from "./resource-type";
import { Archive, type Properties, Unknown } from "./values";

const TYPE: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    namePrefix: { type: "string", replaces: true, unread: true },
    role: { type: "string", required: true },
    size: { type: "number", default: 128 },
    kind: { type: "string", allowed: ["Zip"] },
    tags: { type: "map" },
    logging: { type: "object", fields: { level: { type: "string", required: true } } },
    rules: { type: "list", fields: { days: { type: "number" } } },
  },
  outputs: [],
  name: { property: "name", prefix: "namePrefix" },
  create: () => Promise.reject(new Error("not in these tests")),
  read: () => Promise.reject(new Error("not in these tests")),
  delete: () => Promise.reject(new Error("not in these tests")),
};
const SUBJECT = { type: "aws:x/thing:Thing", name: "job" };

function checked(news: Properties, olds: Properties = {}, type = TYPE) {
  return check(SUBJECT, type, olds, { role: "r", ...news });
}

function reasons(news: Properties): string[] {
  return checked(news).failures.map(({ reason }) => reason);
}

describe("a property", () => {
  test("that is not supported is refused by name, with those that are", () => {
    expect(reasons({ publish: true })).toEqual([
      "the local AWS provider does not support property 'publish' of aws:x/thing:Thing ('job'); " +
        "supported: kind, logging, name, namePrefix, role, rules, size, tags",
    ]);
  });

  test("that is not supported is refused deep inside, too", () => {
    expect(checked({ logging: { level: "x", colour: 1 } }).failures[0]?.property).toBe("logging.colour");
    expect(checked({ rules: [{ days: 1 }, { weeks: 1 }] }).failures[0]?.property).toBe("rules[1].weeks");
  });

  test("may be unset, whatever its name", () => {
    expect(reasons({ publish: undefined, layers: null })).toEqual([]);
  });

  test("that is required has to be there, also inside another", () => {
    expect(check(SUBJECT, TYPE, {}, {}).failures[0]?.reason).toContain("needs property 'role'");
    expect(reasons({ logging: {} })[0]).toContain("needs property 'logging.level'");
  });

  test("of the wrong type or value is refused", () => {
    expect(reasons({ size: "128" })[0]).toContain("needs a number as property 'size'");
    expect(reasons({ kind: "Image" })[0]).toContain(
      `does not support "Image" as property 'kind' of aws:x/thing:Thing ('job')`,
    );
  });

  test("that is not known yet is taken as it is", () => {
    expect(reasons({ role: Unknown.value, size: Unknown.value, kind: Unknown.value })).toEqual([]);
  });

  test("has free names inside a map", () => {
    expect(reasons({ tags: { anything: "goes" } })).toEqual([]);
  });

  test("that is left out gets the default", () => {
    expect(checked({}).inputs.size).toBe(128);
    expect(checked({ size: 0 }).inputs.size).toBe(0);
  });
});

describe("the hash of an archive", () => {
  const type: ResourceType = {
    ...TYPE,
    inputs: { ...TYPE.inputs, code: { type: "archive" }, codeHash: { type: "string", unread: true } },
    hash: { property: "codeHash", of: "code" },
  };

  test("is an input, as the official provider fills it: known in a preview, and another only for other code", () => {
    const code = new Archive({ assets: {} }, "sha");
    expect(checked({ code }, {}, type).inputs.codeHash).toBe("sha");
    expect(checked({ code, codeHash: "mine" }, {}, type).inputs.codeHash).toBe("mine");
    expect(checked({}, {}, type).inputs.codeHash).toBeUndefined();
  });
});

describe("a physical name", () => {
  test("is the given one", () => {
    expect(checked({ name: "mine" }).inputs.name).toBe("mine");
  });

  test("is made up from the logical name, or from a prefix", () => {
    expect(checked({}).inputs.name).toMatch(/^job-[0-9a-f]{7}$/);
    expect(checked({ namePrefix: "pre." }).inputs.name).toMatch(/^pre\.[0-9a-f]{7}$/);
  });

  test("stays once it is made up, so that nothing is replaced at every deployment", () => {
    expect(checked({}, { name: "job-0123abc" }).inputs.name).toBe("job-0123abc");
    expect(checked({ namePrefix: "p" }, { name: "p0123abc" }).inputs.name).toBe("p0123abc");
  });

  test("is made up anew where the old one was given, or had another prefix", () => {
    expect(checked({}, { name: "mine" }).inputs.name).toMatch(/^job-/);
    expect(checked({ namePrefix: "new" }, { name: "job-0123abc" }).inputs.name).toMatch(/^new[0-9a-f]{7}$/);
  });

  test("waits for a prefix that is not known yet", () => {
    expect(checked({ namePrefix: Unknown.value }).inputs.name).toBeInstanceOf(Unknown);
  });

  test("has no capitals where AWS allows none", () => {
    const bucket = { ...TYPE, name: { property: "name", isLowerCase: true } } as const;
    const name = check({ ...SUBJECT, name: "MyData" }, bucket, {}, { role: "r" }).inputs.name;
    expect(name).toMatch(/^mydata-[0-9a-f]{7}$/);
    expect(
      check({ ...SUBJECT, name: "MyData" }, bucket, { name: name ?? null }, { role: "r" }).inputs.name,
    ).toBe(name);
  });
});
