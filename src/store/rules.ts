import { LockstepError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import { isEqual } from "../core/merge.ts";
import type { ConflictDraft, LinkChange, TaskFields } from "./store.ts";

// What every store decides alike, whatever it keeps its rows in.

/** The values of one version that can be in conflict. */
export interface VersionContent extends TaskFields {
  readonly metadata: { readonly [key: string]: Json };
}

/**
 * The fields that two writers changed from the same base, to different values. The version being written wins and is
 * `left`; the one it supersedes is `right` and stays in history.
 */
export function conflictsBetween(versions: {
  base: VersionContent;
  superseded: VersionContent;
  written: VersionContent;
}): ConflictDraft[] {
  const base = fieldsOf(versions.base);
  const left = fieldsOf(versions.written);
  const right = fieldsOf(versions.superseded);
  const names = new Set([...base.keys(), ...left.keys(), ...right.keys()]);
  return [...names].sort().flatMap((field) => {
    const values = {
      base: base.get(field) ?? null,
      left: left.get(field) ?? null,
      right: right.get(field) ?? null,
    };
    const areBothChanged = !isEqual(values.base, values.left) && !isEqual(values.base, values.right);
    if (!areBothChanged || isEqual(values.left, values.right)) return [];
    return [{ field, ...values, resolution: "left wins" as const }];
  });
}

function fieldsOf(content: VersionContent): ReadonlyMap<string, Json> {
  const { title, description, status, resolution } = content;
  const metadata = Object.entries(content.metadata).map(([key, value]): [string, Json] => [
    `metadata.${key}`,
    value,
  ]);
  return new Map<string, Json>([...Object.entries({ title, description, status, resolution }), ...metadata]);
}

/** True when every word of `text` is in the title or the description, whatever the case. No word: true. */
export function hasWords(text: string, task: { title: string; description: string | null }): boolean {
  const content = fold(`${task.title}\n${task.description ?? ""}`);
  return fold(text)
    .split(/\s+/)
    .every((word) => content.includes(word));
}

function fold(text: string): string {
  return text.normalize("NFC").toLowerCase();
}

/**
 * The forms in which an id that starts like this may be stored: as written, and as the dashed lower-case UUID that
 * the same hexadecimal digits begin. Empty when there is nothing to look for.
 */
export function idForms(reference: string): readonly string[] {
  const written = reference.trim();
  if (written === "") return [];
  const digits = written.replaceAll("-", "").toLowerCase();
  if (!/^[0-9a-f]{1,32}$/.test(digits)) return [written];
  const groups = [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20),
  ];
  return [...new Set([written, groups.filter((group) => group !== "").join("-")])];
}

/** Refuses changes that no plan can mean: a bug of the caller, found before anything is written. */
export function checkChange(change: LinkChange): void {
  if (change.version !== null) return;
  if (change.taskId === null)
    throw new TypeError(`change of ${change.sourceId} makes a task without a version`);
  if (change.link.baseVersionNum === "written") {
    throw new TypeError(`change of ${change.sourceId} takes the written version as base, but writes none`);
  }
}

export function leaseLost(syncId: string, fence: number, held: number | null): LockstepError {
  return new LockstepError(
    "LEASE_LOST",
    `writing to sync ${syncId} with fence ${fence} was refused: ` +
      `${held === null ? "nobody holds its lease" : `the lease is now held with fence ${held}`}. ` +
      "Another run has taken over; this one stops and nothing of this write was kept.",
    { details: { syncId, fence, held } },
  );
}

export function taskNotFound(taskId: string): LockstepError {
  return new LockstepError("RECORD_NOT_FOUND", `there is no task ${taskId} in the store; check the id`);
}

export function versionNotFound(taskId: string, versionNum: number): LockstepError {
  return new LockstepError(
    "RECORD_NOT_FOUND",
    `task ${taskId} has no version ${versionNum}; read its history and name a version that is there`,
  );
}

export function runNotFound(runId: string): LockstepError {
  return new LockstepError(
    "RUN_NOT_FOUND",
    `there is no run ${runId} in the store; list the runs and check the id`,
  );
}
