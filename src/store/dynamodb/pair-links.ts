import type { PairLink, PairStore } from "../pair-store.ts";
import { idForms } from "../rules.ts";
import type { Database } from "./database.ts";
import { type Item, textIn } from "./items.ts";
import { after, endOf, keyBeginning, keyText, ordinal, ordinalValue } from "./keys.ts";
import {
  type Claim,
  claimKinds,
  claimPrefix,
  dueText,
  linkOf,
  linkPrefix,
  pairPlaces,
  recordOf,
} from "./pair-places.ts";
import { byIdOf } from "./sorting.ts";
import { listSyncs } from "./syncs.ts";

type PairLinkTopic = Pick<PairStore, "getLinks" | "findLinks" | "findLinksByKey" | "iterateLinks">;

export function pairLinkTopic(database: Database): PairLinkTopic {
  const places = pairPlaces(database);
  return {
    async getLinks(syncId, ids) {
      await database.settle();
      return readLinks(database, syncId, ids);
    },
    async findLinks(syncId, side, recordIds) {
      await database.settle();
      const claims = recordIds.map((value): Claim => ({ kind: recordOf[side], value }));
      return readLinks(database, syncId, await readOwners(database, syncId, claims));
    },
    async findLinksByKey(syncId, keys) {
      await database.settle();
      const claims = keys.map((value): Claim => ({ kind: "key", value }));
      return readLinks(database, syncId, await readOwners(database, syncId, claims));
    },
    async *iterateLinks(syncId) {
      await database.settle();
      const all = { ...places.links(syncId), from: linkPrefix, to: endOf(linkPrefix) };
      for await (const page of database.pages(all)) yield* page.map(linkOf);
    },
  };
}

async function readLinks(database: Database, syncId: string, ids: readonly string[]): Promise<PairLink[]> {
  const places = pairPlaces(database);
  const items = await database.getAll(ids.map((id) => places.link(syncId, id)));
  return items.map(linkOf).sort(byIdOf);
}

/** Ids of the links that have these records or keys now. */
async function readOwners(database: Database, syncId: string, claims: readonly Claim[]): Promise<string[]> {
  const places = pairPlaces(database);
  return ownersIn(await database.getAll(claims.map((claim) => places.claim(syncId, claim))));
}

/** A claim that was given up has no owner. */
function ownersIn(items: readonly Item[]): string[] {
  return items.flatMap((item) => textIn(item, "owner") ?? []);
}

/** For people, so it may read more than a point: of each sync what begins like the reference. */
export function pairSearchTopic(database: Database): Pick<PairStore, "searchLinks"> {
  const places = pairPlaces(database);
  const prefixes = [linkPrefix, ...claimKinds.slice(0, 2).map(claimPrefix)];

  async function searchSync(syncId: string, form: string, isExact: boolean): Promise<PairLink[]> {
    const ids: string[] = [];
    for (const prefix of prefixes) {
      const from = prefix + (isExact ? keyText(form) : keyBeginning(form));
      const items = await database.query({
        ...places.links(syncId),
        from,
        to: isExact ? from : endOf(from),
      });
      ids.push(...(prefix === linkPrefix ? items.map((item) => linkOf(item).id) : ownersIn(items)));
    }
    return readLinks(database, syncId, ids);
  }

  return {
    async searchLinks(reference, limit) {
      await database.settle();
      const forms = idForms(reference);
      const syncs = await listSyncs(database);
      const find = async (isExact: boolean) => {
        const found = new Map<string, PairLink>();
        for (const syncId of syncs) {
          for (const form of forms) {
            for (const link of await searchSync(syncId, form, isExact)) found.set(link.id, link);
          }
        }
        const matches = (id: string | null) =>
          id !== null && forms.some((form) => (isExact ? id === form : id.startsWith(form)));
        return [...found.values()].filter(({ id, leftId, rightId }) => [id, leftId, rightId].some(matches));
      };
      const exact = await find(true);
      return (exact.length > 0 ? exact : await find(false)).sort(byIdOf).slice(0, limit);
    },
  };
}

/** One query for each priority there is: few. */
export function pairDueTopic(database: Database): Pick<PairStore, "listDue" | "nextDue"> {
  const places = pairPlaces(database);

  /** The first due link of each priority, most urgent priority first. */
  async function* firstOfPriorities(syncId: string): AsyncGenerator<number[]> {
    let from = "";
    for (;;) {
      const query = { ...places.links(syncId), index: "index1" as const, limit: 1, isKeysOnly: true };
      const [first] = await database.query(from === "" ? query : { ...query, from });
      const [priority, dueAt] = (textIn(first ?? null, "index1") ?? "").split("#");
      if (priority === undefined || dueAt === undefined) return;
      yield [ordinalValue(priority), ordinalValue(dueAt)];
      from = endOf(`${priority}#`);
    }
  }

  return {
    async listDue(syncId, { now, limit }) {
      await database.settle();
      const due: PairLink[] = [];
      for await (const [priority = 0, first = 0] of firstOfPriorities(syncId)) {
        if (due.length >= limit) break;
        if (first > now) continue;
        const items = await database.query({
          ...places.links(syncId),
          index: "index1",
          from: `${ordinal(priority)}#`,
          to: endOf(dueText(priority, now)),
          limit: limit - due.length,
        });
        due.push(...items.map(linkOf));
      }
      return due;
    },
    async nextDue(syncId) {
      await database.settle();
      let next: number | null = null;
      for await (const [, dueAt = 0] of firstOfPriorities(syncId)) next = Math.min(next ?? dueAt, dueAt);
      return next;
    },
  };
}

/** Where a listing by id goes on after this link. */
export function afterLink(id: string | null): string {
  return id === null ? linkPrefix : after(`${linkPrefix}${keyText(id)}`);
}
