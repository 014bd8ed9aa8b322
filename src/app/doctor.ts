import type { LibraryConfig, PairConfig, PipelineConfig } from "../config/config.ts";
import type { PlanningConfig } from "../config/planning.ts";
import type { Granted } from "../connectors/github/access.ts";
import type { Check as DatabaseCheck } from "../connectors/notion/provision/checks.ts";
import { isJsonObject } from "../core/json.ts";
import { readState } from "../engine/two-way/state.ts";
import { checkLibrary } from "./library-setup.ts";
import { explainError } from "./next-step.ts";
import type { NotionAccess } from "./notion-access.ts";
import type { PairSource } from "./pairs.ts";
import { checkPipeline } from "./pipeline-setup.ts";
import { checkPlanning } from "./planning-setup.ts";
import { isLibraryPair, isPipelinePair, isPlanningPair, rightNameOf } from "./right-side.ts";
import type { SyncWorld } from "./run-syncs.ts";
import { pairsIn } from "./targets.ts";

/** One thing that was looked at. `warn`: it works, but a person should know. */
export interface Finding {
  /** Name of the sync that it is about; null: of all. */
  readonly sync: string | null;
  readonly check: string;
  readonly state: "ok" | "warn" | "failed";
  readonly detail: string;
  /** What to do about it; null: nothing. */
  readonly mend: string | null;
}

export interface Patient {
  readonly world: SyncWorld;
  readonly access: NotionAccess;
  /** Whether a webhook secret is set. */
  readonly hasWebhookSecret: boolean;
  /** The same for GitHub's. */
  readonly hasGitHubSecret: boolean;
  /** Whether there is a store already: commands that only look make none. */
  readonly hasStore: boolean;
}

/** Notion's stamps are whole minutes; a clock that is off by more makes evidence hard to read, and no more than that. */
const skewMsMax = 60_000;

/** Looks at everything that has to be right for syncs to run, each thing by itself. Changes nothing. */
export async function examine(patient: Patient, signal?: AbortSignal): Promise<readonly Finding[]> {
  const { config } = patient.world;
  const findings: Finding[] = [
    checkStore(patient),
    ...(await check("token", null, () => checkToken(patient, signal))),
  ];
  for (const database of config.backup.databases) {
    findings.push(
      ...(await check("sharing", database.name, async () => {
        const found = await patient.world.syncs.resolve(database, { isDry: true, signal });
        if ("error" in found) throw found.error;
        const names = found.sources.map(({ ref }) => `"${ref.name}"`).join(", ");
        return [ok("sharing", `the connection sees ${names}`)];
      })),
    );
  }
  const pairs = pairsIn(config);
  for (const pair of pairs) findings.push(...(await examineTable(patient, pair, signal)));
  if (config.pipeline !== undefined)
    findings.push(...(await examinePipeline(patient, config.pipeline, signal)));
  if (config.library !== undefined) findings.push(...(await examineLibrary(patient, config.library, signal)));
  if (config.planning !== undefined)
    findings.push(...(await examinePlanning(patient, config.planning, signal)));
  if (pairs.length > 0) findings.push(checkWebhook(patient));
  return findings;
}

/** What adds whatever is missing on either side. */
function mendOf(config: PairConfig): string {
  if (isLibraryPair(config)) return "lockstep init --recipe library";
  if (isPlanningPair(config)) return "lockstep init --recipe planning";
  return isPipelinePair(config) ? "lockstep init --recipe pipeline" : `lockstep table install ${config.name}`;
}

async function examinePipeline(
  { world, access }: Patient,
  pipeline: PipelineConfig,
  signal?: AbortSignal,
): Promise<readonly Finding[]> {
  return check("board", pipeline.name, async () => {
    const { http } = access.connect();
    return (await checkPipeline({ deps: world.deps, http, pipeline, signal })).map(toFound);
  });
}

