import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import type { Side } from "../../../src/core/two-way/mapping.ts";
import { chainStart, chainVersion } from "../../../src/core/two-way/version-chain.ts";
import { type HeldPair, proveHistory, valuesAt } from "../../../src/engine/two-way/history.ts";
import type { PairStore, PairVersion } from "../../../src/store/pair-store.ts";
import type { Store } from "../../../src/store/store.ts";
import { collect, minute } from "../../../src/store/suite/case.ts";
import { linkId } from "../../../src/store/suite/pairs-case.ts";
import { later, nowOf, storeWith } from "./history-case.ts";
import { createPairWorld, type PairWorld } from "./world.ts";

const prove = (store: Store) => proveHistory(store, "pair", () => {});
const titlesOf = ({ left, right }: HeldPair) => [left?.values.title ?? null, right?.values.title ?? null];

/** Runs after everything that can happen to a pair has happened to one of them. */
async function eventfulWorld(): Promise<PairWorld> {
  const world = createPairWorld();
  const ids = ["a", "b", "c", "d", "e"].map((title) => world.left.add(title));
  world.right.add("from the right");
  await world.run();
  later(world);
  const [edited, crossed, trashed, both, removed] = ids;
  world.left.edit(edited ?? "", "a2");
  world.left.edit(crossed ?? "", "left");
  world.right.edit("record-3", "right");
  world.left.trash(trashed ?? "");
  world.left.trash(both ?? "");
  world.right.edit("record-5", "d2");
  world.left.remove(removed ?? "");
  world.left.loseAnswer("after");
  await world.run({ isFull: true });
  const [conflict] = await world.store.pairs.listConflicts({ isOpen: true, limit: 1 });
  const settled = { winner: "right", by: "ada", at: nowOf(world), now: world.clock.now() } as const;
  expect(await world.store.pairs.settleConflict({ id: conflict?.id ?? "", ...settled })).toBe(true);
  for (let pass = 0; pass < 3; pass += 1) {
    later(world);
    await world.run({ isFull: true });
  }
  return world;
}

describe("valuesAt", () => {
  it("gives what each side held at a time, and nothing before it was first seen", async () => {
    const world = createPairWorld();
    const before = nowOf(world);
    world.clock.advance(1);
    const id = world.left.add("one");
    await world.run();
    const copied = nowOf(world);
    later(world);
    world.left.edit(id, "two");
    await world.run();
    const edited = nowOf(world);
    world.left.trash(id);
    later(world);
    await world.run({ isFull: true });
    const [link] = await world.store.pairs.searchLinks(id, 1);
    const at = (time: string) => valuesAt(world.store, link?.id ?? "", time);
    expect(await at(before)).toEqual({ left: null, right: null });
    expect(titlesOf(await at(copied))).toEqual(["one", "one"]);
    expect(titlesOf(await at(edited))).toEqual(["two", "two"]);
    const deleted = { presence: "trashed", values: { title: "two" } };
    expect(await at(nowOf(world))).toMatchObject({ left: deleted, right: deleted });
    expect(titlesOf(await at(copied))).toEqual(["one", "one"]);
  });

  it("takes a value that was kept before it gave way for nothing that a side came to hold", async () => {
    const store = await storeWith([
      { fields: { title: "mine", $presence: "live" } },
      { fields: { title: "drift" }, origin: "superseded", side: "left" },
    ]);
    const held = await valuesAt(store, linkId(1), minute(9));
    expect(held).toEqual({ left: { presence: "live", values: { title: "mine" } }, right: null });
  });

  it("follows the order of versions where a clock went back", async () => {
    const times = [1, 5, 3, 7];
    const store = await storeWith(times.map((at, n) => ({ at: minute(at), fields: { title: `${n}` } })));
    const titleAt = async (at: number) => titlesOf(await valuesAt(store, linkId(1), minute(at)))[0];
    expect(await Promise.all([0, 2, 3, 5, 6, 7].map(titleAt))).toEqual([null, "0", "2", "2", "2", "3"]);
  });

  it("reads a history that is longer than a page", async () => {
    const store = await storeWith(Array.from({ length: 1_100 }, (_, n) => ({ fields: { title: n } })));
    expect(titlesOf(await valuesAt(store, linkId(1), minute(700)))).toEqual([700, null]);
    expect(titlesOf(await valuesAt(store, linkId(1), minute(9_999)))).toEqual([1_099, null]);
  });
});

/** A store whose pairs are read through somebody who tells other than what is there. */
function lyingStore(store: Store, lie: (pairs: PairStore) => Partial<PairStore>): Store {
  return { ...store, pairs: { ...store.pairs, ...lie(store.pairs) } };
}

const withVersions = (change: (versions: readonly PairVersion[]) => readonly PairVersion[]) => {
  return (pairs: PairStore): Partial<PairStore> => ({
    listVersions: async (...asked) => change(await pairs.listVersions(...asked)),
  });
};

/** Changes the documents of links, as a hand in the store would. */
const withDoc = (change: (text: string) => string) => {
  const altered = (link: Awaited<ReturnType<PairStore["getLinks"]>>[number]) => ({
    ...link,
    doc: JSON.parse(change(JSON.stringify(link.doc))) as Json,
  });
  return (pairs: PairStore): Partial<PairStore> => ({
    getLinks: async (...asked) => (await pairs.getLinks(...asked)).map(altered),
    async *iterateLinks(syncId) {
      for await (const link of pairs.iterateLinks(syncId)) yield altered(link);
    },
  });
};

const rewritten = (version: PairVersion) => ({ ...version, fields: { ...version.fields, title: "forged" } });

