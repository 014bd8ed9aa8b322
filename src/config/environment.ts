import type { Config, Secrets } from "./config.ts";
import { configInvalid, shown } from "./problem.ts";
import { cronProblem } from "./schedule.ts";

/** What Lockstep takes from the environment: secrets, and what an operator may override without touching the file. */
export interface Environment {
  readonly secrets: Secrets;
  /** Where Notion's API is, when not at Notion: the emulator. */
  readonly notionBaseUrl: string | null;
  /** Replaces the cron expression of every schedule. */
  readonly scheduleCron: string | null;
  /** Turns every schedule on or off. */
  readonly isScheduleEnabled: boolean | null;
}

type Variables = { readonly [name: string]: string | undefined };

/** The one place that reads environment variables. Throws CONFIG_INVALID naming the variable, never a secret's value. */
export function readEnvironment(variables: Variables): Environment {
  return {
    secrets: {
      notionToken: textOf(variables, "NOTION_TOKEN"),
      adminToken: textOf(variables, "LOCKSTEP_ADMIN_TOKEN"),
    },
    notionBaseUrl: baseUrlOf(variables),
    scheduleCron: cronOf(variables),
    isScheduleEnabled: enabledOf(variables),
  };
}

/** The configuration with the environment's overrides applied to every database's schedule. */
export function applyEnvironment(config: Config, environment: Environment): Config {
  const databases = config.backup.databases.map((database) => ({
    ...database,
    schedule: {
      ...database.schedule,
      cron: environment.scheduleCron ?? database.schedule.cron,
      isEnabled: environment.isScheduleEnabled ?? database.schedule.isEnabled,
    },
  }));
  return { ...config, backup: { ...config.backup, databases } };
}

/** An empty variable counts as not set: that is how shells and containers unset one. */
function textOf(variables: Variables, name: string): string | null {
  const text = variables[name]?.trim();
  return text === undefined || text === "" ? null : text;
}

function baseUrlOf(variables: Variables): string | null {
  const text = textOf(variables, "NOTION_BASE_URL");
  if (text === null) return null;
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url === null ||
    !["http:", "https:"].includes(url.protocol) ||
    url.username !== "" ||
    url.password !== ""
  ) {
    throw refused("NOTION_BASE_URL", "expected an http or https address without a password");
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
