import { Hono } from "hono";
import { z } from "zod";
import type { Lockstep } from "../app/lockstep.ts";
import { LockstepError } from "../core/errors.ts";

const syncRequest = z.strictObject({
  syncs: z.array(z.string()).optional(),
  full: z.boolean().optional(),
  allowDeletes: z.int().min(0).optional(),
});

const settleRequest = z.strictObject({ take: z.enum(["notion", "table", "github", "left", "right"]) });
const decideRequest = z.strictObject({ decision: z.enum(["approved", "rejected"]) });

const pageLimit = z.coerce.number().int().min(1).max(1000);
const runsQuery = z.object({ sync: z.string().optional(), limit: pageLimit.default(20) });
const conflictsQuery = z.object({ sync: z.string().optional(), limit: pageLimit.default(100) });
const recordQuery = z.object({ limit: pageLimit.default(100) });
const historyQuery = z.object({
  fromVersion: z.coerce.number().int().min(1).default(1),
  limit: pageLimit.default(100),
});

/** The JSON API. `stopping` aborts the syncs it started when the server stops. */
export function createApi(lockstep: Lockstep, stopping: AbortSignal): Hono {
  const api = new Hono();
  api.get("/status", async (context) => context.json({ ok: true, ...(await lockstep.status()) }));

  api.get("/runs", async (context) => {
    const { sync, limit } = parse(runsQuery, context.req.query());
    return context.json({ ok: true, runs: await lockstep.runs({ sync, limit }) });
  });

  api.get("/runs/:id", async (context) =>
    context.json({ ok: true, ...(await lockstep.run(context.req.param("id"))) }),
  );

  api.get("/tasks/:ref/history", async (context) => {
    const page = parse(historyQuery, context.req.query());
    return context.json({ ok: true, ...(await lockstep.history(context.req.param("ref"), page)) });
  });

  addTwoWay(api, lockstep);

  api.post("/sync", async (context) => {
    const { syncs = [], full, allowDeletes } = parse(syncRequest, await jsonOf(context.req.raw));
    const runs = await lockstep.sync(syncs, {
      trigger: "api",
      // A caller who hangs up does not stop a run; stopping the server does.
      signal: stopping,
      ...(full === undefined ? {} : { isFull: full }),
      ...(allowDeletes === undefined ? {} : { allowDeletes }),
    });
    return context.json({ ok: runs.every(({ run }) => run.status === "succeeded"), runs });
  });
  return api;
}

function addTwoWay(api: Hono, { twoWay }: Lockstep): void {
  api.get("/conflicts", async (context) => {
    const { sync, limit } = parse(conflictsQuery, context.req.query());
    return context.json({ ok: true, ...(await twoWay.questions({ sync, limit })) });
  });

  api.post("/conflicts/:id", async (context) => {
    const { take } = parse(settleRequest, await jsonOf(context.req.raw));
    const conflict = await twoWay.settle({ id: context.req.param("id"), take, by: "api" });
    return context.json({ ok: true, conflict });
  });

  api.post("/holds/:id", async (context) => {
    const { decision } = parse(decideRequest, await jsonOf(context.req.raw));
    const hold = await twoWay.decide({ id: context.req.param("id"), decision, by: "api" });
    return context.json({ ok: true, hold });
  });

  api.get("/records/:ref/history", async (context) => {
    const { limit } = parse(recordQuery, context.req.query());
    return context.json({ ok: true, ...(await twoWay.history(context.req.param("ref"), limit)) });
  });
}

/** An empty body asks for the default. */
async function jsonOf(request: Request): Promise<unknown> {
  const text = await request.text();
  if (text.trim() === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new LockstepError(
      "USAGE",
      'The body is not JSON; expected an object, as in {"syncs":["roadmap"]}.',
    );
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new LockstepError(
    "USAGE",
    `The request is not as expected. ${z.prettifyError(parsed.error).replaceAll("\n", " ")}`,
  );
}
