import { faultClasses, type Options, type Rates } from "../options.ts";

const SECOND = 1_000;
const calm = Object.fromEntries(faultClasses.map((fault) => [fault, 0])) as Rates;

/** What people do at home. */
const living = {
  importFile: 14,
  readBook: 14,
  throwAway: 6,
  editBook: 14,
  editSeries: 6,
  shelve: 4,
  binPage: 4,
  unbinPage: 4,
  makePage: 3,
  play: 8,
  recompute: 2,
  cleanup: 2,
  reset: 1,
  undo: 3,
};

/** Weather for libraries. */
export const libraryProfiles: Readonly<Record<string, (options: Options) => Options>> = {
  /** Under the weather that its seed draws. */
  library: (options) =>
    home(options, options.rates, { outages: options.outages, hiddenPages: options.hiddenPages }),
  /** Without faults: what the rules alone make of it. */
  libraryCalm: (options) => home(options, {}),
  /** Imports that are killed at any of their writes and started again, and answers that are lost. */
  libraryKills: (options) =>
    home(
      options,
      { crash: 0.04, lost: 0.15, late: 0.15, storeLost: 0.03, storeAborted: 0.03 },
      {
        weights: { importFile: 30, readBook: 10, editBook: 10, throwAway: 5, play: 5 },
        indexLagMs: 30 * SECOND,
      },
    ),
  /** Whole series are thrown away, by hand, by players and by undoing it. */
  libraryCascades: (options) =>
    home(
      options,
      { crash: 0.02 },
      {
        weights: { importFile: 10, readBook: 20, throwAway: 20, play: 20, shelve: 8, undo: 5, recompute: 3 },
      },
    ),
  /** Volumes that are made up, bought and tidied away. */
  libraryGaps: (options) =>
    home(
      options,
      {},
      {
        minutes: 8,
        acts: 24,
        isDrilled: true,
        weights: { importFile: 30, cleanup: 10, editBook: 8, undo: 4, reset: 3, binPage: 5 },
      },
    ),
  /** Series go to the trash and come back, by hand, by an undo, a reset and an import, while books are shelved in them. */
  libraryShelves: (options) =>
    home(
      options,
      { crash: 0.02 },
      {
        weights: { importFile: 12, shelve: 14, binPage: 12, unbinPage: 14, makePage: 4, undo: 6, reset: 2 },
      },
    ),
};

/** People who live with their books, and no faults but those given. */
function home(options: Options, rates: Partial<Rates>, change: Partial<Options> = {}): Options {
  return {
    ...options,
    subject: "library",
    minutes: 12,
    acts: 36,
    pollEveryMs: 60 * SECOND,
    sweepEveryMs: options.sweepEveryMs === null ? null : 300 * SECOND,
    isHot: false,
    workers: 1 + (options.seed % 2),
    taskWorkers: 0,
    rates: { ...calm, ...rates },
    lateMs: Math.min(options.lateMs, 170 * SECOND),
    outages: 0,
    hiddenPages: 0,
    weights: living,
    losesWorker: false,
    ...change,
  };
}
