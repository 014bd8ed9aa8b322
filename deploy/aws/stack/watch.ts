import { Duration } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Topic } from "aws-cdk-lib/aws-sns";
import type { StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import { type MetricName, metricNamespace } from "../runtime/log.ts";
import type { StageSettings } from "../settings.ts";
import type { Functions } from "./functions.ts";
import type { Queues } from "./queues.ts";

export interface Watched {
  readonly settings: Pick<StageSettings, "stage" | "alarmTopicArn">;
  readonly queues: Queues;
  readonly machine: StateMachine;
  readonly functions: Functions;
}

interface AlarmSpec {
  readonly about: string;
  readonly metric: IMetric;
  /** Reaching it is too much. */
  readonly threshold: number;
  /** How many of them are looked at, of five minutes each. */
  readonly periods: number;
  /** In how many of them it has to be reached; absent: in all. */
  readonly reachedIn?: number;
}

const period = Duration.minutes(5);
const backlogSecondsMax = 900;

/** Alarms for what a person has to look at, and one page with all of it. */
export function addWatch(scope: Construct, watched: Watched): void {
  const { settings } = watched;
  const topic =
    settings.alarmTopicArn === null ? null : Topic.fromTopicArn(scope, "AlarmTopic", settings.alarmTopicArn);
  for (const [name, { about, metric, threshold, periods, reachedIn }] of Object.entries(alarmsOf(watched))) {
    const alarm = new Alarm(scope, `${name}Alarm`, {
      alarmName: `lockstep-${settings.stage}-${name}`,
      alarmDescription: about,
      metric,
      threshold,
      evaluationPeriods: periods,
      ...(reachedIn === undefined ? {} : { datapointsToAlarm: reachedIn }),
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (topic !== null) alarm.addAlarmAction(new SnsAction(topic));
  }
  addDashboard(scope, watched);
}

function alarmsOf({ settings, queues, machine }: Watched): Readonly<Record<string, AlarmSpec>> {
  const own = (name: MetricName) => ownMetric(name, settings.stage);
  const letters = (queue: Queues[keyof Queues]) =>
    queue.metricApproximateNumberOfMessagesVisible({ period, statistic: "Maximum" });
  return {
    RunsFailed: {
      about: "Runs fail: `lockstep runs` says why.",
      metric: own("RunsFailed"),
      threshold: 1,
      // Some syncs are asked once an hour, and a single failure is the network's daily business: three within three hours.
      periods: 36,
      reachedIn: 3,
    },
    StepsFailed: {
      about: "Books cannot be imported: their letters are in the queue of dead imports.",
      metric: own("StepsFailed"),
      threshold: 1,
      periods: 1,
    },
    ImportsFailed: {
      about: "An import came to no end: its letter is in the queue of dead imports.",
      metric: machine.metricFailed({ period }),
      threshold: 1,
      periods: 1,
    },
    RateLimited: {
      about: "Notion refuses requests (429): something else uses the token, or ratePerMinute is too high.",
      metric: own("RateLimited"),
      threshold: 5,
      periods: 1,
    },
    PermissionErrors: {
      about: "Access was refused: check tokens, sharing and capabilities.",
      metric: own("PermissionErrors"),
      threshold: 1,
      periods: 1,
    },
    BacklogAge: {
      about: "What was told has waited long: syncs do not get through.",
      metric: queues.syncs.metricApproximateAgeOfOldestMessage({ period, statistic: "Maximum" }),
      threshold: backlogSecondsMax,
      periods: 2,
    },
    SyncLetters: {
      about: "Syncs were given up: look at the log of the queue's function.",
      metric: letters(queues.syncLetters),
      threshold: 1,
      periods: 1,
    },
    ImportLetters: {
      about: "Books or imports were given up: the letters say which and why.",
      metric: letters(queues.importLetters),
      threshold: 1,
      periods: 1,
    },
  };
}

function addDashboard(scope: Construct, { settings, queues, machine, functions }: Watched): void {
  const own = (name: MetricName) => ownMetric(name, settings.stage);
  const all = Object.values(functions);
  const graph = (title: string, left: readonly IMetric[]) =>
    new GraphWidget({ title, left: [...left], width: 12 });
  new Dashboard(scope, "Dashboard", {
    dashboardName: `lockstep-${settings.stage}`,
    widgets: [
      [
        graph("Failures", [
          own("RunsFailed"),
          own("StepsFailed"),
          own("PermissionErrors"),
          machine.metricFailed(),
        ]),
        graph("Notion: too many requests", [own("RateLimited")]),
      ],
      [
        graph("Waiting longest (s)", [
          queues.syncs.metricApproximateAgeOfOldestMessage({ statistic: "Maximum" }),
        ]),
        graph(
          "Dead letters",
          [queues.syncLetters, queues.importLetters].map((queue) =>
            queue.metricApproximateNumberOfMessagesVisible(),
          ),
        ),
      ],
      [
        graph("Deliveries and imports", [
          own("Deliveries"),
          machine.metricStarted(),
          machine.metricSucceeded(),
        ]),
        graph(
          "Functions: errors",
          all.map((each) => each.metricErrors()),
        ),
      ],
      [
        graph(
          "Functions: time",
          all.map((each) => each.metricDuration({ statistic: "p95" })),
        ),
      ],
    ],
  });
}

function ownMetric(metricName: MetricName, stage: string): Metric {
  return new Metric({
    namespace: metricNamespace,
    metricName,
    dimensionsMap: { Stage: stage },
    statistic: "Sum",
    period,
  });
}
