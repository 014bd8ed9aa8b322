import { labelOf, statusWordOf } from "../app/library-labels.ts";
import type { ShelfCounts, ShelfReport } from "../app/library-report.ts";
import { nextStepOf } from "../app/next-step.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { Painter } from "./paint.ts";
import { type Column, oneLine, table } from "./table.ts";
import { valueText } from "./value-text.ts";

type PlannedRecord = ShelfReport["records"][number];

const marks = {
  create: { mark: "+", color: "green" },
  change: { mark: "~", color: "yellow" },
  restore: { mark: "^", color: "green" },
  trash: { mark: "-", color: "red" },
} as const;

/** A new book's most telling fields; a person does not want to read all of them for a whole library. */
const shownOfNew = ["authors", "order", "status", "finalStatus", "ownedTotal"];
const linesMax = 60;

/** What is, or would be, done to a library: counts, then record by record with reasons. */
export function shelfText(report: ShelfReport, paint: Painter): string {
  const { records, kept, refusal } = report;
  const shown = records.slice(0, linesMax);
  const hidden = records.length - shown.length;
  return [
    countsText(report.counts),
    ...(shown.length === 0 ? [] : ["", recordsText(shown, paint)]),
    ...(hidden > 0 ? [`  … and ${hidden} more; --json lists them`] : []),
    ...(kept.length === 0 ? [] : ["", ...keptLines(kept)]),
    ...(refusal === null ? [] : ["", `held back: ${refusal}`]),
  ].join("\n");
}

const countColumns: readonly Column<ShelfCounts & { readonly of: string }>[] = [
  { title: "", value: ({ of }) => of },
  { title: "CREATE", value: ({ create }) => create },
  { title: "CHANGE", value: ({ change }) => change },
  { title: "RESTORE", value: ({ restore }) => restore },
  { title: "TRASH", value: ({ trash }) => trash },
  { title: "UNCHANGED", value: ({ unchanged }) => unchanged },
  { title: "KEPT", value: ({ kept }) => kept },
];

function countsText({ series, books }: ShelfReport["counts"]): string {
  return table(countColumns, [
    { of: "Series", ...series },
    { of: "Books", ...books },
  ]);
}

function recordsText(records: readonly PlannedRecord[], paint: Painter): string {
  return records
    .flatMap((record) => {
      const { mark, color } = marks[record.kind];
      const what = record.shelf === "series" ? "series" : "book";
      const head = `  ${paint(color, `${mark} ${oneLine(record.title, 70) || record.id}`)}  ${what} ${oneLine(record.id, 30)}`;
      return [head, ...fieldLines(record)];
    })
    .join("\n");
}

function fieldLines({ kind, shelf, fields }: PlannedRecord): readonly string[] {
  if (kind === "create" || kind === "restore") {
    const shown = fields.filter(({ field, to }) => shownOfNew.includes(field) && to !== null);
    return shown.length === 0
      ? []
      : [
          `      ${shown.map(({ field, to }) => `${labelOf(shelf, field)} ${fieldText(field, to)}`).join(", ")}`,
        ];
  }
  return fields.map(({ field, from, to, reason }) => {
    const why = reason === "" ? "" : `  (${oneLine(reason, 80)})`;
    return `      ${labelOf(shelf, oneLine(field))}: ${fieldText(field, from)} → ${fieldText(field, to)}${why}`;
  });
}

/** A value as people see it in Notion. */
function fieldText(field: string, value: Json): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  if ((field === "status" || field === "finalStatus") && typeof value === "string")
    return statusWordOf(value) ?? valueText(value);
  if (field === "series" && Array.isArray(value)) return valueText(value.map(placeText).join(", "));
  return valueText(value);
}

function placeText(place: Json): string {
  if (!isJsonObject(place) || typeof place.id !== "string") return valueText(place);
  return typeof place.position === "string" ? `${place.id} #${place.position}` : place.id;
}

function keptLines(kept: ShelfReport["kept"]): readonly string[] {
  const shown = kept.slice(0, 20);
  return [
    "Kept as it is:",
    ...shown.map(({ shelf, title, field, kept: value, offered, reason }) => {
      const other = offered === null ? "" : `, not ${fieldText(field, offered)}`;
      return `  ${oneLine(title)}: ${labelOf(shelf, field)} ${fieldText(field, value)}${other}, because ${reason}`;
    }),
    ...(kept.length > shown.length ? [`  … and ${kept.length - shown.length} more`] : []),
  ];
}

/** What the syncs with Notion did, a line each, with what went wrong. */
export function syncLines({ syncs }: Pick<ShelfReport, "syncs">): readonly string[] {
  return syncs.flatMap(({ sync, run }) => {
    const { created, updated, deleted, revived } = run.counts;
    const did = [
      [created, "created"],
      [updated, "updated"],
      [deleted, "deleted"],
      [revived, "revived"],
    ].flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`]));
    if (run.status === "succeeded" && did.length === 0) return [];
    const line = `${oneLine(sync)}: ${[run.status, ...did].join(", ")}, ${run.calls} calls`;
    const errors = run.errors.flatMap(({ code, message }) => {
      const step = nextStepOf(code);
      return [`  ${code}: ${oneLine(message, 300)}`, ...(step === null ? [] : [`  → ${step}`])];
    });
    return [line, ...errors];
  });
}
