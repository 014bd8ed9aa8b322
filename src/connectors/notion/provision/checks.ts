import { LockstepError } from "../../../core/errors.ts";
import type { ProvisionApi } from "./api.ts";
import type { ProvisionStep } from "./plan.ts";
import { type Inspected, inspect, type ProvisionTargets, stepText } from "./provision.ts";

/** One line of a doctor's report. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What to do; null: nothing. */
  readonly mend: string | null;
}

/** What provisioning would find, as a report: reads only, and never throws what Notion answers. */
export async function checkDatabases(
  api: ProvisionApi,
  targets: ProvisionTargets,
  signal?: AbortSignal,
): Promise<readonly Check[]> {
  try {
    const inspected = await inspect(api, targets, signal);
    return Object.entries(inspected).flatMap(([key, each]) =>
      checksOf(targets[key]?.spec.title ?? key, each),
    );
  } catch (error) {
    if (!(error instanceof LockstepError)) throw error;
    const mend = "Mend what the message says, then run doctor again.";
    return [{ name: "databases", ok: false, detail: `${error.code}: ${error.message}`, mend }];
  }
}

const MAKE_IT = 'Run "lockstep init" again: it adds what is missing and changes nothing else.';

/** Pure: the report about one database. */
export function checksOf(
  title: string,
  { current, plan: { steps, differences } }: Inspected,
): readonly Check[] {
  if (current === null) {
    return [{ name: `${title}: database`, ok: false, detail: "is not there yet", mend: MAKE_IT }];
  }
  const there = {
    name: `${title}: database`,
    ok: true,
    detail: `data source ${current.dataSourceId}`,
    mend: null,
  };
  return [
    there,
    missing(
      `${title}: properties`,
      steps.filter(({ kind }) => kind === "add-property"),
    ),
    missing(
      `${title}: options`,
      steps.filter(({ kind }) => kind === "add-options"),
    ),
    missing(
      `${title}: views`,
      steps.filter(({ kind }) => kind === "add-view"),
    ),
    ...differences.map(({ about, problem, mend, isBlocking }) => ({
      name: `${title}: ${about}`,
      ok: !isBlocking,
      detail: problem,
      mend,
    })),
  ];
}

function missing(name: string, steps: readonly ProvisionStep[]): Check {
  if (steps.length === 0) return { name, ok: true, detail: "all there", mend: null };
  return { name, ok: false, detail: `missing: ${steps.map(stepText).join(", ")}`, mend: MAKE_IT };
}
