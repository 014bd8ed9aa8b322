import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeFields } from "../../src/connectors/notion/encode.ts";
import { canonicalText } from "../../src/connectors/notion/rich-text.ts";
import { columnsOf, readDataSource } from "../../src/connectors/notion/schema.ts";
import { isJsonObject, type Json } from "../../src/core/json.ts";
import { seedFromAnswers, startEmulator } from "../../src/emulator/index.ts";
import { connect, pullAll, type World } from "./notion-world.ts";
import { inTime, openWorld, plain, roundTrip, type ValueWorld } from "./value-world.ts";

async function expectSame(world: ValueWorld, name: string, value: Json): Promise<void> {
  const { outcome, answered, read } = await roundTrip(world, name, value);
  expect(outcome).toMatchObject({ kind: "applied" });
  expect(answered).toEqual(value);
  expect(read).toEqual(value);
}

describe("a value that is written is read back the same", () => {
  let world: ValueWorld;
  beforeAll(async () => {
    world = await openWorld();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const anyText = fc.string({ unit: "grapheme", maxLength: 300 });
  const line = (maxLength: number) => fc.option(fc.string({ minLength: 1, maxLength }), { nil: null });
  const day = fc
    .date({ min: new Date("1900-01-01"), max: new Date("2199-12-31"), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10));
  const instant = fc
    .tuple(day, fc.integer({ min: 0, max: 1439 }), fc.constantFrom("+00:00", "+09:00", "-05:30"))
    .map(([date, minute, zone]) => {
      const time = [Math.floor(minute / 60), minute % 60]
        .map((part) => String(part).padStart(2, "0"))
        .join(":");
      return `${date}T${time}:00.000${zone}`;
    });
  const dates = fc
    .oneof(day, instant)
    .chain((start) =>
      fc.option(fc.constant(start), { nil: null }).map((end) => ({ end, start, timeZone: null })),
    );
  const distinct = (from: () => readonly string[]) =>
    fc.nat().map((seed) => from().slice(0, seed % from().length));

  const kinds: readonly { name: string; values: () => fc.Arbitrary<Json> }[] = [
    { name: "Name", values: () => anyText.map(plain) },
    { name: "Notes", values: () => richText(world) },
    {
      name: "Count",
      values: () =>
        fc.option(
          fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
          { nil: null },
        ),
    },
    { name: "Due", values: () => fc.option(dates, { nil: null }) },
    { name: "Ready", values: () => fc.boolean() },
    { name: "Link", values: () => line(2_000) },
    { name: "Mail", values: () => line(200) },
    { name: "Phone", values: () => line(200) },
    { name: "Who", values: () => distinct(() => world.people) },
    { name: "Related", values: () => distinct(() => world.others.slice(0, 101)) },
    {
      name: "Files",
      values: () =>
        fc.array(
          fc.record({
            name: fc.string({ minLength: 1, maxLength: 50 }),
            type: fc.constant("external"),
            url: fc.webUrl(),
          }),
          { maxLength: 5 },
        ),
    },
  ];
  it.each(kinds)("$name", async ({ name, values }) => {
    await fc.assert(
      fc.asyncProperty(values(), (value) => expectSame(world, name, value)),
      { numRuns: 15, seed: 20261121 },
    );
  });

  it.each(["Stage", "State", "Tags"])("%s, each option and none", async (name) => {
    const column = await world.column(name);
    const all = column.options.map(({ id, name: label }) => ({ id, name: label }));
    const isList = name === "Tags";
    const values: Json[] = isList ? [all, all.toReversed(), all.slice(1, 2), []] : [...all, null];
    for (const value of values) await expectSame(world, name, value);
  });

  it("texts of every length up to the limit, cut where nobody sees it", async () => {
    for (const text of [
      "x".repeat(2_001),
      "👩‍👩‍👧‍👦".repeat(400),
      `${"é".repeat(1_999)}👍🏽!`,
      "y".repeat(200_000),
    ])
      await expectSame(world, "Notes", plain(text));
  });
});

/** Text as Notion spells it, made canonical: formatting, links, mentions and equations. */
function richText(world: ValueWorld): fc.Arbitrary<Json> {
  const annotations = fc.record({
    bold: fc.boolean(),
    italic: fc.boolean(),
    strikethrough: fc.boolean(),
    underline: fc.boolean(),
    code: fc.boolean(),
    color: fc.constantFrom("default", "red", "blue_background"),
  });
  const special = fc.constantFrom<Json>(
    {
      type: "mention",
      mention: { type: "user", user: { id: world.people[0] ?? "" } },
      plain_text: "@Person 0",
    },
    {
      type: "mention",
      mention: { type: "date", date: { start: "2026-11-21", end: null, time_zone: null } },
      plain_text: "2026-11-21",
    },
    { type: "equation", equation: { expression: "e=mc^2" }, plain_text: "e=mc^2" },
  );
  const run = fc
    .tuple(
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }),
      fc.option(fc.webUrl(), { nil: null }),
    )
    .map(
      ([content, href]): Json => ({
        type: "text",
        text: { content, link: href === null ? null : { url: href } },
        plain_text: content,
        href,
      }),
    );
  const item = fc.tuple(fc.oneof({ weight: 3, arbitrary: run }, special), annotations);
  return fc
    .array(
      item.map(([each, format]): Json => ({ ...(each as object), annotations: format })),
      { maxLength: 8 },
    )
    .map((items) => canonicalText(items) ?? null);
}

