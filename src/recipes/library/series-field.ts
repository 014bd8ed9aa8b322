import type { RecordWrite, WritableConnector, WriteOutcome } from "../../connector/connector.ts";
import { type Refusal, refusal, withView } from "../../connector/view.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { FieldSchema, SourceRecord } from "../../core/record.ts";
import { PLACES_FIELD } from "./collections.ts";
import { awaitedId, awaitedPage, placesIn, placesJson, withArrived, withSeries } from "./places.ts";

/** Sixteen digits hold every revision below 2^53, and order as text. */
const REVISION_DIGITS = 16;

/** The field that stands for the series of a book, by their pages. */
export const SERIES_FIELD = "$series";

/** Which page stands for which series, as far as that is known. */
export interface SeriesPages {
  /** null: the series has a page no more. Absent: it has none yet. */
  pagesOf(seriesIds: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
  seriesOf(pageIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The change that made each what it is: a number of the collection of series, which only grows. */
  revisionsOf(seriesIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Those of them that are in the trash, and that no person has thrown there: a run has. */
  putAwayOf(seriesIds: readonly string[]): Promise<ReadonlySet<string>>;
}

/**
 * The collection of books with the pages of their series in place of its own ids, so that a book's relation is a set that
 * both sides compare. While a series has no page yet, the relation of its books is unobserved: nothing follows from it.
 */
export function withSeriesField(connector: WritableConnector, pages: SeriesPages): WritableConnector {
  const view = withView(connector, {
    adds: [ownField],
    replaces: [PLACES_FIELD],
    show: (records) => mapRecords(records, pages),
    translate: (write) => mapWrite(connector, pages, write),
  });
  return {
    ...view,
    async apply(write, options) {
      const planned = await asPlanned(connector, pages, write);
      return planned === null ? { kind: "stale" } : answered(write, await view.apply(planned, options));
    },
  };
}

const ownField: FieldSchema = {
  id: SERIES_FIELD,
  name: SERIES_FIELD,
  type: "opaque",
  vendorType: "pages of series",
  isDerived: false,
};

async function mapRecords(
  records: readonly SourceRecord[],
  pages: SeriesPages,
): Promise<readonly SourceRecord[]> {
  const wanted = new Set(records.flatMap(({ fields }) => placesIn(fields[PLACES_FIELD]).map(({ id }) => id)));
  const pageOf = wanted.size === 0 ? new Map<string, string | null>() : await pages.pagesOf([...wanted]);
  const revisionOf = await pages.revisionsOf([...wanted]);
  return records.map((record) => {
    const { [PLACES_FIELD]: places, ...fields } = record.fields;
    const revision = revisionWith(record, revisionOf);
    const unobserved = record.unobserved.filter((id) => id !== PLACES_FIELD);
    const found = placesIn(places).map(({ id }) => awaitedPage(id) ?? pageOf.get(id));
    if (places === undefined || found.includes(undefined))
      return { ...record, fields, revision, unobserved: [...unobserved, SERIES_FIELD] };
    const shown = found.filter((page) => typeof page === "string").sort();
    return { ...record, fields: { ...fields, [SERIES_FIELD]: shown }, revision, unobserved };
  });
}

/** What a book shows changes with its series, too: its own revision, and then that of the newest change among them. */
function revisionWith(
  { revision, fields }: Pick<SourceRecord, "revision" | "fields">,
  revisionOf: ReadonlyMap<string, number>,
): string {
  const newest = Math.max(0, ...placesIn(fields[PLACES_FIELD]).map(({ id }) => revisionOf.get(id) ?? 0));
  return `${revision}.${String(newest).padStart(REVISION_DIGITS, "0")}`;
}

/** The write as the collection knows its record. null: the series have changed since, about which it says something. */
async function asPlanned(
  connector: WritableConnector,
  pages: SeriesPages,
  write: RecordWrite,
): Promise<RecordWrite | null> {
  if (write.kind === "create") return write;
  const [own = ""] = write.expected.revision.split(".");
  const planned = { ...write, expected: { revision: own } };
  if (write.kind === "trash" || !(SERIES_FIELD in write.fields)) return planned;
  const observation = await connector.get(write.id);
  if (!("record" in observation)) return planned;
  const { fields } = observation.record;
  const revisionOf = await pages.revisionsOf(placesIn(fields[PLACES_FIELD]).map(({ id }) => id));
  return revisionWith({ revision: own, fields }, revisionOf) === write.expected.revision ? planned : null;
}

async function mapWrite(
  connector: WritableConnector,
  pages: SeriesPages,
  write: RecordWrite,
): Promise<{ readonly write: RecordWrite } | Refusal> {
  if (write.kind === "trash") return { write };
  if (PLACES_FIELD in write.fields)
    return refusal(
      "FIELD_READ_ONLY",
      `Tried to write ${PLACES_FIELD}, which is written through ${SERIES_FIELD}.`,
    );
  const { [SERIES_FIELD]: value, ...fields } = write.fields;
  if (value === undefined) return { write };
  const wanted = pageIdsIn(value);
  if (wanted === null)
    return refusal("VALUE_INVALID", `Tried to write ${SERIES_FIELD}: expected a list of page ids.`);
  const seriesOf = await pages.seriesOf(wanted);
  const before = write.kind === "create" ? [] : withArrived(await placesOf(connector, write.id), seriesOf);
  const pageOf = await pages.pagesOf(before.map(({ id }) => id));
  const shown = before.map(({ id }) => awaitedPage(id) ?? pageOf.get(id) ?? null);
  // What it shows already was planned on an older look, and is nobody's word.
  if (write.kind !== "create" && isSameSet(wanted, shown)) return { write: { ...write, fields } };
  // A page may be in the trash before anybody has taken it in: its series is awaited, and keeps nothing else back.
  const series = wanted.map((page) => seriesOf.get(page) ?? awaitedId(page));
  const unseen = before.flatMap(({ id }, at) => (shown[at] === null ? id : []));
  const places = placesJson(withSeries(before, [...series, ...(await keptUnseen(pages, unseen))]));
  return { write: { ...write, fields: { ...fields, [PLACES_FIELD]: places } } };
}

/**
 * Nobody can have meant a series whose page is not to be seen. Who threw it away, and takes it out again, has it with its books.
 * What a run has put away comes back by a run, and a run adds nothing to what a person says meanwhile.
 */
async function keptUnseen(pages: SeriesPages, unseen: readonly string[]): Promise<readonly string[]> {
  const putAway = await pages.putAwayOf(unseen);
  return unseen.filter((id) => !putAway.has(id));
}

function isSameSet(wanted: readonly string[], shown: readonly (string | null)[]): boolean {
  const seen = new Set(shown.flatMap((page) => page ?? []));
  return new Set(wanted).size === seen.size && wanted.every((page) => seen.has(page));
}

/**
 * The answer to a write shows the series that it named, also one whose page has gone to the trash meanwhile: that it is not to be
 * seen is told by the next look, and not as if somebody had set back what was written.
 */
function answered(write: RecordWrite, outcome: WriteOutcome): WriteOutcome {
  const value = write.kind === "trash" ? undefined : write.fields[SERIES_FIELD];
  if (outcome.kind !== "applied" || value === undefined) return outcome;
  const { record } = outcome;
  const named = [...new Set(pageIdsIn(value))].sort();
  const unobserved = record.unobserved.filter((id) => id !== SERIES_FIELD);
  return {
    ...outcome,
    record: { ...record, fields: { ...record.fields, [SERIES_FIELD]: named }, unobserved },
  };
}

async function placesOf(connector: WritableConnector, id: string) {
  const observation = await connector.get(id);
  // If it changes before it is written, the write's own precondition fails.
  return "record" in observation ? placesIn(observation.record.fields[PLACES_FIELD]) : [];
}

function pageIdsIn(value: Json): readonly string[] | null {
  if (value === null) return [];
  if (!Array.isArray(value)) return null;
  const ids = value.map((entry: Json) => (isJsonObject(entry) ? entry.id : entry));
  return ids.every((id) => typeof id === "string") ? ids : null;
}
