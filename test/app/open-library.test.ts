import { describe, expect, it } from "vitest";
import { openOpenLibrary } from "../../src/app/open-library-access.ts";
import type { Json } from "../../src/core/json.ts";
import { enrich } from "../../src/recipes/library/enrich.ts";
import type { ExportedBook } from "../../src/recipes/library/model.ts";
import { placeBooks } from "../../src/recipes/library/place-books.ts";
import { parsePosition } from "../../src/recipes/library/position.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { type Scripted, type Seen, scriptedServer } from "../http/scripted-server.ts";
import { virtualClock } from "../http/virtual-clock.ts";
import { exportedBook, place } from "../recipes/library/books.ts";

const ids = { next: () => "id", random: () => 0.5 };
const tolkien = ["J. R. R. Tolkien"];

/** Titles that Open Library's search finds, with what it has of their series. */
const works: Readonly<Record<string, readonly [name: string, position: string | null] | null>> = {
  "The Silmarillion": ["Middle-earth Universe", "0"],
  "Unfinished Tales": ["Middle-earth Universe", null],
  "Mr. Bliss": null,
};

function search({ url }: Seen): Scripted {
  const query = new URL(url, "http://x").searchParams;
  if (!url.startsWith("/search.json")) return { json: { entries: [] } };
  const title = query.get("title") ?? "";
  const series = works[title];
  if (series === undefined) return { json: { docs: [] } };
  const doc: Json = { key: "/works/OL1W", title, author_name: ["J.R.R. Tolkien"], edition_count: 3 };
  const named = series === null ? {} : { series_name: [series[0]], series_position: [series[1]] };
  return { json: { docs: [{ ...doc, ...named }] } };
}

