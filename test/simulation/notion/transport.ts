import { isJsonObject, type Json } from "../../../src/core/json.ts";
import type { Fetch } from "../../../src/http/client.ts";
import type { Machine } from "../machine.ts";
import type { FaultClass, Options } from "../options.ts";
import type { Tape } from "../random.ts";
import type { Scheduler } from "../scheduler.ts";
import type { Page } from "./page.ts";
import type { ApiAnswer, ApiRequest } from "./routes.ts";

/** Whoever answers requests. */
export interface Answering {
  answer(request: ApiRequest): ApiAnswer;
}

export interface Exchange {
  readonly request: ApiRequest;
  readonly machine: Machine;
  readonly sentAt: number;
  readonly isWrite: boolean;
}

export interface TransportHooks {
  /** Just before a request leaves its process. */
  readonly onSend: (exchange: Exchange) => void;
  /** Around everything that a write changes. */
  readonly onEffect: (exchange: Exchange, effect: () => ApiAnswer) => ApiAnswer;
  readonly onLimited: (machine: Machine, untilMs: number) => void;
  /** False once the faults have ceased. */
  readonly isFaulty: () => boolean;
}

/** What comes back: an answer, or a connection that broke off. */
type Delivery =
  | { readonly kind: "answer"; readonly status: number; readonly text: string; readonly retryAfterS?: number }
  | { readonly kind: "reset" };

/** What becomes of a request, in ms from its sending. */
interface Fate {
  /** When it takes effect; null: never. */
  readonly effectMs: number | null;
  readonly answerMs: number;
  /** Given what Notion did, if it has done it by then. */
  readonly answer: (done: ApiAnswer | null) => Delivery;
}

type ExchangeFault = Extract<
  FaultClass,
  | "limited"
  | "overloaded"
  | "unreached"
  | "lost"
  | "late"
  | "failedAfter"
  | "conflicting"
  | "garbled"
  | "slow"
  | "partial"
>;

/** How far the clocks of two processes may be apart. */
const CLOCKS_APART_MS = 5_000;
const limitReasons = ["public_api_request_rate_limit", "public_api_workspace_rate_limit", null];

/** The network between a process and the API: latency, loss and everything else an exchange can suffer. */
export class Transport {
  readonly #api: Answering;
  readonly #scheduler: Scheduler;
  readonly #tape: Tape;
  readonly #options: Options;
  readonly #hooks: TransportHooks;
  #window = { startedAt: 0, calls: 0 };

  constructor(
    world: {
      readonly api: Answering;
      readonly scheduler: Scheduler;
      readonly tape: Tape;
      readonly options: Options;
    },
    hooks: TransportHooks,
  ) {
    this.#api = world.api;
    this.#scheduler = world.scheduler;
    this.#tape = world.tape;
    this.#options = world.options;
    this.#hooks = hooks;
  }

  fetchFor(machine: Machine): Fetch {
    return (url, init) =>
      new Promise((resolve, reject) => {
        const { signal } = init;
        signal?.throwIfAborted();
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
        const request = toRequest(url, init);
        const exchange = { request, machine, sentAt: this.#scheduler.now, isWrite: isWrite(request) };
        this.#hooks.onSend(exchange);
        this.#exchange(exchange, (delivery) => {
          if (signal?.aborted) return;
          if (delivery.kind === "answer") resolve(this.#toResponse(delivery, machine));
          else if (delivery.kind === "reset") reject(new TypeError("fetch failed", { cause: resetError() }));
        });
      });
  }

