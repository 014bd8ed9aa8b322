import type {
  PullRequest,
  RememberedRecord,
  SameRecord,
  UnreadableRecord,
} from "../../connector/connector.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { fingerprint, type SourceRecord } from "../../core/record.ts";
import type { NotionClient } from "./client.ts";
import { type Decode, presenceOf } from "./codec.ts";
import { type NotionPage, readPage } from "./page.ts";
import { afterMinute, minuteOf, OMEGA_MS } from "./time.ts";
import { completeProperty, findTruncated, type Truncated } from "./truncation.ts";

/** Rows of a page that are completed side by side. */
const COMPLETIONS_AT_ONCE = 4;

/** How many lists were cut short, and what became of them. */
export interface TruncatedCounts {
  found: number;
  completed: number;
  failed: number;
}

export interface RowReader {
  readonly client: NotionClient;
  readonly decode: Decode;
  /** Null: earlier readings do not count, everything is read again. */
  readonly memosOf: PullRequest["memosOf"] | null;
  readonly signal: AbortSignal | undefined;
  readonly truncated: TruncatedCounts;
}

export interface ReadRows {
  readonly records: readonly SourceRecord[];
  readonly same: readonly SameRecord[];
  readonly unreadable: readonly UnreadableRecord[];
}

/** A row whose lists were cut short. */
export interface CutRow {
  readonly page: NotionPage;
  readonly lists: readonly Truncated[];
}

/** Listed rows as records, cut lists completed. One bad row never stops the others. */
export async function readRows(reader: RowReader, rows: readonly Json[]): Promise<ReadRows> {
  const records: SourceRecord[] = [];
  const unreadable: UnreadableRecord[] = [];
  const partials: CutRow[] = [];
  for (const row of rows) {
    const read = readPage(row);
    if (!("page" in read)) {
      unreadable.push(read);
      continue;
    }
    const lists = findTruncated(read.page);
    if (lists.length === 0) records.push(reader.decode(read.page));
    else partials.push({ page: read.page, lists });
  }
  const completed = await completeRows(reader, partials);
  return { records: [...records, ...completed.records], same: completed.same, unreadable };
}

async function completeRows(
  reader: RowReader,
  partials: readonly CutRow[],
): Promise<{ records: SourceRecord[]; same: SameRecord[] }> {
  if (partials.length === 0) return { records: [], same: [] };
  const memos = await reader.memosOf?.(partials.map(({ page }) => page.id));
  const records: SourceRecord[] = [];
  const same: SameRecord[] = [];
  const queue = partials.values();
  const work = async () => {
    for (const partial of queue) {
      const { id, lastEditedTime } = partial.page;
      reader.truncated.found += partial.lists.length;
      if (isKnown(reader.decode, partial.page, memos?.get(id))) same.push({ id, revision: lastEditedTime });
      else records.push(await completeRow(reader, partial));
    }
  };
  await Promise.all(Array.from({ length: COMPLETIONS_AT_ONCE }, work));
  return { records, same };
}

/** The whole record of a row with cut lists; what cannot be completed is unobserved. */
export async function completeRow(
  reader: Omit<RowReader, "memosOf">,
  { page, lists }: CutRow,
): Promise<SourceRecord> {
  if (lists.length === 0) return reader.decode(page);
  const properties = { ...page.properties };
  const failed: string[] = [];
  let completedAt = Number.POSITIVE_INFINITY;
  for (const list of lists) {
    // Nobody may list the references of a row in the trash.
    const completed =
      presenceOf(page) === "trashed"
        ? { failed: "the row is in the trash" }
        : await completeProperty(reader.client, page, list, reader.signal);
    if ("failed" in completed) {
      failed.push(list.id);
      continue;
    }
    properties[list.name] = completed.property;
    completedAt = Math.min(completedAt, completed.answeredAt);
  }
  reader.truncated.failed += failed.length;
  reader.truncated.completed += lists.length - failed.length;
  const record = reader.decode({ ...page, properties });
  if (failed.length > 0) return withoutFields(record, failed);
  return { ...record, memo: { completedAt, shallow: shallowPrint(reader.decode, page) } };
}

/** The row as it was shown, with nothing said about the lists that are cut. */
export function decodeCutRow(decode: Decode, { page, lists }: CutRow): SourceRecord {
  return withoutFields(
    decode(page),
    lists.map(({ id }) => id),
  );
}

function withoutFields(record: SourceRecord, ids: readonly string[]): SourceRecord {
  const unknown = new Set(ids);
  return {
    ...record,
    fields: Object.fromEntries(Object.entries(record.fields).filter(([id]) => !unknown.has(id))),
    unobserved: [...record.unobserved, ...ids],
  };
}

/**
 * True when a cut row is known to be what the last complete reading found: what is shown of it is the same, its stamp
 * is the same, and that reading came after the stamp's minute was over for every one of Notion's servers. Before
 * that, an edit of the hidden part could have followed under the same stamp.
 */
function isKnown(decode: Decode, page: NotionPage, remembered: RememberedRecord | undefined): boolean {
  if (remembered === undefined || !isJsonObject(remembered.memo)) return false;
  const { completedAt, shallow } = remembered.memo;
  const isFinal =
    typeof completedAt === "number" && completedAt >= afterMinute(minuteOf(page.lastEditedTime)) + OMEGA_MS;
  return isFinal && remembered.revision === page.lastEditedTime && shallow === shallowPrint(decode, page);
}

/** Fingerprint of the row as the query showed it. */
function shallowPrint(decode: Decode, page: NotionPage): string {
  return fingerprint(decode(page).fields);
}
