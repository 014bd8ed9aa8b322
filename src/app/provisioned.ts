import { type KnownDatabase, parseKnown } from "../connectors/notion/provision/known.ts";
import { LockstepError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { EngineDeps } from "../engine/sync.ts";

/** Something that people made keeps the database from being completed. */
export function inTheWay(
  differences: readonly {
    readonly about: string;
    readonly problem: string;
    readonly mend: string;
    readonly isBlocking: boolean;
  }[],
): LockstepError {
  const blocking = differences.filter(({ isBlocking }) => isBlocking);
  const lines = blocking.map(({ about, problem, mend }) => `  ${about} ${problem} → ${mend}`);
  return new LockstepError(
    "SCHEMA_DRIFT",
    ["Nothing was written, because something in the database is in the way:", ...lines].join("\n"),
  );
}

/** How long remembering may hold its lease. */
const leaseMs = 60_000;

function keyOf(dataSourceId: string): string {
  return `pipeline:${dataSourceId}`;
}

/** What an earlier run made or found; null: nothing. */
export async function knownOf({ store }: EngineDeps, id: string): Promise<KnownDatabase | null> {
  return parseKnown((await store.getSync(keyOf(id)))?.binding ?? undefined);
}

/** Ids of properties, options and views, so that people may rename them all. */
export async function rememberKnown(deps: EngineDeps, known: KnownDatabase): Promise<void> {
  const { store, clock, owner, isDead } = deps;
  const name = keyOf(known.dataSourceId);
  const taken = await store.acquireLease({ name, owner, now: clock.now(), ttlMs: leaseMs, isDead });
  if ("heldBy" in taken) return;
  try {
    await store.saveBinding(name, taken.lease.fence, asJson(known));
  } finally {
    await store.releaseLease(taken.lease);
  }
}

function asJson({ databaseId, dataSourceId, properties, views }: KnownDatabase): Json {
  const plain = Object.entries(properties).map(
    ([name, { id, options, mirrorId }]) => [name, { id, options: { ...options }, mirrorId }] as const,
  );
  return { databaseId, dataSourceId, properties: Object.fromEntries(plain), views: { ...views } };
}
