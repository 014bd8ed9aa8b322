import { describeConnector } from "../../src/connector/connector.suite.ts";
import { describeWritableConnector, type WritableWorld } from "../../src/connector/writing.suite.ts";
import type { CollectionAccess } from "../../src/connectors/collection/config.ts";
import { createCollectionConnector } from "../../src/connectors/collection/connector.ts";
import { LockstepError } from "../../src/core/errors.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import { virtualClock } from "../http/virtual-clock.ts";

const texts = ["First", "Second, with a comma\nand a line", ""] as const;

/** The connector over a real store, with faults that the store itself never shows. */
async function openWorld(): Promise<WritableWorld> {
  const ids = countingIds();
  const clock = virtualClock();
  const store = await openSqliteStore({ path: ":memory:", ids });
  const { collections } = store;
  const removed = new Set<string>();
  const faults: { isLost: boolean; isObstructed: boolean; loses: "before" | "after" | null } = {
    isLost: false,
    isObstructed: false,
    loses: null,
  };
  let commits = 0;
  const demand = () => {
    if (faults.isLost) throw new LockstepError("ACCESS_LOST", "Tried to read the collection.");
  };
  const access: CollectionAccess = {
    async getRecords(collection, wanted) {
      demand();
      return collections.getRecords(
        collection,
        wanted.filter((id) => !removed.has(id)),
      );
    },
    async findByMarker(collection, marker) {
      demand();
      return collections.findByMarker(collection, marker);
    },
    async changesSince(collection, page) {
      demand();
      const found = await collections.changesSince(collection, page);
      return faults.isObstructed ? [] : found.filter(({ id }) => !removed.has(id));
    },
    async commitRecords(commit) {
      demand();
      commits += 1;
      const { loses } = faults;
      faults.loses = null;
      const result = loses === "before" ? null : await collections.commitRecords(commit);
      if (result === null || loses !== null)
        throw new LockstepError("STORE_FAILED", "Tried to write; the store did not answer.");
      return result;
    },
    async getCollectionTotals(collection) {
      demand();
      const totals = await collections.getCollectionTotals(collection);
      return faults.isObstructed ? { ...totals, revision: totals.revision + 1 } : totals;
    },
  };
  const connector = createCollectionConnector({
    access,
    clock,
    ids,
    config: {
      collection: "books",
      fields: [
        { id: "title", type: "text" },
        { id: "order", type: "number" },
      ],
      keyField: null,
      provenance: { origin: "person", confidence: 1 },
      by: "Notion",
    },
  });
  const write = async (id: string, change: object) => {
    const [record] = await collections.getRecords("books", [id]);
    await collections.commitRecords({
      by: "test",
      runId: null,
      at: new Date(clock.now()).toISOString(),
      writes: [
        {
          collection: "books",
          id,
          expected: record?.revision ?? 0,
          fields: {},
          reason: "by hand",
          ...change,
        },
      ],
    });
    return id;
  };
  return {
    connector,
    sample: {
      title: { field: "title", values: texts },
      other: { field: "order", values: [1, 2.5, null] },
    },
    writesSeen: () => commits,
    loseAnswer(when) {
      faults.loses = when;
    },
    add: (title) => write(ids.next(), { fields: { title } }),
    async addMany(count) {
      const made: string[] = [];
      for (let n = 0; n < count; n += 1)
        made.push(await write(ids.next(), { fields: { title: `Row ${n}` } }));
      return made;
    },
    edit: async (id, title) => void (await write(id, { fields: { title } })),
    trash: async (id) => void (await write(id, { status: "trashed" })),
    restore: async (id) => void (await write(id, { status: "live" })),
    remove: async (id) => void removed.add(id),
    async hideField(id) {
      await write(id, { fields: { order: "no number" } });
      return "order";
    },
    async obstruct() {
      faults.isObstructed = true;
    },
    async revokeAccess() {
      faults.isLost = true;
    },
    advance: (ms) => clock.advance(ms),
    titleOf: ({ fields }) => String(fields.title),
    async [Symbol.asyncDispose]() {
      await store.close();
    },
  };
}

describeConnector("collection connector", openWorld);
describeWritableConnector("collection connector", openWorld);
