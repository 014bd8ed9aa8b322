import type { Json } from "../../core/json.ts";
import { chainStart } from "../../core/two-way/version-chain.ts";
import type { Hold, InboxEvent, PairConflict, PairLink, PairVersion } from "../pair-store.ts";
import { bodyOf, bodyText } from "./bodies.ts";
import { countIn, enrolled, noteVersion } from "./copy-filling.ts";
import { type NamedRow, type RowShape, rowOf, shapeOf, storedOf } from "./copy-rows.ts";
import type { CopiedTable } from "./copy-tables.ts";
import type { Database } from "./database.ts";
import { eventItem, eventKey } from "./inbox.ts";
import { type Key, numberIn, textIn } from "./items.ts";
import { ordinal } from "./keys.ts";
import { countedAs } from "./pair-commit.ts";
import { claimsOf, linkItem, linkOf, linkPrefix, openedItem, pairPlaces } from "./pair-places.ts";
import { syncHead } from "./syncs.ts";

const shapes = {
  links: {
    ...shapeOf({
      doc: "json",
      due_at: "plain",
      id: "plain",
      left_id: "plain",
      open_conflicts: "plain",
      priority: "plain",
      problem: "plain",
      revision: "plain",
      right_id: "plain",
      status: "plain",
      swept_left: "plain",
      swept_right: "plain",
      sync_id: "plain",
    }),
    natural_key: ["key", "plain"],
  },
  versions: shapeOf({
    actor: "plain",
    at: "plain",
    detected_by: "plain",
    fields: "text of JSON",
    hash: "plain",
    link_id: "plain",
    origin: "plain",
    prev_hash: "plain",
    prior: "text of JSON",
    reason: "plain",
    record_revision: "plain",
    run_id: "plain",
    seq: "plain",
    side: "plain",
  }),
  conflicts: shapeOf({
    base: "json",
    closed_at: "plain",
    field: "plain",
    id: "plain",
    left: "json",
    left_actor: "plain",
    link_id: "plain",
    opened_at: "plain",
    right: "json",
    right_actor: "plain",
    run_id: "plain",
    settled_at: "plain",
    settled_by: "plain",
    sync_id: "plain",
    winner: "plain",
  }),
  holds: shapeOf({
    closed_at: "plain",
    count: "plain",
    decided_at: "plain",
    decided_by: "plain",
    decision: "plain",
    digest: "plain",
    evidence: "json",
    id: "plain",
    kind: "plain",
    message: "plain",
    opened_at: "plain",
    sync_id: "plain",
  }),
  inbox: shapeOf({
    changed: "text of JSON",
    detected_by: "plain",
    event_id: "plain",
    kind: "plain",
    occurred_at: "plain",
    prior: "text of JSON",
    received_at: "plain",
    record_id: "plain",
    side: "plain",
    source: "plain",
    sync_id: "plain",
    type: "plain",
  }),
} as const;

const text = (row: NamedRow, column: string) => String(row[column] ?? "");
const byId = (row: NamedRow) => [text(row, "id")];

/** Tables of two-way syncs. */
export function pairTables(database: Database): readonly CopiedTable[] {
  return [state(database), links(database), versions(database), ...opened(database), inbox(database)];
}

function state(database: Database): CopiedTable {
  return {
    name: "pair_state",
    columns: ["state", "sync_id"],
    holds: ({ pk, sk }) => pk.startsWith("P#") && sk === "STATE",
    rows(item, names) {
      const value = bodyOf<Json>(item);
      const syncId = names.syncs.get(item.pk.slice("P#".length)) ?? null;
      return [{ state: value === null ? null : JSON.stringify(value), sync_id: syncId }];
    },
    order: (row) => [text(row, "sync_id")],
    items(row, filling) {
      const syncId = text(row, "sync_id");
      countIn(filling, syncHead(database, syncId), { "pairs.known": 1 });
      const { table, ...key } = pairPlaces(database).state(syncId);
      const item = { ...key, generation: 1, body: row.state === null ? "null" : text(row, "state") };
      return [...enrolled(filling, syncId), { table, item }];
    },
  };
}

