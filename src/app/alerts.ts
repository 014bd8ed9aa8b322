import type { Clock } from "../core/clock.ts";
import type { Herald } from "./herald.ts";

const triesMax = 3;
const firstWaitMs = 1_000;
const timeoutMs = 10_000;

export interface Alert {
  /** What is one trouble however often it shows: "access:pipeline". */
  readonly cause: string;
  readonly severity: "critical" | "warning";
  /** For people, with what to do. */
  readonly text: string;
}

export interface AlertOptions {
  readonly clock: Pick<Clock, "now" | "sleep">;
  readonly herald: Herald;
  /** Takes Slack-compatible JSON; null: the log alone. */
  readonly url: string | null;
  /** The job whose trouble it is: events are called "<job>.alert". */
  readonly job: "pipeline" | "planning";
}

/** Tells once of a trouble when it begins, and once when it ends, to the log and to a webhook. */
export class Alerts implements AsyncDisposable {
  private readonly options: AlertOptions;
  private readonly open = new Map<string, Alert & { readonly since: number }>();
  private readonly posting = new Set<Promise<void>>();
  private readonly closing = new AbortController();

  constructor(options: AlertOptions) {
    this.options = options;
  }

  raise(alert: Alert): void {
    if (this.open.has(alert.cause)) return;
    this.open.set(alert.cause, { ...alert, since: this.options.clock.now() });
    const { cause, severity, text } = alert;
    const level = severity === "critical" ? "fatal" : "error";
    this.options.herald.tell(level, `${this.options.job}.alert`, { cause, severity, text });
    this.post({ text: `Lockstep, ${severity}: ${text}`, cause, severity, status: "firing" });
  }

  /** Says so when there was a trouble of that cause. */
  clear(cause: string): void {
    const alert = this.open.get(cause);
    if (alert === undefined) return;
    this.open.delete(cause);
    const seconds = Math.round((this.options.clock.now() - alert.since) / 1_000);
    const text = `over after ${seconds} s: ${alert.text}`;
    this.options.herald.tell("info", `${this.options.job}.recovered`, { cause, text, seconds });
    this.post({ text: `Lockstep, recovered: ${text}`, cause, severity: alert.severity, status: "resolved" });
  }

  isOpen(cause: string): boolean {
    return this.open.has(cause);
  }

  /** Whatever was begun has been sent, or given up. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.posting);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closing.abort();
    await this.settled();
  }

  /** Nobody waits for it: a sync must not stand still because a chat does. */
  private post(body: { readonly text: string; readonly [key: string]: string }): void {
    const { url } = this.options;
    if (url === null) return;
    const posting = this.postOrGiveUp(url, JSON.stringify(body)).finally(() => this.posting.delete(posting));
    this.posting.add(posting);
  }

  private async postOrGiveUp(url: string, body: string): Promise<void> {
    const { clock, herald, job } = this.options;
    let problem = "";
    for (let attempt = 1; attempt <= triesMax && !this.closing.signal.aborted; attempt += 1) {
      if (attempt > 1)
        await clock.sleep(firstWaitMs * 4 ** (attempt - 2), this.closing.signal).catch(() => {});
      try {
        const headers = { "content-type": "application/json" };
        const signal = AbortSignal.timeout(timeoutMs);
        const response = await fetch(url, { method: "POST", headers, body, signal });
        await response.body?.cancel();
        if (response.ok) return;
        problem = `it answered ${response.status}`;
      } catch (error) {
        // The address is a secret, and some errors quote it.
        problem = error instanceof Error ? error.name : "it could not be reached";
      }
    }
    herald.tell("error", `${job}.alert_not_sent`, { problem });
  }
}
