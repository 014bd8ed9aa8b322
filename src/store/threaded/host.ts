import type { MessagePort } from "node:worker_threads";
import type { InboxEvent } from "../pair-store.ts";
import type { Store } from "../store.ts";
import { type Answer, failureFrom, opening, type Question, type Request, rowsPerPage } from "./messages.ts";

type Method = (...args: readonly unknown[]) => unknown;

export interface SharedStore {
  readonly store: Store;
  /** Writes of calls that begin in `work` are kept together: when it returns, they are; when it throws, none of them is. */
  readonly together: (work: () => void) => void;
}

/**
 * Opens a store in this thread and answers what another thread asks of it, until that one closes it. While it waits for the
 * disk, questions gather; then they share the next wait.
 */
export async function hostStore(port: MessagePort, open: () => Promise<SharedStore>): Promise<void> {
  const opened = await answerTo(opening, open);
  if ("failure" in opened) return reply(port, opened);
  reply(port, { id: opening, value: null });
  const { store, together } = opened.value;
  const host = new Host(store);
  let waiting: Question[] = [];

  const flush = async () => {
    const questions = waiting;
    waiting = [];
    for (const answer of await answerAll(questions)) reply(port, answer);
    if (questions.some(isClose)) port.close();
  };

  /** An answer is given only when what was written for it is kept. */
  const answerAll = async (questions: readonly Question[]): Promise<readonly Answer[]> => {
    const begun: Promise<Answer>[] = [];
    try {
      together(() => {
        for (const question of questions.filter((each) => !isClose(each)))
          begun.push(answerTo(question.id, () => host.perform(question.request)));
      });
    } catch (error) {
      return questions.map(({ id }) => ({ id, failure: failureFrom(error) }));
    }
    const closing = questions.filter(isClose).map(({ id }) => answerTo(id, () => store.close()));
    return Promise.all([...begun, ...closing]);
  };

  port.on("message", (question: Question) => {
    if (waiting.length === 0) setImmediate(flush);
    waiting.push(question);
  });
}

function isClose({ request }: Question): boolean {
  return request.kind === "close";
}

/** The work begins at once. */
async function answerTo<T>(
  id: number,
  work: () => T,
): Promise<{ id: number; value: Awaited<T> } | Extract<Answer, { failure: unknown }>> {
  try {
    return { id, value: await work() };
  } catch (error) {
    return { id, failure: failureFrom(error) };
  }
}

function reply(port: MessagePort, answer: Answer): void {
  port.postMessage(answer);
}

/** The store, and the lists that are being read. */
class Host {
  private readonly store: Store;
  private readonly lists = new Map<number, AsyncIterator<unknown>>();
  private lastList = 0;

  constructor(store: Store) {
    this.store = store;
  }

  perform(request: Request): unknown {
    switch (request.kind) {
      case "call":
        return this.call(request);
      case "open":
        return this.open(request);
      case "next":
        return this.next(request.list);
      case "drop":
        return this.drop(request.list);
      case "close":
        return null;
      default:
        return request satisfies never;
    }
  }

  private call({ topic, method, args }: Extract<Request, { kind: "call" }>): unknown {
    const [first] = args;
    if (method === "putInbox") return this.putInbox(first as readonly (readonly InboxEvent[])[]);
    if (method === "acquireLease") return this.acquireLease(first as LeaseRequest);
    return this.method(topic, method)(...args);
  }

  private putInbox(calls: readonly (readonly InboxEvent[])[]): Promise<readonly number[]> {
    return Promise.all(calls.map((events) => this.store.pairs.putInbox(events)));
  }

  private acquireLease({ dead, ...request }: LeaseRequest): Promise<unknown> {
    return this.store.acquireLease({ ...request, isDead: (owner) => dead.includes(owner) });
  }

  private open({ topic, method, args }: Extract<Request, { kind: "open" }>): number {
    const list = this.method(topic, method)(...args) as AsyncIterable<unknown>;
    this.lastList += 1;
    this.lists.set(this.lastList, list[Symbol.asyncIterator]());
    return this.lastList;
  }

  private async next(number: number): Promise<readonly unknown[]> {
    const rows: unknown[] = [];
    const list = this.lists.get(number);
    while (list !== undefined && rows.length < rowsPerPage) {
      const { done, value } = await list.next();
      if (done === true) {
        this.lists.delete(number);
        break;
      }
      rows.push(value);
    }
    return rows;
  }

  private async drop(number: number): Promise<void> {
    const list = this.lists.get(number);
    this.lists.delete(number);
    await list?.return?.();
  }

  /** Names and arguments come from `threadedStore`, whose types are the store's own. */
  private method(topic: "store" | "pairs", name: string): Method {
    const owner = (topic === "pairs" ? this.store.pairs : this.store) as unknown as Record<string, Method>;
    const method = owner[name];
    if (method === undefined) throw new Error(`the store has no method ${name}`);
    return method.bind(owner);
  }
}

/** What a lease's owner is like is asked where the question came from: functions do not travel. */
export type LeaseRequest = Omit<Parameters<Store["acquireLease"]>[0], "isDead"> & {
  readonly dead: readonly string[];
};