describe("what was recorded of Notion", () => {
  const fixtures = resolve(import.meta.dirname, "../fixtures/notion");
  const answersIn = (folder: string): unknown[] =>
    readdirSync(join(fixtures, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".json"))
      .sort()
      .flatMap((name) => bodiesIn(JSON.parse(readFileSync(join(fixtures, folder, name), "utf8"))));

  it.each(["notional", "notion_ruby_mapping", "notion_ruby_mapping-2025-06", "jekyll-notion"])(
    "in %s is written to an empty row and read back the same",
    async (folder) => {
      const seed = seedFromAnswers(answersIn(folder));
      await using emulator = await startEmulator({ ratePerMinute: null, seed });
      let written = 0;
      for (const { id } of emulator.workspace.dataSources()) written += await rewriteRows(emulator, id);
      expect(written).toBeGreaterThan(20);
    },
  );
});

/** Writes the values of each row, as far as they can be written, to a new row; returns how many values that were. */
async function rewriteRows(emulator: World["emulator"], dataSourceId: string): Promise<number> {
  const { client, connector } = connect(emulator, dataSourceId);
  const columns = columnsOf(await readDataSource(client, dataSourceId));
  const { records } = await pullAll(connector, { mode: "full" });
  let written = 0;
  for (const record of records) {
    const isWritable = ([id, value]: [string, Json]) =>
      !("refused" in encodeFields({ [id]: value }, columns, { provisionOptions: false }));
    const fields = Object.fromEntries(Object.entries(record.fields).filter(isWritable));
    const id = emulator.workspace.createPage({ parent: { dataSourceId } });
    const outcome = await connector.apply({ kind: "update", id, fields, expected: { revision: "" } }, inTime);
    const observed = await connector.get(id);
    const shown = [outcome, observed].map((each) => ("record" in each ? each.record.fields : {}));
    for (const [name, value] of Object.entries(fields)) {
      for (const now of shown) expect(withoutLabels(now[name])).toEqual(withoutLabels(value));
    }
    written += Object.keys(fields).length;
  }
  return written;
}

/** Formatted text without what Notion calls the things that are mentioned: those names are not ours to write. */
function withoutLabels(value: Json | undefined): Json | undefined {
  if (!isJsonObject(value) || !Array.isArray(value.rich)) return value;
  return value.rich.map((run) =>
    isJsonObject(run) && isJsonObject(run.value) && "mention" in run.value ? run.value : run,
  );
}

function bodiesIn(document: unknown): unknown[] {
  if (Array.isArray(document)) return document.flatMap(bodiesIn);
  if (typeof document !== "object" || document === null) return [];
  if ("object" in document && typeof document.object === "string") return [document];
  return Object.values(document).flatMap(bodiesIn);
}
