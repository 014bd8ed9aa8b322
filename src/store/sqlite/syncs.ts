import type { Checkpoint } from "../../connector/connector.ts";
import { jsonToText, textToCheckpoint, textToJson } from "../rows.ts";
import { leaseLost } from "../rules.ts";
import type { Store } from "../store.ts";
import type { Database } from "./database.ts";

interface SyncRow {
  checkpoint: string | null;
  binding: string | null;
  lastSweepAt: string | null;
}

/** Writes inside the caller's transaction. */
export interface SyncWriter {
  /** The first step of every write to a sync: refuses an older holder of its lease, then makes sure it is known. */
  enter(syncId: string, fence: number): void;
  saveCheckpoint(syncId: string, checkpoint: Checkpoint): void;
}

export function syncWriter(database: Database): SyncWriter {
  const heldFence = database.query<{ fence: number }>(
    "SELECT fence FROM leases WHERE name = ? AND until_ms > 0",
  );
  const insertSync = database.query("INSERT INTO syncs (id) VALUES (?) ON CONFLICT DO NOTHING");
  const setCheckpoint = database.query("UPDATE syncs SET checkpoint = ? WHERE id = ?");
  return {
    enter(syncId, fence) {
      const held = heldFence.get(syncId)?.fence ?? null;
      if (held !== fence) throw leaseLost(syncId, fence, held);
      insertSync.run(syncId);
    },
    saveCheckpoint(syncId, checkpoint) {
      setCheckpoint.run(jsonToText(checkpoint), syncId);
    },
  };
}

export type SyncTopic = Pick<Store, "getSync" | "saveBinding" | "startSweep" | "finishSweep">;

export function syncTopic(database: Database, syncs: SyncWriter): SyncTopic {
  const byId = database.query<SyncRow>(
    "SELECT checkpoint, binding, last_sweep_at AS lastSweepAt FROM syncs WHERE id = ?",
  );
  const setBinding = database.query("UPDATE syncs SET binding = ? WHERE id = ?");
  const setSwept = database.query("UPDATE syncs SET last_sweep_at = ? WHERE id = ?");
  const clearMarks = database.query("DELETE FROM sweep_marks WHERE sync_id = ?");

  return {
    async getSync(syncId) {
      const row = database.read(() => byId.get(syncId));
      if (row === undefined) return null;
      const { lastSweepAt } = row;
      return {
        syncId,
        checkpoint: textToCheckpoint(row.checkpoint),
        binding: textToJson(row.binding),
        lastSweepAt,
      };
    },
    async saveBinding(syncId, fence, binding) {
      database.write(() => {
        syncs.enter(syncId, fence);
        setBinding.run(jsonToText(binding), syncId);
      });
    },
    async startSweep(syncId, fence) {
      database.write(() => {
        syncs.enter(syncId, fence);
        clearMarks.run(syncId);
      });
    },
    async finishSweep(syncId, fence, at) {
      database.write(() => {
        syncs.enter(syncId, fence);
        clearMarks.run(syncId);
        setSwept.run(at, syncId);
      });
    },
  };
}
