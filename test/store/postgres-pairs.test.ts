import { expect, it } from "vitest";
import { openPostgresStore } from "../../src/store/postgres/open.ts";
import { countingIds, minute } from "../../src/store/suite/case.ts";
import { applied, beginPair, linkId, pairConflict, pairLink } from "../../src/store/suite/pairs-case.ts";
import { createDatabase } from "../support/postgres.ts";

it("a person's word and a commit that closes the conflict never both count, and neither waits for the other", async () => {
  await using database = await createDatabase();
  await using engine = await openPostgresStore({ url: database.url, ids: countingIds() });
  await using person = await openPostgresStore({ url: database.url, ids: countingIds() });
  const { commit } = await beginPair(engine);
  const numbers = Array.from({ length: 30 }, (_, n) => n + 1);
  const conflictOf = (n: number) => pairConflict(`conflict ${n}`, n);
  await commit({ links: numbers.map((n) => pairLink(n)), conflicts: numbers.map(conflictOf) });
  for (const n of numbers) {
    const close = () =>
      commit({
        links: [pairLink(n, { revision: 1 })],
        conflicts: [{ ...conflictOf(n), closedAt: minute(3) }],
      });
    const settle = () =>
      person.pairs.settleConflict({
        id: conflictOf(n).id,
        winner: "left",
        by: "ada",
        at: minute(2),
        now: 5,
      });
    const both = n % 2 === 0 ? [close(), settle()] : [settle(), close()];
    const answers = await Promise.all(both);
    const [closed, isSettled] = n % 2 === 0 ? answers : answers.toReversed();
    const [conflict] = await engine.pairs.listConflicts({ linkId: linkId(n), limit: 1 });
    const kept = isSettled ? { winner: "left", closedAt: null } : { winner: null, closedAt: minute(3) };
    expect([n, conflict]).toMatchObject([n, kept]);
    expect([n, closed]).toEqual([n, isSettled ? { stale: [linkId(n)], taken: [] } : applied]);
  }
});

it("a natural key may be as long as a title, and is found and kept to one link", async () => {
  await using database = await createDatabase();
  await using store = await openPostgresStore({ url: database.url, ids: countingIds() });
  const { commit } = await beginPair(store);
  // Of characters that do not compress, and alike in their beginning.
  const keyOf = (end: string) =>
    Array.from({ length: 6000 }, (_, n) => String.fromCodePoint(0x4e00 + ((n * 7919) % 20_000))).join("") +
    end;
  const [one, two] = [keyOf("1"), keyOf("2")];
  await commit({ links: [pairLink(1, { key: one }), pairLink(2, { key: two })] });
  const found = await store.pairs.findLinksByKey("pair", [two, "other"]);
  expect(found.map(({ id }) => id)).toEqual([linkId(2)]);
  const third = await commit({ links: [pairLink(3, { key: one })] });
  expect(third).toEqual({ stale: [], taken: [{ linkId: linkId(3), by: linkId(1) }] });
});
