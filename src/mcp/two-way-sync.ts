import { z } from "zod";
import type { Lockstep } from "../app/lockstep.ts";
import type { ConflictReport, PairHistoryReport, PairStatus } from "../app/two-way.ts";
import { LockstepError } from "../core/errors.ts";
import { untrusted, untrustedSchema } from "./untrusted.ts";

const limitMax = 50;

export const twoWaySyncInput = z.strictObject({
  action: z.enum(["status", "conflicts", "history"]),
  sync: z.string().min(1).optional().describe("status, conflicts: only this two-way sync, by its name."),
  record: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe(
      "history: a Notion page id or link, the key of a row, the beginning of one, or words of its title.",
    ),
  limit: z
    .int()
    .min(1)
    .max(limitMax)
    .optional()
    .describe(`conflicts, history: at most so many. Default 20, at most ${limitMax}.`),
});

const sides = z.object({ left: z.string(), right: z.string() });

export const twoWaySyncOutput = z.object({
  ok: z.literal(true),
  syncs: z
    .array(
      z.object({
        sync: z.string(),
        sides,
        isEnabled: z.boolean(),
        isRunning: z.boolean(),
        isAccepted: z.boolean(),
        lastRun: z.object({ id: z.string(), status: z.string(), startedAt: z.string() }).nullable(),
        totals: z.record(z.string(), z.number()),
      }),
    )
    .optional(),
  conflicts: z
    .array(
      z.object({
        id: z.string(),
        sync: z.string(),
        sides,
        openedAt: z.string(),
        isSettled: z.boolean(),
        content: untrustedSchema({
          title: z.unknown(),
          field: z.unknown(),
          base: z.unknown(),
          left: z.unknown(),
          right: z.unknown(),
        }),
      }),
    )
    .optional(),
  waiting: z
    .array(
      z.object({ sync: z.string(), kind: z.string(), content: untrustedSchema({ message: z.unknown() }) }),
    )
    .optional()
    .describe("What a guard holds back, and records that do not get in agreement by themselves."),
  record: z
    .object({
      sync: z.string(),
      sides,
      notionPageId: z.string().nullable(),
      key: z.string().nullable(),
      isHistoryIntact: z.boolean(),
      versions: z.array(
        z.object({
          version: z.number(),
          at: z.string(),
          side: z.string(),
          origin: z.string(),
          content: untrustedSchema({ fields: z.unknown(), prior: z.unknown() }),
        }),
      ),
    })
    .optional(),
});

type Input = z.output<typeof twoWaySyncInput>;
type Output = z.input<typeof twoWaySyncOutput>;

/** Only looks. Settling a conflict, approving what is held back and letting a sync write are for a person. */
export async function carryOutTwoWaySync(lockstep: Lockstep, input: Input): Promise<Output> {
  const { action, sync, record, limit = 20 } = input;
  switch (action) {
    case "status":
      return { ok: true, syncs: await statusView(lockstep, sync) };
    case "conflicts": {
      const { conflicts, holds, problems } = await lockstep.twoWay.questions({ sync, limit });
      const waiting = [
        ...holds.map(({ sync: of, kind, message }) => waitingView(of, kind, message)),
        ...problems.map(({ sync: of, title, problem }) => waitingView(of, "problem", `${title}: ${problem}`)),
      ];
      return { ok: true, conflicts: conflicts.map(conflictView), waiting };
    }
    case "history":
      if (record === undefined)
        throw new LockstepError("USAGE", 'two_way_sync history needs "record", which is missing.');
      return { ok: true, record: recordView(await lockstep.twoWay.history(record, limit)) };
    default:
      return action satisfies never;
  }
}

async function statusView(lockstep: Lockstep, sync: string | undefined) {
  const { pairs } = await lockstep.status();
  const wanted = pairs.filter((pair) => sync === undefined || pair.sync === sync);
  if (sync === undefined || wanted.length > 0) return wanted.map(pairView);
  const names = pairs.map((pair) => `"${pair.sync}"`).join(", ");
  throw new LockstepError(
    "SYNC_NOT_FOUND",
    `No two-way sync is called "${sync}"; there are ${names || "none"}.`,
  );
}

function pairView(pair: PairStatus) {
  const { sync, sides: labels, isEnabled, isRunning, isAccepted, lastRun, totals, leftOut } = pair;
  const run =
    lastRun === null ? null : { id: lastRun.id, status: lastRun.status, startedAt: lastRun.startedAt };
  return {
    sync,
    sides: { ...labels },
    isEnabled,
    isRunning,
    isAccepted,
    lastRun: run,
    totals: { ...totals },
    ...(leftOut === undefined ? {} : { leftOut: leftOut.map((each) => ({ ...each })) }),
  };
}

function conflictView(conflict: ConflictReport) {
  const { id, sync, sides: labels, openedAt, winner, title, field, base, left, right } = conflict;
  return {
    id,
    sync,
    sides: { ...labels },
    openedAt,
    isSettled: winner !== null,
    content: untrusted("two-way", { title, field, base, left, right }),
  };
}

function waitingView(sync: string, kind: string, message: string) {
  return { sync, kind, content: untrusted("two-way", { message }) };
}

function recordView({ sync, sides: labels, leftId, rightId, flaw, versions }: PairHistoryReport) {
  return {
    sync,
    sides: { ...labels },
    notionPageId: leftId,
    key: rightId,
    isHistoryIntact: flaw === null,
    versions: versions.map(({ seq, at, side, origin, fields, prior }) => ({
      version: seq,
      at,
      side: labels[side],
      origin,
      content: untrusted("two-way", { fields: { ...fields }, prior: { ...prior } }),
    })),
  };
}
