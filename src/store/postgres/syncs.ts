import type { Checkpoint } from "../../connector/connector.ts";
import { jsonToText, textToCheckpoint, textToJson } from "../rows.ts";
import { leaseLost } from "../rules.ts";
import type { Store } from "../store.ts";
import type { Database, Session } from "./database.ts";
import { holdLease } from "./leases.ts";

interface SyncRow {
  readonly checkpoint: string | null;
  readonly binding: string | null;
  readonly lastSweepAt: string | null;
}

/** The first step of every write to a sync: refuses an older holder of its lease, then makes sure it is known. */
export async function enterSync(session: Session, syncId: string, fence: number): Promise<void> {
  const held = await holdLease(session, syncId);
  if (held !== fence) throw leaseLost(syncId, fence, held);
  await session.run("INSERT INTO syncs (id) VALUES ($1) ON CONFLICT DO NOTHING", syncId);
}

export async function saveCheckpoint(
  session: Session,
  syncId: string,
  checkpoint: Checkpoint,
): Promise<void> {
  await session.run("UPDATE syncs SET checkpoint = $1 WHERE id = $2", jsonToText(checkpoint), syncId);
}

export type SyncTopic = Pick<Store, "getSync" | "saveBinding" | "startSweep" | "finishSweep">;

export function syncTopic(database: Database): SyncTopic {
  const clearMarks = (session: Session, syncId: string) =>
    session.run("DELETE FROM sweep_marks WHERE sync_id = $1", syncId);

  return {
    async getSync(syncId) {
      const row = await database.get<SyncRow>(
        `SELECT checkpoint, binding, last_sweep_at AS "lastSweepAt" FROM syncs WHERE id = $1`,
        syncId,
      );
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
      await database.write(async (session) => {
        await enterSync(session, syncId, fence);
        await session.run("UPDATE syncs SET binding = $1 WHERE id = $2", jsonToText(binding), syncId);
      });
    },
    async startSweep(syncId, fence) {
      await database.write(async (session) => {
        await enterSync(session, syncId, fence);
        await clearMarks(session, syncId);
      });
    },
    async finishSweep(syncId, fence, at) {
      await database.write(async (session) => {
        await enterSync(session, syncId, fence);
        await clearMarks(session, syncId);
        await session.run("UPDATE syncs SET last_sweep_at = $1 WHERE id = $2", at, syncId);
      });
    },
  };
}
