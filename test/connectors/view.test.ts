import { describe, expect, it } from "vitest";
import { describeConnector, pull } from "../../src/connector/connector.suite.ts";
import type {
  PullBatch,
  PullRequest,
  RecordWrite,
  WritableConnector,
} from "../../src/connector/connector.ts";
import { createMemoryCollection } from "../../src/connector/memory.ts";
import { refusal, type Sight, type View, withView } from "../../src/connector/view.ts";
import { describeWritableConnector, type WritableWorld } from "../../src/connector/writing.suite.ts";
import type { FieldSchema, SourceRecord } from "../../src/core/record.ts";
import { virtualClock } from "../http/virtual-clock.ts";
import { titleOf } from "./notion-world.ts";
import { openMemoryWorld } from "./worlds.ts";

const HEADING = "$heading";
const heading: FieldSchema = {
  id: HEADING,
  name: HEADING,
  type: "text",
  vendorType: "text",
  isDerived: false,
};
const inTime = { sendBy: Number.POSITIVE_INFINITY };
const knowsNothing = { memosOf: async () => new Map(), knownFields: null } as const;
const text = (plain: string) => ({ plain, rich: null });

/** A heading in place of the title. */
const headings: Pick<View, "adds" | "replaces" | "show" | "translate"> = {
  adds: [heading],
  replaces: ["title"],
  show: (records) => records.map(headed),
  translate(write) {
    if (write.kind === "trash") return { write };
    if ("title" in write.fields) return refusal("FIELD_READ_ONLY", "It is written through the heading.");
    const { [HEADING]: title, ...fields } = write.fields;
    return { write: { ...write, fields: title === undefined ? fields : { ...fields, title } } };
  },
};

function headed(record: SourceRecord): SourceRecord {
  const { title, ...fields } = record.fields;
  return { ...record, fields: title === undefined ? fields : { ...fields, [HEADING]: title } };
}

/** The contract's own suites, through a view: it may not change what a connector promises. */
async function openHeadings(hasPreconditions = false): Promise<WritableWorld> {
  const world = await openMemoryWorld(hasPreconditions);
  const { title, other } = world.sample;
  return {
    ...world,
    connector: withView(world.connector, headings),
    sample: { title: { ...title, field: HEADING }, other },
    titleOf: ({ fields: { [HEADING]: title = null, ...fields }, ...record }) =>
      titleOf({ ...record, fields: { ...fields, title } }) ?? "",
  };
}

describeConnector("view of the memory connector", () => openHeadings());
describeWritableConnector("view of the memory connector", () => openHeadings());
describeWritableConnector("view of the memory connector with preconditions", () => openHeadings(true));

function collection() {
  return createMemoryCollection({ clock: virtualClock() });
}

describe("withView", () => {
  it("describes the added field, and the one it stands for as derived", async () => {
    const { fields } = await withView(collection().connector, headings).describe();
    expect(fields.map(({ id, isDerived }) => [id, isDerived])).toEqual([
      ["title", true],
      ["note", false],
      [HEADING, false],
    ]);
  });

  it.each([
    { known: ["title", "note", HEADING], told: ["title", "note"] },
    { known: null, told: null },
  ])("tells the collection of $told where $known is known", async ({ known, told }) => {
    const requests: PullRequest[] = [];
    const { connector } = collection();
    const watched: WritableConnector = {
      ...connector,
      pull(request) {
        requests.push(request);
        return connector.pull(request);
      },
    };
    const knownFields = known?.map((id) => ({ ...heading, id, name: id })) ?? null;
    const pulling = withView(watched, headings).pull({
      ...knowsNothing,
      mode: "full",
      checkpoint: null,
      knownFields,
    });
    expect((await pulling.next()).done).toBe(true);
    expect(requests.map(({ knownFields: fields }) => fields?.map(({ id }) => id) ?? null)).toEqual([told]);
  });

  it("says how each record came into sight", async () => {
    const { connector, add } = collection();
    const id = add("One");
    const seen: Sight["by"][] = [];
    const view = withView(connector, {
      admit: async (records) => records.filter((record) => titleOf(record) !== "Two"),
      show(records, { by }) {
        seen.push(...records.map(() => by));
        return records;
      },
    });
    for (const mode of ["full", "changes", "sweep"] as const) await pull(view, mode);
    await view.get(id);
    await view.apply({ kind: "create", marker: "m", fields: { title: text("Two") } }, inTime);
    const { records } = await view.find("m");
    await view.get(records[0]?.id ?? "");
    expect(seen).toEqual(["full", "changes", "sweep", "get", "apply", "find", "aside"]);
  });

  it("leaves a record that takes no part out of pulls, and calls it moved when it is read", async () => {
    const { connector, add } = collection();
    const id = add("One");
    const other = add("Two");
    const view = withView(connector, {
      ...headings,
      admit: async (records) => records.filter((record) => titleOf(record) === "One"),
    });
    const { records, end } = await pull(view, "sweep");
    expect(records.map((record) => record.id)).toEqual([id]);
    expect(end).toMatchObject({ isComplete: true, windows: [{ rows: 2 }] });
    expect(await view.get(id)).toMatchObject({ presence: "live" });
    expect(await view.get(other)).toMatchObject({
      presence: "moved",
      record: { fields: { [HEADING]: text("Two") } },
    });
  });

  it("sends nothing of a write that the view refuses", async () => {
    const { connector, writes } = collection();
    const write: RecordWrite = { kind: "create", marker: "m", fields: { title: text("One") } };
    const outcome = await withView(connector, headings).apply(write, inTime);
    expect(outcome).toMatchObject({ kind: "refused", code: "FIELD_READ_ONLY", retryAfterMs: null });
    expect(writes()).toBe(0);
  });

  it("ends the reading behind it when its own is ended early", async () => {
    const { connector, add } = collection();
    add("One");
    let isEnded = false;
    const watched: WritableConnector = {
      ...connector,
      async *pull(request) {
        try {
          return yield* connector.pull(request);
        } finally {
          isEnded = true;
        }
      },
    };
    const batches: PullBatch[] = [];
    {
      await using pulling = withView(watched, headings).pull({
        ...knowsNothing,
        mode: "full",
        checkpoint: null,
      });
      const next = await pulling.next();
      if (!next.done) batches.push(next.value);
      expect(isEnded).toBe(false);
    }
    expect(batches).toHaveLength(1);
    expect(isEnded).toBe(true);
  });

  it("keeps whatever else the connector offers", async () => {
    const connector = { ...collection().connector, answer: 42 };
    expect(withView(connector, headings).answer).toBe(42);
  });
});
