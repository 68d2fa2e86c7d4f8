import { describe, expect, test } from "vitest";
import { diff } from "./diff";
import type { ResourceType } from "./resource-type";
import { Archive, type Properties, Unknown } from "./values";

const TYPE: ResourceType = {
  inputs: {
    name: { type: "string", replaces: true },
    size: { type: "number" },
    tags: { type: "map" },
    policy: { type: "string", json: true },
    code: { type: "archive" },
    groups: { type: "list", set: true },
    port: { type: "number", computed: true },
    rules: { type: "list", fields: { document: { type: "string", json: true } } },
  },
  outputs: [],
  name: { property: "name" },
  create: () => Promise.reject(new Error("not in these tests")),
  read: () => Promise.reject(new Error("not in these tests")),
  update: () => Promise.reject(new Error("not in these tests")),
  delete: () => Promise.reject(new Error("not in these tests")),
};

function changed(olds: Properties, news: Properties): string[] {
  return diff("job", TYPE, olds, news).changed;
}

describe("nothing has changed", () => {
  test("between absent and empty, or empty inside", () => {
    expect(changed({}, { tags: {}, rules: [], policy: "" })).toEqual([]);
    expect(changed({ rules: [{ a: 1 }] }, { rules: [{ a: 1, b: {}, c: "" }] })).toEqual([]);
  });

  test("in a JSON document that is spelled otherwise", () => {
    expect(changed({ policy: '{"a":1,"b":[2]}' }, { policy: '{ "b": [2], "a": 1 }' })).toEqual([]);
    expect(changed({ rules: [{ document: '{"a":1}' }] }, { rules: [{ document: '{ "a": 1 }' }] })).toEqual(
      [],
    );
  });

  test("in the order of what has none", () => {
    expect(changed({ groups: ["a", "b"] }, { groups: ["b", "a"] })).toEqual([]);
    expect(changed({ groups: [{ a: 1, b: 2 }, {}] }, { groups: [{}, { b: 2, a: 1 }] })).toEqual([]);
    expect(changed({ groups: ["a", "a"] }, { groups: ["a", "b"] })).toEqual(["groups"]);
  });

  test("in what is left to AWS to choose", () => {
    expect(changed({ port: 1 }, {})).toEqual([]);
    expect(changed({}, { port: 1 })).toEqual(["port"]);
  });

  test("in code with the same content in another place", () => {
    expect(
      changed({ code: new Archive({ path: "a" }, "h") }, { code: new Archive({ path: "b" }, "h") }),
    ).toEqual([]);
  });
});

describe("something has changed", () => {
  test("in a value, in a document, in a list's order or length", () => {
    expect(changed({ size: 1 }, { size: 2 })).toEqual(["size"]);
    expect(changed({ size: 0 }, {})).toEqual(["size"]);
    expect(changed({ policy: '{"a":1}' }, { policy: '{"a":2}' })).toEqual(["policy"]);
    expect(changed({ policy: "no json" }, { policy: "no json either" })).toEqual(["policy"]);
    expect(changed({ rules: [{ a: 1 }] }, { rules: [{ a: 1 }, {}] })).toEqual(["rules"]);
    expect(changed({ rules: [{ a: 1 }, { a: 2 }] }, { rules: [{ a: 2 }, { a: 1 }] })).toEqual(["rules"]);
  });

  test("in code with other content in the same place", () => {
    expect(
      changed({ code: new Archive({ path: "a" }, "1") }, { code: new Archive({ path: "a" }, "2") }),
    ).toEqual(["code"]);
  });

  test("for all we know, where a value is not known yet", () => {
    expect(changed({ size: 1 }, { size: Unknown.value })).toEqual(["size"]);
    expect(changed({ tags: { a: Unknown.value } }, { tags: { a: Unknown.value } })).toEqual(["tags"]);
  });
});

describe("a replacement", () => {
  test("happens for what AWS cannot change", () => {
    expect(diff("job", TYPE, { name: "a", size: 1 }, { name: "b", size: 2 })).toEqual({
      changed: ["name", "size"],
      replaces: ["name"],
      deleteBeforeReplace: false,
    });
  });

  test("happens for any change where there is no update", () => {
    expect(diff("job", { ...TYPE, update: undefined }, { size: 1 }, { size: 2 }).replaces).toEqual(["size"]);
  });

  test("deletes first where the program's own name stays, for it is taken", () => {
    const fixed = { ...TYPE, inputs: { ...TYPE.inputs, size: { type: "number", replaces: true } } } as const;
    const replace = (name: string) => diff("job", fixed, { name, size: 1 }, { name, size: 2 });
    expect(replace("mine").deleteBeforeReplace).toBe(true);
    expect(replace("job-0123abc").deleteBeforeReplace).toBe(false);
  });
});