async function examineLibrary(
  { world, access }: Patient,
  library: LibraryConfig,
  signal?: AbortSignal,
): Promise<readonly Finding[]> {
  return check("databases", library.name, async () => {
    const { http } = access.connect();
    return (await checkLibrary({ deps: world.deps, http, library, signal })).map(toFound);
  });
}

async function examinePlanning(
  { world, access, hasGitHubSecret }: Patient,
  planning: PlanningConfig,
  signal?: AbortSignal,
): Promise<readonly Finding[]> {
  const { name } = planning;
  const database = await check("database", name, async () => {
    const { http } = access.connect();
    return (await checkPlanning({ deps: world.deps, http, planning, signal })).map(toFound);
  });
  const rights = await check("github", name, async () =>
    ((await world.planning?.rights(signal)) ?? []).map(rightFound),
  );
  const people = await check("people", name, () => checkPeople(world, planning));
  return [...database, ...rights, ...people, { sync: name, ...githubWebhook(hasGitHubSecret) }];
}

async function checkPeople(world: SyncWorld, { name }: PlanningConfig): Promise<readonly Found[]> {
  const pair = pairsIn(world.config).find((each) => each.name === name);
  const source = pair === undefined ? null : await world.pairs.known(pair);
  if (source === null || world.planning === null) return [];
  const { logins, people } = await world.planning.unmapped(source);
  if (logins.length + people.length === 0) return [ok("people", "everybody who is assigned is in the map")];
  const told = [...logins, ...people.map((id) => `Notion user ${id}`)].join(", ");
  const detail = `assigned, and in no map, so left alone on their side: ${told}`;
  return [{ check: "people", state: "warn", detail, mend: "add them to planning.fields.assignees.people" }];
}

function rightFound({ repository, right, isGranted, mend }: Granted): Found {
  const what = `${right.name}: ${right.access} in ${repository}`;
  if (isGranted === true) return ok("right", what);
  const isKnown = isGranted === false;
  const detail = isKnown ? `${what} is missing` : `${what}: it could not be told whether it is there`;
  return { check: "right", state: isKnown ? "failed" : "warn", detail, mend };
}

function githubWebhook(hasSecret: boolean): Found {
  if (hasSecret)
    return ok("webhook", "GITHUB_WEBHOOK_SECRET is set: signed deliveries are taken at /webhook/github");
  return {
    check: "webhook",
    state: "warn",
    detail: "GITHUB_WEBHOOK_SECRET is not set: changes on GitHub are seen at the next poll",
    mend: "docs/planning.md tells how to set up a webhook",
  };
}

function toFound({ name, ok: isOk, detail, mend }: DatabaseCheck): Found {
  return { check: name, state: isOk ? "ok" : "failed", detail, mend };
}

type Found = Omit<Finding, "sync">;

function ok(name: string, detail: string): Found {
  return { check: name, state: "ok", detail, mend: null };
}

/** What goes wrong in a check is its finding; the others are made all the same. */
async function check(
  name: string,
  sync: string | null,
  look: () => Promise<readonly Found[]>,
): Promise<readonly Finding[]> {
  try {
    return (await look()).map((found) => ({ sync, ...found }));
  } catch (thrown) {
    const { error, nextStep } = explainError(thrown);
    return [{ sync, check: name, state: "failed", detail: error.message, mend: nextStep }];
  }
}

function checkStore({ world, hasStore }: Patient): Finding {
  const { store } = world.config;
  const found = hasStore
    ? ok("store", `${store} is reachable and up to date`)
    : ok("store", `${store} is not there yet; the first sync makes it`);
  return { sync: null, ...found };
}