describe("I15 proveHistory", () => {
  it("proves every link, whatever happened to it, and says how far it is", async () => {
    const world = await eventfulWorld();
    const seen: number[] = [];
    const proof = await proveHistory(world.store, "pair", (links) => seen.push(links));
    const links = await collect(world.store.pairs.iterateLinks("pair"));
    expect(proof).toMatchObject({ links: links.length, flawCount: 0, flaws: [] });
    expect(proof.versions).toBeGreaterThan(20);
    expect(seen.at(-1)).toBe(links.length);
  });

  it.each<[string, (pairs: PairStore) => Partial<PairStore>, RegExp]>([
    ["a value that was rewritten", withVersions((all) => all.map(rewritten)), /not what was hashed/],
    ["a version that is missing", withVersions((all) => all.slice(1)), /version 1 was expected/],
    ["a history cut off at its end", withVersions((all) => all.slice(0, -1)), /the last one here/],
    ["a history that is gone", withVersions(() => []), /version 0 is the last one here/],
    [
      "a version that was never written",
      withVersions((all) => {
        const [first] = all;
        if (first === undefined) return all;
        const { seq: _, prevHash: __, hash: ___, ...draft } = first;
        return [...all, chainVersion(draft, all.at(-1) ?? chainStart)];
      }),
      /the last one here/,
    ],
    [
      "another history altogether",
      withVersions((all) =>
        all.reduce<PairVersion[]>((forged, { seq: _, prevHash: __, hash: ___, ...draft }) => {
          forged.push(chainVersion({ ...draft, actor: "eve" }, forged.at(-1) ?? chainStart));
          return forged;
        }, []),
      ),
      /another one than was written/,
    ],
    [
      "a remembered value that history does not tell",
      withDoc((text) => text.replace('"title":"first"', '"title":"forged"')),
      /left side is remembered with another "title"/,
    ],
    [
      "a remembered presence that history does not tell",
      withDoc((text) => text.replace('"presence":"live"', '"presence":"trashed"')),
      /left side is remembered as trashed, its history ends with live/,
    ],
    [
      "a side that is not remembered at all",
      withDoc((text) => text.replace(/"seen":\{"left":\{.*\},"right":\{/, '"seen":{"left":null,"right":{')),
      /left side has a history/,
    ],
  ])("finds %s", async (_, lie, message) => {
    const world = createPairWorld();
    world.left.add("first");
    await world.run();
    expect(await prove(world.store)).toMatchObject({ links: 1, flawCount: 0 });
    const proof = await prove(lyingStore(world.store, lie));
    expect(proof).toMatchObject({ flawCount: 1, flaws: [{ message: expect.stringMatching(message) }] });
  });

  it("counts all flaws and lists the first hundred", async () => {
    const world = createPairWorld();
    for (let n = 0; n < 120; n += 1) world.left.add(`row ${n}`);
    await world.run();
    const proof = await prove(
      lyingStore(
        world.store,
        withVersions(() => []),
      ),
    );
    expect([proof.links, proof.flawCount, proof.flaws.length]).toEqual([120, 120, 100]);
  });

  it("takes no flaw for found while the sync goes on", async () => {
    const world = createPairWorld();
    const id = world.left.add("first");
    await world.run();
    let edits = 0;
    const busy = lyingStore(world.store, (pairs) => ({
      async listVersions(...asked) {
        if (edits < 3) {
          edits += 1;
          later(world);
          world.left.edit(id, `edit ${edits}`);
          await world.run();
        }
        return pairs.listVersions(...asked);
      },
    }));
    expect(await prove(busy)).toMatchObject({ links: 1, flawCount: 0 });
    expect(edits).toBe(3);
  });

  it("holds after whatever people, faults and runs do to both sides", async () => {
    const row = fc.integer({ min: 1, max: 6 }).map((n) => `record-${n}`);
    const side = fc.constantFrom<Side>("left", "right");
    const title = fc.constantFrom("a", "b", "c");
    const when = fc.constantFrom("before", "after");
    const add = fc.record({ do: fc.constant("add" as const), side, title });
    const edit = fc.record({ do: fc.constant("edit" as const), side, row, title });
    const strike = fc.record({ do: fc.constantFrom("trash", "restore", "remove", "hideNote"), side, row });
    const lose = fc.record({ do: fc.constant("lose" as const), side, when });
    const run = fc.record({
      do: fc.constant("run" as const),
      isFull: fc.boolean(),
      minutes: fc.nat({ max: 3 }),
    });
    const step = fc.oneof(
      { weight: 1, arbitrary: add },
      { weight: 5, arbitrary: edit },
      { weight: 3, arbitrary: strike },
      { weight: 2, arbitrary: lose },
      { weight: 5, arbitrary: run },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60, size: "max" }), async (steps) => {
        const world = createPairWorld();
        for (const first of ["a", "b", "c"]) world.left.add(first);
        for (const first of ["d", "e"]) world.right.add(first);
        await world.run();
        for (const each of steps) {
          switch (each.do) {
            case "add":
              world[each.side].add(each.title);
              break;
            case "edit":
              attempt(() => world[each.side].edit(each.row, each.title));
              break;
            case "lose":
              world[each.side].loseAnswer(each.when);
              break;
            case "run":
              world.clock.advance(60_000 * each.minutes);
              await world.run({ isFull: each.isFull, allowDeletes: 100 });
              break;
            default:
              attempt(() => world[each.side][each.do](each.row));
          }
        }
        expect((await prove(world.store)).flaws).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });
});

/** People cannot edit what is not there. */
function attempt(edit: () => void): void {
  try {
    edit();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
  }
}
