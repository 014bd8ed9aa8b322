import type { Run } from "../store/store.ts";
import type { Alerts } from "./alerts.ts";

/** A single failure is the network's daily business. */
const failuresMax = 3;

/** A side refuses the connection as such, so that nothing will work until a person mends it. */
const accessCodes: readonly string[] = [
  "NOTION_UNAUTHORIZED",
  "NOTION_FORBIDDEN",
  "GITHUB_UNAUTHORIZED",
  "GITHUB_FORBIDDEN",
  "ACCESS_LOST",
];

export function isAccessCode(code: string): boolean {
  return accessCodes.includes(code);
}

/** Tells when a sync stops working, and when it works again. */
export class RunWatch {
  private readonly alerts: Alerts;
  private readonly failures = new Map<string, number>();

  constructor(alerts: Alerts) {
    this.alerts = alerts;
  }

  ran(sync: string, { status, errors }: Run): void {
    const [error] = errors;
    if (status === "succeeded") {
      this.failures.delete(sync);
      for (const cause of ["access", "failing", "held"]) this.alerts.clear(`${cause}:${sync}`);
    } else if (status === "refused" && error?.code === "GUARD_REFUSED") {
      this.alerts.raise({ cause: `held:${sync}`, severity: "warning", text: `"${sync}": ${error.message}` });
    } else if (status === "failed" && error !== undefined) {
      this.failed(sync, error);
    }
  }

  private failed(sync: string, { code, message }: Run["errors"][number]): void {
    const failures = (this.failures.get(sync) ?? 0) + 1;
    this.failures.set(sync, failures);
    if (isAccessCode(code)) {
      const text = `"${sync}" is held until access is back: ${message}`;
      this.alerts.raise({ cause: `access:${sync}`, severity: "critical", text });
    } else if (failures >= failuresMax) {
      const text = `"${sync}" has failed ${failures} times in a row: ${code}: ${message}`;
      this.alerts.raise({ cause: `failing:${sync}`, severity: "warning", text });
    }
  }
}