function links(database: Database): CopiedTable {
  const places = pairPlaces(database);
  return {
    name: "pair_links",
    columns: Object.keys(shapes.links).sort(),
    holds: ({ pk, sk }) => pk.startsWith("P#") && sk.startsWith(linkPrefix),
    rows: (item) => [rowOf(shapes.links, linkOf(item))],
    order: byId,
    items(row, filling) {
      const link = storedOf(shapes.links, row) as unknown as PairLink;
      const key = places.link(link.syncId, link.id);
      filling.linkKeys.set(link.id, key);
      for (const name of countedAs(link)) countIn(filling, syncHead(database, link.syncId), { [name]: 1 });
      const claims = claimsOf(link).map((claim) => {
        const { table, ...at } = places.claim(link.syncId, claim);
        return { table, item: { ...at, generation: 1, owner: link.id } };
      });
      // The end of its history comes later: see finishFilling.
      const item = { ...linkItem(key, { link, head: chainStart }), generation: 1 };
      return [...enrolled(filling, link.syncId), { table: key.table, item }, ...claims];
    },
  };
}

function versions(database: Database): CopiedTable {
  const places = pairPlaces(database);
  return {
    name: "pair_versions",
    columns: Object.keys(shapes.versions),
    holds: ({ pk }) => pk.startsWith("PV#"),
    rows: (item) => [rowOf(shapes.versions, bodyOf<PairVersion>(item))],
    order: (row) => [text(row, "link_id"), Number(row.seq)],
    items(row, filling) {
      const version = storedOf(shapes.versions, row) as unknown as PairVersion;
      const { linkId, seq, hash, runId } = version;
      filling.ends.set(linkId, { seq, hash });
      noteVersion(filling, places.run(runId).pk, [linkId, seq]);
      const { table, pk } = places.versions(linkId);
      return [{ table, item: { pk, sk: ordinal(seq), generation: 1, body: bodyText(version) } }];
    },
  };
}

interface OpenedShape {
  readonly shape: RowShape;
  readonly prefix: string;
  readonly keyOf: (syncId: string, id: string) => Key;
}

/** What is open until a person or a run closes it. */
function opened(database: Database): readonly CopiedTable[] {
  const places = pairPlaces(database);
  const table = <T extends PairConflict | Hold>(
    name: string,
    { shape, prefix, keyOf }: OpenedShape,
  ): CopiedTable => ({
    name,
    columns: Object.keys(shape),
    holds: ({ pk }) => pk.startsWith(prefix),
    rows: (item) => [rowOf(shape, bodyOf<T>(item))],
    order: byId,
    items(row, filling) {
      const entry = storedOf(shape, row) as unknown as T;
      const key = keyOf(entry.syncId, entry.id);
      const item = { ...openedItem(key, entry), generation: 1 };
      return [...enrolled(filling, entry.syncId), { table: key.table, item }];
    },
  });
  return [
    table<PairConflict>("pair_conflicts", { shape: shapes.conflicts, prefix: "PC#", keyOf: places.conflict }),
    table<Hold>("pair_holds", { shape: shapes.holds, prefix: "PH#", keyOf: places.hold }),
  ];
}

function inbox(database: Database): CopiedTable {
  return {
    name: "pair_inbox",
    columns: [...Object.keys(shapes.inbox), "handled_at", "seq"].sort(),
    holds: ({ pk }) => pk.startsWith("I#"),
    rows: (item) => [
      {
        ...rowOf(shapes.inbox, bodyOf<InboxEvent>(item)),
        handled_at: textIn(item, "handledAt"),
        seq: numberIn(item, "seq"),
      },
    ],
    order: (row) => [Number(row.seq)],
    items(row, filling) {
      const event = storedOf(shapes.inbox, row) as unknown as InboxEvent;
      const key = eventKey(database, event);
      const { index1, ...item } = eventItem(key, event, Number(row.seq));
      const { handled_at: handledAt } = row;
      const told =
        typeof handledAt === "string"
          ? { ...item, handledAt, index2: event.receivedAt }
          : { ...item, index1 };
      return [...enrolled(filling, event.syncId), { table: key.table, item: told }];
    },
  };
}
