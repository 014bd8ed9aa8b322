import type { DatabaseSpec, PropertySpec } from "../../../connector/database-spec.ts";
import { isSameId } from "../page.ts";
import type { CurrentDatabase, CurrentProperty } from "./current.ts";
import { findCurrent, findOption, findView, type KnownDatabase, own } from "./known.ts";

/** One thing to be made. Nothing is ever dropped, renamed or retyped: there is no step for it. */
export type ProvisionStep =
  | { readonly kind: "create-database" }
  | { readonly kind: "add-property"; readonly property: string }
  | { readonly kind: "add-options"; readonly property: string; readonly options: readonly string[] }
  | { readonly kind: "add-view"; readonly view: string };

/** Where the database is otherwise than the spec, which is left as it is. */
export interface Difference {
  /** "property Status" */
  readonly about: string;
  readonly problem: string;
  readonly mend: string;
  /** The job cannot work with it. */
  readonly isBlocking: boolean;
}

export interface ProvisionPlan {
  readonly steps: readonly ProvisionStep[];
  readonly differences: readonly Difference[];
}

export interface PlanContext {
  /** Ids from an earlier run; null: the first one. */
  readonly known: KnownDatabase | null;
  /** The data sources of the other specs, by key; absent: not made yet. */
  readonly dataSourceIds: Readonly<Record<string, string>>;
}

/** What is missing, and what differs. null: there is no database yet. */
export function planProvision(
  current: CurrentDatabase | null,
  spec: DatabaseSpec,
  context: PlanContext,
): ProvisionPlan {
  if (current === null) return { steps: [{ kind: "create-database" }, ...everything(spec)], differences: [] };
  const steps: ProvisionStep[] = [];
  const differences: Difference[] = [];
  for (const [name, wanted] of Object.entries(spec.properties)) {
    const found = findCurrent(current, { name, type: wanted.type, known: context.known });
    if (found === undefined) steps.push({ kind: "add-property", property: name });
    else {
      const known = own(context.known?.properties, name);
      const missing = found.type === wanted.type ? missingOptions(found, wanted, known) : [];
      if (missing.length > 0) steps.push({ kind: "add-options", property: name, options: missing });
      differences.push(...differencesOf(found, wanted, context));
    }
  }
  for (const view of spec.views) {
    const found = findView(current, view.name, context.known);
    if (found === undefined) steps.push({ kind: "add-view", view: view.name });
    else if (found.type !== view.type) {
      differences.push({
        about: `view ${found.name}`,
        problem: `is a ${found.type}, and a ${view.type} is expected`,
        mend: "Change its layout in Notion, or rename it so that the expected one is made.",
        isBlocking: false,
      });
    }
  }
  return { steps, differences };
}

/** Formulas and relations refer to others: they come once the others are there. */
export function isReferring({ type }: PropertySpec): boolean {
  return type === "formula" || type === "relation";
}

/** What is left to do once a database was made. */
function everything({ properties, views }: DatabaseSpec): readonly ProvisionStep[] {
  const referring = Object.entries(properties).filter(([, property]) => isReferring(property));
  return [
    ...referring.map(([property]) => ({ kind: "add-property", property }) as const),
    ...views.map(({ name }) => ({ kind: "add-view", view: name }) as const),
  ];
}

function missingOptions(
  found: CurrentProperty,
  wanted: PropertySpec,
  known: KnownDatabase["properties"][string] | undefined,
): readonly string[] {
  if (!("options" in wanted)) return [];
  return wanted.options
    .map(({ name }) => name)
    .filter((name) => findOption(found, name, known) === undefined);
}

function differencesOf(
  found: CurrentProperty,
  wanted: PropertySpec,
  { dataSourceIds }: PlanContext,
): readonly Difference[] {
  const about = `property ${found.name}`;
  if (found.type !== wanted.type) {
    const problem = `is of type ${found.type}, and ${wanted.type} is expected`;
    const mend = `Change its type in Notion, or rename it, and it is left alone and a new one is made beside it.`;
    return [{ about, problem, mend, isBlocking: true }];
  }
  switch (wanted.type) {
    case "number": {
      if (found.format === wanted.format) return [];
      const problem = `shows numbers as ${found.format}, and ${wanted.format} was meant`;
      return [{ about, problem, mend: "Leave it, or change the format in Notion.", isBlocking: false }];
    }
    case "formula": {
      if (isSameFormula(found.expression, wanted.expression)) return [];
      const problem = "has another formula than the one that was made";
      return [
        {
          about,
          problem,
          mend: "Leave it, or delete the property to have it made again.",
          isBlocking: false,
        },
      ];
    }
    case "relation": {
      const target = own(dataSourceIds, wanted.to);
      if (target === undefined || isSameId(found.targetId ?? undefined, target)) return [];
      const problem = `leads to another database than ${wanted.to}`;
      return [{ about, problem, mend: "Rename it, and a new one is made beside it.", isBlocking: true }];
    }
    default:
      return [];
  }
}

/** Notion kept formulas in a form of its own until August 2026; names in them follow renames. */
function isSameFormula(found: string | null, wanted: string): boolean {
  if (found === null || found.includes("notion:block_property")) return true;
  const shape = (expression: string) => expression.replace(/prop\("[^"]*"\)/g, "prop()").replace(/\s+/g, "");
  return shape(found) === shape(wanted);
}
