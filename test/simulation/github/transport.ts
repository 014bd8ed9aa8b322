import type { Fetch } from "../../../src/connectors/github/exchange.ts";
import type { Machine } from "../machine.ts";
import type { HubFault, Rates } from "../options.ts";
import type { Tape } from "../random.ts";
import type { Scheduler } from "../scheduler.ts";
import type { Hub, HubAnswer, HubRequest } from "./hub.ts";

/** One request of a process to GitHub. */
export interface HubExchange {
  readonly request: HubRequest;
  readonly machine: Machine;
  readonly sentAt: number;
  readonly isWrite: boolean;
}

export interface HubHooks {
  /** Just before a request leaves its process. */
  readonly onSend: (exchange: HubExchange) => void;
  /** Around everything that a request changes. */
  readonly onEffect: (exchange: HubExchange, effect: () => HubAnswer) => HubAnswer;
  readonly onLimited: (machine: Machine, untilMs: number) => void;
  readonly rates: () => Rates;
  /** What keeps GitHub from answering properly right now; null: nothing. */
  readonly outage: () => HubOutage | null;
}

/** A repository out of sight, a token that was revoked, issues switched off. */
export type HubOutage = "hidden" | "revoked" | "issuesOff";

type Delivery = { readonly kind: "answer"; readonly answer: HubAnswer } | { readonly kind: "reset" };

interface Fate {
  /** When it takes effect, in ms from its sending; null: never. */
  readonly effectMs: number | null;
  readonly answerMs: number;
  readonly answer: (done: HubAnswer | null) => Delivery;
}

/** GitHub ends a request after 10 s; the connector allows for a minute. */
const LATE_MAX_MS = 55_000;
const SLOW_MS: readonly [number, number] = [8_000, 40_000];

/** The network between a process and GitHub. */
export class HubTransport {
  readonly #hub: Hub;
  readonly #scheduler: Scheduler;
  readonly #tape: Tape;
  readonly #hooks: HubHooks;

  constructor(
    world: { readonly hub: Hub; readonly scheduler: Scheduler; readonly tape: Tape },
    hooks: HubHooks,
  ) {
    this.#hub = world.hub;
    this.#scheduler = world.scheduler;
    this.#tape = world.tape;
    this.#hooks = hooks;
  }

  fetchFor(machine: Machine): Fetch {
    return (url, init = {}) =>
      new Promise((resolve, reject) => {
        const { signal } = init;
        signal?.throwIfAborted();
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
        const request = toRequest(new URL(String(url)), init);
        const exchange = { request, machine, sentAt: this.#scheduler.now, isWrite: isWrite(request) };
        this.#hooks.onSend(exchange);
        this.#exchange(exchange, (delivery) => {
          if (signal?.aborted) return;
          if (delivery.kind === "answer") resolve(this.#toResponse(delivery.answer, machine));
          else reject(new TypeError("fetch failed", { cause: resetError() }));
        });
      });
  }

  #exchange(exchange: HubExchange, deliver: (delivery: Delivery) => void): void {
    const { effectMs, answerMs, answer } = this.#fateOf(exchange);
    let done: HubAnswer | null = null;
    if (effectMs !== null)
      this.#scheduler.after(effectMs, () => {
        done = this.#hooks.onEffect(
          exchange,
          () => this.#outageOf(exchange) ?? this.#hub.answer(exchange.request),
        );
      });
    exchange.machine.after(answerMs, () => deliver(answer(done)));
  }

  #fateOf(exchange: HubExchange): Fate {
    const there = this.#tape.int("hub latency", 20, 250);
    const back = 2 * there;
    const instead = (delivery: Delivery): Fate => ({
      effectMs: null,
      answerMs: back,
      answer: () => delivery,
    });
    switch (this.#faultFor(exchange)) {
      case "hubLimited":
        return instead(limited(this.#tape.int("hub retry", 1, 90)));
      case "hubDown":
        return instead(this.#unclear());
      case "hubLost":
        return { ...instead(this.#unclear()), effectMs: there };
      case "hubLate":
        return { ...instead(this.#unclear()), effectMs: this.#tape.int("hub late", there, LATE_MAX_MS) };
      case "hubFailedAfter":
        return { ...instead(trouble(500)), effectMs: there };
      case "hubSlow": {
        const half = this.#tape.int("hub slow", ...SLOW_MS) / 2;
        return { effectMs: half, answerMs: 2 * half, answer: answered };
      }
      case null:
        return { effectMs: there, answerMs: back, answer: answered };
    }
  }

  #unclear(): Delivery {
    return this.#tape.chance("hub unclear", 0.5) ? { kind: "reset" } : trouble(502);
  }

  #faultFor({ isWrite: isWriting }: HubExchange): HubFault | null {
    const rates = this.#hooks.rates();
    const either: readonly HubFault[] = ["hubLimited", "hubDown", "hubSlow"];
    const classes: readonly HubFault[] = isWriting
      ? [...either, "hubLost", "hubLate", "hubFailedAfter"]
      : either;
    return classes.find((fault) => this.#tape.chance(fault, rates[fault])) ?? null;
  }

  #outageOf({ request }: HubExchange): HubAnswer | null {
    const headers = { "content-type": "application/json; charset=utf-8" };
    const refused = (status: number, message: string) => ({
      status,
      headers,
      text: JSON.stringify({ message }),
    });
    switch (this.#hooks.outage()) {
      case "hidden":
        return request.path === "/user" ? null : refused(404, "Not Found");
      case "revoked":
        return refused(401, "Bad credentials");
      case "issuesOff":
        return /\/issues\b/.test(request.path)
          ? refused(410, "Issues has been disabled in this repository.")
          : null;
      case null:
        return null;
    }
  }

  #toResponse({ status, headers, text }: HubAnswer, machine: Machine): Response {
    const retryAfter = headers["retry-after"];
    if (retryAfter !== undefined)
      this.#hooks.onLimited(machine, this.#scheduler.now + Number(retryAfter) * 1_000);
    const now = new Date(this.#scheduler.now).toUTCString();
    return new Response([204, 304].includes(status) ? null : text, {
      status,
      headers: { date: now, ...headers },
    });
  }
}

function toRequest(url: URL, { method = "GET", headers, body }: RequestInit): HubRequest {
  return {
    method,
    path: url.pathname + url.search,
    headers: Object.fromEntries(new Headers(headers)),
    body: typeof body === "string" ? body : "",
  };
}

/** A question in GraphQL is posted, too. */
export function isWrite({ method, path, body }: HubRequest): boolean {
  if (method === "GET") return false;
  return path !== "/graphql" || body.startsWith('{"query":"mutation');
}

function answered(done: HubAnswer | null): Delivery {
  if (done === null) throw new Error("an answer was to be given before its request took effect");
  return { kind: "answer", answer: done };
}

function limited(retryAfterS: number): Delivery {
  const message = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.";
  const headers = { "content-type": "application/json; charset=utf-8", "retry-after": String(retryAfterS) };
  return { kind: "answer", answer: { status: 403, headers, text: JSON.stringify({ message }) } };
}

function trouble(status: number): Delivery {
  return {
    kind: "answer",
    answer: { status, headers: { "content-type": "text/html" }, text: "<html><body>Unicorn!</body></html>" },
  };
}

function resetError(): Error {
  return Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET" });
}
