import { describe, expect, it } from "vitest";
import type { RememberedRecord } from "../../src/connector/connector.ts";
import { findTruncated } from "../../src/connectors/notion/truncation.ts";
import type { Json } from "../../src/core/json.ts";
import type { SourceRecord } from "../../src/core/record.ts";
import { MINUTE, NOW, notionWorld, pullAll, titled, type World } from "./notion-world.ts";

const properties = {
  Name: { title: {} },
  Notes: { rich_text: {} },
  Who: { people: {} },
  "R/el %": { rich_text: {} },
};

/** A world with 30 pages to refer to, a relation to them, and one row that refers to `count` of them. */
async function relatedWorld(count: number) {
  const world = await notionWorld({ properties });
  const { workspace } = world.emulator;
  const { dataSourceIds } = workspace.createDatabase({
    title: "Others",
    dataSources: [{ name: "Others", properties: { Name: { title: {} } } }],
  });
  const others = dataSourceIds[0] ?? "";
  const targets = workspace.addRows(others, 130, (index) => ({ properties: titled(`Other ${index}`) }));
  workspace.addProperty(world.dataSourceId, "Related", {
    relation: { data_source_id: others, dual_property: { synced_property_name: "Rows" } },
  });
  const at = NOW - 60 * MINUTE;
  const [id = ""] = workspace.addRows(world.dataSourceId, 1, () => ({
    properties: titled("Row"),
    createdAt: at,
    editedAt: at,
  }));
  // From the other side: one write holds a hundred references at most.
  for (const target of targets.slice(0, count)) {
    workspace.editPage(target, { properties: { Rows: { relation: [{ id }] } }, at });
  }
  const { fields } = await world.connector.describe();
  const relation = fields.find((field) => field.name === "Related")?.id ?? "";
  world.callsSince();
  return { world, id, targets, relation };
}

const remember = (records: readonly SourceRecord[]) => async (): Promise<Map<string, RememberedRecord>> =>
  new Map(records.map(({ id, revision, memo }) => [id, { revision, memo }]));

describe("cut lists", () => {
  it.each([
    { count: 24, calls: 1 },
    { count: 25, calls: 2 },
    { count: 26, calls: 2 },
    { count: 130, calls: 3 },
  ])("of $count relations are completed in $calls calls", async ({ count, calls }) => {
    const { world, targets, relation } = await relatedWorld(count);
    await using _ = world;
    const { records, end } = await pullAll(world.connector, { mode: "full" });
    expect(records[0]?.fields[relation]).toEqual(targets.slice(0, count));
    expect(records[0]?.unobserved).toEqual([]);
    expect(records[0]?.raw.properties).toMatchObject({
      Related: { has_more: false, relation: targets.slice(0, count).map((id) => ({ id })) },
    });
    expect(world.callsSince()).toBe(calls);
    const found = count < 25 ? 0 : 1;
    expect(end.truncated).toEqual({ found, completed: found, failed: 0 });
  });

  it.each([
    { kind: "people", value: (ids: string[]) => ({ Who: { people: ids.map((id) => ({ id })) } }) },
    {
      kind: "mentions in text",
      value: (ids: string[]) => ({
        Notes: { rich_text: ids.map((id) => ({ type: "mention", mention: { user: { id } } })) },
      }),
    },
  ])("of 30 $kind are completed", async ({ value }) => {
    await using world = await notionWorld({ properties });
    const { workspace } = world.emulator;
    const people = Array.from({ length: 30 }, (_, index) => workspace.addPerson({ name: `Person ${index}` }));
    workspace.addRows(world.dataSourceId, 1, () => ({ properties: value(people) }));
    const { records, end } = await pullAll(world.connector, { mode: "full" });
    expect(JSON.stringify(records[0]?.fields).match(new RegExp(people.join("|"), "g"))?.length).toBe(30);
    expect(end.truncated).toEqual({ found: 1, completed: 1, failed: 0 });
  });

  it.each([403, 404])("stay unobserved when the rest is refused with %i", async (status) => {
    const { world, relation } = await relatedWorld(30);
    await using _ = world;
    const code = status === 403 ? "restricted_resource" : "object_not_found";
    world.emulator.faults.add({
      match: { path: "/properties/" },
      effect: { kind: "status", status, code, message: "No." },
    });
    const { records, end } = await pullAll(world.connector, { mode: "full" });
    expect(records[0]?.unobserved).toEqual([relation]);
    expect(records[0]?.fields).not.toHaveProperty(relation);
    expect(records[0]?.fields).toHaveProperty("title");
    expect(records[0]?.memo).toBeNull();
    expect(end).toMatchObject({ isComplete: true, truncated: { found: 1, completed: 0, failed: 1 } });
  });

  it("stay unobserved when Notion shows entries and then lists none", async () => {
    const { world, relation } = await relatedWorld(30);
    await using _ = world;
    world.emulator.faults.add({ match: { path: "/properties/" }, effect: { kind: "empty_list" } });
    const { records } = await pullAll(world.connector, { mode: "full" });
    expect(records[0]?.unobserved).toEqual([relation]);
  });

  it("fail the pull when the rest cannot be read for any other reason", async () => {
    const { world } = await relatedWorld(30);
    await using _ = world;
    world.emulator.faults.add({ match: { path: "/properties/" }, effect: { kind: "status", status: 500 } });
    await expect(pullAll(world.connector, { mode: "full" })).rejects.toMatchObject({
      code: "UPSTREAM_FAILED",
    });
  });
});

