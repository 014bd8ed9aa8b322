import { Worker } from "node:worker_threads";
import type { Regression } from "./regressions.ts";
import type { Violation } from "./world.ts";

/** Which seeds one thread runs, and how. */
export interface SeedsOrder {
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly step: number;
  readonly profile: string;
  readonly mutant: string | null;
  readonly store: "memory" | "sqlite";
  /** Instead: cut this one seed down to the smallest case that fails alike. */
  readonly shrinks?: number;
}

export interface SeedsReport {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly hash: string;
  readonly events: number;
  readonly calls: number;
  readonly edits: number;
}

/** A failing seed cut down in a process of its own, where a mutant can be planted. */
export function shrinkAside(order: Omit<SeedsOrder, "from" | "to" | "step">): Promise<Regression> {
  const workerData: SeedsOrder = { ...order, from: 0, to: 0, step: 1 };
  const worker = new Worker(new URL("./children/seeds.ts", import.meta.url), { workerData });
  return new Promise((resolve, reject) => {
    worker.on("message", resolve);
    worker.on("error", reject);
  });
}

/**
 * Runs seeds on several threads; `onReport` is told of each as it ends, and returns true when enough is known. A thread
 * that fails (a mutant that cannot be planted) fails the whole.
 */
export async function runPool(
  order: Omit<SeedsOrder, "step"> & { readonly threads: number },
  onReport: (report: SeedsReport) => boolean,
): Promise<void> {
  const workers = new Set<Worker>();
  const stop = () => Promise.all([...workers].map((worker) => worker.terminate()));
  try {
    await Promise.all(
      Array.from({ length: order.threads }, (_, index) => {
        const workerData: SeedsOrder = { ...order, from: order.from + index, step: order.threads };
        const worker = new Worker(new URL("./children/seeds.ts", import.meta.url), { workerData });
        workers.add(worker);
        return ended(worker, (report) => {
          if (onReport(report)) void stop();
        });
      }),
    );
  } finally {
    await stop();
  }
}

function ended(worker: Worker, onReport: (report: SeedsReport) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    worker.on("message", onReport);
    worker.on("error", reject);
    worker.on("exit", () => resolve());
  });
}
