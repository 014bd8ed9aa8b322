import { isJsonObject, type Json } from "../core/json.ts";

/** The completeness certificate of a run in one sentence. The certificate is evidence read back, so nothing is assumed. */
export function certificateSentence(certificate: Json): string {
  if (!isJsonObject(certificate)) return "no certificate, nothing was read.";
  const windows = Array.isArray(certificate.windows) ? certificate.windows.filter(isJsonObject) : [];
  const rows = windows.reduce((sum, window) => sum + numberOf(window.rows), 0);
  const read = `${count(rows, "row")} in ${count(windows.length, "window")}`;
  const start = certificate.isComplete === true ? `complete: read ${read} to the end` : `incomplete: read ${read}`;
  return `${[start, ...sweepParts(certificate.sweep), ...lossParts(certificate)].join(", ")}; ${count(numberOf(certificate.liveAfter), "live task")}.`;
}

function sweepParts(sweep: Json | undefined): readonly string[] {
  if (!isJsonObject(sweep)) return ["deletions not looked for"];
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
