import type { DatabaseSpec } from "../../../connector/database-spec.ts";
import { LockstepError } from "../../../core/errors.ts";
import type { ProvisionApi } from "./api.ts";
import { databaseBody, schemaBody, viewBody } from "./bodies.ts";
import type { CurrentDatabase } from "./current.ts";
import { findCurrent, type KnownDatabase, learnKnown } from "./known.ts";
import {
  type Difference,
  isReferring,
  type ProvisionPlan,
  type ProvisionStep,
  planProvision,
} from "./plan.ts";

/** One database to bring about. */
export interface ProvisionTarget {
  readonly spec: DatabaseSpec;
  /** A page to make it in, or the data source to take over. What is known goes before both. */
  readonly place: { readonly parentPageId: string } | { readonly dataSourceId: string };
  /** Ids from an earlier run. */
  readonly known: KnownDatabase | null;
}

/** By the keys that relations between the specs use. */
export type ProvisionTargets = Readonly<Record<string, ProvisionTarget>>;

/**
 * - `ready`: everything is there; `writes` is 0 when it was there before. `differences` are left as they are
 * - `blocked`: nothing was written, because something that people made stands in the way
 */
export type Provisioned =
  | {
      readonly kind: "ready";
      readonly databases: Readonly<Record<string, KnownDatabase>>;
      readonly differences: readonly Difference[];
      readonly writes: number;
    }
  | { readonly kind: "blocked"; readonly differences: readonly Difference[] };

/** What is there and what is to be done, by key. */
export interface Inspected {
  readonly current: CurrentDatabase | null;
  readonly plan: ProvisionPlan;
}

/** Reads all, then writes what is missing, in an order that can stop anywhere and be run again. */
export async function provision(
  api: ProvisionApi,
  targets: ProvisionTargets,
  signal?: AbortSignal,
): Promise<Provisioned> {
  const before = api.writes();
  const inspected = await inspect(api, targets, signal);
  const differences = Object.values(inspected).flatMap(({ plan }) => plan.differences);
  if (differences.some(({ isBlocking }) => isBlocking)) return { kind: "blocked", differences };
  const dataSourceIds: Record<string, string> = {};
  for (const [key, { spec, place }] of Object.entries(targets)) {
    const there = inspected[key]?.current?.dataSourceId;
    dataSourceIds[key] = there ?? (await api.createDatabase(databaseBody(spec, pageOf(place)), signal));
  }
  const databases: Record<string, KnownDatabase> = {};
  for (const [key, target] of Object.entries(targets)) {
    const id = dataSourceIds[key] ?? "";
    const current = inspected[key]?.current ?? (await api.readDatabase(id, signal));
    databases[key] = await complete(api, { target, current, dataSourceIds }, signal);
  }
  return { kind: "ready", databases, differences, writes: api.writes() - before };
}

