import type { CollectionRecord, CollectionVersion } from "../../core/collection/record.ts";
import { answerItem, type KeyedAnswer } from "./answers.ts";
import { bodyOf, bodyText } from "./bodies.ts";
import { collectionPlaces, recordItem, recordOf, versionOf } from "./collection-places.ts";
import { countIn, noteVersion } from "./copy-filling.ts";
import { type NamedRow, rowOf, shapeOf, storedOf } from "./copy-rows.ts";
import type { CopiedTable } from "./copy-tables.ts";
import type { Database } from "./database.ts";
import { endOf } from "./keys.ts";
import { headOf } from "./scopes.ts";

const shapes = {
  records: shapeOf({
    collection: "plain",
    created_at: "plain",
    fields: "text of JSON",
    id: "plain",
    marker: "plain",
    provenance: "text of JSON",
    revision: "plain",
    status: "plain",
    updated_at: "plain",
  }),
  versions: {
    ...shapeOf({
      at: "plain",
      collection: "plain",
      fields: "text of JSON",
      hash: "plain",
      prev_hash: "plain",
      prior: "text of JSON",
      prior_provenance: "text of JSON",
      provenance: "text of JSON",
      reason: "plain",
      record_id: "plain",
      revision: "plain",
      run_id: "plain",
      seq: "plain",
    }),
    written_by: ["by", "plain"],
  },
  answers: { ...shapeOf({ key: "plain", value: "text of JSON" }), expires_at_ms: ["expiresAt", "plain"] },
} as const;

const text = (row: NamedRow, column: string) => String(row[column] ?? "");

/** Tables of Lockstep's own collections, and of answers. */
export function collectionTables(database: Database): readonly CopiedTable[] {
  return [collections(database), records(database), versions(database), answers(database)];
}

function collections(database: Database): CopiedTable {
  const places = collectionPlaces(database);
  return {
    name: "collections",
    columns: ["name", "revision"],
    holds: ({ pk, sk }) => pk.startsWith("C#") && sk === "HEAD",
    async rows(item) {
      // A head has no name of its own; each of its records has it.
      const scope = { table: String(item.tableName), pk: item.pk, sk: item.sk };
      const [first] = await database.query({ ...scope, from: "R#", to: endOf("R#"), limit: 1 });
      const name = first === undefined ? null : recordOf(first).collection;
      return [{ name, revision: headOf(scope, item).counts.revision ?? 0 }];
    },
    order: (row) => [text(row, "name")],
    items(row, filling) {
      const scope = places.head(text(row, "name"));
      countIn(filling, scope, { revision: Number(row.revision) });
      const { table, pk, sk } = scope;
      return [{ table, item: { pk, sk, generation: 1, counts: { revision: Number(row.revision) } } }];
    },
  };
}

function records(database: Database): CopiedTable {
  const places = collectionPlaces(database);
  return {
    name: "collection_records",
    columns: [...Object.keys(shapes.records), "head_hash", "head_seq"].sort(),
    holds: ({ pk, sk }) => pk.startsWith("C#") && sk.startsWith("R#"),
    rows(item) {
      const record = recordOf(item);
      return [{ ...rowOf(shapes.records, record), head_hash: record.head.hash, head_seq: record.head.seq }];
    },
    order: (row) => [text(row, "collection"), text(row, "id")],
    items(row, filling) {
      const head = { seq: Number(row.head_seq), hash: text(row, "head_hash") };
      const record = { ...storedOf(shapes.records, row), head } as unknown as CollectionRecord;
      countIn(filling, places.head(record.collection), { [record.status]: 1 });
      const key = places.record(record.collection, record.id);
      return [{ table: key.table, item: { ...recordItem(key, record), generation: 1 } }];
    },
  };
}

function versions(database: Database): CopiedTable {
  const places = collectionPlaces(database);
  return {
    name: "collection_versions",
    columns: Object.keys(shapes.versions).sort(),
    holds: ({ pk }) => pk.startsWith("V#"),
    rows: (item) => [rowOf(shapes.versions, versionOf(item))],
    order: (row) => [text(row, "collection"), text(row, "record_id"), Number(row.seq)],
    items(row, filling) {
      const version = storedOf(shapes.versions, row) as unknown as CollectionVersion;
      const { collection, recordId, seq, runId } = version;
      if (runId !== null) noteVersion(filling, places.run(runId).pk, [collection, recordId, seq]);
      const { table, ...key } = places.version([collection, recordId, seq]);
      return [{ table, item: { ...key, generation: 1, body: bodyText(version) } }];
    },
  };
}

function answers(database: Database): CopiedTable {
  return {
    name: "answers",
    columns: ["expires_at_ms", "key", "value"],
    holds: ({ pk }) => pk.startsWith("A#"),
    rows: (item) => [rowOf(shapes.answers, bodyOf<KeyedAnswer>(item))],
    order: (row) => [text(row, "key")],
    items: (row) => [
      { table: database.sync, item: answerItem(storedOf(shapes.answers, row) as unknown as KeyedAnswer) },
    ],
  };
}
