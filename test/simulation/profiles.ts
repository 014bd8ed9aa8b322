import { crowded, type Profile } from "./crowded.ts";
import { libraryProfiles } from "./library/profiles.ts";
import type { Options, Rates } from "./options.ts";
import { planningProfiles } from "./planning/profiles.ts";

const SECOND = 1_000;

const editing = { create: 10, edit: 60, clear: 2, setStage: 5, addTag: 8, removeTag: 4 };
const dying = { create: 14, edit: 25, trash: 12, restore: 8 };

export const profiles: Readonly<Record<string, Profile>> = {
  /** As drawn: every seed its own. */
  swarm: (options) => options,
  clean: (options) =>
    crowded(
      options,
      {},
      {
        profile: "clean",
        isHot: options.isHot,
        hasHints: false,
        sweepEveryMs: null,
        weights: options.weights,
      },
    ),
  /** Creates whose answers are lost, or that come about late. */
  creates: (options) =>
    crowded(
      options,
      { lost: 0.25, late: 0.25, failedAfter: 0.1 },
      { isHot: false, weights: { create: 40, edit: 10 }, indexLagMs: 30 * SECOND },
    ),
  /** The same with processes that die and stop. */
  crashes: (options) =>
    crowded(options, { crash: 0.03, pause: 0.01 }, { weights: { ...editing, create: 25 }, workers: 2 }),
  /** Writes to Notion whose fate is unknown, while everybody edits the same fields. */
  doubts: (options) =>
    crowded(options, { lost: 0.2, late: 0.3 }, { weights: editing, conflictPolicy: "left" }),
  /** The same for the table. */
  tableDoubts: (options) =>
    crowded(options, { tableLost: 0.3, crash: 0.02 }, { weights: editing, conflictPolicy: "right" }),
  /** Two hands on one field within seconds. */
  races: (options) =>
    crowded(
      options,
      { slow: 0.05, limited: 0.05, pause: 0.03 },
      { acts: 80, isBursty: true, weights: editing, conflictPolicy: "ask", workers: 2, hasHints: true },
    ),
  pauses: (options) =>
    crowded(
      options,
      { pause: 0.08 },
      { acts: 80, weights: editing, conflictPolicy: "ask", workers: 3, hasHints: true },
    ),
  /** An index that lags, and polls that rely on it. */
  lagging: (options) =>
    crowded(
      options,
      {},
      { isHot: false, indexLagMs: 110 * SECOND, sweepEveryMs: null, hasHints: false, weights: editing },
    ),
  access: (options) =>
    crowded(
      options,
      { emptyList: 0.05 },
      {
        isHot: false,
        outages: 2,
        hiddenPages: 2,
        weights: { ...editing, trash: 2 },
        onDelete: "propagate",
        indexLagMs: 20 * SECOND,
      },
    ),
  /** Outages that Notion does not admit, slow answers around their ends, and pages that leave meanwhile. */
  blindEmpties: (options) =>
    crowded(
      options,
      { limited: 0.2, overloaded: 0.2, unreached: 0.2 },
      {
        acts: 40,
        isHot: false,
        outages: 4,
        sweepEveryMs: null,
        hasHints: false,
        weights: { create: 20, moveOut: 20, trash: 10, edit: 10 },
      },
    ),
  /** Records that are trashed, brought back, and leave the data source meanwhile. */
  leavers: (options) =>
    crowded(
      options,
      { late: 0.2 },
      {
        acts: 60,
        onDelete: "propagate",
        weights: { create: 10, trash: 20, restore: 20, moveOut: 10, edit: 5 },
      },
    ),
  deaths: (options) =>
    crowded(
      options,
      { lost: 0.1, late: 0.15, tableLost: 0.1 },
      { weights: dying, onDelete: "propagate", isHot: options.isHot },
    ),
  massDeaths: (options) =>
    crowded(
      options,
      {},
      { isHot: false, acts: 40, weights: { create: 30, edit: 5, massTrash: 2 }, onDelete: "propagate" },
    ),
  copies: (options) =>
    crowded(
      options,
      { lost: 0.15, late: 0.1 },
      { isHot: false, weights: { create: 15, edit: 20, copy: 15, trash: 5 }, indexLagMs: 10 * SECOND },
    ),
  twins: (options) =>
    crowded(
      options,
      {},
      { isHot: false, matchesByName: true, weights: { createTwins: 20, edit: 20, create: 5 } },
    ),
  sets: (options) =>
    crowded(
      options,
      { lost: 0.1 },
      {
        conflictPolicy: "right",
        weights: { create: 6, addTag: 30, removeTag: 12, addRefs: 10, removeRef: 6 },
      },
    ),
  /** Lists edited on both sides while listings lag, where the right side wins. */
  blindLists: (options) =>
    crowded(
      options,
      {},
      {
        acts: 60,
        indexLagMs: 100 * SECOND,
        conflictPolicy: "right",
        weights: { create: 6, addTag: 30, removeTag: 12 },
      },
    ),
  longLists: (options) =>
    crowded(
      options,
      { partial: 0.2, limited: 0.1, unreached: 0.1 },
      { weights: { create: 6, edit: 10, addRefs: 20, removeRef: 10 } },
    ),
  stages: (options) => crowded(options, {}, { weights: { create: 6, edit: 20, setStage: 30 } }),
  /** Steps that are picked on both sides while listings lag, where the right side wins. */
  blindStages: (options) =>
    crowded(
      options,
      {},
      {
        acts: 60,
        indexLagMs: 100 * SECOND,
        conflictPolicy: "right",
        weights: { create: 6, setStage: 40 },
      },
    ),
  conflicts: (options) =>
    crowded(
      options,
      {},
      { weights: { ...editing, settle: 6 }, conflictPolicy: "ask", pollEveryMs: 120 * SECOND },
    ),
  hints: (options) =>
    crowded(
      options,
      { hintRepeated: 0.4, hintLate: 0.3, crash: 0.02, storeLost: 0.05 },
      { hasHints: true, pollEveryMs: 120 * SECOND, weights: { ...editing, trash: 6 } },
    ),
  stores: (options) =>
    crowded(
      options,
      { storeAborted: 0.08, storeLost: 0.08, storeDown: 0.005, crash: 0.01 },
      { weights: editing, workers: 2 },
    ),
  /** A failing store, and no sweeps to make up for what a checkpoint has passed over. */
  feeds: (options) =>
    crowded(
      options,
      { storeAborted: 0.15, storeLost: 0.05 },
      { weights: editing, sweepEveryMs: null, isHot: false },
    ),
  /** People who settle conflicts while passes are at work. */
  settlements: (options) =>
    crowded(
      options,
      { slow: 0.1 },
      { acts: 80, weights: { ...editing, settle: 25 }, conflictPolicy: "ask", hasHints: true, workers: 2 },
    ),
  limits: (options) =>
    crowded(options, { limited: 0.15, overloaded: 0.1 }, { weights: editing, ratePerMinute: 60 }),
  /** Creates of unknown fate, looked up while access comes and goes. */
  lostLookups: (options) =>
    crowded(
      options,
      { lost: 0.3, late: 0.3 },
      { isHot: false, outages: 6, weights: { create: 40, edit: 10 }, lateMs: 20 * SECOND },
    ),
  /** Creates of unknown fate whose source is edited meanwhile. */
  thawing: (options) =>
    crowded(
      options,
      { lost: 0.5, storeLost: 0.1, crash: 0.02 },
      { acts: 60, weights: { create: 15, edit: 60 }, lateMs: 20 * SECOND, conflictPolicy: "left" },
    ),
  /** An index that shows old versions of what was read by id already. */
  staleListings: (options) =>
    crowded(
      options,
      {},
      { acts: 60, indexLagMs: 100 * SECOND, hasHints: true, weights: editing, conflictPolicy: "left" },
    ),
  /** Writes without a fresh reading: the other side wins anyway. */
  blindWrites: (options) =>
    crowded(options, {}, { weights: dying, conflictPolicy: "right", onDelete: "propagate", hasHints: true }),
  /** The same while nothing tells that pages have gone to the trash. */
  blindUpdates: (options) =>
    crowded(
      options,
      {},
      { weights: dying, conflictPolicy: "right", onDelete: "propagate", hasHints: false, sweepEveryMs: null },
    ),
  twinCreates: (options) =>
    crowded(
      options,
      { lost: 0.3, late: 0.2 },
      { isHot: false, matchesByName: true, indexLagMs: 60 * SECOND, weights: { createTwins: 30, edit: 10 } },
    ),
  /** Writes of unknown fate, and pages that cannot be seen when it is decided. */
  unseenDoubts: (options) =>
    crowded(
      options,
      { late: 0.5 },
      { acts: 60, outages: 12, hasHints: true, weights: { create: 4, edit: 60 }, lateMs: 60 * SECOND },
    ),
  /** Fields that are missing from answers, and nothing that looks again. */
  /** The same, while the fate of many writes is unknown. */
  cutDoubts: (options) =>
    crowded(
      options,
      { partial: 0.3, lost: 0.2, late: 0.3 },
      { acts: 60, weights: { create: 6, edit: 40 }, conflictPolicy: "newest", pollEveryMs: 30 * SECOND },
    ),
  cutAnswers: (options) =>
    crowded(
      options,
      { partial: 0.6 },
      { hasHints: true, sweepEveryMs: null, weights: { create: 10, edit: 60 }, conflictPolicy: "left" },
    ),
  /** Records that are matched by their key while what is read of them is cut short. */
  cutTwins: (options) =>
    crowded(
      options,
      { partial: 0.6 },
      {
        isHot: false,
        matchesByName: true,
        hasHints: false,
        sweepEveryMs: null,
        weights: { createTwins: 40, edit: 5 },
      },
    ),
  ambiguous: (options) =>
    crowded(
      options,
      {},
      { isHot: false, matchesByName: true, hasHints: true, weights: { createTwins: 12, copy: 12, edit: 20 } },
    ),
  capped: (options) =>
    crowded(
      options,
      {},
      {
        isHot: false,
        cap: 12,
        pageSizeMax: 3,
        acts: 60,
        isBursty: true,
        weights: { create: 40, edit: 40 },
        cursorStyle: options.cursorStyle,
        sweepEveryMs: null,
      },
    ),
  skewed: (options) =>
    crowded(
      options,
      { pause: 0.02 },
      { skewMs: 2 * SECOND, workers: 3, weights: { ...editing, skew: 8 }, conflictPolicy: "newest" },
    ),
  /** A pipeline under the weather that its seed draws. */
  pipeline: (options) =>
    board(options, options.rates, {
      isBursty: options.isBursty,
      indexLagMs: options.indexLagMs,
      ratePerMinute: options.ratePerMinute,
      losesWorker: options.losesWorker,
      hasHints: options.hasHints,
      sweepEveryMs: options.sweepEveryMs,
    }),
  /** The same without faults: what the rules alone make of it. */
  pipelineCalm: (options) => board(options, {}),
  /** Entries that are moved within seconds by people and by programs, on an index that lags. */
  pipelineRaces: (options) =>
    board(
      options,
      { slow: 0.05, pause: 0.02, crash: 0.01 },
      {
        isHot: true,
        isBursty: true,
        indexLagMs: 60 * SECOND,
        weights: { ...boardWork, move: 50, moveTask: 25 },
      },
    ),
  /** Writes of unknown fate on both sides. */
  pipelineDoubts: (options) =>
    board(options, { lost: 0.2, late: 0.2, tableLost: 0.2, crash: 0.02 }, { isHot: true }),
  ...planningProfiles,
  ...libraryProfiles,
};

const planning = { plan: 12, write: 14, move: 30, misplace: 10, choose: 6 };
const boardWork = { ...planning, addTask: 4, moveTask: 10, retitleTask: 3 };

/** A board with its table, its queue and its workers. */
function board(options: Options, rates: Partial<Rates>, change: Partial<Options> = {}): Options {
  return {
    ...crowded(options, rates),
    subject: "pipeline",
    taskWorkers: 1 + (options.seed % 4),
    workers: options.workers,
    acts: 60,
    isHot: options.isHot,
    hasHints: true,
    matchesByName: false,
    conflictPolicy: "left",
    weights: boardWork,
    isDrilled: false,
    ...change,
  };
}

export function profileNamed(name: string): Profile {
  const profile = profiles[name];
  if (profile === undefined)
    throw new RangeError(`there is no profile "${name}"; there are ${Object.keys(profiles).join(", ")}`);
  return (options) => ({ ...profile(options), profile: name });
}
