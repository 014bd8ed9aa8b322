import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Json } from "../../../src/core/json.ts";
import type { DeclaredFunction } from "./template.ts";

export interface LambdaHostOptions {
  readonly functions: readonly DeclaredFunction[];
  readonly bundlesFolder: string;
  /** In place of the bundles' own. */
  readonly config: Json;
  /** Beside what the template sets: where the stand-ins are. */
  readonly variables: Readonly<Record<string, string>>;
  /** Of one function, at once; further invocations wait. */
  readonly environmentsMax?: number;
}

interface Environment {
  readonly worker: Worker;
}

interface Answer {
  readonly id: string;
  readonly output?: Json;
  readonly error?: { readonly name: string; readonly message: string };
}

/** What is done to one invocation: killed after so many ms, as at a deadline. */
export interface Sabotage {
  readonly killAfterMs: number;
}

/**
 * Runs handlers from their bundles as Lambda does: one invocation at a time in each execution environment, which is kept for
 * the next one, and killed when the time is up.
 */
export class LambdaHost implements AsyncDisposable {
  private readonly options: LambdaHostOptions;
  private readonly idle = new Map<string, Environment[]>();
  private readonly all = new Set<Worker>();
  private readonly ahead = new SharedArrayBuffer(8);
  private taskRoot: string | null = null;
  private readonly sleepers: { readonly ms: number; readonly wake: () => void }[] = [];
  private readonly waiting = new Map<string, (() => void)[]>();
  private readonly busy = new Map<string, number>();
  /** Environments that were begun. */
  coldStarts = 0;

  constructor(options: LambdaHostOptions) {
    this.options = options;
  }

  /** By the clock of the handlers. */
  now(): number {
    return Date.now() + (new Float64Array(this.ahead)[0] ?? 0);
  }

  /** Lets time pass as soon as nothing is going on, once for all who wait for it. */
  waitFor(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.sleepers.push({ ms, wake: resolve });
    this.passTime();
    return promise;
  }

  async invoke(name: string, input: Json, sabotage?: Sabotage): Promise<Json> {
    const declared = this.options.functions.find((each) => each.name === name);
    if (declared === undefined) throw new Error(`the template has no function ${name}`);
    await this.enter(name);
    try {
      const environment = this.idle.get(name)?.pop() ?? this.begin(declared);
      const answer = await this.call(environment, input, {
        timeoutMs: sabotage?.killAfterMs ?? declared.timeoutMs,
        declaredMs: declared.timeoutMs,
      });
      this.idle.set(name, [...(this.idle.get(name) ?? []), environment]);
      if (answer.error !== undefined) throw named(answer.error.name, answer.error.message);
      return answer.output ?? null;
    } finally {
      this.leave(name);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.all].map((worker) => worker.terminate()));
    if (this.taskRoot !== null) rmSync(this.taskRoot, { recursive: true, force: true });
  }

  /** Where the configuration is read from. */
  private root(): string {
    if (this.taskRoot !== null) return this.taskRoot;
    this.taskRoot = mkdtempSync(join(tmpdir(), "lockstep-lambda-"));
    writeFileSync(join(this.taskRoot, "lockstep.config.json"), JSON.stringify(this.options.config));
    return this.taskRoot;
  }

  /** As long as the one who waits longest: work that is under way is never overtaken by the clock. */
  private passTime(): void {
    if ([...this.busy.values()].some((count) => count > 0)) return;
    const sleepers = this.sleepers.splice(0);
    const clock = new Float64Array(this.ahead);
    clock[0] = (clock[0] ?? 0) + Math.max(0, ...sleepers.map(({ ms }) => ms));
    for (const { wake } of sleepers) wake();
  }

  private async enter(name: string): Promise<void> {
    const { environmentsMax = Number.POSITIVE_INFINITY } = this.options;
    while ((this.busy.get(name) ?? 0) >= environmentsMax)
      await new Promise<void>((resolve) =>
        this.waiting.set(name, [...(this.waiting.get(name) ?? []), resolve]),
      );
    this.busy.set(name, (this.busy.get(name) ?? 0) + 1);
  }

  private leave(name: string): void {
    this.busy.set(name, (this.busy.get(name) ?? 1) - 1);
    this.waiting.get(name)?.shift()?.();
    // Whoever goes on does so in its own turn.
    setImmediate(() => this.passTime());
  }

  private begin({ name, variables }: DeclaredFunction): Environment {
    const { bundlesFolder, variables: elsewhere } = this.options;
    const folder = join(bundlesFolder, name);
    this.coldStarts += 1;
    const worker = new Worker(new URL("./lambda-worker.ts", import.meta.url), {
      workerData: { name, file: join(folder, "index.mjs"), ahead: this.ahead },
      env: { ...variables, ...elsewhere, LAMBDA_TASK_ROOT: this.root(), AWS_REGION: "eu-central-1" },
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    // Its log is of use to nobody here; unread, it would be kept.
    worker.stdout.resume();
    worker.stderr.resume();
    this.all.add(worker);
    worker.once("exit", () => this.all.delete(worker));
    return { worker };
  }

  private call(
    { worker }: Environment,
    input: Json,
    { timeoutMs, declaredMs }: { readonly timeoutMs: number; readonly declaredMs: number },
  ): Promise<Answer> {
    const id = randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const onMessage = (answer: Answer) => {
      if (answer.id === id) resolve(answer);
    };
    const onError = (error: unknown) => reject(error);
    worker.on("message", onMessage);
    worker.on("error", onError);
    const late = setTimeout(() => {
      reject(named("Sandbox.Timedout", `Task timed out after ${timeoutMs} ms`));
      void worker.terminate();
    }, timeoutMs);
    worker.postMessage({ id, input, deadline: this.now() + Math.min(timeoutMs, declaredMs) });
    return promise.finally(() => {
      clearTimeout(late);
      worker.off("message", onMessage);
      worker.off("error", onError);
    });
  }
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
