import type { Side } from "../../src/core/two-way/mapping.ts";
import type { CursorStyle } from "./notion/query.ts";
import { type Random, randomFrom } from "./random.ts";

/** What can go wrong, each with its rate: the share of requests, writes or acts that it strikes. 0: it does not exist. */
const drawnFaults = [
  // Notion's answers
  "limited",
  "overloaded",
  "unreached",
  "lost",
  "late",
  "failedAfter",
  "conflicting",
  "garbled",
  "slow",
  "partial",
  "emptyList",
  // the table's answers
  "tableLost",
  "tableDown",
  // processes and their store
  "crash",
  "pause",
  "storeAborted",
  "storeLost",
  "storeDown",
  // hints
  "hintLost",
  "hintRepeated",
  "hintLate",
] as const;

/** GitHub's answers. They strike only where a profile says so: what the swarm draws stays as it is. */
const hubFaults = ["hubLimited", "hubDown", "hubLost", "hubLate", "hubFailedAfter", "hubSlow"] as const;

export const faultClasses = [...drawnFaults, ...hubFaults] as const;

export type HubFault = (typeof hubFaults)[number];
export type FaultClass = (typeof faultClasses)[number];
export type Rates = Readonly<Record<FaultClass, number>>;

/** Everything that a run follows from, besides the acts of people and the tape. */
export interface Options {
  readonly seed: number;
  readonly profile: string;
  /** What is kept in agreement: fields of every kind, a pipeline's board and table, rows and GitHub's issues, or a library. */
  readonly subject: "fields" | "pipeline" | "planning" | "library";
  /** How long people work while faults strike (virtual minutes). */
  readonly minutes: number;
  readonly acts: number;
  /** Most acts hit one record, and few fields. */
  readonly isHot: boolean;
  /** Most acts come in bursts inside single minutes. */
  readonly isBursty: boolean;
  readonly workers: number;
  /** Programs that take jobs from the queue of a pipeline. */
  readonly taskWorkers: number;
  readonly pollEveryMs: number;
  /** null: sweeps only at the very first pass. */
  readonly sweepEveryMs: number | null;
  readonly rates: Rates;
  /** Commits may be this late (ms); what the connector is told, too. */
  readonly lateMs: number;
  /** Queries may lag behind by this much (ms). */
  readonly indexLagMs: number;
  readonly cursorStyle: CursorStyle;
  readonly cap: number;
  readonly pageSizeMax: number;
  /** The connection's real budget per minute; null: none. */
  readonly ratePerMinute: number | null;
  readonly outages: number;
  /** Single pages that cannot be seen for a while. */
  readonly hiddenPages: number;
  /**
   * What the clock of every second process is off by. Horizons are compared across processes, so clocks have to be kept:
   * seconds are borne, minutes are not.
   */
  readonly skewMs: number;
  readonly hasHints: boolean;
  readonly hasMarkers: boolean;
  readonly matchesByName: boolean;
  readonly onDelete: "propagate" | "unlink" | "restore";
  readonly onDeleteEdit: "edit" | "delete" | "ask";
  readonly conflictPolicy: Side | "newest" | "ask";
  /** Which acts people know: some seeds leave whole kinds out. */
  readonly weights: Readonly<Record<string, number>>;
  /** After the faults, one worker stays stopped for good. */
  readonly losesWorker: boolean;
  /** Ends with the drills: hints told again, another mapping, all memory lost. */
  readonly isDrilled: boolean;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const never = Object.fromEntries(faultClasses.map((fault) => [fault, 0])) as Record<FaultClass, number>;

/** The strongest rate at which a class is drawn. */
const strongest: Readonly<Record<(typeof drawnFaults)[number], number>> = {
  limited: 0.12,
  overloaded: 0.05,
  unreached: 0.1,
  lost: 0.2,
  late: 0.2,
  failedAfter: 0.1,
  conflicting: 0.08,
  garbled: 0.05,
  slow: 0.02,
  partial: 0.03,
  emptyList: 0.05,
  tableLost: 0.1,
  tableDown: 0.05,
  crash: 0.02,
  pause: 0.02,
  storeAborted: 0.03,
  storeLost: 0.03,
  storeDown: 0.002,
  hintLost: 0.5,
  hintRepeated: 0.4,
  hintLate: 0.4,
};

/** Share of the seeds in which nothing goes wrong at all, and the fewest calls are demanded. */
const CLEAN_SHARE = 0.15;

/** The drills take a third of a run's time. */
const DRILLED_SHARE = 0.3;

/** A swarm: each seed has its own weather. */
export function drawOptions(seed: number): Options {
  const random = randomFrom(seed, "options");
  const isClean = random.chance(CLEAN_SHARE);
  const base: Options = {
    seed,
    profile: isClean ? "clean" : "swarm",
    subject: "fields",
    minutes: random.int(10, 25),
    acts: random.int(10, 35),
    isHot: random.chance(0.5),
    isBursty: random.chance(0.4),
    workers: random.pick([1, 1, 2, 2, 3, 4]),
    taskWorkers: 0,
    pollEveryMs: random.pick([30, 60, 120]) * SECOND,
    sweepEveryMs: random.chance(0.3) ? null : random.pick([5, 15]) * MINUTE,
    rates: never,
    lateMs: random.pick([20, 60, 170]) * SECOND,
    indexLagMs: 0,
    cursorStyle: "session",
    cap: 10_000,
    pageSizeMax: 100,
    ratePerMinute: null,
    outages: 0,
    hiddenPages: 0,
    skewMs: 0,
    hasHints: random.chance(0.5),
    hasMarkers: true,
    matchesByName: random.chance(0.4),
    onDelete: random.pick(["propagate", "propagate", "propagate", "unlink", "restore"]),
    onDeleteEdit: random.pick(["edit", "edit", "delete", "ask"]),
    conflictPolicy: random.pick(["left", "right", "newest", "ask"]),
    weights: drawWeights(random),
    losesWorker: false,
    isDrilled: random.chance(DRILLED_SHARE),
  };
  return isClean ? { ...base, workers: 1, hasHints: false, sweepEveryMs: null } : withWeather(base, random);
}

function withWeather(options: Options, random: Random): Options {
  const rates = { ...never };
  for (const fault of drawnFaults) if (random.chance(0.5)) rates[fault] = random.next() * strongest[fault];
  return {
    ...options,
    rates,
    indexLagMs: random.chance(0.6) ? random.int(1, 110) * SECOND : 0,
    cursorStyle: random.pick(["session", "offset", "row"]),
    cap: random.chance(0.2) ? 12 : 10_000,
    pageSizeMax: random.pick([3, 5, 10, 100]),
    ratePerMinute: random.chance(0.2) ? random.pick([60, 180]) : null,
    outages: random.chance(0.4) ? random.int(1, 2) : 0,
    // No stamp tells that a page can be seen again: only a sweep finds what was edited while it could not.
    hiddenPages: options.sweepEveryMs !== null && random.chance(0.3) ? random.int(1, 3) : 0,
    skewMs: random.chance(0.3) ? random.int(-2_000, 2_000) : 0,
    losesWorker: options.workers > 1 && random.chance(0.2),
  };
}

/** How often people do what; each seed leaves some out. */
export const actKinds = [
  "create",
  "createTwins",
  "edit",
  "editTwice",
  "clear",
  "setStage",
  "addTag",
  "removeTag",
  "addRefs",
  "removeRef",
  "trash",
  "restore",
  "copy",
  "moveOut",
  "moveIn",
  "rename",
  "massTrash",
  "massClear",
  "settle",
  "skew",
] as const;

/** What people and programs do to a pipeline; none of it happens in the swarm. */
export const boardActKinds = [
  "plan",
  "write",
  "move",
  "misplace",
  "choose",
  "addTask",
  "moveTask",
  "retitleTask",
] as const;

/** What people and programs do to rows, issues and pull requests. */
export const hubActKinds = [
  "addRow",
  "retitleRow",
  "moveRow",
  "tagRow",
  "chooseRow",
  "assignRow",
  "scribbleRow",
  "tieRow",
  "commentRow",
  "trashRow",
  "restoreRow",
  "moveRowAway",
  "openIssue",
  "retitleIssue",
  "relabel",
  "closeIssue",
  "reopenIssue",
  "planIssue",
  "assignIssue",
  "writeBody",
  "tamper",
  "commentIssue",
  "lockIssue",
  "convertIssue",
  "deleteIssue",
  "transferIssue",
  "renameRepository",
  "push",
  "forcePush",
  "openPull",
  "review",
  "check",
  "readyPull",
  "mergePull",
  "closePull",
  "shipRow",
  "changeRights",
  "dateRow",
  "dateIssue",
] as const;

/** What people and players do to a library. */
export const libraryActKinds = [
  "importFile",
  "readBook",
  "throwAway",
  "editBook",
  "editSeries",
  "shelve",
  "binPage",
  "unbinPage",
  "makePage",
  "play",
  "recompute",
  "cleanup",
  "reset",
  "undo",
] as const;

export type LibraryActKind = (typeof libraryActKinds)[number];
export type PairActKind =
  | (typeof actKinds)[number]
  | (typeof boardActKinds)[number]
  | (typeof hubActKinds)[number];
export type ActKind = PairActKind | LibraryActKind;

const usual: Readonly<Record<(typeof actKinds)[number], number>> = {
  create: 14,
  createTwins: 2,
  edit: 34,
  editTwice: 5,
  clear: 3,
  setStage: 8,
  addTag: 8,
  removeTag: 4,
  addRefs: 3,
  removeRef: 2,
  trash: 8,
  restore: 5,
  copy: 3,
  moveOut: 2,
  moveIn: 2,
  rename: 1,
  massTrash: 0.5,
  massClear: 0.5,
  settle: 4,
  skew: 1,
};

function drawWeights(random: Random): Record<string, number> {
  const weights: Record<string, number> = {};
  for (const kind of actKinds)
    weights[kind] = kind === "create" || kind === "edit" || random.chance(0.6) ? usual[kind] : 0;
  return weights;
}
