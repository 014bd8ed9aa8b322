import type { PlanningConfig } from "../config/planning.ts";
import { createGitHubConnector } from "../connectors/github/connector.ts";
import { createProvisionApi } from "../connectors/notion/provision/api.ts";
import { type Check, checkDatabases } from "../connectors/notion/provision/checks.ts";
import type { ProvisionTarget } from "../connectors/notion/provision/provision.ts";
import type { EngineDeps } from "../engine/sync.ts";
import type { HttpClient } from "../http/client.ts";
import { planningSpecs } from "../recipes/planning/board.ts";
import { statusLabels } from "../recipes/planning/statuses.ts";
import { provideDatabases, targetOf } from "./database-setup.ts";
import { createGitHubAccess, type GitHubAccess } from "./github-access.ts";
import { type InitRequest, openInitWorld } from "./init-world.ts";

export interface InitPlanningRequest extends InitRequest {
  readonly planning: PlanningConfig;
  /** Where GitHub's API is; null: GitHub itself. */
  readonly githubUrl: string | null;
}

/** What there is now; the id belongs into the configuration. */
export interface PlanningSetup {
  /** Data source id. */
  readonly database: string;
  /** Writes to Notion; 0: everything was there. */
  readonly writes: number;
  /** "owner/name: label" of the labels that were made. */
  readonly labels: readonly string[];
  /** What people made otherwise, and may keep. */
  readonly differences: readonly string[];
}

/**
 * Makes or completes the database and the labels that say a status. Everything that is there already stays as it is. Throws
 * SECRET_MISSING, SCHEMA_DRIFT when something that people made is in the way, and what either side refuses.
 */
export async function initPlanning(request: InitPlanningRequest): Promise<PlanningSetup> {
  const { planning, secrets, githubUrl, signal } = request;
  await using world = await openInitWorld(request);
  const { deps, http } = world;
  const github = createGitHubAccess(deps, secrets.github, githubUrl);
  // First what may be refused for want of rights: then nothing is half made.
  const labels = await ensureLabels(deps, planning, github, signal);
  const targets = await targetsOf({ deps, http, planning, signal });
  const { ids, writes, differences } = await provideDatabases({ deps, http, signal }, "planning", targets);
  return { database: ids.rows ?? "", writes, labels, differences };
}

/** Whether the database is as it has to be. Writes nothing. */
export async function checkPlanning(request: {
  readonly deps: EngineDeps;
  readonly http: HttpClient;
  readonly planning: PlanningConfig;
  readonly signal?: AbortSignal | undefined;
}): Promise<readonly Check[]> {
  return checkDatabases(createProvisionApi(request.http), await targetsOf(request), request.signal);
}

async function ensureLabels(
  { clock }: Pick<EngineDeps, "clock">,
  { repositories: [first = "", ...others], statuses, pulls }: PlanningConfig,
  github: GitHubAccess,
  signal?: AbortSignal,
): Promise<readonly string[]> {
  const connector = createGitHubConnector({
    client: github.connect(),
    clock,
    repositories: [first, ...others],
    // Labels carry no marker.
    markerKeys: ["no marker is made here"],
  });
  const description = "Kept by Lockstep: the status on the planning board.";
  const labels = statusLabels(statuses, pulls?.shippingLabel ?? "");
  return connector.ensureLabels(
    [...new Set(labels)].map((name) => ({ name, description })),
    signal,
  );
}

async function targetsOf({
  deps,
  http,
  planning,
  signal,
}: Parameters<typeof checkPlanning>[0]): Promise<Readonly<Record<string, ProvisionTarget>>> {
  const { rows: spec } = planningSpecs(planning);
  if (spec === undefined) throw new Error("planning has no database");
  const { id, parentPageId } = planning.notion;
  return { rows: await targetOf({ recipe: "planning", deps, http, spec, id, parentPageId, signal }) };
}
