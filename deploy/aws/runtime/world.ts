import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Context } from "aws-lambda";
import type { Lockstep } from "../../../src/app/lockstep.ts";
import { openLockstep } from "../../../src/app/open.ts";
import { systemClock } from "../../../src/app/platform.ts";
import type { Config, Secrets } from "../../../src/config/config.ts";
import { readEnvironment, withDatabaseUrls } from "../../../src/config/environment.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { Invocation } from "./deadline.ts";
import { Log } from "./log.ts";
import { budgetOf, createRateBudget, type RateBudget, sharedRate } from "./rate-budget.ts";
import { readVariables, type Variables } from "./variables.ts";

const openLibraryRate = 60;

/** Everything that one Lambda works with, made at its cold start and kept as long as it lives. */
export interface World {
  readonly lockstep: Lockstep;
  readonly config: Config;
  readonly secrets: Secrets;
  readonly variables: Variables;
  readonly log: Log;
  /** Runs one piece of work as this invocation. The signal aborts shortly before its end. */
  invoke<T>(context: Context, work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** The configuration lies beside the handler in its bundle; its secrets are named in the environment. */
export async function openWorld(environment: Variables): Promise<World> {
  const variables = await readVariables(environment);
  const folder = variables.LAMBDA_TASK_ROOT ?? process.cwd();
  const file = join(folder, "lockstep.config.json");
  const config = resolveConfig(JSON.parse(readFileSync(file, "utf8")), file);
  const { secrets: read, notionBaseUrl, githubBaseUrl, openLibraryBaseUrl } = readEnvironment(variables);
  const secrets = withDatabaseUrls(read, config, variables);
  const log = new Log(variables.LOCKSTEP_STAGE ?? "unknown");
  const invocation = new Invocation();
  const budgets = budgetsFor({ config, secrets, variables, log });
  const lockstep = await openLockstep({
    config,
    secrets,
    identity: invocation,
    pacer: budgets.notion,
    openLibraryPacer: budgets.openLibrary,
    ...(notionBaseUrl === null ? {} : { baseUrl: notionBaseUrl }),
    ...(githubBaseUrl === null ? {} : { githubUrl: githubBaseUrl }),
    ...(openLibraryBaseUrl === null ? {} : { openLibraryBaseUrl }),
  });
  lockstep.twoWay.listen(log.event);
  const invoke = async <T>(context: Context, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    const signal = invocation.begin(context);
    try {
      return await work(signal);
    } finally {
      // Between its invocations a Lambda stands still, with whatever is under way.
      await Promise.all([budgets.notion.settled(), budgets.openLibrary.settled(), lockstep.settled()]);
    }
  };
  return { lockstep, config, secrets, variables, log, invoke };
}

function budgetsFor({
  config,
  secrets,
  variables,
  log,
}: Pick<World, "config" | "secrets" | "variables" | "log">): {
  readonly notion: RateBudget;
  readonly openLibrary: RateBudget;
} {
  const { ratePerMinute } = config.notion;
  const shared = {
    client: new DynamoDBClient({}),
    table: `Lockstep-Sync-${variables.LOCKSTEP_STAGE ?? ""}`,
    clock: systemClock,
  };
  return {
    notion: createRateBudget({
      ...shared,
      key: budgetOf("notion", secrets.notionToken ?? ""),
      ratePerMinute: sharedRate(ratePerMinute),
      onLimited: () => log.count("RateLimited"),
    }),
    openLibrary: createRateBudget({ ...shared, key: "open-library", ratePerMinute: openLibraryRate }),
  };
}
