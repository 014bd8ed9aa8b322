import type { DatabaseSpec } from "../connector/database-spec.ts";
import { createNotionClient } from "../connectors/notion/client.ts";
import { createProvisionApi } from "../connectors/notion/provision/api.ts";
import { type KnownDatabase, parseKnown } from "../connectors/notion/provision/known.ts";
import { type ProvisionTarget, provision } from "../connectors/notion/provision/provision.ts";
import { resolveDataSources } from "../connectors/notion/resolve.ts";
import { LockstepError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { EngineDeps } from "../engine/sync.ts";
import type { HttpClient } from "../http/client.ts";

/** Where a database is, or is to be made. `id`: as configured; null: nowhere yet. */
export async function targetOf(of: {
  readonly recipe: string;
  readonly deps: EngineDeps;
  readonly http: HttpClient;
  readonly spec: DatabaseSpec;
  readonly id: string | null;
  readonly parentPageId: string | null;
  readonly signal: AbortSignal | undefined;
}): Promise<ProvisionTarget> {
  const { recipe, deps, http, spec, id, parentPageId, signal } = of;
  if (id === null) {
    if (parentPageId !== null) return { spec, place: { parentPageId }, known: null };
    throw new LockstepError(
      "CONFIG_INVALID",
      `The ${recipe} needs the database "${spec.title}", and nothing says where it is: set ${recipe}.notion.parentPage to the ` +
        `page that it is to be made in, and run \`lockstep init --recipe ${recipe}\`.`,
    );
  }
  const known = await knownOf(deps, recipe, id);
  if (known !== null) return { spec, place: { dataSourceId: id }, known };
  const [ref, ...others] = await resolveDataSources(createNotionClient({ http }), id, signal);
  if (ref === undefined || others.length > 0) {
    throw new LockstepError(
      "CONFIG_INVALID",
      `The ${recipe}'s database ${id} has ${others.length + (ref === undefined ? 0 : 1)} data sources; give the id of one.`,
    );
  }
  return { spec, place: { dataSourceId: ref.id }, known: await knownOf(deps, recipe, ref.id) };
}

/** Databases as they are now. */
export interface Provided {
  /** Data source ids, by the keys of the targets. */
  readonly ids: Readonly<Partial<Record<string, string>>>;
  /** Writes to Notion; 0: everything was there. */
  readonly writes: number;
  /** What people made otherwise, and may keep. */
  readonly differences: readonly string[];
}

/**
 * Makes or completes databases, and keeps in mind what belongs to them. Throws SCHEMA_DRIFT, having written nothing, when
 * something that people made is in the way.
 */
export async function provideDatabases(
  {
    deps,
    http,
    signal,
  }: { readonly deps: EngineDeps; readonly http: HttpClient; readonly signal?: AbortSignal | undefined },
  recipe: string,
  targets: Readonly<Record<string, ProvisionTarget>>,
): Promise<Provided> {
  const made = await provision(createProvisionApi(http), targets, signal);
  if (made.kind === "blocked") throw inTheWay(made.differences);
  const databases = Object.entries(made.databases);
  for (const [, known] of databases) await rememberKnown(deps, { recipe, known });
  return {
    ids: Object.fromEntries(databases.map(([key, { dataSourceId }]) => [key, dataSourceId])),
    writes: made.writes,
    differences: made.differences.map(({ about, problem }) => `${about} ${problem}`),
  };
}

/** Something that people made is in the way. */
function inTheWay(
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

function keyOf(recipe: string, dataSourceId: string): string {
  return `${recipe}:${dataSourceId}`;
}

async function knownOf({ store }: EngineDeps, recipe: string, id: string): Promise<KnownDatabase | null> {
  return parseKnown((await store.getSync(keyOf(recipe, id)))?.binding ?? undefined);
}

/** Ids of properties, options and views, so that people may rename them all. */
async function rememberKnown(
  deps: EngineDeps,
  { recipe, known }: { readonly recipe: string; readonly known: KnownDatabase },
): Promise<void> {
  const { store, clock, owner, isDead } = deps;
  const name = keyOf(recipe, known.dataSourceId);
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
