import type { RecordWrite, WritableConnector } from "../../connector/connector.ts";
import { type Refusal, refusal, withView } from "../../connector/view.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { FieldSchema, SourceRecord } from "../../core/record.ts";
import { PLACES_FIELD } from "./collections.ts";
import {
  awaitedId,
  awaitedPage,
  type Place,
  placesIn,
  placesJson,
  withArrived,
  withSeries,
} from "./places.ts";

/** The field that stands for the series of a book, by their pages. */
export const SERIES_FIELD = "$series";

/** Which page stands for which series, as far as that is known. */
export interface SeriesPages {
  /** null: the series has a page no more. Absent: it has none yet. */
  pagesOf(seriesIds: readonly string[]): Promise<ReadonlyMap<string, string | null>>;
  seriesOf(pageIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Those of them that are in the trash, and that no person has thrown there: a run has. */
  putAwayOf(seriesIds: readonly string[]): Promise<ReadonlySet<string>>;
}

/**
 * The collection of books with the pages of their series in place of its own ids, so that a book's relation is a set that
 * both sides compare. While a series has no page yet, the relation of its books is unobserved: nothing follows from it.
 */
export function withSeriesField(connector: WritableConnector, pages: SeriesPages): WritableConnector {
  return withView(connector, {
    adds: [ownField],
    replaces: [PLACES_FIELD],
    show: (records) => mapRecords(records, pages),
    translate: (write) => mapWrite(connector, pages, write),
  });
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
  return records.map((record) => {
    const { [PLACES_FIELD]: places, ...fields } = record.fields;
    const unobserved = record.unobserved.filter((id) => id !== PLACES_FIELD);
    const found = placesIn(places).map(({ id }) => awaitedPage(id) ?? pageOf.get(id));
    if (places === undefined || found.includes(undefined))
      return { ...record, fields, unobserved: [...unobserved, SERIES_FIELD] };
    const shown = found.filter((page) => typeof page === "string").sort();
    return { ...record, fields: { ...fields, [SERIES_FIELD]: shown }, unobserved };
  });
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
  // A page may be in the trash before anybody has taken it in: its series is awaited, and keeps nothing else back.
  const series = wanted.map((page) => seriesOf.get(page) ?? awaitedId(page));
  const places = placesJson(withSeries(before, [...series, ...(await keptUnseen(pages, before))]));
  return { write: { ...write, fields: { ...fields, [PLACES_FIELD]: places } } };
}

/**
 * Nobody can have meant a series whose page is in the trash: it is not to be seen. Who threw it away, and takes it out again, has
 * it with its books. What a run has put away comes back by a run, and a run adds nothing to what a person says meanwhile.
 */
async function keptUnseen(pages: SeriesPages, places: readonly Place[]): Promise<readonly string[]> {
  const pageOf = await pages.pagesOf(places.map(({ id }) => id));
  const unseen = places.flatMap(({ id }) => (pageOf.get(id) === null ? id : []));
  const putAway = await pages.putAwayOf(unseen);
  return unseen.filter((id) => !putAway.has(id));
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
