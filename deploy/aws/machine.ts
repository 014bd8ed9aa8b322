/** What the state machine and those who start it agree on. */

/** An execution's history holds 25,000 events; a book takes about thirty, and ten times that when everything is retried. */
export const booksPerExecution = 200;

/**
 * Books that are worked on at once. A book takes two requests at most and about a second besides waiting, so that a few more
 * than the budget allows in a second keep it busy; more would only wait in paid time.
 */
export function booksAtOnce(ratePerMinute: number): number {
  return Math.ceil(ratePerMinute / 60) + 1;
}

/** The states that run a handler, and the file of that handler. */
export const steps = {
  BeginImport: "begin-import",
  LookupSeriesMetadata: "lookup-series",
  UpsertSeries: "upsert-series",
  UpsertBook: "upsert-book",
  CascadeIfNeeded: "cascade",
  FinishImport: "finish-import",
} as const;

export type StepName = keyof typeof steps;
