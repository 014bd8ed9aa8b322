import { secretVariables } from "./runtime/secret-names.ts";

/**
 * On demand, us-east-1, in US dollars, without any free tier or discount:
 * - Secrets Manager, and requests to Lambda: as copies of Amazon's price pages of 2026-09-20 have them
 * - Step Functions: as a copy of its price page without a date has it
 * - DynamoDB: as others tell it since the reduction of 2024-11 (last seen told on 2025-07-21)
 * - Lambda's time on arm64: as others told it in 2024
 * - CloudWatch: as others told its metrics on 2026-02-15 and its dashboards on 2026-06-13; alarms, without a date
 *
 * None of it was asked of Amazon's own price list: look before relying on it. Most regions of Europe are dearer.
 */
const prices = {
  lambdaGbSecond: 0.000_013_333_4,
  lambdaMillionRequests: 0.2,
  stepsMillionTransitions: 25,
  dynamoMillionWrites: 0.625,
  dynamoMillionReads: 0.125,
  secretMonth: 0.4,
  alarmMonth: 0.1,
  dashboardMonth: 3,
  metricMonth: 0.3,
} as const;
const pricesAsOf = "2026-09-20";

/** Of a step: most of it is waiting for Notion. An assumption. */
const stepSeconds = 1.2;
const stepGb = 0.5;
const stepsPerBook = 4;
/** A Map counts each of its iterations. */
const transitionsPerBook = stepsPerBook + 1;
const [alarms, metrics] = [8, 5];

/** What an import was seen to use. */
export interface Used {
  readonly books: number;
  readonly writeUnits: number;
  readonly readUnits: number;
}

/** Costs of an import of 1,000 books, and of a month in which nothing happens. */
export function costs({ books, writeUnits, readUnits }: Used): string {
  const thousand = 1_000;
  const times = thousand / books;
  const lambda =
    thousand * stepsPerBook * stepSeconds * stepGb * prices.lambdaGbSecond +
    (thousand * stepsPerBook * prices.lambdaMillionRequests) / 1e6;
  const transitions = (thousand * transitionsPerBook * prices.stepsMillionTransitions) / 1e6;
  const dynamo =
    (times * (writeUnits * prices.dynamoMillionWrites + readUnits * prices.dynamoMillionReads)) / 1e6;
  const secrets = secretVariables.length * prices.secretMonth;
  const watching = alarms * prices.alarmMonth + prices.dashboardMonth + metrics * prices.metricMonth;
  const line = (label: string, dollars: number) => `  ${label.padEnd(70)} ${dollars.toFixed(2).padStart(7)}`;
  return [
    `\nOn paper, us-east-1, US dollars, prices as of ${pricesAsOf} (see costs.ts for where each is from):`,
    "First import of 1,000 books",
    line(`Lambda: ${stepsPerBook} steps a book of ${stepSeconds} s at 512 MB, arm64 (assumed)`, lambda),
    line(`Step Functions: ${transitionsPerBook} transitions a book`, transitions),
    line(
      `DynamoDB: ${(writeUnits / books).toFixed(0)} write and ${(readUnits / books).toFixed(0)} read units a book (as measured)`,
      dynamo,
    ),
    line("together", lambda + transitions + dynamo),
    "A month without work",
    line(`${secretVariables.length} secrets`, secrets),
    line(`${alarms} alarms, a dashboard, ${metrics} metrics`, watching),
    line("together (tables, queues, API and functions: nothing but storage)", secrets + watching),
  ].join("\n");
}
