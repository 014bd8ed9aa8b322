import type { Checkpoint } from "../../connector/connector.ts";
import { isJsonObject, type Json } from "../../core/json.ts";

/** A row known to exist and when it was edited (ms, whole minute): what a healthy answer has to show. */
export interface Witness {
  readonly [key: string]: Json;
  readonly id: string;
  readonly editedAt: number;
}

/** How far a data source has been read. Times are Notion's, ms since the epoch. */
export type Position =
  /** A reading of everything that was cut off. `since`: when it began; `from`: the minute of creation it had come to. */
  | { readonly [key: string]: Json; readonly kind: "full"; readonly since: number; readonly from: number }
  /** Every edit stamped before `watermark` has been read. */
  | {
      readonly [key: string]: Json;
      readonly kind: "changes";
      readonly watermark: number;
      readonly witness: Witness | null;
    };

/** null: nothing that this connector wrote, so nothing is known. */
export function readCheckpoint(checkpoint: Checkpoint): Position | null {
  if (checkpoint === null) return null;
  const { kind, since, from, watermark, witness } = checkpoint;
  if (kind === "full" && isTime(since) && isTime(from)) return { kind, since, from };
  if (kind === "changes" && isTime(watermark)) return { kind, watermark, witness: readWitness(witness) };
  return null;
}

function readWitness(value: Json | undefined): Witness | null {
  if (!isJsonObject(value) || typeof value.id !== "string" || !isTime(value.editedAt)) return null;
  return { id: value.id, editedAt: value.editedAt };
}

function isTime(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
