import { isJsonObject, type Json } from "../core/json.ts";
import type { Run } from "../store/store.ts";

/** What a run's evidence proves, in one sentence. It is read back from the store, so nothing is assumed. */
export function evidenceSentence({
  id,
  type,
  source,
  certificate,
}: Pick<Run, "id" | "type" | "source" | "certificate">): string {
  if (type === "library")
    return `${source}, on Lockstep's own records; \`lockstep undo ${id}\` takes it back.`;
  return type === "two-way" ? pairSentence(source, certificate) : certificateSentence(certificate);
}

/** Of a two-way run. `source` names both sides: "Notion and tasks". */
function pairSentence(source: string, certificate: Json): string {
  if (!isJsonObject(certificate) || !isJsonObject(certificate.writes)) return "nothing was read or written.";
  const windows = Array.isArray(certificate.windows) ? certificate.windows.filter(isJsonObject) : [];
  const [left = "", right = ""] = source.split(/ and (.*)/s);
  const rowsOf = (side: string) =>
    windows.filter((window) => window.side === side).reduce((sum, window) => sum + numberOf(window.rows), 0);
  const { applied, refused, doubt } = certificate.writes;
  const trouble = [
    ...(numberOf(refused) > 0 ? [`${numberOf(refused)} refused`] : []),
    ...(numberOf(doubt) > 0 ? [`${numberOf(doubt)} in doubt`] : []),
  ];
  const read = `read ${count(rowsOf("left"), "record")} of ${left} and ${rowsOf("right")} of ${right}`;
  const hints =
    numberOf(certificate.hints) > 0 ? `, took up ${count(numberOf(certificate.hints), "hint")}` : "";
  const unread = numberOf(certificate.unreadableCount);
  return (
    `${read}${hints}; ${[`${count(numberOf(applied), "write")} applied`, ...trouble].join(", ")}` +
    `${unread > 0 ? `; ${count(unread, "record")} unreadable` : ""}.`
  );
}

function certificateSentence(certificate: Json): string {
  if (!isJsonObject(certificate)) return "no certificate, nothing was read.";
  const windows = Array.isArray(certificate.windows) ? certificate.windows.filter(isJsonObject) : [];
  const isComplete = certificate.isComplete === true;
  const start = isComplete
    ? `complete: ${readText(windows)} read to the end`
    : `incomplete: ${readText(windows)} read`;
  const live = count(numberOf(certificate.liveAfter), "live task");
  return `${[start, ...sweepParts(certificate.sweep), ...lossParts(certificate)].join(", ")}; ${live}.`;
}

/** A run may read twice, what changed and then everything; each counts by itself. */
function readText(windows: readonly { readonly [key: string]: Json }[]): string {
  const rowsOf = (stream: string) =>
    windows
      .filter((window) => window.stream === stream)
      .reduce((sum, window) => sum + numberOf(window.rows), 0);
  const has = (stream: string) => windows.some((window) => window.stream === stream);
  const parts = [
    ...(has("full") ? [`all ${count(rowsOf("full"), "row")}`] : []),
    ...(has("changes") ? [count(rowsOf("changes"), "recent row")] : []),
    ...(has("sweep") ? [`${count(rowsOf("sweep"), "row")} of a sweep`] : []),
  ];
  return parts.length === 0 ? "nothing" : parts.join(" and ");
}

function sweepParts(sweep: Json | undefined): readonly string[] {
  if (!isJsonObject(sweep)) return [];
  const refused = numberOf(sweep.refusedDeletions);
  return [
    `${numberOf(sweep.absent)} absent`,
    `${count(numberOf(sweep.certifiedDeletions), "deletion")} certified`,
    ...(refused > 0 ? [`${refused} refused by the guard`] : []),
  ];
}

function lossParts({ unreadableCount, truncated }: { readonly [key: string]: Json }): readonly string[] {
  const unreadable = numberOf(unreadableCount);
  const failed = isJsonObject(truncated) ? numberOf(truncated.failed) : 0;
  return [
    ...(unreadable > 0 ? [`${count(unreadable, "row")} unreadable`] : []),
    ...(failed > 0 ? [`${count(failed, "long value")} not completed`] : []),
  ];
}

function numberOf(value: Json | undefined): number {
  return typeof value === "number" ? value : 0;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