/** Reads every database and plans for it. Writes nothing. */
export async function inspect(
  api: ProvisionApi,
  targets: ProvisionTargets,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, Inspected>>> {
  const found: Record<string, CurrentDatabase | null> = {};
  for (const [key, target] of Object.entries(targets)) found[key] = await locate(api, target, signal);
  const dataSourceIds = Object.fromEntries(
    Object.entries(found).flatMap(([key, current]) =>
      current === null ? [] : [[key, current.dataSourceId]],
    ),
  );
  return Object.fromEntries(
    Object.entries(targets).map(([key, { spec, known }]) => {
      const current = found[key] ?? null;
      return [key, { current, plan: planProvision(current, spec, { known, dataSourceIds }) }];
    }),
  );
}

/**
 * The database of a target. In a page, one that an earlier run made without being able to say so: of the same title, with
 * every property that making it brings along. Another of that title is somebody's own.
 */
async function locate(
  api: ProvisionApi,
  { spec, place, known }: ProvisionTarget,
  signal: AbortSignal | undefined,
): Promise<CurrentDatabase | null> {
  if (known !== null) return api.readDatabase(known.dataSourceId, signal);
  if ("dataSourceId" in place) return api.readDatabase(place.dataSourceId, signal);
  for (const id of await api.findDatabases(place.parentPageId, spec.title, signal)) {
    const current = await api.readDatabase(id, signal);
    const { steps, differences } = planProvision(current, spec, { known: null, dataSourceIds: {} });
    const isMade = steps.every((step) => step.kind !== "add-property" || isOfSecondPass(step, spec));
    if (isMade && !differences.some(({ isBlocking }) => isBlocking)) return current;
  }
  return null;
}

/** Only of a target without a database, which a page was named for. */
function pageOf(place: ProvisionTarget["place"]): string {
  if ("parentPageId" in place) return place.parentPageId;
  throw new LockstepError("UNEXPECTED", `data source ${place.dataSourceId} was read and is not there`);
}

interface Completing {
  readonly target: ProvisionTarget;
  readonly current: CurrentDatabase;
  readonly dataSourceIds: Readonly<Record<string, string>>;
}

/** Adds to one database what it lacks: properties and options, then those that refer to others, then views. */
async function complete(
  api: ProvisionApi,
  { target, current: before, dataSourceIds }: Completing,
  signal: AbortSignal | undefined,
): Promise<KnownDatabase> {
  const { spec, known } = target;
  const context = { known, dataSourceIds };
  const stepsFor = (current: CurrentDatabase) => planProvision(current, spec, context).steps;
  if (stepsFor(before).length === 0) return learnKnown(before, spec, known);
  let current = before;
  for (const isSecond of [false, true]) {
    // Read just before: an option that somebody added since would be removed by the list that is sent.
    current = { ...current, properties: await api.readProperties(current.dataSourceId, signal) };
    const steps = stepsFor(current).filter((step) => isOfSecondPass(step, spec) === isSecond);
    const names = {
      nameOf: (name: string) =>
        findCurrent(current, { name, type: spec.properties[name]?.type ?? "", known })?.name ?? name,
      idOf: (key: string) => dataSourceIds[key] ?? key,
    };
    const body = schemaBody(steps, { current, spec, known, names });
    if (body !== null) await api.changeSchema(current.dataSourceId, body, signal);
  }
  current = { ...current, properties: await api.readProperties(current.dataSourceId, signal) };
  const views = stepsFor(current).flatMap((step) => (step.kind === "add-view" ? [step.view] : []));
  for (const view of spec.views.filter(({ name }) => views.includes(name))) {
    await api.createView(viewBody(view, { current, spec, known }), signal);
  }
  // What counts is what is there now, whatever was answered.
  current = await api.readDatabase(current.dataSourceId, signal);
  const left = stepsFor(current);
  if (left.length > 0) throw notShown(spec, left);
  return learnKnown(current, spec, known);
}

function notShown({ title }: DatabaseSpec, steps: readonly ProvisionStep[]): LockstepError {
  return new LockstepError(
    "NOTION_UNEXPECTED",
    `Added to the database "${title}" what it lacked, and Notion took it without showing it: ` +
      `${steps.map(stepText).join(", ")}. Run the same again in a minute.`,
    { retry: "safe" },
  );
}

function isOfSecondPass(step: ProvisionStep, { properties }: DatabaseSpec): boolean {
  if (step.kind !== "add-property") return false;
  const property = properties[step.property];
  return property !== undefined && isReferring(property);
}

/** For people: "property Status", "options Queued and Draft of Status". */
export function stepText(step: ProvisionStep): string {
  switch (step.kind) {
    case "create-database":
      return "the database";
    case "add-property":
      return `property "${step.property}"`;
    case "add-options":
      return `options ${step.options.map((name) => `"${name}"`).join(", ")} of "${step.property}"`;
    case "add-view":
      return `view "${step.view}"`;
    default:
      return step satisfies never;
  }
}
