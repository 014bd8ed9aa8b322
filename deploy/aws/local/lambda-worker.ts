import { parentPort, workerData } from "node:worker_threads";

// One execution environment of a Lambda: loads a bundle, and calls its handler whenever it is told to.

interface Call {
  readonly id: string;
  readonly input: unknown;
  /** ms since the epoch, by the clock that is shown here. */
  readonly deadline: number;
}

/** How far time here is ahead of the wall's; the host moves it on instead of waiting. */
const aheadMs = new Float64Array(workerData.ahead);
const ahead = () => aheadMs[0] ?? 0;
const [realNow, realMonotonic] = [Date.now, performance.now.bind(performance)];
Date.now = () => realNow() + ahead();
performance.now = () => realMonotonic() + ahead();

/** Signals of deadlines: they abort at their time, also when it has come by moving the clock on. */
const waiting = new Map<AbortController, number>();
AbortSignal.timeout = (ms: number): AbortSignal => {
  const controller = new AbortController();
  waiting.set(controller, Date.now() + ms);
  setTimeout(abortLate, ms).unref();
  return controller.signal;
};
function abortLate(): void {
  for (const [controller, at] of waiting) {
    if (Date.now() < at) continue;
    waiting.delete(controller);
    controller.abort(new DOMException("The operation was aborted due to timeout", "TimeoutError"));
  }
}

const startedAt = realMonotonic();
const { handler } = await import(workerData.file);
const loadMs = realMonotonic() - startedAt;

parentPort?.on("message", async (told: Call | "time has passed") => {
  if (told === "time has passed") return abortLate();
  const { id, input, deadline } = told;
  const context = {
    awsRequestId: id,
    functionName: workerData.name,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
  try {
    // What comes and goes is JSON, as it is in Amazon's hands.
    const output = await handler(JSON.parse(JSON.stringify(input)), context);
    parentPort?.postMessage({
      id,
      loadMs,
      output: output === undefined ? null : JSON.parse(JSON.stringify(output)),
    });
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    parentPort?.postMessage({ id, loadMs, error: { name, message } });
  }
});
parentPort?.postMessage({ id: "ready", loadMs });