describe("findTruncated", () => {
  const pageWith = (property: { [key: string]: Json }) => ({
    id: "p",
    createdTime: "",
    lastEditedTime: "",
    object: {},
    properties: { P: { id: "p", ...property } },
  });
  const some = (count: number, item: Json = { id: "x" }): Json => Array.from({ length: count }, () => item);
  it.each<[string, { [key: string]: Json }, boolean]>([
    ["3 relations and more", { type: "relation", relation: some(3), has_more: true }, true],
    ["32 relations, as one recording shows", { type: "relation", relation: some(32), has_more: true }, true],
    ["24 people", { type: "people", people: some(24) }, false],
    ["25 people", { type: "people", people: some(25) }, true],
    ["25 items of plain text", { type: "rich_text", rich_text: some(25, { type: "text" }) }, false],
    ["25 mentions", { type: "title", title: some(25, { type: "mention" }) }, true],
    ["25 options", { type: "multi_select", multi_select: some(25) }, false],
    ["nothing", { type: "relation", relation: null }, false],
  ])("judges %s", (_, property, isTruncated) => {
    expect(findTruncated(pageWith(property)).length).toBe(isTruncated ? 1 : 0);
  });
});

describe("a row that was completed before", () => {
  /** Read completely `settled` ms after its last edit; then `edit`, then swept. */
  async function sweepAfter(settled: number, edit: (world: World, id: string, targets: string[]) => void) {
    const { world, id, targets } = await relatedWorld(30);
    world.advance(settled - 60 * MINUTE);
    const first = await pullAll(world.connector, { mode: "full" });
    edit(world, id, targets);
    world.callsSince();
    const sweep = await pullAll(world.connector, { mode: "sweep", memosOf: remember(first.records) });
    const calls = world.callsSince();
    await world[Symbol.asyncDispose]();
    return { id, sweep, calls };
  }
  const nothing = () => {};
  const swap = (world: World, id: string, targets: readonly string[]) =>
    world.emulator.workspace.editPage(id, {
      properties: {
        Related: {
          relation: [...targets.slice(0, 29), ...targets.slice(99, 100)].map((target) => ({ id: target })),
        },
      },
    });

  it("is the same, at no call, when nothing shows an edit", async () => {
    const { id, sweep, calls } = await sweepAfter(60 * MINUTE, nothing);
    expect(sweep.same).toEqual([id]);
    expect(sweep.records).toEqual([]);
    expect(calls).toBe(1);
  });

  it("is read again when what is shown of it changed under the same stamp", async () => {
    const { id, sweep } = await sweepAfter(60 * MINUTE, (world, row) =>
      world.emulator.workspace.editPage(row, { properties: titled("Other"), at: NOW - 60 * MINUTE }),
    );
    expect(sweep.ids).toEqual([id]);
  });

  it("is read again when its stamp moved", async () => {
    const { id, sweep } = await sweepAfter(60 * MINUTE, swap);
    expect(sweep.ids).toEqual([id]);
  });

  it.each([
    { settled: 3 * MINUTE + 4_000, isSame: false },
    { settled: 3 * MINUTE + 5_000, isSame: true },
  ])(
    "counts as known only when the minute was over long enough: $settled ms",
    async ({ settled, isSame }) => {
      // The stamp is floored from 09:00:20, so the clock stands 20 s further.
      const { sweep } = await sweepAfter(settled - 20_000, nothing);
      expect(sweep.same.length).toBe(isSame ? 1 : 0);
    },
  );

  it("is read again by a full pull, which relies on nothing noted before", async () => {
    const { world, id } = await relatedWorld(30);
    await using _ = world;
    const first = await pullAll(world.connector, { mode: "full" });
    const second = await pullAll(world.connector, { mode: "full", memosOf: remember(first.records) });
    expect(second.ids).toEqual([id]);
  });
});
