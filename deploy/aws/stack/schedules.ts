import { Duration } from "aws-cdk-lib";
import { Rule, RuleTargetInput, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import type { Construct } from "constructs";
import type { Errand } from "../runtime/work.ts";
import { type StageSettings, syncNames } from "../settings.ts";
import { type Functions, pascal } from "./functions.ts";

/** One for each sync that asks by itself; off where the stage does not say how often. The recomputing of series is off, too. */
export function addSchedules(scope: Construct, settings: StageSettings, { sync }: Functions): void {
  const { stage, config, polls, recomputes } = settings;
  const add = (id: string, schedule: Schedule, errand: Errand, isEnabled: boolean) =>
    new Rule(scope, id, {
      ruleName: `lockstep-${stage}-${id.replace(/[^A-Za-z0-9._-]/g, "-").slice(0, 40)}`,
      schedule,
      enabled: isEnabled,
      // The next time comes soon enough, and a run that failed says so itself.
      targets: [new LambdaFunction(sync, { event: RuleTargetInput.fromObject(errand), retryAttempts: 0 })],
    });
  for (const name of syncNames(config)) {
    const minutes = polls[name];
    const schedule = Schedule.rate(Duration.minutes(minutes ?? 15));
    add(
      `Poll${pascal(name.replaceAll(/[^A-Za-z0-9]+/g, "-"))}`,
      schedule,
      { kind: "poll", sync: name },
      minutes !== undefined,
    );
  }
  if (config.library === undefined) return;
  // Rules know UTC alone; which day it is, the function's own time zone says.
  const atNight = Schedule.cron({ minute: "15", hour: "4" });
  add("RecomputeSeries", atNight, { kind: "recompute" }, recomputes);
}
