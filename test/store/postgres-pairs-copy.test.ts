import { expect, it } from "vitest";
import { copyStore } from "../../src/app/store-copy.ts";
import { openStore } from "../../src/app/stores.ts";
import type { Store } from "../../src/store/store.ts";
import { countingIds, minute } from "../../src/store/suite/case.ts";
import {
  applied,
  beginPair,
  history,
  hold,
  inboxEvent,
  linkId,
  pairConflict,
  pairLink,
  readPairs,
} from "../../src/store/suite/pairs-case.ts";
import { createDatabase } from "../support/postgres.ts";
import { temporaryFolder } from "./folder.ts";

const open = (url: string) => openStore(url, { ids: countingIds(), isReadOnly: false });

const linkCount = 620;
const oddText = "NUL \u0000, 🧭, \u{10fffe}";

/** Rows in every table of pairs, more than one batch of links and of versions. */
async function fill(store: Store): Promise<void> {
  const { commit, mark } = await beginPair(store);
  await store.pairs.putInbox([
    ...["a", "b", "c"].map((id) => inboxEvent(id)),
    inboxEvent("d", { syncId: "other" }),
  ]);
  const [first] = await store.pairs.listInbox("pair", 1);
  const links = Array.from({ length: linkCount }, (_, n) =>
    pairLink(n + 1, { key: n === 0 ? oddText.repeat(400) : `key ${n}`, dueAt: n % 3 === 0 ? n : null }),
  );
  await commit({
    links: links.map((link) => ({ ...link, doc: { text: oddText } })),
    versions: [...history(1, { until: 600 }), ...history(2, { until: 2 })],
    conflicts: [pairConflict("open", 1, { left: { deep: [oddText] } }), pairConflict("closed", 2)],
    holds: [hold("h"), hold("decided", { openedAt: minute(3) })],
    handled: first === undefined ? [] : [first.seq],
    state: { cursor: oddText },
  });
  await commit({
    links: [pairLink(2, { revision: 1, status: "dead", problem: "ACCESS_LOST" })],
    conflicts: [pairConflict("closed", 2, { closedAt: minute(4) })],
  });
  await mark("left", 3, [pairLink(5).leftId ?? ""]);
  await store.pairs.decideHold({ id: "decided", decision: "rejected", by: "grace", at: minute(4) });
}

it("copyStore moves what two-way syncs know from SQLite to Postgres and back, and both go on from there", async () => {
  await using folder = await temporaryFolder();
  await using database = await createDatabase();
  const urls = [`sqlite:${folder.path("source.db")}`, database.url, `sqlite:${folder.path("back.db")}`];
  const [source = "", there = "", back = ""] = urls;
  {
    await using store = await open(source);
    await fill(store);
  }
  const reports = [await copyStore({ from: source, to: there }), await copyStore({ from: there, to: back })];
  for (const report of reports) {
    expect(report.isEqual).toBe(true);
    const rows = report.tables.filter(({ table }) => table.startsWith("pair_"));
    expect(Object.fromEntries(rows.map(({ table, to }) => [table, to.rows]))).toEqual({
      pair_state: 1,
      pair_links: linkCount,
      pair_versions: 602,
      pair_conflicts: 2,
      pair_holds: 2,
      pair_inbox: 4,
    });
  }
  const views = [];
  for (const url of urls) {
    await using store = await open(url);
    views.push(await readPairs(store, ["pair", "other"], ["run-1"]));
    const { commit } = await beginPair(store);
    const grown = { links: [pairLink(1, { revision: 1 })], versions: history(1, { after: 600, until: 601 }) };
    expect(await commit(grown)).toEqual(applied);
    expect(await commit({ links: [pairLink(3, { revision: 7 })] })).toEqual({
      stale: [linkId(3)],
      taken: [],
    });
    const copied = inboxEvent("a");
    expect(await store.pairs.putInbox([copied, { ...copied, eventId: "new" }])).toBe(1);
    const [second, third, next] = (await store.pairs.listInbox("pair", 9)).map(({ seq }) => seq);
    expect([second, third]).toEqual([2, 3]);
    expect(next).toBeGreaterThan(4);
  }
  expect(views[1]).toEqual(views[0]);
  expect(views[2]).toEqual(views[0]);
});
