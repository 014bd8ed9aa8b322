import type { Config, Secrets } from "../../../src/config/config.ts";
import { noSecrets } from "../../../src/config/environment.ts";
import type { PlanningConfig, PlanningPairConfig } from "../../../src/config/planning.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { planningPairs } from "../../../src/recipes/planning/config.ts";
import { HUB_TOKEN } from "../github/hub.ts";
import type { Options } from "../options.ts";
import { randomFrom } from "../random.ts";

export const DATA_SOURCE = "da7a0000-0000-4000-8000-000000000001";
export const SYNC_ID = `github:${DATA_SOURCE}:GitHub`;

/** GitHub's people; the last is in no map. */
export const logins: readonly string[] = ["ann", "ben", "eve", "zoe"];
/** Notion's people; the last is in no map. */
export const userIds: readonly string[] = [1, 2, 3, 4].map((n) => `0a5e0000-0000-4000-8000-00000000000${n}`);
export const idByLogin: Readonly<Record<string, string>> = Object.fromEntries(
  logins.slice(0, 3).map((login, index) => [login, userIds[index] ?? ""]),
);
export const loginById: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(idByLogin).map(([login, id]) => [id, login]),
);
export const managedLabels: readonly string[] = ["bug", "feature", "docs"];
export const otherLabels: readonly string[] = ["wontfix", "good first issue", "area: door"];
export const sprints: readonly string[] = ["Sprint 1", "Sprint 2"];
export const priorities: readonly string[] = ["Low", "High"];
/** Of the board, in the recipe's defaults. */
export const statusWords: Readonly<Record<string, string>> = {
  Backlog: "open",
  "In Progress": "open, status: in progress",
  "Ready for Review": "open, status: review",
  Done: "closed as completed",
  Dropped: "closed as not_planned",
};
export const SHIPPED = "Done";
export const REVIEW = "Ready for Review";
export const SHIPPING_WORD = "open, status: shipping";

/** Drawn from the seed, so that it stays while a case is cut down. */
export function configOf(options: Options): Config {
  const random = randomFrom(options.seed, "planning config");
  const conflict = { left: "notion", right: "github", newest: "newest", ask: "ask" }[options.conflictPolicy];
  const people = { ...idByLogin };
  return resolveConfig(
    {
      notion: { ratePerMinute: options.ratePerMinute ?? 600 },
      planning: {
        notion: { database: DATA_SOURCE },
        repositories: [...repositoriesOf(options)],
        fields: {
          title: { conflict },
          status: { conflict },
          labels: { conflict, managed: [...managedLabels] },
          priority: { conflict },
          sprint: { conflict },
          assignees: { conflict, people },
          ...((options.weights.dateRow ?? 0) > 0 ? { due: { conflict } } : {}),
        },
        pulls: { requireReview: random.chance(0.3) },
        comments: random.pick(["off", "notion", "github", "both"]),
        conflictComments: random.chance(0.3),
        whenArchived: options.onDelete === "propagate" ? "close" : "nothing",
        pollSeconds: Math.round(options.pollEveryMs / 1_000),
        sweepEveryHours: Math.min(8_760, (options.sweepEveryMs ?? Number.MAX_SAFE_INTEGER) / 3_600_000),
      },
    },
    "/lockstep.config.json",
  );
}

export function planningOf(options: Options): PlanningConfig {
  const { planning } = configOf(options);
  if (planning === undefined) throw new Error("no planning is configured");
  return planning;
}

export function pairOf(planning: PlanningConfig): PlanningPairConfig {
  const [pair] = planningPairs(planning);
  if (pair === undefined) throw new Error("planning has no database");
  return pair;
}

export function repositoriesOf({ seed }: Pick<Options, "seed">): readonly string[] {
  return randomFrom(seed, "repositories").chance(0.4) ? ["acme/app", "acme/web"] : ["acme/app"];
}

export function secretsOf(notionToken: string): Secrets {
  return {
    ...noSecrets,
    notionToken,
    github: { ...noSecrets.github, auth: { kind: "token", token: HUB_TOKEN }, webhookSecrets: [HOOK_SECRET] },
  };
}

export const HOOK_SECRET = "a secret of deliveries, and of nothing else";
