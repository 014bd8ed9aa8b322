import type { Checkpoint } from "../../connector/connector.ts";
import { isJsonObject, type Json } from "../../core/json.ts";

/** The issue or pull request that changed last among those that were listed: a later list has to show it, too. */
export interface Witness {
  readonly number: number;
  readonly updatedAt: number;
}

/** How far one repository has been read. Times in ms, by GitHub's clock. */
export interface RepositoryPosition {
  /** What changes are asked for from; null: from the beginning. */
  readonly since: number | null;
  /** Everything that changed before this has been read. */
  readonly watermark: number;
  /** Of the last answer to exactly this question. */
  readonly etag: string | null;
  /** null: nothing was ever listed. */
  readonly witness: Witness | null;
  /** "owner/name" that every issue was read under; null: none was. */
  readonly fullName: string | null;
}

/**
 * - `changes`: everything before the watermarks was read
 * - `full`: a first reading under way: `since` says how far it got, `watermark` when it was begun
 */
export interface Position {
  readonly kind: "changes" | "full";
  readonly repositories: ReadonlyMap<number, RepositoryPosition>;
  /** Ids of the configured names, so that they need not be asked for again. */
  readonly idByName: Readonly<Record<string, number>>;
}

export function writeCheckpoint({ kind, repositories, idByName }: Position): Checkpoint {
  const entries = [...repositories].map(([id, { witness, ...position }]): [string, Json] => [
    String(id),
    { ...position, witness: witness === null ? null : { ...witness } },
  ]);
  return { kind, repositories: Object.fromEntries(entries), idByName };
}

/** null: none, or one that another version made: everything is read again. */
export function readCheckpoint(checkpoint: Checkpoint): Position | null {
  if (checkpoint === null) return null;
  const { kind, repositories, idByName } = checkpoint;
  if ((kind !== "changes" && kind !== "full") || !isJsonObject(repositories)) return null;
  const positions = new Map<number, RepositoryPosition>();
  for (const [id, value] of Object.entries(repositories)) {
    if (!isJsonObject(value) || typeof value.watermark !== "number") continue;
    positions.set(Number(id), {
      since: typeof value.since === "number" ? value.since : null,
      watermark: value.watermark,
      etag: typeof value.etag === "string" ? value.etag : null,
      witness: witnessIn(value.witness),
      fullName: typeof value.fullName === "string" ? value.fullName : null,
    });
  }
  const names = isJsonObject(idByName) ? Object.entries(idByName) : [];
  const known = names.flatMap(([name, id]): [string, number][] =>
    typeof id === "number" ? [[name, id]] : [],
  );
  return { kind, repositories: positions, idByName: Object.fromEntries(known) };
}

function witnessIn(value: Json | undefined): Witness | null {
  if (!isJsonObject(value) || typeof value.number !== "number" || typeof value.updatedAt !== "number")
    return null;
  return { number: value.number, updatedAt: value.updatedAt };
}
