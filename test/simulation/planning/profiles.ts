import { crowded, type Profile } from "../crowded.ts";
import type { Options, Rates } from "../options.ts";
import { randomFrom } from "../random.ts";

const SECOND = 1_000;

const rowsAndIssues = {
  addRow: 10,
  retitleRow: 6,
  moveRow: 10,
  tagRow: 6,
  chooseRow: 5,
  assignRow: 3,
  scribbleRow: 4,
  tieRow: 2,
  commentRow: 3,
  trashRow: 3,
  restoreRow: 2,
  moveRowAway: 1,
  openIssue: 7,
  retitleIssue: 6,
  relabel: 8,
  closeIssue: 5,
  reopenIssue: 3,
  planIssue: 3,
  assignIssue: 3,
  writeBody: 4,
  tamper: 4,
  commentIssue: 4,
  lockIssue: 1,
  convertIssue: 1,
  deleteIssue: 1,
  transferIssue: 1,
  renameRepository: 0.5,
  settle: 4,
};
const pulls = {
  push: 5,
  forcePush: 3,
  openPull: 4,
  review: 4,
  check: 4,
  readyPull: 1,
  mergePull: 1,
  closePull: 1,
  shipRow: 10,
};

const short = { minutes: 10, acts: 35 } as const;

/** Rows, issues and pull requests. */
function planned(options: Options, rates: Partial<Rates>, change: Partial<Options> = {}): Options {
  return {
    ...crowded(options, rates),
    subject: "planning",
    minutes: 12,
    pollEveryMs: 60 * SECOND,
    workers: options.workers,
    acts: 45,
    isHot: options.isHot,
    hasHints: true,
    matchesByName: false,
    lateMs: Math.min(options.lateMs, 60 * SECOND),
    weights: { ...rowsAndIssues, ...pulls },
    isDrilled: false,
    ...change,
  };
}

/** Half of the seeds know a fault, each in its own strength. */
function hubWeather({ seed }: Options): Partial<Rates> {
  const random = randomFrom(seed, "hub weather");
  const strongest = {
    hubLimited: 0.08,
    hubDown: 0.1,
    hubLost: 0.2,
    hubLate: 0.2,
    hubFailedAfter: 0.1,
    hubSlow: 0.03,
  };
  return Object.fromEntries(
    Object.entries(strongest).map(([fault, most]) => [fault, random.chance(0.5) ? random.next() * most : 0]),
  );
}

export const planningProfiles: Readonly<Record<string, Profile>> = {
  /** Rows and issues under the weather that its seed draws, on both sides. */
  planning: (options) =>
    planned(
      options,
      { ...options.rates, ...hubWeather(options) },
      {
        isBursty: options.isBursty,
        indexLagMs: options.indexLagMs,
        losesWorker: options.losesWorker,
        hasHints: options.hasHints,
        outages: options.outages,
        hiddenPages: options.hiddenPages,
        sweepEveryMs: options.sweepEveryMs,
      },
    ),
  /** The same without faults: what the recipe alone makes of it. */
  planningCalm: (options) => planned(options, {}),
  /** Rows that ask for reviews and merges, and pull requests whose heads, checks and reviews change meanwhile. */
  planningShips: (options) =>
    planned(
      options,
      { crash: 0.005 },
      {
        ...short,
        isHot: false,
        sweepEveryMs: null,
        weights: {
          addRow: 6,
          moveRow: 8,
          relabel: 6,
          closeIssue: 2,
          ...pulls,
          shipRow: 25,
          forcePush: 6,
          readyPull: 0,
        },
      },
    ),
  /** Merges that GitHub refuses, because the right to make them comes and goes. */
  planningRefusals: (options) =>
    planned(
      options,
      {},
      {
        ...short,
        isHot: false,
        sweepEveryMs: null,
        weights: { addRow: 10, shipRow: 30, changeRights: 12, review: 4, retitleRow: 4 },
      },
    ),
  /** Lists edited by many on both sides, the sync's own writes among them. */
  planningLabels: (options) =>
    planned(
      options,
      { hubLate: 0.1, hubSlow: 0.02 },
      {
        ...short,
        isHot: true,
        isBursty: true,
        weights: {
          addRow: 4,
          openIssue: 4,
          tagRow: 25,
          relabel: 25,
          assignRow: 8,
          assignIssue: 8,
          moveRow: 10,
          chooseRow: 8,
        },
      },
    ),
  /** Days, which stand below the text of an issue, and the text beside them. */
  planningDates: (options) =>
    planned(
      options,
      { hubLost: 0.1, hubLate: 0.1, crash: 0.01 },
      {
        ...short,
        isHot: true,
        weights: {
          addRow: 6,
          openIssue: 6,
          dateRow: 25,
          dateIssue: 25,
          writeBody: 10,
          tamper: 4,
          moveRow: 4,
        },
      },
    ),
  /** Markers that were copied, cut and made by hand. */
  planningForgers: (options) =>
    planned(
      options,
      { hubLost: 0.1 },
      {
        ...short,
        isHot: false,
        weights: {
          addRow: 8,
          openIssue: 20,
          tamper: 25,
          writeBody: 4,
          trashRow: 3,
          deleteIssue: 2,
          retitleRow: 4,
        },
      },
    ),
  /** Rows and issues that go and come back. */
  planningDeaths: (options) =>
    planned(
      options,
      {},
      {
        ...short,
        isHot: true,
        onDelete: "propagate",
        weights: {
          addRow: 8,
          openIssue: 6,
          trashRow: 12,
          restoreRow: 6,
          closeIssue: 8,
          reopenIssue: 14,
          deleteIssue: 5,
          moveRow: 8,
        },
      },
    ),
  /** Comments whose copies get lost on the way. */
  planningComments: (options) =>
    planned(
      options,
      { lost: 0.15, hubLost: 0.15, crash: 0.02 },
      {
        ...short,
        isHot: true,
        weights: { addRow: 4, openIssue: 6, commentIssue: 30, commentRow: 15 },
      },
    ),
};
