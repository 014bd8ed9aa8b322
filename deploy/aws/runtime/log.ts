import type { LogEvent } from "../../../src/app/herald.ts";
import type { RunReport } from "../../../src/app/lockstep.ts";
import { logEvent, logRun } from "../../../src/server/log-run.ts";
import { createLogger } from "../../../src/server/logger.ts";

export const metricNamespace = "Lockstep";

/** What is counted; CloudWatch takes the numbers out of the log. */
export const metricNames = [
  "RunsFailed",
  "RateLimited",
  "PermissionErrors",
  "StepsFailed",
  "Deliveries",
] as const;
export type MetricName = (typeof metricNames)[number];

/** What only a person can mend: access was taken away, or was never given. */
const permissionCodes: ReadonlySet<string> = new Set([
  "NOTION_UNAUTHORIZED",
  "NOTION_FORBIDDEN",
  "ACCESS_LOST",
  "GITHUB_UNAUTHORIZED",
  "GITHUB_FORBIDDEN",
  "SECRET_MISSING",
]);

export function isPermissionCode(code: string): boolean {
  return permissionCodes.has(code);
}

/** The log of a function: JSON lines on stdout, without secrets, some of which are metrics. */
export class Log {
  private readonly stage: string;
  private readonly write: (line: string) => void;
  readonly logger: ReturnType<typeof createLogger>;

  constructor(stage: string, write: (line: string) => void = (line) => void process.stdout.write(line)) {
    this.stage = stage;
    this.write = write;
    this.logger = createLogger({ write });
  }

  event = (event: LogEvent): void => logEvent(this.logger, event);

  run(report: RunReport): void {
    logRun(this.logger, report);
    const { status, errors } = report.run;
    if (status === "failed") this.count("RunsFailed");
    if (errors.some(({ code }) => isPermissionCode(code))) this.count("PermissionErrors");
  }

  /**
   * CloudWatch's embedded metric format:
   * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
   */
  count(name: MetricName, value = 1): void {
    const metric = {
      _aws: {
        Timestamp: Date.now(),
        CloudWatchMetrics: [
          { Namespace: metricNamespace, Dimensions: [["Stage"]], Metrics: [{ Name: name, Unit: "Count" }] },
        ],
      },
      Stage: this.stage,
      [name]: value,
    };
    this.write(`${JSON.stringify(metric)}\n`);
  }
}
