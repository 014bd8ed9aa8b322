import type { AskedRefusal } from "../connectors/github/pull-requests.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Alerts } from "./alerts.ts";
import { isAccessCode } from "./run-watch.ts";

/** A part of a planning sync that does not work, while rows and issues are kept in step all the same. */
export interface Trouble {
  /** What is left out: "reading pull requests", "comments". */
  readonly what: string;
  readonly kind: "permission" | "limit" | "failure";
  /** Of the last failure. */
  readonly code: string;
  readonly message: string;
  /** Since it last worked. */
  readonly failures: number;
  /** Passes in a row that had failures. */
  readonly passes: number;
  /** ISO 8601. */
  readonly since: string;
  readonly lastAt: string;
}

/** Something that did not work, as an error or a refusal says it. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

const messageLengthMax = 500;
/** A single failure is the network's daily business. */
const passesMax = 3;

/** What failed in one pass. */
export class PassTroubles {
  private readonly tried = new Set<string>();
  private readonly spared = new Set<string>();
  private readonly failed = new Map<string, Failure & { readonly count: number }>();

  /** It is done in this pass: without a failure it works again. */
  tries(what: string): void {
    this.tried.add(what);
  }

  /** Some of it is not tried now, since it would fail as before: that nothing else fails does not mean that it works. */
  spares(what: string): void {
    this.spared.add(what);
  }

  /** Returns whether that is news in this pass: a right that is missing fails for every issue. */
  fails(what: string, { code, message }: Failure): boolean {
    const before = this.failed.get(what);
    this.failed.set(what, {
      code,
      message: message.slice(0, messageLengthMax),
      count: (before?.count ?? 0) + 1,
    });
    return before?.code !== code;
  }

  get warnings(): readonly string[] {
    return [...this.failed].map(([what, { code, message }]) => `left out: ${what}: ${code}: ${message}`);
  }

  /**
   * What is in trouble after this pass. `isWhole`: both sides were asked; a pass that only took up a hint may have had nothing
   * to do with what does not work, and proves nothing by having no failure.
   */
  after(
    before: readonly Trouble[],
    { at, isWhole }: { readonly at: string; readonly isWhole: boolean },
  ): readonly Trouble[] {
    const isProven = (what: string) => isWhole && this.tried.has(what) && !this.spared.has(what);
    const kept = before.filter(({ what }) => !this.failed.has(what) && !isProven(what));
    const now = [...this.failed].map(([what, { code, message, count }]): Trouble => {
      const known = before.find((each) => each.what === what);
      return {
        what,
        kind: kindOf(code),
        code,
        message,
        failures: (known?.failures ?? 0) + count,
        passes: (known?.passes ?? 0) + 1,
        since: known?.since ?? at,
        lastAt: at,
      };
    });
    return [...kept, ...now];
  }
}

function kindOf(code: string): Trouble["kind"] {
  if (isAccessCode(code)) return "permission";
  return code === "RATE_LIMITED" ? "limit" : "failure";
}

/** What a refusal of GitHub's says about the connection; null: it says something about the pull request, and its row shows that. */
export function failureIn(
  asked:
    | { readonly kind: "refused"; readonly why: AskedRefusal; readonly message: string }
    | { readonly kind: "doubt"; readonly reason: string },
): Failure | null {
  if (asked.kind === "doubt") return { code: "UPSTREAM_FAILED", message: asked.reason };
  const code = codes[asked.why];
  return code === null ? null : { code, message: asked.message };
}

const codes: Readonly<Record<AskedRefusal, ErrorCode | null>> = {
  "head-moved": null,
  "not-mergeable": null,
  "no-commits": null,
  "no-branch": null,
  "not-found": "GITHUB_NOT_FOUND",
  forbidden: "GITHUB_FORBIDDEN",
  limited: "RATE_LIMITED",
  unsupported: null,
  invalid: "GITHUB_REFUSED",
};

/** Tells when a part stops working, and when it works again. */
export class TroubleWatch {
  private readonly alerts: Alerts;
  private readonly open = new Set<string>();

  constructor(alerts: Alerts) {
    this.alerts = alerts;
  }

  stands(sync: string, troubles: readonly Trouble[]): void {
    const causes = new Map(
      troubles
        .filter(({ kind, passes }) => kind === "permission" || passes >= passesMax)
        .map((trouble) => [`${trouble.kind}:${sync}:${trouble.what}`, trouble]),
    );
    for (const cause of this.open.difference(causes)) {
      this.alerts.clear(cause);
      this.open.delete(cause);
    }
    for (const [cause, { what, failures, passes, code, message }] of causes) {
      const often = `${failures} ${failures === 1 ? "failure" : "failures"} in ${passes} ${passes === 1 ? "pass" : "passes"}`;
      const text = `"${sync}" leaves out ${what} (${often}): ${code}: ${message}`;
      this.alerts.raise({ cause, severity: "warning", text });
      this.open.add(cause);
    }
  }
}
