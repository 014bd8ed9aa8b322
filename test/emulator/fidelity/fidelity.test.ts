import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { compare, IdMap } from "./compare.ts";
import { reasons } from "./reasons.ts";
import { measureFidelity, percentEqual, type Report, renderReport } from "./report.ts";

let report: Report;
beforeAll(async () => {
  report = await measureFidelity();
});

describe("recorded calls, replayed", () => {
  it.each([
    ["2022-06-28", 620, 98],
    ["2025-09-03", 560, 96],
    ["2026-03-11", 17, 100],
  ])("at %s are at least %i, and at least %i % of the answers are equal", (version, replayed, percent) => {
    const figures = report.versions.find((each) => each.version === version);
    expect(figures?.replayed).toBeGreaterThanOrEqual(replayed);
    expect(figures === undefined ? 0 : percentEqual(figures)).toBeGreaterThanOrEqual(percent);
  });

  it("are all of them: every recorded endpoint is served", () => {
    expect(report.notServed).toEqual([]);
  });

  it("differ for a reason that is given, and no reason is given in vain", () => {
    expect(report.unexplained).toEqual([]);
    expect(reasons.filter((reason) => !report.byReason.has(reason))).toEqual([]);
  });

  it("come out as docs/emulator.md says", () => {
    const docs = readFileSync(join(import.meta.dirname, "../../../docs/emulator.md"), "utf8");
    expect(docs).toContain(`<!-- fidelity -->\n${renderReport(report)}\n<!-- /fidelity -->`);
  });
});

describe("the comparison", () => {
  const a = "11111111-1111-4111-8111-111111111111";
  const b = "22222222-2222-4222-8222-222222222222";
  const x = "33333333-3333-4333-8333-333333333333";
  const y = "44444444-4444-4444-8444-444444444444";
  const paths = (recorded: object, answered: object): string[] =>
    compare(JSON.parse(JSON.stringify(recorded)), JSON.parse(JSON.stringify(answered)), new IdMap()).map(
      ({ path }) => path,
    );

  it.each([
    [
      { request_id: a, name: "n" },
      { request_id: b, name: "n" },
    ],
    [
      { a: 1, b: 2 },
      { b: 2, a: 1 },
    ],
    [
      { id: a, parent: { page_id: b } },
      { id: x, parent: { page_id: y } },
    ],
    [
      { id: a, url: `https://n/${a.replaceAll("-", "")}` },
      { id: x, url: `https://n/${x.replaceAll("-", "")}` },
    ],
    [{ created_time: "2026-01-01T00:00:00.000Z" }, { created_time: "2026-02-02T10:10:00.000Z" }],
    [{ file: { url: "https://a", expiry_time: "x" } }, { file: { url: "https://b", expiry_time: "y" } }],
    [{ id: "a%3Ab" }, { id: "c%3Ad" }],
  ])("takes %j and %j for equal", (recorded, answered) => {
    expect(paths(recorded, answered)).toEqual([]);
  });

  it.each([
    [{ name: "n" }, { name: "m" }, ["$.name"]],
    [{ a: 1 }, { a: 1, b: null }, ["$.b"]],
    [{ a: 1, b: null }, { a: 1 }, ["$.b"]],
    [{ list: [1, 2] }, { list: [1] }, ["$.list[]"]],
    [{ id: a, other_id: a }, { id: x, other_id: y }, ["$.other_id"]],
    [{ id: a, other_id: b }, { id: x, other_id: x }, ["$.other_id"]],
    [
      { created_time: "2026-01-01T00:00:00.000Z" },
      { created_time: "2026-01-01T00:00:10.123Z" },
      ["$.created_time"],
    ],
    [
      { created_time: "2026-01-01T00:00:00.000Z" },
      { created_time: "2026-01-01T00:00:00.000+00:00" },
      ["$.created_time"],
    ],
    [{ date: { start: "2026-01-01" } }, { date: { start: "2026-01-02" } }, ["$.date.start"]],
    [{ next_cursor: a }, { next_cursor: null }, ["$.next_cursor"]],
    [{ id: "a%3Ab" }, { id: "c:d" }, ["$.id"]],
  ])("tells %j from %j", (recorded, answered, where) => {
    expect(paths(recorded, answered)).toEqual(where);
  });
});
