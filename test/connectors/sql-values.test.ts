import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pull, readRecord } from "../../src/connector/connector.suite.ts";
import { decodeValue } from "../../src/connectors/sql/values.ts";
import { canonicalJson, type Json } from "../../src/core/json.ts";
import { applied, type Product, products, useSqlWorlds } from "./sql-world.ts";

const sqlWorld = useSqlWorlds();

const tables: Record<Product, string> = {
  sqlite: `CREATE TABLE things (id INTEGER PRIMARY KEY, lockstep_id TEXT UNIQUE, c_text TEXT, c_int INTEGER, c_num NUMERIC,
    c_float REAL, c_bool BOOLEAN, c_day DATE, c_moment DATETIME, c_json JSON, c_any)`,
  postgres: `CREATE TABLE things (id bigserial PRIMARY KEY, lockstep_id text UNIQUE, c_text text, c_int bigint, c_num numeric,
    c_float double precision, c_bool boolean, c_day date, c_local timestamp, c_moment timestamptz, c_json jsonb, c_texts text[],
    c_uuid uuid, c_interval interval)`,
};

const text = fc.string({ unit: "grapheme" }).filter((each) => !each.includes("\0"));
const date = fc.date({ min: new Date("0001-01-01"), max: new Date("9999-12-31"), noInvalidDate: true });
const exact = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.constant(2 ** 53));
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);

/** Canonical values of each column: what is written is what is read. */
const values: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  c_text: text,
  c_int: fc.oneof(exact, fc.bigInt({ min: 2n ** 53n + 1n, max: 2n ** 63n - 1n }).map(String)),
  c_num: fc.oneof(
    exact,
    fc.integer({ min: -1e6, max: 1e6 }).map((value) => value / 1_000),
  ),
  c_float: finite,
  c_bool: fc.boolean(),
  c_day: date.map((each) => each.toISOString().slice(0, 10)),
  c_local: date.map((each) => each.toISOString().slice(0, -1)),
  c_moment: date.map((each) => each.toISOString()),
  // -0 is 0 in JSON; Postgres knows no \0, and has numbers without limits.
  c_json: fc
    .jsonValue({ noUnicodeString: false })
    .map((each) => JSON.parse(canonicalJson(each as Json).replaceAll("\\u0000", "")) as Json)
    .filter(
      (each) =>
        each !== null && !/\d{16}|e[+-]/.test(JSON.stringify(each)) && JSON.stringify(each).isWellFormed(),
    ),
  c_texts: fc.array(fc.oneof(text, fc.constant(null)), { maxLength: 4 }),
  c_uuid: fc.uuid(),
  c_interval: fc.integer({ min: 1, max: 23 }).map((hours) => `PT${hours}H`),
};

describe.each(products)("values on %s", (product) => {
  it("are read back as they were written, whatever the column", async () => {
    await using world = await sqlWorld(product, tables[product]);
    const connector = world.connect({ table: "things", softDelete: undefined as never });
    await connector.capture.install();
    const { fields } = await connector.describe();
    let record = await applied(connector, { kind: "create", marker: "m", fields: {} });
    const own = Object.fromEntries(
      fields
        .filter((field) => field.id in values)
        .map((field) => [field.id, fc.option(values[field.id] ?? fc.constant(null))]),
    );
    expect(Object.keys(own).length).toBeGreaterThan(7);
    await fc.assert(
      fc.asyncProperty(fc.record(own), async (written) => {
        record = await applied(connector, {
          kind: "update",
          id: record.id,
          fields: written,
          expected: { revision: record.revision },
        });
        expect(record.unobserved).toEqual([]);
        expect(record.fields).toMatchObject(written);
        const again = await readRecord(connector, record.id);
        expect(canonicalJson(again.fields as Json)).toBe(canonicalJson(record.fields as Json));
        // What is written again as it was read changes nothing.
        const same = await applied(connector, {
          kind: "update",
          id: record.id,
          fields: again.fields,
          expected: { revision: again.revision },
        });
        expect(same.revision).toBe(again.revision);
      }),
      { numRuns: 60 },
    );
  });

  it("keep null apart from what cannot be read", async () => {
    await using world = await sqlWorld(
      product,
      `CREATE TABLE things (id INTEGER PRIMARY KEY, photo ${product === "sqlite" ? "BLOB" : "bytea"}, lockstep_id TEXT UNIQUE);
       INSERT INTO things (id, photo) VALUES (1, NULL), (2, ${product === "sqlite" ? "x'00ff'" : "'\\x00ff'"})`,
    );
    const connector = world.connect({ table: "things", columns: ["photo"], softDelete: undefined as never });
    await connector.capture.install();
    const { records } = await pull(connector, "full");
    expect(records).toMatchObject([
      { fields: { photo: null }, unobserved: [] },
      { fields: {}, unobserved: ["photo"] },
    ]);
  });
});

it.each([
  ["decimal", "1.50", 1.5],
  ["decimal", "-0.0", 0],
  ["decimal", "0.1", 0.1],
  ["decimal", "9007199254740993", "9007199254740993"],
  ["decimal", "1.00000000000000000001", "1.00000000000000000001"],
  ["decimal", "NaN", undefined],
  ["integer", 9007199254740993n, "9007199254740993"],
  ["integer", "abc", undefined],
  ["float", "1e300", 1e300],
  ["float", "Infinity", undefined],
  ["boolean", 2n, undefined],
  ["day", "2026-02-30", undefined],
  ["day", "infinity", undefined],
  ["day", "0044-03-15 BC", undefined],
  ["instant", "2026-01-02 03:04:05.123456+00", "2026-01-02T03:04:05.123456Z"],
  ["instant", "2026-01-02 03:04:05+05:30", "2026-01-01T21:34:05.000Z"],
  ["local", "2026-01-02 03:04:05", "2026-01-02T03:04:05.000"],
  ["moment", "2026-01-02 03:04", "2026-01-02T03:04:00.000"],
  ["moment", 1_767_322_000n, undefined],
  ["json", '{"b": 1, "a": [1.0, 2e2]}', { a: [1, 200], b: 1 }],
  ["json", '{"n": 12345678901234567890}', undefined],
  ["json", "not json", undefined],
  ["any", 3n, 3],
  ["text", new Uint8Array([1]), undefined],
  ["text", null, null],
] as const)("a %s that the database shows as %s is the canonical %s", (kind, raw, canonical) => {
  expect(decodeValue(kind, raw)).toEqual(canonical);
});
