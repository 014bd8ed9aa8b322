import { faultClasses, type Options, type Rates } from "./options.ts";

/** Weather made for one rule: one kind of fault strong, everybody at one record. A general soak says little about a rule. */
export type Profile = (options: Options) => Options;

const SECOND = 1_000;

const calm: Rates = Object.fromEntries(faultClasses.map((fault) => [fault, 0])) as Rates;

/** People who crowd around one record, and no faults but those given. */
export function crowded(options: Options, rates: Partial<Rates>, change: Partial<Options> = {}): Options {
  return {
    ...options,
    minutes: 15,
    acts: 40,
    isHot: true,
    isBursty: false,
    workers: 1,
    pollEveryMs: 30 * SECOND,
    sweepEveryMs: 5 * 60 * SECOND,
    rates: { ...calm, ...rates },
    indexLagMs: 0,
    cap: 10_000,
    pageSizeMax: 100,
    ratePerMinute: null,
    outages: 0,
    hiddenPages: 0,
    skewMs: 0,
    losesWorker: false,
    ...change,
  };
}
