import type { PairPlanReport, PlannedRecord, PlannedWrite } from "../app/two-way.ts";
import type { Painter } from "./paint.ts";
import { oneLine } from "./table.ts";
import { valueText } from "./value-text.ts";

const marks: Record<
  PlannedWrite["kind"],
  { readonly mark: string; readonly verb: string; readonly color: "red" | "green" | "yellow" }
> = {
  create: { mark: "+", verb: "create in", color: "green" },
  update: { mark: "~", verb: "update in", color: "yellow" },
  trash: { mark: "-", verb: "delete in", color: "red" },
  restore: { mark: "^", verb: "restore in", color: "green" },
};

const verbs: Record<keyof PairPlanReport["counts"], string> = {
  create: "to create",
  update: "to update",
  delete: "to delete",
  revive: "to restore",
  conflict: "in conflict",
  waiting: "values without a word on the other side",
  unlink: "to part from its counterpart",
};

/** What a run of a two-way sync would do, record by record, as lines. */
export function pairPlanText(report: PairPlanReport, paint: Painter): readonly string[] {
  const { sync, sides, records, recordCount, unchanged, calls } = report;
  const hidden = recordCount - records.length;
  return [
    `${oneLine(sync)}: ${countsText(report)}, ${unchanged} unchanged (${sides.left} and ${oneLine(sides.right)}, ${calls} calls)`,
    ...records.flatMap((record) => recordLines(record, report, paint)),
    ...(hidden > 0 ? [`  … and ${hidden} more records`] : []),
    ...(report.mustBeAccepted && report.error === null
      ? [`  It writes to both sides, and a person has to let it: lockstep sync ${sync} --yes`]
      : []),
  ];
}

function countsText({ counts }: PairPlanReport): string {
  const parts = (Object.keys(verbs) as (keyof PairPlanReport["counts"])[])
    .filter((kind) => counts[kind] > 0)
    .map((kind) => `${counts[kind]} ${verbs[kind]}`);
  return parts.length === 0 ? "nothing to do" : parts.join(", ");
}

function recordLines(record: PlannedRecord, { sides }: PairPlanReport, paint: Painter): readonly string[] {
  const title = oneLine(record.title, 80);
  const writes = record.writes.flatMap(({ side, kind, fields }) => {
    const { mark, verb, color } = marks[kind];
    const head = `  ${paint(color, `${mark} ${title}`)}  (${verb} ${oneLine(sides[side])})`;
    const changes = kind === "trash" ? [] : fields.map((field) => fieldLine(kind, field));
    return [head, ...changes];
  });
  const conflicts = record.conflicts.map(
    ({ field, left, right, base }) =>
      `  ${paint("red", `! ${title}`)}  ${oneLine(field)}: ${sides.left} says ${valueText(left)}, ` +
      `${oneLine(sides.right)} says ${valueText(right)}, before ${valueText(base)}`,
  );
  const waiting = record.waiting.map(
    ({ field, message }) => `  ${paint("yellow", `? ${title}`)}  ${oneLine(field)}: ${oneLine(message, 200)}`,
  );
  const parted = record.isUnlinked
    ? [`  ${paint("yellow", `/ ${title}`)}  (deleted on one side; the other stays, and is no longer synced)`]
    : [];
  return [...writes, ...conflicts, ...waiting, ...parted];
}

function fieldLine(kind: PlannedWrite["kind"], { field, from, to }: PlannedWrite["fields"][number]): string {
  const before = kind === "create" ? "" : `${valueText(from)} → `;
  return `      ${oneLine(field)}: ${before}${valueText(to)}`;
}
