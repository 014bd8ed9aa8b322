import type { Connector, Description } from "../connector/connector.ts";
import type { Clock, Ids } from "../core/clock.ts";
import type { Json } from "../core/json.ts";
import type { FieldValues } from "../core/merge.ts";
import type { SourceRecord } from "../core/record.ts";
import type { Store } from "../store/store.ts";

export type Metadata = { readonly [key: string]: Json };

/** A source record in the words of the right side. */
export interface Projection {
  /** By task field; a field the source read did not observe is absent. */
  readonly values: FieldValues;
  /** What history keeps beside the fields, owned by the source. */
  readonly metadata: Metadata;
  readonly author: string;
}

/** A recipe bound to the collection as it looks now. */
export interface BoundRecipe {
  /** Kept in the store and handed back at the next binding. */
  readonly binding: Json;
  readonly warnings: readonly string[];
  /** `previous` is the metadata of the newest version, from which unobserved values are carried over. */
  project(record: SourceRecord, previous: Metadata | null): Projection;
  /** One line for history: which properties changed. */
  reasonFor(
    kind: "create" | "update" | "delete" | "revive",
    next: Metadata,
    previous: Metadata | null,
  ): string;
}

/** The domain law of one job, as far as the engine needs it. */
export interface Recipe {
  bind(description: Description, stored: Json): BoundRecipe;
}

/** One source collection kept in step with one set of tasks. */
export interface SyncDefinition {
  readonly id: string;
  readonly name: string;
  /** The vendor's id of the collection, for evidence. */
  readonly sourceId: string;
  readonly projectScopeId: string;
  readonly left: Connector;
  readonly recipe: Recipe;
  readonly guard: { readonly deletesMax: number; readonly deleteShareMax: number };
  readonly sweepEveryMs: number;
  /** Requests sent and repeated for this sync so far, and how long the pacer makes us wait right now. */
  readonly meter: () => Meter;
}

export interface Meter {
  readonly calls: number;
  readonly retries: number;
  readonly waitingMs: number;
}

/** The outside world of the engine; everything else it needs comes in the sync's definition. */
export interface EngineDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Names this process for leases. */
  readonly owner: string;
  /** True when that owner cannot be running any more. */
  readonly isDead: (owner: string) => boolean;
}

export type Phase = "connecting" | "reading" | "sweeping" | "certifying" | "verifying" | "done";

export type OnProgress = (phase: Phase, rows: number) => void;
