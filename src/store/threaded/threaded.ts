import type { Worker } from "node:worker_threads";
import { LockstepError } from "../../core/errors.ts";
import { gathered } from "../gathered.ts";
import type { InboxEvent, PairStore } from "../pair-store.ts";
import type { Store } from "../store.ts";
import type { LeaseRequest } from "./host.ts";
import {
  type Answer,
  errorFrom,
  opening,
  type Question,
  type Request,
  rowsPerPage,
  type Topic,
} from "./messages.ts";

type Edits = Pick<Store, "createTask" | "appendVersion">;
type Streamed = "iterateLinks" | "iterateVersionsOfRun";

/** Plain calls; named one by one, so that a new method of the contract does not compile before it is here. */
const storeCalls: Record<
  Exclude<
    keyof Store,
    keyof Edits | Streamed | "acquireLease" | "pairs" | "close" | typeof Symbol.asyncDispose
  >,
  true
> = {
  getTask: true,
  findTasks: true,
  listTasks: true,
  getHistory: true,
  getVersion: true,
  getVersionAt: true,
  getSync: true,
  saveBinding: true,
  getLinks: true,
  getMemos: true,
  commit: true,
  getTotals: true,
  startSweep: true,
  getUnseen: true,
  finishSweep: true,
  startRun: true,
  saveRun: true,
  getRun: true,
  listRuns: true,
  listConflicts: true,
  renewLease: true,
  releaseLease: true,
  getLease: true,
};

const pairCalls: Record<Exclude<keyof PairStore, Streamed | "putInbox">, true> = {
  getState: true,
  getLinks: true,
  findLinks: true,
  findLinksByKey: true,
  searchLinks: true,
  listDue: true,
  nextDue: true,
  commit: true,
  markSwept: true,
  listUnswept: true,
  listInbox: true,
  pruneInbox: true,
  listVersions: true,
  listConflicts: true,
  settleConflict: true,
  listHolds: true,
  decideHold: true,
  getPairTotals: true,
};

/**
 * A store whose work is done in a thread that runs `hostStore`: while it waits for the disk, this thread goes on, and what
 * comes in meanwhile is kept together with one wait. `edits` are made by another store over the same tables, because they
 * decide with a function what they write. Throws what kept the store from opening.
 */
export async function threadedStore(worker: Worker, edits: Edits): Promise<Store> {
  const line = new Line(worker);
  await line.opened;
  const calls = (topic: Topic, names: object) =>
    Object.fromEntries(
      Object.keys(names).map((method) => [
        method,
        (...args: readonly unknown[]) => line.ask({ kind: "call", topic, method, args }),
      ]),
    );
  const streams = (topic: Topic) => ({
    iterateLinks: (syncId: string) =>
      line.list({ kind: "open", topic, method: "iterateLinks", args: [syncId] }),
    iterateVersionsOfRun: (runId: string) =>
      line.list({ kind: "open", topic, method: "iterateVersionsOfRun", args: [runId] }),
  });
  const putInbox = gathered<readonly InboxEvent[], number>(
    (groups) =>
      line.ask({ kind: "call", topic: "pairs", method: "putInbox", args: [groups] }) as Promise<number[]>,
  );
  const pairs = { ...calls("pairs", pairCalls), ...streams("pairs"), putInbox };
  const close = () => line.close();
  const store = {
    ...{ ...calls("store", storeCalls), ...streams("store") },
    ...{ pairs, close, [Symbol.asyncDispose]: close },
    createTask: edits.createTask,
    appendVersion: edits.appendVersion,
  } as unknown as Store;
  return { ...store, acquireLease: (request) => acquireLease(line, store, request) };
}

/** Whether the holder is dead is found out here, before: of another holder that came in between, nothing is believed. */
async function acquireLease(
  line: Line,
  store: Pick<Store, "getLease">,
  { isDead, ...request }: Parameters<Store["acquireLease"]>[0],
): ReturnType<Store["acquireLease"]> {
  const last = await store.getLease(request.name);
  const isInTheWay = last !== null && last.until !== 0 && last.until >= request.now;
  const asked: LeaseRequest = { ...request, dead: isInTheWay && isDead(last.owner) ? [last.owner] : [] };
  const args = [asked];
  return (await line.ask({ kind: "call", topic: "store", method: "acquireLease", args })) as Awaited<
    ReturnType<Store["acquireLease"]>
  >;
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Questions to the other thread and their answers. When that thread is gone, every question fails. */
class Line {
  readonly opened: Promise<unknown>;
  private readonly worker: Worker;
  private readonly exited: Promise<void>;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = opening;
  private closing: Promise<void> | null = null;
  private why: string | null = null;

  constructor(worker: Worker) {
    this.worker = worker;
    this.opened = new Promise((resolve, reject) => this.waiting.set(opening, { resolve, reject }));
    worker.on("message", (answer: Answer) => this.take(answer));
    worker.on("error", (error: Error) => this.end(`its thread failed: ${error.message}`));
    this.exited = new Promise((resolve) =>
      worker.once("exit", () => {
        this.end("its thread has ended");
        resolve();
      }),
    );
  }

  ask(request: Request): Promise<unknown> {
    if (this.why !== null) return Promise.reject(ended(this.why));
    this.lastId += 1;
    const question: Question = { id: this.lastId, request };
    return new Promise((resolve, reject) => {
      this.waiting.set(question.id, { resolve, reject });
      this.worker.postMessage(question);
    });
  }

  async *list(request: Extract<Request, { kind: "open" }>): AsyncGenerator<never> {
    const list = (await this.ask(request)) as number;
    let isOver = false;
    try {
      while (!isOver) {
        const rows = (await this.ask({ kind: "next", list })) as readonly never[];
        isOver = rows.length < rowsPerPage;
        yield* rows;
      }
    } finally {
      if (!isOver && this.why === null) await this.ask({ kind: "drop", list });
    }
  }

  /** What was asked before is answered first. */
  close(): Promise<void> {
    this.closing ??= this.hangUp();
    return this.closing;
  }

  private async hangUp(): Promise<void> {
    if (this.why !== null) return;
    const closed = this.ask({ kind: "close" });
    this.why = "it was used after it was closed";
    await closed;
    await this.exited;
  }

  private take(answer: Answer): void {
    const waiting = this.waiting.get(answer.id);
    this.waiting.delete(answer.id);
    if ("failure" in answer) waiting?.reject(errorFrom(answer.failure));
    else waiting?.resolve(answer.value);
  }

  private end(why: string): void {
    this.why ??= why;
    for (const { reject } of this.waiting.values()) reject(ended(why));
    this.waiting.clear();
  }
}

function ended(why: string): LockstepError {
  return new LockstepError("STORE_FAILED", `the store failed: ${why}. Start again; what was kept is kept.`);
}
