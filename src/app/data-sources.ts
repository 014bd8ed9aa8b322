import type { DataSourceRef } from "../connectors/notion/resolve.ts";
import { LockstepError } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { EngineDeps } from "../engine/sync.ts";

/** How long the lookup of a database's data sources may hold its lease. */
const lookupLeaseMs = 60_000;

/** What an id in the configuration stands for, as an earlier run found out; asks nobody. Empty: never reached. */
export async function knownDataSources(
  { store }: EngineDeps,
  notionId: string,
): Promise<readonly DataSourceRef[]> {
  const remembered = await store.getSync(lookupKey(notionId));
  return refsIn(remembered?.binding ?? null);
}

export async function rememberDataSources(
  { store, clock, owner, isDead }: EngineDeps,
  notionId: string,
  refs: readonly DataSourceRef[],
): Promise<void> {
  const name = lookupKey(notionId);
  const taken = await store.acquireLease({ name, owner, now: clock.now(), ttlMs: lookupLeaseMs, isDead });
  if ("heldBy" in taken) return;
  try {
    const dataSources = refs.map(({ id, name: title }) => ({ id, name: title }));
    await store.saveBinding(name, taken.lease.fence, { dataSources });
  } finally {
    await store.releaseLease(taken.lease);
  }
}

/** The id under which a lookup is remembered, and under which its failures are recorded. */
export function lookupKey(notionId: string): string {
  return `notion:${notionId}`;
}

/** When a configured database stands for several data sources, or for none of the name that was asked for. */
export function askWhich(
  {
    name,
    dataSource,
    choices,
  }: { readonly name: string; readonly dataSource: string | null; readonly choices: string },
  refs: readonly DataSourceRef[],
): LockstepError {
  const found = refs.map((ref) => `"${ref.name}" (${ref.id})`).join(", ");
  const problem =
    dataSource === null
      ? `the database "${name}" has ${refs.length} data sources`
      : `the database "${name}" has no data source "${dataSource}"`;
  return new LockstepError("CONFIG_INVALID", `${problem}: ${found}. Set "dataSource" to ${choices}.`);
}

function refsIn(binding: Json): DataSourceRef[] {
  if (!isJsonObject(binding) || !Array.isArray(binding.dataSources)) return [];
  return binding.dataSources.flatMap((ref: Json) =>
    isJsonObject(ref) && typeof ref.id === "string" && typeof ref.name === "string"
      ? [{ id: ref.id, name: ref.name }]
      : [],
  );
}
