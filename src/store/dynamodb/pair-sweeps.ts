import { checkFence } from "../pair-rules.ts";
import type { PairLink, PairStore } from "../pair-store.ts";
import type { Database } from "./database.ts";
import { textIn } from "./items.ts";
import { endOf } from "./keys.ts";
import { heldFence } from "./leases.ts";
import { afterLink } from "./pair-links.ts";
import { type Claim, linkOf, linkPrefix, pairPlaces, recordOf, sweptOf } from "./pair-places.ts";
import type { Change } from "./scopes.ts";
import { knowSync, syncHead } from "./syncs.ts";

export function pairSweepTopic(database: Database): Pick<PairStore, "markSwept" | "listUnswept"> {
  const places = pairPlaces(database);
  return {
    async markSwept({ syncId, fence, side, sweep, recordIds }) {
      const name = sweptOf[side];
      await knowSync(database, syncId);
      await database.write([syncHead(database, syncId)], async ([head]) => {
        if (head === undefined) throw new TypeError("a write came without its head");
        checkFence({ syncId, fence }, heldFence(syncId, head.item));
        const claims = recordIds.map((value): Claim => ({ kind: recordOf[side], value }));
        const owners = await database.getAll(claims.map((claim) => places.claim(syncId, claim)));
        const ids = owners.flatMap((item) => textIn(item, "owner") ?? []);
        const links = await database.getAll(ids.map((id) => places.link(syncId, id)));
        const changes = links.map(linkOf).flatMap((link): Change[] =>
          link[name] >= sweep
            ? []
            : [
                {
                  kind: "update",
                  update: {
                    key: places.link(syncId, link.id),
                    expression: "SET #swept = :sweep",
                    condition: "#swept < :sweep",
                    names: { "#swept": name },
                    values: { ":sweep": sweep },
                  },
                },
              ],
        );
        return { result: undefined, writes: changes.length === 0 ? [] : [{ head, changes }] };
      });
    },
    async listUnswept(syncId, { side, sweep, after, limit }) {
      await database.settle();
      const unswept: PairLink[] = [];
      const rest = { ...places.links(syncId), from: afterLink(after), to: endOf(linkPrefix) };
      for await (const page of database.pages(rest)) {
        unswept.push(
          ...page
            .map(linkOf)
            .filter(
              (link) =>
                (link.status === "live" || link.status === "none") &&
                link[recordOf[side]] !== null &&
                link[sweptOf[side]] < sweep,
            ),
        );
        if (unswept.length >= limit) break;
      }
      return unswept.slice(0, limit);
    },
  };
}
