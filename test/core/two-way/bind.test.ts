import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import type { FieldSchema, FieldType } from "../../../src/core/record.ts";
import { bindRules, type SideSchema } from "../../../src/core/two-way/bind.ts";
import { parseBinding } from "../../../src/core/two-way/binding.ts";
import type { Side } from "../../../src/core/two-way/mapping.ts";
import { planPair } from "../../../src/core/two-way/plan.ts";
import type { FieldConfig } from "../../../src/core/two-way/rule.ts";
import { inputOf, viewOf } from "./world.ts";

function field(id: string, name: string, type: FieldType, schema: Partial<FieldSchema> = {}): FieldSchema {
  return { id, name, type, vendorType: type, isDerived: false, ...schema };
}

const steps = [
  { id: "s1", name: "To do" },
  { id: "s2", name: "Doing" },
  { id: "s3", name: "Done" },
];
const stepMap = {
  toRight: { "To do": "open", Doing: "open", Done: "closed" },
  toLeft: { open: "To do", closed: "Done" },
};

const leftFields: readonly FieldSchema[] = [
  field("title", "Name", "text"),
  field("st", "Status", "option", { options: steps }),
  field("due", "Due", "date"),
  field("tags", "Tags", "options"),
  field("id", "Number", "opaque", { isDerived: true }),
];
const rightFields: readonly FieldSchema[] = [
  field("title", "title", "text"),
  field("state", "state", "text"),
  field("due_on", "due_on", "date", { vendorType: "date" }),
  field("labels", "labels", "opaque"),
  field("done", "done", "boolean"),
  field("rank", "rank", "number"),
  field("key", "key", "text", { isDerived: true }),
];

function sidesOf(left = leftFields, right = rightFields): Readonly<Record<Side, SideSchema>> {
  return {
    left: { label: "Notion", fields: left, spelling: "structured" },
    right: { label: "tasks", fields: right, spelling: "plain" },
  };
}

const title: FieldConfig = { name: "title", left: "Name", right: "title" };
const status: FieldConfig = { name: "status", left: "Status", right: "state", map: stepMap };

function bindOne(config: FieldConfig, left = leftFields, stored: Json = null) {
  const bound = bindRules([config], sidesOf(left), stored);
  const [rule] = bound.rules;
  if (rule === undefined) throw new Error("nothing was bound");
  return { ...bound, rule };
}

