import type { Link, Store } from "../store.ts";
import { bodyOf } from "./bodies.ts";
import type { Database } from "./database.ts";
import { after as afterText, keyText } from "./keys.ts";
import { headOf } from "./scopes.ts";
import { syncHead } from "./syncs.ts";
import { sweepOf, taskPlaces } from "./task-places.ts";

export type LinkTopic = Pick<Store, "getLinks" | "getMemos" | "getTotals" | "iterateLinks" | "getUnseen">;

export function linkTopic(database: Database): LinkTopic {
  const places = taskPlaces(database);
  const read = async (syncId: string, sourceIds: readonly string[]) => {
    await database.settle();
    const items = await database.getAll(sourceIds.map((sourceId) => places.link(syncId, sourceId)));
    return items.map((item) => bodyOf<Link>(item));
  };
  const readHead = async (syncId: string) =>
    headOf(syncHead(database, syncId), await database.get(syncHead(database, syncId)));

  return {
    async getLinks(syncId, sourceIds) {
      return new Map((await read(syncId, sourceIds)).map((link) => [link.sourceId, link]));
    },
    async getMemos(syncId, sourceIds) {
      const links = await read(syncId, sourceIds);
      return new Map(
        links.map(({ sourceId, sourceRevision, memo }) => [sourceId, { revision: sourceRevision, memo }]),
      );
    },
    async getTotals(syncId) {
      await database.settle();
      const { counts } = await readHead(syncId);
      const count = (state: Link["state"]) => counts[`links.${state}`] ?? 0;
      return {
        live: count("live"),
        deleted: count("deleted"),
        missing: count("missing"),
        outOfScope: count("moved") + count("archived"),
      };
    },
    async *iterateLinks(syncId) {
      await database.settle();
      for await (const page of database.pages(places.links(syncId))) {
        yield* page.map((item) => bodyOf<Link>(item)).filter(isPresent);
      }
    },
    async getUnseen(syncId, { after, limit }) {
      await database.settle();
      const seen = await readSeen(database, syncId, sweepOf(await readHead(syncId)));
      const unseen: Link[] = [];
      const from = after === null ? {} : { from: afterText(keyText(after)) };
      for await (const page of database.pages({ ...places.links(syncId), ...from })) {
        const links = page.map((item) => bodyOf<Link>(item));
        unseen.push(...links.filter((link) => isPresent(link) && !seen.has(link.sourceId)));
        if (unseen.length >= limit) break;
      }
      return unseen.slice(0, limit);
    },
  };
}

function isPresent({ state }: Link): boolean {
  return state === "live" || state === "missing";
}

/** All ids that the sweep has seen: many in one item. */
async function readSeen(database: Database, syncId: string, sweep: number): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for await (const page of database.pages(taskPlaces(database).marks(syncId, sweep))) {
    for (const id of page.flatMap((item) => bodyOf<readonly string[]>(item))) seen.add(id);
  }
  return seen;
}
