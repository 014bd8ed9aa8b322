import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isJsonObject, type Json } from "../core/json.ts";
import type { DemoOptions, DemoReport } from "./demo.ts";
import type { Check } from "./demo-checks.ts";
import type { Lockstep } from "./lockstep.ts";
import { type OpenOptions, openLockstep } from "./open.ts";

/** A temporary folder to play in, gone when disposed. */
export async function openDemoFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "lockstep-demo-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** What a demo has to show at its end. */
export interface Played extends Pick<DemoReport, "checks" | "runs"> {
  /** What there is to look around in while it stays up. */
  readonly whereabouts: readonly string[];
}

/**
 * Opens Lockstep, plays, shows the checks, and stays up until the signal unless it is played once. To be awaited where it is
 * called: what was opened around it is in use until then.
 */
export async function playDemo(
  opening: OpenOptions,
  options: DemoOptions,
  play: (lockstep: Lockstep) => Promise<Played>,
): Promise<DemoReport> {
  const lockstep = await openLockstep(opening);
  try {
    const { checks, runs, whereabouts } = await play(lockstep);
    options.onEvent({ kind: "checks", checks });
    if (!options.isOnce) await stayUp(options, whereabouts);
    return { ok: checks.every(({ ok }) => ok), checks, runs };
  } finally {
    await lockstep.close();
  }
}

async function stayUp({ onEvent, signal }: DemoOptions, lines: readonly string[]): Promise<void> {
  onEvent({ kind: "heading", title: "Still up, until Ctrl-C", lines });
  if (signal.aborted) return;
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

export function check(name: string, ok: boolean, detail: string): Check {
  return { name, ok, detail };
}

/** `entries`: what these ids are ("rows"). */
export async function checkHistory(
  lockstep: Lockstep,
  ids: Iterable<string>,
  entries: string,
): Promise<Check> {
  const histories = await Promise.all([...ids].map((id) => lockstep.twoWay.history(id, 1_000)));
  const versions = histories.reduce((sum, history) => sum + history.versions.length, 0);
  const isWhole = histories.every(({ flaw }) => flaw === null);
  return check("history is whole", isWhole, `${versions} versions of ${histories.length} ${entries}`);
}

/** Notion's form of a text. */
export function richText(content: string) {
  return [{ type: "text", text: { content } }];
}

/** The text of a property's value, or the name of its option. */
export function plainText(value: Json | undefined): string {
  if (Array.isArray(value))
    return value.map((part: Json) => (isJsonObject(part) ? String(part.plain_text ?? "") : "")).join("");
  if (isJsonObject(value)) return typeof value.name === "string" ? value.name : "";
  return typeof value === "string" ? value : "";
}
