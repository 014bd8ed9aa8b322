import type { Checkpoint } from "../../connector/connector.ts";
import type { Json } from "../../core/json.ts";
import type { Installation } from "./table.ts";

/**
 * How far a table has been read. `at` counts what orders changes by when they became visible: SQLite's sequence
 * numbers, Postgres's transaction ids. Every change below it has been read.
 */
export type Position =
  | {
      readonly [key: string]: Json;
      readonly kind: "changes";
      readonly installation: number;
      readonly at: number;
    }
  /** A reading of everything that began at `at`, and has come to the key `after`. */
  | {
      readonly [key: string]: Json;
      readonly kind: "full";
      readonly installation: number;
      readonly at: number;
      readonly after: string;
    };

/** null: nothing that this connector wrote, so nothing is known. */
export function readCheckpoint(checkpoint: Checkpoint): Position | null {
  if (checkpoint === null) return null;
  const { kind, installation, at, after } = checkpoint;
  if (typeof installation !== "number" || typeof at !== "number") return null;
  if (kind === "changes") return { kind, installation, at };
  if (kind === "full" && typeof after === "string") return { kind, installation, at, after };
  return null;
}

/**
 * Whether what follows the position is all there to be read. Not when the capture was installed anew since (nobody saw
 * what happened in between), when changes were forgotten, or when the database went back in time (a restored backup).
 */
export function isUsable(position: Position, installation: Installation, horizon: number): boolean {
  return (
    position.installation === installation.id &&
    position.at >= (position.kind === "changes" ? installation.trimmed : 0) &&
    position.at <= horizon
  );
}
