import { isJsonObject, type Json } from "../core/json.ts";

/** The completeness certificate of a run in one sentence. The certificate is evidence read back, so nothing is assumed. */
export function certificateSentence(certificate: Json): string {
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