describe("binding", () => {
  it("ties names to ids and takes the obvious codec, the newest change and both sides as owners", () => {
    const { rules, suspended, warnings } = bindRules([title], sidesOf(), null);
    expect(rules).toMatchObject([
      { name: "title", left: "title", right: "title", owner: "both", policy: "newest", isWriteOnce: false },
    ]);
    expect(rules[0]?.elements).toBe(null);
    expect(suspended).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it("takes what is configured", () => {
    const config = { ...title, owner: "left", policy: "ask", writeOnce: true } as const;
    expect(bindOne(config).rule).toMatchObject({ owner: "left", policy: "ask", isWriteOnce: true });
  });

  it.each(["Name", "nAME ", "title"])("finds a field by its name, nearly its name, or its id: %s", (left) => {
    expect(bindOne({ ...title, left }).rule.left).toBe("title");
  });

  it("takes the exact name where names differ in case only", () => {
    const twins = [field("a", "Name", "text"), field("b", "NAME", "text")];
    expect(bindOne({ ...title, left: "NAME" }, twins).rule.left).toBe("b");
    expect(() => bindOne({ ...title, left: "name" }, twins)).toThrow(/no such field/);
  });

  it("makes a set of labels, element by element", () => {
    const { rule } = bindOne({ name: "labels", left: "Tags", right: "labels" });
    expect(rule.elements?.toRight("bug")).toBe("bug");
    expect(rule.forms.left.read([{ id: "1", name: "bug" }])).toEqual(["bug"]);
    expect(rule.forms.left.write(["bug"])).toEqual([{ id: null, name: "bug" }]);
  });

  it.each([
    ["id", "Number", "title", "left"],
    ["key", "Name", "key", "right"],
  ] as const)("gives what a side computes to that side: %s", (name, left, right, owner) => {
    expect(bindOne({ name, left, right }).rule.owner).toBe(owner);
    expect(bindOne({ name, left, right, owner: "both" }).rule.owner).toBe(owner);
  });
});

describe("a mapping that cannot work is refused", () => {
  const invalid = "CONFIG_INVALID";
  const cases: readonly (readonly [string, readonly FieldConfig[], string, string])[] = [
    [
      "a field that is not there",
      [{ ...title, right: "nmae" }],
      "SCHEMA_DRIFT",
      'Field "title" is mapped to "nmae" in tasks, and there is no such field. There are: "title", "state", "due_on", "labels", "done", "rank", "key". Correct the mapping.',
    ],
    [
      "two kinds that nothing translates",
      [{ name: "x", left: "Name", right: "rank" }],
      invalid,
      'Field "x" of the mapping is text on the left and number on the right, which nothing translates. Map fields that hold the same.',
    ],
    [
      "a codec for something else",
      [{ ...title, codec: "number" }],
      invalid,
      'Field "title" of the mapping has the codec "number", which cannot serve text on the left and text on the right. Leave the codec out, or map other fields.',
    ],
    [
      "a map codec without a map",
      [{ ...title, codec: "map" }],
      invalid,
      'Field "title" of the mapping has the codec "map" and no map. Add the map, or take another codec.',
    ],
    [
      "a map that its codec does not use",
      [{ ...title, codec: "text", map: stepMap }],
      invalid,
      'Field "title" of the mapping has a map, which the codec "text" does not use. Leave one of them out.',
    ],
    [
      "a field computed on both sides",
      [{ name: "x", left: "Number", right: "key" }],
      invalid,
      'Field "x" of the mapping is computed on both sides, so it can be written on neither. Take it out.',
    ],
    [
      "an owner that cannot own",
      [{ name: "x", left: "Number", right: "title", owner: "right" }],
      invalid,
      'Field "x" of the mapping is computed on the left and owned by the right. Its owner must be the left.',
    ],
    [
      "one name twice",
      [title, { ...title, left: "Due", right: "due_on" }],
      invalid,
      'The mapping has two fields named "title". Rename one of them.',
    ],
    [
      "a name that every object has",
      [{ ...title, name: "constructor" }],
      invalid,
      'The mapping cannot have a field named "constructor". Name it otherwise.',
    ],
    [
      "two fields that write to one",
      [title, { name: "again", left: "Name", right: "state" }],
      invalid,
      'The mapping writes to one field on the left from both "title" and "again". Let the left own one of them.',
    ],
    [
      "a map that never comes to rest",
      [
        {
          ...status,
          map: { toRight: { "To do": "open", Done: "closed" }, toLeft: { open: "Done", closed: "Done" } },
        },
      ],
      invalid,
      'Field "status" of the mapping has a map that never comes to rest: "To do" becomes "open", "open" becomes "Done", and that is "closed". Correct the map.',
    ],
    [
      "a map that comes back as nothing",
      [{ ...status, map: { toRight: { "To do": "open" }, toLeft: { open: "Doing" } } }],
      invalid,
      'Field "status" of the mapping has a map that never comes to rest: "To do" becomes "open", "open" becomes "Doing", and that is not in the map. Correct the map.',
    ],
    [
      "a map that never comes to rest, seen from the right",
      [{ ...status, map: { toRight: { Done: "open" }, toLeft: { closed: "Done", open: "Doing" } } }],
      invalid,
      'Field "status" of the mapping has a map that never comes to rest: "Done" becomes "open", "open" becomes "Doing", and that is not in the map; "closed" becomes "Done", "Done" becomes "open", and that is "Doing". Correct the map.',
    ],
  ];

  it.each(cases)("%s", (_, configs, code, message) => {
    expect(() => bindRules(configs, sidesOf(), null)).toThrow(expect.objectContaining({ code, message }));
  });

  it("but not one that sends several words to one, or one that only one side may write", () => {
    const several = { toRight: { Done: "open" }, toLeft: { closed: "Done", open: "Done" } };
    expect(bindRules([{ ...status, map: several }], sidesOf(), null).rules.length).toBe(1);
    const owned: FieldConfig = { name: "again", left: "Name", right: "state", owner: "left" };
    expect(bindRules([{ ...title, owner: "left" }, owned], sidesOf(), null).rules.length).toBe(2);
  });
});

describe("a mapped status", () => {
  const { rule, warnings } = bindOne(status);
  const { left, right } = rule.forms;

  it("says on the right what it means, and leaves the finer word alone", () => {
    expect(warnings).toEqual([]);
    const plan = planPair(
      inputOf({
        base: { status: "live", fields: { status: { left: "To do", right: "open" } } },
        left: viewOf({ values: { status: left.read({ id: "s2", name: "Doing" }) ?? null } }),
        right: viewOf({ values: { status: right.read(" open ") ?? null } }),
        rules: [rule],
      }),
    );
    expect(plan.rows).toEqual({ status: "F1" });
  });

  it.each([
    ["Doing", { value: "open" }],
    ["Blocked", { unmappable: '"Blocked" is not in the map of this field' }],
    [null, { value: null }],
  ])("translates %j", (own, translated) => {
    expect(rule.toRight(own)).toEqual(translated);
  });

  it("is written as an option with its id, and as text", () => {
    expect(left.write("Done")).toEqual({ id: "s3", name: "Done" });
    expect(left.write(null)).toBe(null);
    expect(right.write("open")).toBe("open");
  });

  it("warns of options without a word, and of words without an option", () => {
    const map = { toRight: { "To do": "open", Gone: "gone" }, toLeft: { open: "To do", closed: "Closed" } };
    expect(bindOne({ ...status, map }).warnings).toEqual([
      'the map of "Status" has no word for "Doing", "Done": records with it wait in this field',
      'the map of "Status" names "Gone", "Closed", and there is no such option',
    ]);
    expect(bindOne({ ...status, map, owner: "right" }).warnings).toEqual([
      'the map of "Status" names "Gone", "Closed", and there is no such option',
    ]);
  });

  it("warns of the right side's options by the right side's words", () => {
    const states = [
      { id: "o", name: "open" },
      { id: "c", name: "closed" },
      { id: "d", name: "draft" },
    ];
    const right = [field("state", "state", "option", { options: states })];
    const { warnings } = bindRules([status], sidesOf(leftFields, right), null);
    expect(warnings).toEqual([
      'the map of "state" has no word for "draft": records with it wait in this field',
    ]);
  });

  it("warns of nothing where the vendor does not tell its options", () => {
    const left = [field("st", "Status", "option")];
    expect(bindOne({ ...status, map: { toRight: { A: "a" }, toLeft: { a: "A" } } }, left).warnings).toEqual(
      [],
    );
  });

  it.each([
    [
      "a checkbox",
      "done",
      { toRight: { Done: "true", Doing: "false" }, toLeft: { true: "Done", false: "Doing" } },
      true,
      "true",
      true,
    ],
    [
      "a number",
      "rank",
      { toRight: { Done: "1", Doing: "2.5" }, toLeft: { "1": "Done", "2.5": "Doing" } },
      2.5,
      "2.5",
      2.5,
    ],
  ] as const)("speaks to %s", (_, name, map, canonical, word, written) => {
    const { rule: other } = bindOne({ name: "x", left: "Status", right: name, map });
    expect(other.forms.right.read(canonical)).toBe(word);
    expect(other.forms.right.write(word)).toBe(written);
    expect(other.forms.right.write(null)).toBe(null);
  });

  it("writes no where the word says so", () => {
    const map = { toRight: { Done: "true", Doing: "false" }, toLeft: { true: "Done", false: "Doing" } };
    expect(bindOne({ name: "x", left: "Status", right: "done", map }).rule.forms.right.write("false")).toBe(
      false,
    );
  });
});

describe("blank words and options", () => {
  it("say nothing and mean nothing", () => {
    const map = { toRight: { " ": "x", Done: " done " }, toLeft: {} };
    const left = [
      field("st", "Status", "option", {
        options: [
          { id: "s3", name: "Done" },
          { id: "s4", name: " " },
        ],
      }),
    ];
    const { rule, warnings } = bindOne({ ...status, map }, left);
    expect(warnings).toEqual([]);
    expect(rule.forms.left.read({ id: "s4", name: " " })).toBe(null);
    expect(rule.toRight(null)).toEqual({ value: null });
    expect(rule.toRight("Done")).toEqual({ value: "done" });
    const unnamed = bindOne({ ...status, map: { toRight: { Done: "x" }, toLeft: {} } }, left);
    expect(unnamed.warnings).toEqual([
      'the map of "Status" has no word for " ": records with it wait in this field',
    ]);
  });
});

describe("a mapped set", () => {
  const map = { toRight: { Bug: "bug", Idea: "feature" }, toLeft: { bug: "Bug", feature: "Idea" } };
  const { rule } = bindOne({ name: "labels", left: "Tags", right: "labels", codec: "set", map });

  it("manages the elements that its map names, and no others", () => {
    expect(rule.elements?.toRight("Bug")).toBe("bug");
    expect(rule.elements?.toRight("Private")).toBe(null);
    expect(rule.elements?.toLeft("feature")).toBe("Idea");
    expect(rule.elements?.toLeft("wontfix")).toBe(null);
    expect(rule.toRight(["Idea", "Private", "Bug"])).toEqual({ value: ["bug", "feature"] });
    expect(rule.toLeft(["wontfix", "bug"])).toEqual({ value: ["Bug"] });
  });

  it("reads and writes like any set", () => {
    expect(rule.forms.left.read([{ id: "1", name: "Bug" }])).toEqual(["Bug"]);
    expect(rule.forms.right.write(["bug"])).toEqual(["bug"]);
  });
});

describe("what is remembered", () => {
  const { binding } = bindRules([title, status], sidesOf(), null);
  const changed = (id: string, change: Partial<FieldSchema>) =>
    leftFields.map((one) => (one.id === id ? { ...one, ...change } : one));
  const without = (id: string) => leftFields.filter((one) => one.id !== id);

  it("is ids, types, codecs and the words of options", () => {
    expect(binding).toEqual({
      title: {
        left: { asked: "Name", id: "title", type: "text", words: {} },
        right: { asked: "title", id: "title", type: "text", words: {} },
        codec: "text",
      },
      status: {
        left: { asked: "Status", id: "st", type: "option", words: { s1: "To do", s2: "Doing", s3: "Done" } },
        right: { asked: "state", id: "state", type: "text", words: {} },
        codec: "map",
      },
    });
  });

  it("follows a renamed field, and says so", () => {
    const { rule, warnings } = bindOne(title, changed("title", { name: "Task" }), binding);
    expect(rule.left).toBe("title");
    expect(warnings).toEqual([
      '"Name" is now called "Task"; its mapping follows it. Write the new name into the configuration when convenient.',
    ]);
  });

  it("is silent about a field whose name differs in case or blanks only", () => {
    const stored = bindRules([{ ...title, left: " nAME" }], sidesOf(), null).binding;
    expect(
      bindOne({ ...title, left: " nAME" }, changed("title", { name: "Name " }), stored).warnings,
    ).toEqual([]);
  });

  it("is silent about a field that goes by its id", () => {
    const stored = bindRules([{ ...title, left: "title" }], sidesOf(), null).binding;
    expect(bindOne({ ...title, left: "title" }, changed("title", { name: "Task" }), stored).warnings).toEqual(
      [],
    );
  });

  it("suspends a field whose column is gone, also when a new one has its name", () => {
    const gone = [...without("st"), field("new", "Status", "option")];
    const { rules, suspended, binding: kept, print } = bindRules([title, status], sidesOf(gone), binding);
    expect(rules.map(({ name }) => name)).toEqual(["title"]);
    expect(suspended).toEqual([
      { name: "status", reason: 'Notion: "Status" is gone. Put it back, or map another field.' },
    ]);
    expect(kept).toEqual(binding);
    expect(print).toBe(bindRules([title, status], sidesOf(), null).print);
  });

  it("suspends a field that holds something else now", () => {
    const { suspended } = bindRules([title], sidesOf(changed("title", { type: "number" })), binding);
    expect(suspended).toEqual([
      {
        name: "title",
        reason:
          'Notion: "Name" was of type text and is of type number now. Change it back, or map it under a new name.',
      },
    ]);
  });

  it("suspends a field whose other side is gone", () => {
    const right = rightFields.filter(({ id }) => id !== "state");
    const { suspended } = bindRules([status], sidesOf(leftFields, right), binding);
    expect(suspended.map(({ reason }) => reason)).toEqual([
      'tasks: "state" is gone. Put it back, or map another field.',
    ]);
  });

  it("does not hold for a field that is configured anew", () => {
    const moved = { ...status, left: "Phase" };
    const fields = [...without("st"), field("ph", "Phase", "option", { options: steps })];
    expect(bindOne(moved, fields, binding).rule.left).toBe("ph");
    expect(() => bindOne({ ...status, left: "Stage" }, leftFields, binding)).toThrow(/no such field/);
  });

  it("keeps a renamed option's word, reading and writing", () => {
    const renamed = [...steps.slice(0, 1), { id: "s2", name: "In progress" }, ...steps.slice(2)];
    const { rule, warnings, binding: next } = bindOne(status, changed("st", { options: renamed }), binding);
    expect(warnings).toEqual([]);
    expect(rule.forms.left.read({ id: "s2", name: "In progress" })).toBe("Doing");
    expect(rule.forms.left.write("Doing")).toEqual({ id: "s2", name: "In progress" });
    expect(rule.forms.left.write("To do")).toEqual({ id: "s1", name: "To do" });
    expect(bindOne(status, changed("st", { options: renamed }), next).rule.forms.left.write("Doing")).toEqual(
      {
        id: "s2",
        name: "In progress",
      },
    );
  });

  it("forgets a word that the map does not name any more", () => {
    const map = { toRight: { "In progress": "open" }, toLeft: { open: "In progress" } };
    const options = [{ id: "s2", name: "In progress" }];
    const { rule, binding: next } = bindOne({ ...status, map }, changed("st", { options }), binding);
    expect(rule.forms.left.read({ id: "s2", name: "In progress" })).toBe("In progress");
    expect(next).toMatchObject({ status: { left: { words: { s2: "In progress" } } } });
  });

  it("learns no word of an option that the map does not name, or that has no id", () => {
    const options = [
      ...steps,
      { id: "s4", name: "Blocked" },
      { id: null, name: "Doing" },
      { id: "s5", name: " " },
    ];
    const { binding: next } = bindOne(status, changed("st", { options }), null);
    expect(next).toMatchObject({ status: { left: { words: { s1: "To do", s2: "Doing", s3: "Done" } } } });
    expect(Object.keys(parseBinding(next).status?.left.words ?? {})).toEqual(["s1", "s2", "s3"]);
  });

  it("keeps a word that was learned when another option takes the name", () => {
    const options = [
      { id: "s2", name: "Done" },
      { id: "s3", name: "Doing" },
    ];
    const { rule } = bindOne(status, changed("st", { options }), binding);
    expect(rule.forms.left.read({ id: "s2", name: "Done" })).toBe("Doing");
    expect(rule.forms.left.write("Doing")).toEqual({ id: "s2", name: "Done" });
  });

  it("knows options by ids of any spelling", () => {
    const options = [
      { id: "constructor", name: "Doing" },
      { id: null, name: "Done" },
    ];
    const { rule, binding: next } = bindOne(status, changed("st", { options }), null);
    expect(rule.forms.left.read({ id: "constructor", name: "Doing" })).toBe("Doing");
    expect(rule.forms.left.read({ id: "toString", name: "Done" })).toBe("Done");
    expect(rule.forms.left.read({ id: null, name: "Done" })).toBe("Done");
    expect(next).toMatchObject({ status: { left: { words: { constructor: "Doing" } } } });
  });

  it.each([
    ["nothing", null],
    ["text", "x"],
    ["a field without a codec", { title: { left: {}, right: {} } }],
    [
      "sides that are none",
      { title: { codec: "text", left: null, right: { asked: "title", id: "x", type: "text" } } },
    ],
    ["a side without an id", { title: { codec: "text", left: { asked: "Name", type: "text" }, right: {} } }],
    ["a side without a type", { title: { codec: "text", left: { asked: "Name", id: "x" }, right: {} } }],
    ["a side without a name", { title: { codec: "text", left: { id: "x", type: "text" }, right: {} } }],
  ])("is no more than what was stored: %s", (_, stored) => {
    expect(bindOne(title, leftFields, stored as Json).rule.left).toBe("title");
  });

  it("takes only what is whole", () => {
    const whole = { asked: "Name", id: "title", type: "text", words: {} };
    const stored = {
      a: { codec: "text", left: whole, right: whole },
      b: { codec: 1, left: whole, right: whole },
    };
    expect(Object.keys(parseBinding(stored))).toEqual(["a"]);
    for (const part of ["asked", "id", "type"]) {
      const broken = { ...whole, [part]: 1 };
      expect(parseBinding({ a: { codec: "text", left: broken, right: whole } })).toEqual({});
      expect(parseBinding({ a: { codec: "text", left: whole, right: broken } })).toEqual({});
    }
    expect(parseBinding({ a: { codec: "text", left: whole, right: null } })).toEqual({});
    expect(parseBinding({ a: "text" })).toEqual({});
    expect(parseBinding(["a"])).toEqual({});
    const words = { s1: 1, s2: "Doing" };
    expect(
      parseBinding({ a: { codec: "map", left: { ...whole, words }, right: whole } }).a?.left.words,
    ).toEqual({
      s2: "Doing",
    });
    expect(
      parseBinding({ a: { codec: "map", left: { ...whole, words: null }, right: whole } }).a?.left.words,
    ).toEqual({});
  });

  it("passes over words that are none", () => {
    const side = { asked: "Status", id: "st", type: "option", words: { s1: 1, s2: "Doing" } };
    const right = { asked: "state", id: "state", type: "text", words: null };
    const { binding: next } = bindOne(status, without("x"), { status: { codec: "map", left: side, right } });
    expect(next).toMatchObject({ status: { left: { words: { s1: "To do", s2: "Doing", s3: "Done" } } } });
  });
});

describe("the print of a mapping", () => {
  const printOf = (configs: readonly FieldConfig[], left = leftFields) =>
    bindRules(configs, sidesOf(left), null).print;
  const print = printOf([title, status]);

  it("is 32 hexadecimal digits, the same for the same mapping", () => {
    expect(print).toMatch(/^[0-9a-f]{32}$/);
    expect(printOf([title, status])).toBe(print);
  });

  it("stays with new names, new options and another policy", () => {
    const renamed = leftFields.map((one) => (one.id === "title" ? { ...one, name: "NAME" } : one));
    expect(printOf([title, status], renamed)).toBe(print);
    expect(printOf([{ ...title, policy: "ask" }, status])).toBe(print);
  });

  it.each([
    ["another field", [{ ...title, left: "title", right: "key" }, status]],
    ["another owner", [{ ...title, owner: "left" }, status]],
    ["handing over once", [{ ...title, writeOnce: true }, status]],
    ["another map", [title, { ...status, map: { ...stepMap, toLeft: { open: "Doing", closed: "Done" } } }]],
    ["another name", [{ ...title, name: "name" }, status]],
    ["another codec", [{ ...title, codec: "option" }, status]],
    ["one field less", [title]],
  ] as const)("changes with %s", (_, configs) => {
    expect(printOf(configs)).not.toBe(print);
  });
});
