import type { Json } from "../core/json.ts";

/** Something for the log: one line of JSON, with names that dashboards search for. */
export interface LogEvent {
  readonly level: "info" | "warn" | "error" | "fatal";
  /** "pipeline.entry_refused": what happened. */
  readonly event: string;
  readonly fields: { readonly [key: string]: Json };
}

/** Carries what happens inside to whoever keeps the log. Nobody has to listen. */
export class Herald {
  private readonly listeners: ((event: LogEvent) => void)[] = [];

  listen(listener: (event: LogEvent) => void): void {
    this.listeners.push(listener);
  }

  tell(level: LogEvent["level"], event: string, fields: LogEvent["fields"]): void {
    for (const listener of this.listeners) listener({ level, event, fields });
  }
}
