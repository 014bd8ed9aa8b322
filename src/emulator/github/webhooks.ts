import { createHmac } from "node:crypto";
import type { DeliveryEffect } from "../http/faults.ts";
import type { JsonObject } from "../json.ts";
import type { Random } from "../state/random.ts";
import { isLocal, post } from "../webhooks/post.ts";
import { payloadOf } from "./payloads.ts";
import type { Renderer } from "./render.ts";
import type { HookEvent } from "./state.ts";

/** A webhook of every repository there is. */
export interface GitHubHook {
  /** On this machine; nothing is ever sent elsewhere. */
  readonly url: string;
  readonly secret: string;
  /** By default all. */
  readonly events?: readonly string[];
}

export interface GitHubDeliveryLog {
  readonly id: string;
  readonly event: string;
  readonly action: string | null;
  /** null: it was lost on the way; 0: nobody answered. */
  readonly status: number | null;
}

/** GitHub delivers once and never tries again by itself; a person can have a delivery made again. */
export interface GitHubWebhooks {
  /** Greets it with a ping. */
  add(hook: GitHubHook): void;
  remove(url: string): void;
  readonly deliveries: readonly GitHubDeliveryLog[];
  /** Everything that is due by the clock has been sent and answered. */
  settle(): Promise<void>;
  /** The same delivery once more, under its id. */
  redeliver(id: string): Promise<void>;
}

interface Letter {
  readonly hook: GitHubHook;
  readonly id: string;
  readonly event: string;
  readonly action: string | null;
  readonly body: Buffer;
  readonly dueAt: number;
}

const keptMax = 5_000;

interface Settings {
  readonly renderer: Renderer;
  readonly random: Random;
  readonly nextFault: (type: string) => DeliveryEffect | null;
}

export function createGitHubWebhooks(settings: Settings): GitHubWebhooks & { close(): void } {
  const outbox = new Outbox(settings);
  settings.renderer.state.listeners.push((told) => outbox.take(told));
  return outbox;
}

class Outbox implements GitHubWebhooks {
  readonly #settings: Settings;
  readonly #hooks = new Map<string, GitHubHook>();
  readonly #kept = new Map<string, Letter>();
  readonly #stop = new AbortController();
  #log: GitHubDeliveryLog[] = [];
  #waiting: Letter[] = [];
  /** Goes after the next one. */
  #held: Letter | null = null;
  #chain: Promise<void> = Promise.resolve();

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  get deliveries(): readonly GitHubDeliveryLog[] {
    return this.#log;
  }

  add(hook: GitHubHook): void {
    if (!isLocal(hook.url))
      throw new TypeError(`webhooks of the emulator stay on this machine, got ${hook.url}`);
    this.#hooks.set(hook.url, hook);
    const ping = { zen: "Keep it logically awesome.", hook_id: 1, hook: { type: "Repository" } };
    this.#later(this.#letter(hook, { event: "ping", action: null }, ping));
  }

  remove(url: string): void {
    this.#hooks.delete(url);
  }

  take(told: HookEvent): void {
    for (const hook of this.#hooks.values()) {
      if (hook.events !== undefined && !hook.events.includes(told.event)) continue;
      this.#enqueue(this.#letter(hook, told, payloadOf(this.#settings.renderer, told)));
    }
  }

  async settle(): Promise<void> {
    const now = this.#settings.renderer.state.now();
    const due = this.#waiting.filter(({ dueAt }) => dueAt <= now);
    this.#waiting = this.#waiting.filter(({ dueAt }) => dueAt > now);
    for (const letter of due) this.#later(letter);
    this.#release();
    await this.#chain;
  }

  async redeliver(id: string): Promise<void> {
    const letter = this.#kept.get(id);
    if (letter !== undefined) this.#later(letter);
    await this.#chain;
  }

  close(): void {
    this.#stop.abort();
  }

  #enqueue(letter: Letter): void {
    const type = letter.action === null ? letter.event : `${letter.event}.${letter.action}`;
    const effect = this.#settings.nextFault(type);
    switch (effect?.kind) {
      case "lost":
        this.#note(letter, null);
        return;
      case "late":
        this.#waiting.push({ ...letter, dueAt: letter.dueAt + effect.ms });
        return;
      case "reorder":
        this.#release();
        this.#held = letter;
        return;
      default:
        this.#later(letter);
        if (effect?.kind === "duplicate") this.#later(letter);
        this.#release();
    }
  }

  #release(): void {
    if (this.#held !== null) this.#later(this.#held);
    this.#held = null;
  }

  #later(letter: Letter): void {
    this.#chain = this.#chain.then(() => this.#send(letter));
  }

  async #send(letter: Letter): Promise<void> {
    const { hook, id, event, body } = letter;
    if (this.#stop.signal.aborted || !this.#hooks.has(hook.url)) return;
    const signature = createHmac("sha256", hook.secret).update(body).digest("hex");
    const headers = {
      "user-agent": "GitHub-Hookshot/emulator",
      "x-github-delivery": id,
      "x-github-event": event,
      "x-hub-signature-256": `sha256=${signature}`,
    };
    this.#note(letter, await post(hook.url, { body, headers, signal: this.#stop.signal }));
  }

  #note({ id, event, action }: Letter, status: number | null): void {
    this.#log = [...this.#log.slice(-keptMax), { id, event, action, status }];
  }

  #letter(
    hook: GitHubHook,
    { event, action }: Pick<HookEvent, "event" | "action">,
    payload: JsonObject,
  ): Letter {
    const { random, renderer } = this.#settings;
    const body = Buffer.from(JSON.stringify(payload));
    const letter = { hook, id: random.uuid(), event, action, body, dueAt: renderer.state.now() };
    this.#kept.set(letter.id, letter);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > keptMax && oldest !== undefined) this.#kept.delete(oldest);
    return letter;
  }
}
