import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import { createBreaker } from "../../../src/http/breaker.ts";
import { createHttpClient } from "../../../src/http/client.ts";
import { createPacer } from "../../../src/http/pacer.ts";
import { type AnswerCache, createOpenLibrary } from "../../../src/recipes/library/open-library.ts";
import {
  chooseWork,
  editionSeries,
  readSeriesTexts,
  searchedSeries,
} from "../../../src/recipes/library/open-library-answers.ts";
import { type Scripted, type Seen, scriptedServer } from "../../http/scripted-server.ts";
import { virtualClock } from "../../http/virtual-clock.ts";

const fixtures = join(import.meta.dirname, "../../fixtures/openlibrary");
const recorded = (name: string): Json =>
  JSON.parse(readFileSync(join(fixtures, `${name}.json`), "utf8")).body;
const lordOfTheRings = { title: "The Lord of the Rings", authors: ["J. R. R. Tolkien"] };

function memoryCache(): AnswerCache & { readonly entries: Map<string, { value: Json; expiresAt: number }> } {
  const entries = new Map<string, { value: Json; expiresAt: number }>();
  return {
    entries,
    get: async (key) => entries.get(key) ?? null,
    put: async (key, entry) => void entries.set(key, entry),
  };
}

/** The real client over real HTTP to a server that answers as scripted. */
async function lookup(answer: (seen: Seen) => Scripted) {
  const server = await scriptedServer(answer);
  const clock = virtualClock();
  const cache = memoryCache();
  const http = createHttpClient({
    service: "Open Library",
    baseUrl: server.url,
    headers: {},
    clock,
    random: () => 0.5,
    pacer: createPacer({ clock, ratePerMinute: 60 }),
    breaker: createBreaker({ clock, service: "Open Library" }),
  });
  const library = createOpenLibrary({ http, cache, clock, contact: "mailto:me@example.org" });
  return { library, server, clock, cache, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

const withSeries = (extra: Json = {}): Json => ({
  docs: [
    {
      key: "/works/OL1W",
      title: "The Two Towers",
      author_name: ["J.R.R. Tolkien"],
      edition_count: 9,
      ...(typeof extra === "object" && extra !== null && !Array.isArray(extra) ? extra : {}),
    },
  ],
});

describe("an answer of the search", () => {
  it("names the work with that title and author that has most editions", () => {
    const wanted = { title: "The Lord of the Rings", author: "J. R. R. Tolkien" };
    expect(chooseWork(recorded("api-jayfajardo/search"), wanted)?.path).toBe("/works/OL27448W");
  });

  it("names none by another author, or of another title", () => {
    const answer = recorded("api-jayfajardo/search");
    expect(chooseWork(answer, { title: "The Lord of the Rings", author: "Jane Doe" })).toBeNull();
    expect(chooseWork(answer, { title: "The Silmarillion", author: "J. R. R. Tolkien" })).toBeNull();
    expect(chooseWork({ error: "no" }, { title: "X", author: "" })).toBeNull();
  });

  it("may hold names and positions of several series", () => {
    expect(searchedSeries({ series_name: ["A", "B"], series_position: ["1", null] })).toEqual([
      { name: "A", position: "1", confidence: 0.8 },
      { name: "B", position: null, confidence: 0.8 },
    ]);
    expect(searchedSeries({ title: "X" })).toEqual([]);
  });
});

describe("what editions say", () => {
  it("is the series of stories, never that of a publisher", () => {
    expect(
      editionSeries(recorded("api-jayfajardo/editions")).map(({ name, position }) => [name, position]),
    ).toEqual([
      ["Cyberspace trilogien", null],
      ["Gibsons Cyberspace trilogi", "1"],
    ]);
  });

  it("is surer the more editions say it", () => {
    const entries = [{ series: ["Dune -- 2"] }, { series: ["The Dune series"] }, { series: ["Other"] }];
    expect(
      editionSeries({ entries }).map(({ name, position, confidence }) => [name, position, confidence]),
    ).toEqual([
      ["Dune", "2", 0.6],
      ["Other", null, 0.5],
    ]);
  });

  it("comes in all the ways that cataloguers write", () => {
    const file = JSON.parse(readFileSync(join(fixtures, "dump-editions-with-series.json"), "utf8"));
    const read = new Map<string, unknown>(
      file.records.map(({ record }: { record: { title: string; series: string[] } }) => [
        record.title.normalize("NFC"),
        readSeriesTexts(record.series).map(({ name, position }) => [name, position]),
      ]),
    );
    expect(read.size).toBeGreaterThan(40);
    expect(Object.fromEntries(read)).toMatchObject({
      "Protecting Danube River basin resources": [["NATO ASI series", "24"]],
      "The memoirs of Baron von Müffling": [["Napoleonic library", "31"]],
      "The Family": [["Living in Our World", "1"]],
      "Dostoïevski et les juifs": [["Idées", "348"]],
      Dostoïevski: [["Collection Idées", "48"]],
      "Later essays": [["The Library of America", "292"]],
      "Cankarjeva Vrhnika": [["Kulturni in naravni spomeniki Slovenije", "192"]],
      Passions: [["Margellos world republic of letters book", null]],
      "Experiences with financial liberalization": [["Recent economic thought series", null]],
    });
  });
});

describe("createOpenLibrary", () => {
  it("searches, and asks the editions when the search names no series", async () => {
    await using it = await lookup(({ url }) => ({
      json: recorded(url.startsWith("/search.json") ? "api-jayfajardo/search" : "api-jayfajardo/editions"),
    }));
    const answer = await it.library.findSeries(lordOfTheRings);
    expect(answer).toMatchObject({
      kind: "known",
      places: [{ name: "Cyberspace trilogien", origin: "open-library" }, {}],
    });
    expect(it.server.seen.map(({ url }) => url.split("?")[0])).toEqual([
      "/search.json",
      "/works/OL27448W/editions.json",
    ]);
    expect(it.server.seen[0]?.headers["user-agent"]).toBe("Lockstep (mailto:me@example.org)");
    expect(it.server.seen[0]?.url).toContain("series_position");
  });

  it("takes the series of the search index without a second request", async () => {
    await using it = await lookup(() => ({
      json: withSeries({ series_name: ["The Lord of the Rings"], series_position: ["2"] }),
    }));
    expect(
      await it.library.findSeries({ title: "The Two Towers", authors: ["J.R.R. Tolkien"] }),
    ).toMatchObject({
      places: [{ name: "The Lord of the Rings", position: { raw: "2" }, confidence: 0.8 }],
    });
    expect(it.server.seen).toHaveLength(1);
  });

  it("never asks twice within a second, however many ask at once", async () => {
    await using it = await lookup(() => ({ json: { docs: [] } }));
    const titles = ["A", "B", "C", "D"];
    await Promise.all(titles.map((title) => it.library.findSeries({ title, authors: [] })));
    expect(it.server.seen).toHaveLength(4);
    expect(it.clock.monotonic()).toBeGreaterThanOrEqual(3_000);
  });

  it("asks once for what it remembers, and again when that is too old", async () => {
    await using it = await lookup(() => ({ json: { docs: [] } }));
    const unknown = { kind: "unknown", reason: "Open Library has no such work." };
    expect(await it.library.findSeries(lordOfTheRings)).toEqual(unknown);
    expect(await it.library.findSeries({ ...lordOfTheRings, title: "the lord of the rings!" })).toEqual(
      unknown,
    );
    expect(it.server.seen).toHaveLength(1);
    it.clock.advance(15 * 24 * 60 * 60_000);
    await it.library.findSeries(lordOfTheRings);
    expect(it.server.seen).toHaveLength(2);
  });

  it("waits as long as a throttled answer says", async () => {
    let asked = 0;
    await using it = await lookup(() => {
      asked += 1;
      return asked === 1
        ? { status: 429, headers: { "retry-after": "7" }, json: {} }
        : { json: { docs: [] } };
    });
    await it.library.findSeries(lordOfTheRings);
    expect(asked).toBe(2);
    expect(it.clock.monotonic()).toBeGreaterThanOrEqual(7_000);
  });

  const failures: readonly [string, Scripted][] = [
    ["is down", { status: 503, text: "down" }],
    ["refuses", { status: 403, json: { error: "forbidden" } }],
    ["answers a page in place of JSON", { status: 200, text: "<html>" }],
    ["hangs up", { connection: "drop" }],
  ];
  it.each(failures)("knows nothing, and remembers nothing, when Open Library %s", async (_, answer) => {
    await using it = await lookup(() => answer);
    expect(await it.library.findSeries(lordOfTheRings)).toMatchObject({ kind: "unknown" });
    expect(it.cache.entries.size).toBe(0);
  });

  it("knows nothing off-line, and stops asking soon", async () => {
    const it = await lookup(() => ({ json: {} }));
    await it.server[Symbol.asyncDispose]();
    for (const title of ["A", "B", "C", "D", "E", "F", "G", "H"]) {
      expect((await it.library.findSeries({ title, authors: [] })).kind).toBe("unknown");
    }
  });

  it("falls back on an old answer when nobody can be asked", async () => {
    let isDown = false;
    await using it = await lookup(() => {
      return isDown
        ? { status: 503, json: {} }
        : { json: withSeries({ series_name: ["Rings"], series_position: ["2"] }) };
    });
    const work = { title: "The Two Towers", authors: ["J.R.R. Tolkien"] };
    await it.library.findSeries(work);
    isDown = true;
    it.clock.advance(365 * 24 * 60 * 60_000);
    expect(await it.library.findSeries(work)).toMatchObject({ kind: "known", places: [{ name: "Rings" }] });
  });
});
