import type { Json } from "../../core/json.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import { presenceField, type SideWrite } from "../../core/two-way/pair.ts";
import type { PairVersion } from "../../store/pair-store.ts";
import { equalJson } from "./link.ts";

/** What would take back what a run wrote to one side of a pair. */
export interface UndoStep {
  readonly linkId: string;
  readonly side: Side;
  /** `trash`: a record that the run made or brought back; `restore`: one that it deleted. */
  readonly kind: Exclude<SideWrite["kind"], "create">;
  /** From what the run left to what was there before. Empty for `trash`. */
  readonly fields: Readonly<Record<string, { readonly from: Json; readonly to: Json }>>;
  /** Fields that the run wrote and that nobody had seen before: there is nothing to go back to. */
  readonly unknown: readonly string[];
  /** Fields that others, or later runs, have changed there since (`$presence` among them): what they wrote stands. */
  readonly changedSince: readonly string[];
}

/** `versions`: the whole history of the link, ascending. null: there is nothing to take back on that side. */
export function undoStep(
  runId: string,
  side: Side,
  versions: readonly PairVersion[],
): Omit<UndoStep, "linkId" | "side"> | null {
  const { fields, changedSince } = writtenBy(
    runId,
    versions.filter((version) => version.side === side),
  );
  const presence = fields.get(presenceField);
  const kind = presence === undefined ? "update" : undoPresence(presence.from, presence.to);
  if (kind === null) return null;
  const since = [...changedSince];
  if (kind === "trash") return { kind, fields: {}, unknown: [], changedSince: since };
  const back: Record<string, { from: Json; to: Json }> = {};
  const unknown: string[] = [];
  for (const [name, { from, to }] of fields) {
    if (name === presenceField) continue;
    if (to === undefined) unknown.push(name);
    else if (!equalJson(from, to)) back[name] = { from, to };
  }
  const isEmpty = kind === "update" && Object.keys(back).length === 0 && unknown.length === 0;
  return isEmpty ? null : { kind, fields: back, unknown, changedSince: since };
}

/** What a run left on one side. */
interface Written {
  readonly fields: ReadonlyMap<string, { readonly from: Json; readonly to: Json | undefined }>;
  readonly changedSince: ReadonlySet<string>;
}

/** `versions`: those of one side, ascending. */
function writtenBy(runId: string, versions: readonly PairVersion[]): Written {
  const fields = new Map<string, { from: Json; to: Json | undefined }>();
  const changedSince = new Set<string>();
  for (const version of versions) {
    if (version.origin === "superseded") continue;
    const isOurs = version.origin === "engine" && version.runId === runId;
    for (const [name, value] of Object.entries(version.fields)) {
      if (!isOurs) {
        if (equalJson(value, fields.get(name)?.from)) changedSince.delete(name);
        else if (fields.size > 0) changedSince.add(name);
        continue;
      }
      // Where somebody wrote between two writes of the run, their value is what it took away.
      const first = changedSince.delete(name) ? undefined : fields.get(name);
      fields.set(name, { from: value, to: first === undefined ? version.prior[name] : first.to });
    }
  }
  return { fields, changedSince };
}

/** null: the run made the record and deleted it again. */
function undoPresence(from: Json, to: Json | undefined): UndoStep["kind"] | null {
  const wasLive = to !== undefined && to !== "trashed" && to !== "gone" && to !== "absent";
  if (from === "trashed") return wasLive ? "restore" : null;
  return wasLive ? "update" : "trash";
}
