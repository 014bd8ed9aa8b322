import { dirname } from "node:path";
import type { Config, GitHubSecrets, Secrets } from "./config.ts";
import { configInvalid, shown } from "./problem.ts";
import { cronProblem } from "./schedule.ts";
import { absoluteStoreUrl, storeUrlProblem } from "./store-url.ts";

/** What Lockstep takes from the environment: secrets, and what an operator may override without touching the file. */
export interface Environment {
  readonly secrets: Secrets;
  /** Where Notion's API is, when not at Notion: the emulator. */
  readonly notionBaseUrl: string | null;
  /** Where Audible and Amazon's sign-in are, when not there: a stand-in. */
  readonly audibleBaseUrl: string | null;
  /** For signing in to Audible without a browser. */
  readonly audiblePassword: string | null;
  /** Where Open Library is, when not there: a stand-in or a mirror. */
  readonly openLibraryBaseUrl: string | null;
  /** Where GitHub's API is, when not at api.github.com: a server of one's own, or a stand-in. */
  readonly githubBaseUrl: string | null;
  /** Replaces the cron expression of every schedule. */
  readonly scheduleCron: string | null;
  /** Turns every schedule on or off. */
  readonly isScheduleEnabled: boolean | null;
}

/** Nothing set: to be spread under what is. */
export const noSecrets: Secrets = {
  notionToken: null,
  adminToken: null,
  webhookSecrets: [],
  databaseUrls: {},
  alertUrl: null,
  playerSecret: null,
  github: { auth: null, webhookSecrets: [], markerKey: null },
};

type Variables = { readonly [name: string]: string | undefined };

/** The one place that reads environment variables. Throws CONFIG_INVALID naming the variable, never a secret's value. */
export function readEnvironment(variables: Variables): Environment {
  return {
    secrets: {
      notionToken: textOf(variables, "NOTION_TOKEN"),
      adminToken: textOf(variables, "LOCKSTEP_ADMIN_TOKEN"),
      webhookSecrets: textsOf(variables, ["NOTION_WEBHOOK_SECRET", "NOTION_WEBHOOK_SECRET_PREVIOUS"]),
      databaseUrls: {},
      alertUrl: null,
      playerSecret: textOf(variables, "LOCKSTEP_LIBRARY_WEBHOOK_SECRET"),
      github: {
        auth: githubAuthOf(variables),
        webhookSecrets: textsOf(variables, ["GITHUB_WEBHOOK_SECRET", "GITHUB_WEBHOOK_SECRET_PREVIOUS"]),
        markerKey: markerKeyOf(variables),
      },
    },
    notionBaseUrl: baseUrlOf(variables, "NOTION_BASE_URL"),
    githubBaseUrl: baseUrlOf(variables, "GITHUB_API_URL"),
    audibleBaseUrl: baseUrlOf(variables, "AUDIBLE_BASE_URL"),
    audiblePassword: textOf(variables, "AUDIBLE_PASSWORD"),
    openLibraryBaseUrl: baseUrlOf(variables, "OPEN_LIBRARY_BASE_URL"),
    scheduleCron: cronOf(variables),
    isScheduleEnabled: enabledOf(variables),
  };
}

/** The secrets with the addresses of databases that the configuration names by variable. Throws CONFIG_INVALID for a bad one. */
export function withDatabaseUrls(secrets: Secrets, config: Config, variables: Variables): Secrets {
  const databaseUrls: Record<string, string> = {};
  const { pipeline, planning } = config;
  for (const { table } of [...config.tables, ...(pipeline === undefined ? [] : [pipeline])]) {
    if (!("variable" in table.url)) continue;
    const { variable } = table.url;
    const url = textOf(variables, variable);
    const problem = url === null ? null : storeUrlProblem(url);
    if (problem !== null) throw refused(variable, problem);
    if (url !== null) databaseUrls[variable] = absoluteStoreUrl(url, dirname(config.file));
  }
  return {
    ...secrets,
    databaseUrls,
    alertUrl: alertUrlOf(variables, pipeline?.alertVariable ?? planning?.alertVariable ?? null),
  };
}

function alertUrlOf(variables: Variables, name: string | null): string | null {
  const url = name === null ? null : textOf(variables, name);
  if (name === null || url === null) return null;
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw refused(name, "expected an http or https address");
}