async function world(answer: (seen: Seen) => Scripted) {
  const server = await scriptedServer(answer);
  const store = await openSqliteStore({ path: ":memory:", ids });
  const clock = virtualClock();
  const contact = "mailto:me@example.org";
  const open = () => openOpenLibrary({ clock, ids, answers: store.answers, contact, baseUrl: server.url });
  return {
    server,
    clock,
    open,
    async [Symbol.asyncDispose]() {
      await store.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const library: readonly ExportedBook[] = [
  exportedBook("B0TOLD0001", { title: "The Silmarillion", authors: tolkien, series: [place("Told", "1")] }),
  exportedBook("B0SILM0001", { title: "The Silmarillion", authors: tolkien }),
  exportedBook("B0SILM0002", {
    title: "The Silmarillion (Unabridged)",
    authors: tolkien,
    narrators: ["Martin Shaw"],
  }),
  exportedBook("B0TALES001", {
    title: "Unfinished Tales",
    subtitle: "Middle-earth Universe, Book 0.5",
    authors: tolkien,
  }),
  exportedBook("B0BLISS001", { title: "Mr. Bliss", subtitle: "Bliss, Book 1", authors: tolkien }),
  exportedBook("B0LISTED01", { title: "Roverandom", authors: tolkien }),
  exportedBook("B0HALF0001", {
    title: "The Silmarillion",
    authors: tolkien,
    series: [place("Middle-Earth Universe")],
  }),
  exportedBook("B0FELLOW01", { title: "The Fellowship of the Ring", authors: tolkien }),
  exportedBook("B0POTTER01", { title: "Harry Potter and the Goblet of Fire", authors: ["J.K. Rowling"] }),
];

const listed = { asin: "B0LISTED01", title: "Roverandom", position: parsePosition("3"), released: null };
const companion = [{ asin: "B0SERIES01", title: "Dogs", owned: [listed], missing: [] }];

const shown = (books: Awaited<ReturnType<typeof enrich>>["books"]) =>
  Object.fromEntries(
    books.map(({ asin, series: [first] }) => [
      asin,
      first === undefined
        ? null
        : [
            first.name,
            first.position?.raw ?? null,
            first.origin,
            first.positionSource?.origin ?? first.origin,
          ],
    ]),
  );

describe("enrichment", () => {
  it("takes the export, then the companion, then Open Library, then the titles", async () => {
    await using it = await world(search);
    const { books, openLibrary } = await enrich(library, { companion, openLibrary: it.open() });
    expect(shown(books)).toEqual({
      B0TOLD0001: ["Told", "1", "audible", "audible"],
      B0SILM0001: ["Middle-earth Universe", "0", "open-library", "open-library"],
      B0SILM0002: ["Middle-earth Universe", "0", "open-library", "open-library"],
      B0TALES001: ["Middle-earth Universe", "0.5", "open-library", "heuristic"],
      B0BLISS001: ["Bliss", "1", "heuristic", "heuristic"],
      B0LISTED01: ["Dogs", "3", "audible", "audible"],
      B0HALF0001: ["Middle-Earth Universe", "0", "audible", "open-library"],
      B0FELLOW01: ["The Lord of the Rings", "1", "heuristic", "heuristic"],
      B0POTTER01: ["Harry Potter", "4", "heuristic", "heuristic"],
    });
    expect(openLibrary).toEqual({ asked: 6, known: 4, reasons: ["Open Library has no such work."] });
    expect(books[1]?.provenance).toMatchObject({
      title: { origin: "audible", confidence: 1 },
      series: { origin: "open-library", confidence: 0.8 },
    });
    const asked = it.server.seen.filter(({ url }) => url.startsWith("/search")).map(({ url }) => url);
    expect(asked.filter((url) => url.includes("Silmarillion"))).toHaveLength(2);
    expect(asked.some((url) => url.includes("Roverandom"))).toBe(false);
    expect(it.server.seen[0]?.headers["user-agent"]).toBe("Lockstep (mailto:me@example.org)");
    expect(it.clock.monotonic()).toBeGreaterThanOrEqual((it.server.seen.length - 1) * 1_000);
  });

  it("is the same again without asking again, in another process and another order", async () => {
    await using it = await world(search);
    const first = await enrich(library, { companion, openLibrary: it.open() });
    const calls = it.server.seen.length;
    const again = await enrich(library.toReversed(), { companion, openLibrary: it.open() });
    expect(it.server.seen).toHaveLength(calls);
    expect(shown(again.books)).toEqual(shown(first.books));
    expect((await enrich(library, { companion, openLibrary: it.open() })).books).toEqual(first.books);
  });

  it("is, off-line, what it is without Open Library, and says why nothing was learned", async () => {
    const it = await world(search);
    await it.server[Symbol.asyncDispose]();
    const { books, openLibrary } = await enrich(library, { companion, openLibrary: it.open() });
    expect(books).toEqual((await enrich(library, { companion, openLibrary: null })).books);
    expect(books).toEqual(placeBooks(library, { companion, openLibrary: new Map() }));
    expect(openLibrary).toMatchObject({ asked: 6, known: 0 });
    expect(openLibrary.reasons.join()).toContain("could not be reached");
    await it[Symbol.asyncDispose]().catch(() => {});
  });

  it("can be cancelled between two questions, and tells how far it is", async () => {
    await using it = await world(search);
    const stopping = new AbortController();
    const seen: string[] = [];
    const onProgress = (done: number, all: number) => {
      seen.push(`${done} of ${all}`);
      if (done === 2) stopping.abort(new Error("stopped"));
    };
    const sources = { companion, openLibrary: it.open() };
    await expect(enrich(library, sources, { onProgress, signal: stopping.signal })).rejects.toThrow();
    expect(seen).toEqual(["0 of 6", "1 of 6", "2 of 6"]);
  });

  it("asks a service that is down a few times only", async () => {
    await using it = await world(() => ({ status: 503, text: "down" }));
    const many = Array.from({ length: 40 }, (_, at) =>
      exportedBook(`B${at}`, { title: `Book of ${at} things` }),
    );
    const { openLibrary } = await enrich(many, { companion: [], openLibrary: it.open() });
    expect(openLibrary).toMatchObject({ asked: 40, known: 0 });
    expect(it.server.seen.length).toBeLessThanOrEqual(10);
  });
});
