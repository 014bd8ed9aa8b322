import type { Difference } from "./compare.ts";
import { madeIn } from "./made.ts";
import { isServed, replayChain } from "./play.ts";
import { type Reason, reasons } from "./reasons.ts";
import { objectsIn, type RecordedCall, readFolders } from "./recorded.ts";

/** What came of the calls of one version. */
export interface VersionFigures {
  readonly version: string;
  replayed: number;
  equal: number;
  /** Of the equal ones, how many only read what was planted from recordings. */
  plantedReads: number;
}

export interface Report {
  readonly versions: readonly VersionFigures[];
  /** Calls by the reason they differ for. */
  readonly byReason: ReadonlyMap<Reason, number>;
  /** Differences that no reason is given for. */
  readonly unexplained: readonly string[];
  /** Recorded calls to endpoints that are not served. */
  readonly notServed: readonly string[];
}

/** Replays every recorded call. Takes a few seconds. */
export async function measureFidelity(): Promise<Report> {
  const versions = new Map<string, VersionFigures>();
  const byReason = new Map<Reason, number>();
  const unexplained: string[] = [];
  const notServed: string[] = [];
  for (const folder of readFolders()) {
    for (const chain of folder.chains) {
      notServed.push(...chain.calls.filter((call) => !isServed(call)).map(({ file }) => file));
      const calls = chain.calls.filter(isServed);
      const made = madeIn({ ...chain, calls });
      for (const { call, differences } of await replayChain({ ...chain, calls }, folder)) {
        const figures = figuresOf(versions, call.version);
        figures.replayed++;
        if (differences.length === 0) {
          figures.equal++;
          if (isPlantedRead(call, made)) figures.plantedReads++;
        } else explain(call, differences, { byReason, unexplained });
      }
    }
  }
  const sorted = [...versions.values()].sort((one, other) => one.version.localeCompare(other.version));
  return { versions: sorted, byReason, unexplained, notServed };
}

function figuresOf(versions: Map<string, VersionFigures>, version: string): VersionFigures {
  // 2022-02-22 is no longer served; what was recorded with it is asked for with the oldest version that is.
  const key = version === "2022-02-22" ? "2022-06-28" : version;
  const figures = versions.get(key) ?? {
    version: key,
    replayed: 0,
    equal: 0,
    plantedReads: 0,
  };
  versions.set(key, figures);
  return figures;
}

/** Shows nothing but what no recorded call made: equal answers prove less of these. */
function isPlantedRead({ method, path, status, answer }: RecordedCall, made: ReadonlySet<string>): boolean {
  const isRead = method === "GET" || /\/(query|search)$/.test(path);
  const objects = objectsIn(answer);
  return isRead && status === 200 && objects.every(({ id }) => !made.has(String(id)));
}

function explain(
  call: RecordedCall,
  differences: readonly Difference[],
  { byReason, unexplained }: { readonly byReason: Map<Reason, number>; readonly unexplained: string[] },
): void {
  const reason = reasons.find(({ file }) => file.test(call.file));
  if (reason !== undefined) count(byReason, reason);
  else
    for (const { path, recorded, answered } of differences)
      unexplained.push(`${call.file}: ${path} ${recorded} / ${answered}`);
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

export function percentEqual({ equal, replayed }: VersionFigures): number {
  return (100 * equal) / replayed;
}

/** The section of docs/emulator.md. */
export function renderReport({ versions, byReason }: Report): string {
  const rows = versions.map((figures) => {
    const { version, replayed, equal, plantedReads } = figures;
    const share = percentEqual(figures).toFixed(1);
    return `| ${version} | ${replayed} | ${equal} (${share} %) | ${replayed - equal} | ${plantedReads} |`;
  });
  const line = ([text, number]: readonly [string, number]): string => `| ${number} | ${text} |`;
  const byCount = (one: readonly [string, number], other: readonly [string, number]): number =>
    other[1] - one[1];
  return [
    "| version | replayed | equal | different | equal reads of what was planted |",
    "|---|---:|---:|---:|---:|",
    ...rows,
    "",
    "Calls that differ, by reason:",
    "",
    "| calls | reason |",
    "|---:|---|",
    ...[...byReason]
      .map(([{ why }, number]): [string, number] => [why, number])
      .sort(byCount)
      .map(line),
  ].join("\n");
}