/** The configuration with the environment's overrides applied to every schedule. */
export function applyEnvironment(config: Config, environment: Environment): Config {
  const databases = config.backup.databases.map((database) => ({
    ...database,
    schedule: {
      ...database.schedule,
      cron: environment.scheduleCron ?? database.schedule.cron,
      isEnabled: environment.isScheduleEnabled ?? database.schedule.isEnabled,
    },
  }));
  const { pipeline, library, planning } = config;
  const followed = <T extends { readonly isFollowed: boolean }>(job: T): T => ({
    ...job,
    isFollowed: environment.isScheduleEnabled ?? job.isFollowed,
  });
  return {
    ...config,
    backup: { ...config.backup, databases },
    tables: config.tables.map(followed),
    ...(pipeline === undefined ? {} : { pipeline: followed(pipeline) }),
    ...(library === undefined ? {} : { library: followed(library) }),
    ...(planning === undefined ? {} : { planning: followed(planning) }),
  };
}

/** An empty variable counts as not set: that is how shells and containers unset one. */
function textOf(variables: Variables, name: string): string | null {
  const text = variables[name]?.trim();
  return text === undefined || text === "" ? null : text;
}

/** Two while one replaces the other: deliveries that are under way carry the old one. */
function textsOf(variables: Variables, names: readonly string[]): readonly string[] {
  return names.map((name) => textOf(variables, name)).filter((secret) => secret !== null);
}

/** A token counts before an app: whoever sets both is trying something out. */
function githubAuthOf(variables: Variables): GitHubSecrets["auth"] {
  const token = textOf(variables, "GITHUB_TOKEN");
  if (token !== null) return { kind: "token", token };
  const appId = textOf(variables, "GITHUB_APP_ID");
  const privateKey = textOf(variables, "GITHUB_APP_PRIVATE_KEY");
  const installation = textOf(variables, "GITHUB_APP_INSTALLATION_ID");
  if (appId === null && privateKey === null && installation === null) return null;
  if (appId === null || privateKey === null || installation === null)
    throw refused("GITHUB_APP_ID", "an app needs GITHUB_APP_PRIVATE_KEY and GITHUB_APP_INSTALLATION_ID, too");
  if (!/^\d{1,15}$/.test(installation))
    throw refused("GITHUB_APP_INSTALLATION_ID", "expected the number of an installation");
  // Where a variable holds one line only, people write the ends of lines as "\\n".
  const key = privateKey.replaceAll("\\n", "\n");
  return { kind: "app", appId, privateKey: key, installationId: Number(installation) };
}

const markerKeyLengthMin = 16;

function markerKeyOf(variables: Variables): string | null {
  const key = textOf(variables, "LOCKSTEP_MARKER_KEY");
  if (key !== null && key.length < markerKeyLengthMin)
    throw refused("LOCKSTEP_MARKER_KEY", `expected at least ${markerKeyLengthMin} characters`);
  return key;
}

function baseUrlOf(variables: Variables, name: string): string | null {
  const text = textOf(variables, name);
  if (text === null) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url === null ||
    !["http:", "https:"].includes(url.protocol) ||
    url.username !== "" ||
    url.password !== ""
  ) {
    throw refused(name, "expected an http or https address without a password");
  }
  return text.replace(/\/+$/, "");
}

function cronOf(variables: Variables): string | null {
  const text = textOf(variables, "LOCKSTEP_SYNC_SCHEDULE");
  const problem = text === null ? null : cronProblem(text);
  if (problem !== null) throw refused("LOCKSTEP_SYNC_SCHEDULE", `${problem}; got ${shown(text)}`);
  return text;
}

function enabledOf(variables: Variables): boolean | null {
  const text = textOf(variables, "LOCKSTEP_SYNC_ENABLED")?.toLowerCase();
  if (text === undefined) return null;
  if (text === "true" || text === "1") return true;
  if (text === "false" || text === "0") return false;
  throw refused("LOCKSTEP_SYNC_ENABLED", `expected true, false, 1 or 0; got ${shown(text)}`);
}

function refused(name: string, message: string) {
  return configInvalid("The environment", [{ path: name, message }]);
}