  #exchange(exchange: Exchange, deliver: (delivery: Delivery) => void): void {
    const { effectMs, answerMs, answer } = this.#fateOf(exchange);
    let done: ApiAnswer | null = null;
    if (effectMs !== null)
      this.#scheduler.after(effectMs, () => {
        done = this.#perform(exchange);
      });
    exchange.machine.after(answerMs, () => deliver(answer(done)));
  }

  /** Decides everything that will become of a request. */
  #fateOf(exchange: Exchange): Fate {
    const there = this.#tape.int("latency", 20, 400);
    const back = 2 * there;
    const instead = (delivery: Delivery): Fate => ({
      effectMs: null,
      answerMs: back,
      answer: () => delivery,
    });
    const after = (answer: Fate["answer"]): Fate => ({ effectMs: there, answerMs: back, answer });
    const lateMs = this.#options.lateMs - CLOCKS_APART_MS;
    switch (this.#faultFor(exchange)) {
      case "budget":
        return instead(limited("public_api_request_rate_limit", this.#windowLeftS()));
      case "limited":
        return instead(limited(this.#tape.pick("reason", limitReasons), this.#tape.int("retry", 1, 40)));
      case "overloaded":
        return instead({ ...trouble(529), retryAfterS: this.#tape.int("retry", 1, 20) });
      case "unreached":
        return instead(this.#unclear(502));
      case "lost":
        return { ...instead(this.#unclear(504)), effectMs: there };
      case "late":
        return { ...instead(this.#unclear(504)), effectMs: this.#tape.int("late", there, lateMs) };
      case "failedAfter":
        // Only what was made is named: https://developers.notion.com/reference/status-codes
        return after((done) => trouble(503, isCreate(exchange) ? done?.page : null));
      case "conflicting":
        return { ...instead(trouble(409)), effectMs: this.#tape.chance("effect", 0.5) ? there : null };
      case "garbled":
        return after((done) => answerOf(done, (text) => text.slice(0, text.length / 2)));
      case "slow": {
        const half = Math.min(this.#tape.int("slow", 27_000, 33_000), lateMs);
        return { effectMs: half, answerMs: 2 * half, answer: (done) => answerOf(done) };
      }
      case "partial":
        return after((done) => answerOf(done, withoutProperty));
      case null:
        return after((done) => answerOf(done));
    }
  }

  /** An exchange that broke off, or whose gateway gave up. */
  #unclear(status: number): Delivery {
    return this.#tape.chance("unclear", 0.5) ? { kind: "reset" } : trouble(status);
  }

  #faultFor({ isWrite }: Exchange): ExchangeFault | "budget" | null {
    if (this.#isOverBudget()) return "budget";
    if (!this.#hooks.isFaulty()) return null;
    const { rates } = this.#options;
    const either: readonly ExchangeFault[] = ["limited", "overloaded", "unreached", "slow", "garbled"];
    const classes: readonly ExchangeFault[] = isWrite
      ? [...either, "lost", "late", "failedAfter", "conflicting"]
      : [...either, "partial"];
    return classes.find((fault) => this.#tape.chance(`http ${fault}`, rates[fault])) ?? null;
  }

  #isOverBudget(): boolean {
    const { ratePerMinute } = this.#options;
    if (ratePerMinute === null) return false;
    const { now } = this.#scheduler;
    if (now >= this.#window.startedAt + 60_000) this.#window = { startedAt: now, calls: 0 };
    this.#window.calls += 1;
    return this.#window.calls > ratePerMinute;
  }

  #windowLeftS(): number {
    return Math.ceil((this.#window.startedAt + 60_000 - this.#scheduler.now) / 1_000);
  }

  #perform(exchange: Exchange): ApiAnswer {
    const effect = () => this.#api.answer(exchange.request);
    return this.#hooks.onEffect(exchange, effect);
  }

  #toResponse(delivery: Delivery & { kind: "answer" }, machine: Machine): Response {
    const headers: Record<string, string> = { date: new Date(this.#scheduler.now).toUTCString() };
    if (delivery.retryAfterS !== undefined) headers["retry-after"] = String(delivery.retryAfterS);
    if (delivery.status === 429)
      this.#hooks.onLimited(machine, this.#scheduler.now + (delivery.retryAfterS ?? 0) * 1_000);
    return new Response(delivery.text, { status: delivery.status, headers });
  }
}

function toRequest(url: URL, init: RequestInit): ApiRequest {
  const body: Json = typeof init.body === "string" ? JSON.parse(init.body) : {};
  return {
    method: init.method ?? "GET",
    path: url.pathname,
    query: url.searchParams,
    body: isJsonObject(body) ? body : {},
  };
}

function isWrite({ method, path }: ApiRequest): boolean {
  return method === "PATCH" || (method === "POST" && path === "/v1/pages");
}

function answerOf(done: ApiAnswer | null, change: (text: string) => string = (text) => text): Delivery {
  if (done === null) throw new Error("an answer was to be given before its request took effect");
  return { kind: "answer", status: done.status, text: change(done.text) };
}

function limited(reason: string | null, retryAfterS: number): Delivery {
  const body = {
    object: "error",
    status: 429,
    code: "rate_limited",
    message: "You have been rate limited.",
    ...(reason === null ? {} : { additional_data: { rate_limit_reason: reason } }),
  };
  return { kind: "answer", status: 429, text: JSON.stringify(body), retryAfterS };
}

function isCreate({ request }: Exchange): boolean {
  return request.method === "POST";
}

/** An answer that leaves it open whether anything was done; it may name what was. */
function trouble(status: number, committed: Page | null | undefined = null): Delivery & { kind: "answer" } {
  const code = status === 409 ? "conflict_error" : "service_unavailable";
  const named = committed == null ? {} : { committed_resource_id: committed.id };
  const body = { object: "error", status, code, message: "Trouble.", additional_data: named };
  return { kind: "answer", status, text: JSON.stringify(body) };
}

/** A page or rows in which one property is missing, as after a cut of permission. */
function withoutProperty(text: string): string {
  return text.replace(
    /"(?:Note|Narrators)":\{"id":"[^"]*","type":"rich_text","rich_text":\[[^\]]*\]\},?/,
    "",
  );
}

function resetError(): Error {
  return Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
}
