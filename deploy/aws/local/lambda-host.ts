import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Json } from "../../../src/core/json.ts";
import { channelsFolder, configFor } from "../bundle.ts";
import type { DeclaredFunction } from "./template.ts";

export interface LambdaHostOptions {
  readonly functions: readonly DeclaredFunction[];
  readonly bundlesFolder: string;
  /** Of the stage, in place of the one that was bundled. */
  readonly config: Json;
  /** Beside what the template sets: where the stand-ins are, for one environment of a function. */
  readonly variablesOf: (name: string, environment: string) => Readonly<Record<string, string>>;
  /** Of one function, at once; further invocations wait. */
  readonly environmentsMax?: number;
}

interface Environment {
  readonly id: string;
  readonly worker: Worker;
  /** Resolves when its code is loaded: until then no time of an invocation has begun. */
  readonly loaded: Promise<void>;
}

interface Answer {
  readonly id: string;
  readonly output?: Json;
  readonly error?: { readonly name: string; readonly message: string };
}

/** How one invocation differs from what the template declares. */
export interface InvocationOptions {
  /** Its time; absent: as declared. */
  readonly timeoutMs?: number;
  /** Told which environment has it, before it begins. */
  readonly onBegin?: (environment: string) => void;
}

interface Running {
  readonly environment: Environment;
  readonly timeoutMs: number;
  /** By the clock of the handlers. */
  readonly deadline: number;
  readonly fail: (error: Error) => void;
}

/** Leases are free for others so long after their holder's deadline. */
const afterDeadlineMs = 2_500;
/** Where in its time a handler has given up, and can still write down that it has. */
const givenUpAt = 0.9;

/**
 * Runs handlers from their bundles as Lambda does: one invocation at a time in each execution environment, which is kept for
 * the next one, and killed when the time is up.
 */
export class LambdaHost implements AsyncDisposable {
  private readonly options: LambdaHostOptions;
  private readonly idle = new Map<string, Environment[]>();
  private readonly all = new Set<Worker>();
  private readonly ahead = new SharedArrayBuffer(8);
  private taskRoots: string | null = null;
  private readonly sleepers: { readonly ms: number; readonly wake: () => void }[] = [];
  private readonly waiting = new Map<string, (() => void)[]>();
  private readonly busy = new Map<string, number>();
  private readonly running = new Map<string, Running>();
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

  async invoke(name: string, input: Json, options: InvocationOptions = {}): Promise<Json> {
    const declared = this.options.functions.find((each) => each.name === name);
    if (declared === undefined) throw new Error(`the template has no function ${name}`);
    await this.enter(name);
    try {
      const environment = this.idle.get(name)?.pop() ?? this.begin(declared);
      options.onBegin?.(environment.id);
      const answer = await this.call(environment, input, options.timeoutMs ?? declared.timeoutMs);
      this.idle.set(name, [...(this.idle.get(name) ?? []), environment]);
      if (answer.error !== undefined) throw named(answer.error.name, answer.error.message);
      return answer.output ?? null;
    } finally {
      this.leave(name);
    }
  }

  /** Moves time on to where an invocation that waits in vain gives up by itself. */
  letGiveUp(environment: string): void {
    const running = this.running.get(environment);
    if (running === undefined) return;
    this.moveTo(running.deadline - (1 - givenUpAt) * running.timeoutMs);
    running.environment.worker.postMessage("time has passed");
  }

  /** Ends an invocation as Amazon does at its deadline, which is past then. */
  kill(environment: string): void {
    const running = this.running.get(environment);
    if (running === undefined) return;
    this.moveTo(running.deadline + afterDeadlineMs);
    void running.environment.worker.terminate();
    running.fail(named("Sandbox.Timedout", `Task timed out after ${running.timeoutMs} ms`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.all].map((worker) => worker.terminate()));
    if (this.taskRoots !== null) rmSync(this.taskRoots, { recursive: true, force: true });
  }

  /** Where a function reads its configuration, and what belongs to that. */
  private root(name: string): string {
    this.taskRoots ??= mkdtempSync(join(tmpdir(), "lockstep-lambda-"));
    const folder = join(this.taskRoots, name);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "lockstep.config.json"), JSON.stringify(configFor(name, this.options.config)));
    const channels = join(this.options.bundlesFolder, name, channelsFolder);
    if (existsSync(channels)) cpSync(channels, join(folder, channelsFolder), { recursive: true });
    return folder;
  }

  /** As long as the one who waits longest: work that is under way is never overtaken by the clock. */
  private passTime(): void {
    if ([...this.busy.values()].some((count) => count > 0)) return;
    const sleepers = this.sleepers.splice(0);
    this.moveTo(this.now() + Math.max(0, ...sleepers.map(({ ms }) => ms)));
    for (const { wake } of sleepers) wake();
  }

  private moveTo(time: number): void {
    const clock = new Float64Array(this.ahead);
    clock[0] = (clock[0] ?? 0) + Math.max(0, time - this.now());
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
    const { bundlesFolder, variablesOf } = this.options;
    const folder = join(bundlesFolder, name);
    this.coldStarts += 1;
    const id = String(this.coldStarts);
    const worker = new Worker(new URL("./lambda-worker.ts", import.meta.url), {
      workerData: { name, file: join(folder, "index.mjs"), ahead: this.ahead },
      env: {
        ...variables,
        ...variablesOf(name, id),
        LAMBDA_TASK_ROOT: this.root(name),
        AWS_REGION: "eu-central-1",
      },
      execArgv: [],
      stdout: true,
      stderr: true,
    });
    // Its log is of use to nobody here; unread, it would be kept.
    worker.stdout.resume();
    worker.stderr.resume();
    this.all.add(worker);
    worker.once("exit", () => this.all.delete(worker));
    return { id, worker, loaded: once(worker, "message").then(() => {}) };
  }

  private async call(environment: Environment, input: Json, timeoutMs: number): Promise<Answer> {
    const { worker, loaded } = environment;
    await loaded;
    const id = randomUUID();
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const onMessage = (answer: Answer) => {
      if (answer.id === id) resolve(answer);
    };
    worker.on("message", onMessage);
    worker.on("error", reject);
    const deadline = this.now() + timeoutMs;
    this.running.set(environment.id, { environment, timeoutMs, deadline, fail: reject });
    const late = setTimeout(() => this.kill(environment.id), timeoutMs);
    worker.postMessage({ id, input, deadline });
    return promise.finally(() => {
      clearTimeout(late);
      this.running.delete(environment.id);
      worker.off("message", onMessage);
      worker.off("error", reject);
    });
  }
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}
