import { describe, expect, it } from "vitest";
import { collectionChainFlaw } from "../../src/core/collection/write.ts";
import type { ExportedBook } from "../../src/recipes/library/model.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import { type Random, randomFrom } from "../simulation/random.ts";
import { asinOf, exported, LibraryWorld, placeIn } from "./library-world.ts";

const bookCount = 12;
const actsMax = 25;
const statusNames = ["Not started", "In progress", "Finished", "La Poubelle"];
const text = (content: string) => [{ type: "text", text: { content } }];

/** A person, players and imports at random over one library, and what a person must be able to rely on afterwards. */
class Life {
  readonly world: LibraryWorld;
  private readonly random: Random;
  /** What a person last called a book, by ASIN. */
  private readonly titles = new Map<string, string>();
  private readonly trashed = new Set<string>();
  private acts = 0;

  constructor(world: LibraryWorld, random: Random) {
    this.world = world;
    this.random = random;
  }

  async act(): Promise<void> {
    this.acts += 1;
    const { random } = this;
    const roll = random.int(0, 9);
    if (roll <= 2) await this.import();
    else if (roll <= 4) await this.setStatus();
    else if (roll === 5) await this.rename();
    else if (roll === 6) await this.play();
    else if (roll === 7) await this.moveToOtherSeries();
    else if (roll === 8) await this.throwAway();
    else await this.undo();
    if (random.int(0, 1) === 0) await this.world.sync();
  }

  /** Some of the books, some of them told otherwise than before. */
  async import(): Promise<void> {
    const { random } = this;
    const books = Array.from({ length: bookCount }, (_, n) => n).filter(() => random.int(0, 3) > 0);
    await this.world.import(books.map((n) => this.bookOf(n, random.int(0, 2))));
  }

  /** Three series of four; version 0 tells what every other one tells, too. */
  bookOf(n: number, version: number): ExportedBook {
    const position = String((n % 4) + 1);
    return exported(n, {
      title: version === 0 ? `Book ${n}` : `Book ${n}, version ${version}`,
      lengthMinutes: 100 + version,
      series: [placeIn(`Saga ${Math.floor(n / 4)}`, position)],
      status: version === 2 ? "finished" : null,
    });
  }

  async checkAtRest(): Promise<void> {
    const { world } = this;
    for (let round = 0; round < 4; round += 1) await world.sync();
    const pages = [...world.emulator.workspace.rows(world.setup.books)].filter(({ inTrash }) => !inTrash);
    const asins = [...world.pages("books").values()].map(({ values }) => String(values.ASIN));
    expect(new Set(asins).size, "a book has one page").toBe(pages.length);
    for (const [asin, title] of this.titles) {
      const page = [...world.pages("books").values()].find(({ values }) => values.ASIN === asin);
      if (page !== undefined) expect(page.values.Title, "a person's title stands").toBe(title);
    }
    for (const asin of this.trashed) expect(asins, "what was thrown away stays so").not.toContain(asin);
    await this.checkStore();
    expect(await world.calls(() => world.sync()), "rest is rest").toMatchObject({ writes: 0 });
    const { conflicts, holds, problems } = await world.lockstep.twoWay.questions({ limit: 10 });
    expect([conflicts, holds, problems], "nothing waits for a person").toEqual([[], [], []]);
  }

  /** Notion and the collections say the same, every change was judged, every history is whole. */
  private async checkStore(): Promise<void> {
    const { world } = this;
    await using store = await openSqliteStore({
      path: world.config.store.slice("sqlite:".length),
      ids: countingIds(),
    });
    const records = await store.collections.changesSince("library/books", { revision: 0, limit: 1_000 });
    const live = records.filter(({ status }) => status === "live");
    const told = live.map(({ fields }) => `${fields.asin} ${fields.title} ${nameOf(fields.status)}`);
    const shown = [...world.pages("books").values()].map(
      ({ values }) => `${values.ASIN} ${values.Title} ${values.Status}`,
    );
    expect(shown.sort(), "both say the same").toEqual(told.sort());
    const unjudged = live.filter(
      ({ fields }) => (fields.judged ?? "notStarted") !== (fields.status ?? "notStarted"),
    );
    expect(unjudged, "every change of a status was looked at").toEqual([]);
    for (const { collection, id, head } of records) {
      const versions = await store.collections.listRecordVersions(collection, id, { after: 0, limit: 1_000 });
      expect(collectionChainFlaw(versions, head)).toBeNull();
    }
  }

  private async setStatus(): Promise<void> {
    const title = this.someTitle();
    if (title === null) return;
    this.world.edit("books", title, { Status: { select: { name: this.random.pick(statusNames) } } });
  }

  private async rename(): Promise<void> {
    const title = this.someTitle();
    if (title === null) return;
    const asin = String(this.world.page("books", title).values.ASIN);
    const own = `My ${this.acts}th name`;
    this.world.edit("books", title, { Title: { title: text(own) } });
    this.titles.set(asin, own);
  }

  private async play(): Promise<void> {
    const kind = this.random.pick(["started", "finished"] as const);
    const event = { kind, asin: asinOf(this.random.int(0, bookCount - 1)), status: null, at: null };
    await this.world.library.tell(event).catch((error: unknown) => {
      expect(error).toMatchObject({ code: "RECORD_NOT_FOUND" });
    });
  }

  private async moveToOtherSeries(): Promise<void> {
    const title = this.someTitle();
    const series = [...this.world.pages("series").values()];
    if (title === null || series.length === 0) return;
    const relation = [{ id: this.random.pick(series).id }];
    this.world.edit("books", title, { Series: { relation } });
  }

  private async throwAway(): Promise<void> {
    const title = this.someTitle();
    if (title === null) return;
    const { id, values } = this.world.page("books", title);
    await this.world.sync();
    this.world.emulator.workspace.trashPage(id);
    this.trashed.add(String(values.ASIN));
    this.world.clock.advance(3_600_000);
    await this.world.lockstep.sync([], { trigger: "test", isFull: true });
  }

  /** Of a cascade or of what a player told: undoing an import would bring into question what a person wrote since. */
  private async undo(): Promise<void> {
    const runs = await this.world.lockstep.runs({ limit: 30 });
    const found = runs.find(({ run }) => run.source === "cascade" || run.source.startsWith("webhook"));
    if (found === undefined) return;
    await this.world.library.undo(found.run.id, { isCommitted: true, trigger: "test" });
  }

  private someTitle(): string | null {
    const titles = [...this.world.pages("books").keys()].filter((title) => title !== "");
    return titles.length === 0 ? null : this.random.pick(titles);
  }
}

function nameOf(status: unknown): string {
  const words = ["notStarted", "inProgress", "finished", "poubelle"];
  return statusNames[words.indexOf(String(status))] ?? "null";
}

const seeds = Number(process.env.LOCKSTEP_LIBRARY_SEEDS ?? 3);

describe("a library's life", () => {
  it.each(Array.from({ length: seeds }, (_, n) => n + 1))(
    "keeps what people decided, once and on both sides (seed %i)",
    async (seed) => {
      await using world = await LibraryWorld.open();
      const life = new Life(world, randomFrom(seed, "library"));
      await life.import();
      for (let act = 0; act < actsMax; act += 1) await life.act();
      await life.checkAtRest();
      // The newest word of every book once more: nothing is made twice by it.
      const books = Array.from({ length: bookCount }, (_, n) => life.bookOf(n, 0));
      await world.import(books);
      await life.checkAtRest();
      const again = await world.calls(() => world.import(books));
      expect(again.writes).toBe(0);
    },
    120_000,
  );
});
