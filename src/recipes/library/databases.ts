import type { DatabaseSpec, DatabaseSpecs, OptionSpec, PropertySpec } from "../../connector/database-spec.ts";
import type { BookStatus } from "./model.ts";
import { bookStatuses, type StatusNames } from "./status.ts";

/** What the properties are called where Lockstep makes them; bound by id from then on. */
export const seriesProperties = {
  name: "Name",
  key: "Series Key",
  finalStatus: "Final Status",
  ownedTotal: "Owned/Total",
  gaps: "Gaps",
  nextRelease: "Next Release",
  /** The way back of a book's Series: Notion keeps it. */
  books: "Books",
  externalId: "Lockstep ID",
} as const;

export const bookProperties = {
  title: "Title",
  asin: "ASIN",
  series: "Series",
  order: "Series Order",
  status: "Status",
  isOwned: "Owned",
  purchased: "Purchased Date",
  source: "Source",
  authors: "Authors",
  narrators: "Narrators",
  length: "Length",
  cover: "Cover",
  released: "Released",
  externalId: "Lockstep ID",
} as const;

/** Keys: `series` and `books`. */
export function libraryDatabases(statusNames: StatusNames): DatabaseSpecs {
  return { series: seriesDatabase(statusNames), books: bookDatabase(statusNames) };
}

const externalId: PropertySpec = {
  type: "rich_text",
  description: "Kept by Lockstep: the record this page stands for. Leave it as it is.",
};

function seriesDatabase(statusNames: StatusNames): DatabaseSpec {
  const names = seriesProperties;
  return {
    title: "Series",
    properties: {
      [names.name]: { type: "title" },
      [names.key]: {
        type: "rich_text",
        description: "By this a series is known: Audible's id of it, or its plain name.",
      },
      [names.finalStatus]: { type: "select", options: statusOptions(statusNames) },
      [names.ownedTotal]: {
        type: "rich_text",
        description: "Kept by Lockstep: volumes owned, of those that are out.",
      },
      [names.gaps]: { type: "rich_text", description: "Kept by Lockstep: volumes that are not owned." },
      [names.nextRelease]: { type: "date", description: "Kept by Lockstep." },
      [names.externalId]: externalId,
    },
    views: [
      {
        name: "Incomplete",
        type: "table",
        sorts: [{ property: names.nextRelease, direction: "ascending" }],
        shown: [names.name, names.ownedTotal, names.gaps, names.nextRelease],
      },
    ],
  };
}

function bookDatabase(statusNames: StatusNames): DatabaseSpec {
  const names = bookProperties;
  return {
    title: "Books",
    properties: {
      [names.title]: { type: "title" },
      [names.asin]: {
        type: "rich_text",
        description: "Audible's id of the recording. By this a book is known.",
      },
      [names.series]: { type: "relation", to: "series", mirror: seriesProperties.books },
      [names.order]: { type: "number", format: "number", description: "The place in its first series." },
      [names.status]: { type: "select", options: statusOptions(statusNames) },
      [names.isOwned]: { type: "checkbox" },
      [names.purchased]: { type: "date" },
      [names.source]: { type: "select", options: [] },
      [names.authors]: { type: "rich_text" },
      [names.narrators]: { type: "rich_text" },
      [names.length]: { type: "number", format: "number", description: "Minutes." },
      [names.cover]: { type: "url" },
      [names.released]: { type: "date" },
      [names.externalId]: externalId,
    },
    views: [
      {
        name: "By Status",
        type: "board",
        groupBy: names.status,
        shown: [names.title, names.order, names.authors],
      },
      {
        name: "Reading now",
        type: "table",
        filter: { property: names.status, isOneOf: [statusNames.inProgress] },
        shown: [names.title, names.series, names.order, names.authors],
      },
    ],
  };
}

const colors = {
  notStarted: "gray",
  inProgress: "blue",
  finished: "green",
  poubelle: "brown",
} as const satisfies Record<BookStatus, string>;

function statusOptions(names: StatusNames): readonly OptionSpec[] {
  return bookStatuses.map((status) => ({ name: names[status], color: colors[status] }));
}