async function checkToken({ world, access }: Patient, signal?: AbortSignal): Promise<readonly Found[]> {
  const { client } = access.connect();
  const found = await client.me(signal);
  if ("refused" in found) throw found.refused;
  const { name, bot } = found.object;
  const workspace = isJsonObject(bot) && typeof bot.workspace_name === "string" ? bot.workspace_name : null;
  const who = `Notion knows the token as "${String(name ?? "a connection")}"`;
  const askedAt = world.deps.clock.now();
  const skewMs = Math.abs(((await client.time(signal)) ?? askedAt) - askedAt);
  const seconds = Math.round(skewMs / 1_000);
  return [
    ok("token", workspace === null ? who : `${who} in "${workspace}"`),
    skewMs <= skewMsMax
      ? ok("clock", `within ${seconds + 1} s of Notion's`)
      : {
          check: "clock",
          state: "warn",
          detail: `${seconds} s off Notion's: times in the evidence cannot be compared with Notion's`,
          mend: "let the machine set its clock over the network (NTP)",
        },
  ];
}

async function examineTable(
  { world }: Patient,
  table: PairConfig,
  signal?: AbortSignal,
): Promise<readonly Finding[]> {
  const { name } = table;
  const install = mendOf(table);
  const sources: PairSource[] = [];
  const sharing = await check("sharing", name, async () => {
    const source = await world.pairs.resolve(table, { isDry: true, signal });
    sources.push(source);
    return [ok("sharing", `the connection sees "${source.ref.name}"`)];
  });
  // GitHub is tried out right by right.
  const side = isPlanningPair(table)
    ? []
    : await check("table", name, async () => {
        const { warnings } = await world.pairs.local(table).describe(signal);
        const troubles = warnings.map(
          (detail): Found => ({ check: "table", state: "warn", detail, mend: install }),
        );
        return [ok("table", `${rightNameOf(table)} can be read`), ...troubles];
      });
  const mapping = await Promise.all(sources.map((source) => examineMapping(world, source, signal)));
  return [...sharing, ...side, ...mapping.flat()];
}

async function examineMapping(
  world: SyncWorld,
  source: PairSource,
  signal?: AbortSignal,
): Promise<readonly Finding[]> {
  const { config, syncId } = source;
  const { name } = config;
  const marker = await check("property", name, async () => {
    const found = await world.pairs.findMarker(source, signal);
    if (found !== null) return [ok("property", `"${found.name}" is there to keep keys of rows`)];
    const detail = `the text property "${config.notion.idProperty}" is not there`;
    return [{ check: "property", state: "failed", detail, mend: mendOf(config) }];
  });
  if (marker.some(({ state }) => state === "failed")) return marker;
  const mapping = await check("fields", name, async () => {
    const state = readState(await world.deps.store.pairs.getState(syncId));
    const left = await (await world.pairs.notion(source)).describe(signal);
    const { bind, isAccepted } = world.pairs.recipeOf(config);
    const right = await world.pairs.right(source).connector.describe(signal);
    const bound = bind({ left, right: { ...right, warnings: [] } }, state.binding);
    const warnings = bound.warnings.map(
      (detail): Found => ({
        check: "fields",
        state: "warn",
        detail,
        mend: "correct the mapping, or put it back",
      }),
    );
    return [
      ok(
        "fields",
        `${bound.rules.length} of ${bound.rules.length + bound.suspended.length} are in agreement with both sides`,
      ),
      ...warnings,
      ...(isAccepted ? [] : [acceptance(name, state.acceptedPrint === bound.print)]),
    ];
  });
  return [...marker, ...mapping];
}

function acceptance(name: string, isAccepted: boolean): Found {
  if (isAccepted) return ok("accepted", "a person has let it write");
  return {
    check: "accepted",
    state: "warn",
    detail: "it writes nothing until a person lets it, because it is new or its mapping has changed",
    mend: `lockstep plan ${name}, then lockstep sync ${name} --yes`,
  };
}

function checkWebhook({ hasWebhookSecret }: Patient): Finding {
  const found: Found = hasWebhookSecret
    ? ok("webhook", "NOTION_WEBHOOK_SECRET is set: signed deliveries are taken at /webhook/notion")
    : {
        check: "webhook",
        state: "warn",
        detail: "NOTION_WEBHOOK_SECRET is not set: changes in Notion are seen at the next poll",
        mend: "docs/two-way.md tells how to set up a webhook",
      };
  return { sync: null, ...found };
}
