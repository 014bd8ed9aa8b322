import type { PlanningConfig } from "../../config/planning.ts";
import type { DatabaseSpec, DatabaseSpecs, OptionSpec, PropertySpec } from "../../connector/database-spec.ts";

/** Properties that Lockstep fills in from GitHub; people cannot keep a change there. */
export const rowFacts = {
  issue: "GitHub Issue #",
  issueLink: "Issue Link",
  pull: "GitHub PR #",
  pullLink: "PR Link",
  pullState: "PR State",
  reviews: "Review State",
  checks: "Check State",
  note: "GitHub Note",
} as const;

export const repositoryProperty = "Repository";

/** The database as `init` makes it; what is there already stays. */
export function planningSpecs(config: PlanningConfig): DatabaseSpecs {
  return { rows: rowsSpec(config) };
}

function rowsSpec({ fields, statuses, repositories, notion, pulls }: PlanningConfig): DatabaseSpec {
  const status: readonly OptionSpec[] = statuses.map(({ name, state, label }) => ({
    name,
    ...(notion.statusType === "status"
      ? { group: state === "closed" ? "Complete" : label === null ? "To-do" : "In progress" }
      : {}),
  }));
  const properties: Record<string, PropertySpec> = {
    [fields.title.property]: { type: "title" },
    [fields.status.property]: { type: notion.statusType, options: status },
  };
  if (fields.labels !== null)
    properties[fields.labels.property] = {
      type: "multi_select",
      options: named(fields.labels.managed ?? []),
    };
  if (fields.priority !== null) {
    const { property, words } = fields.priority;
    properties[property] = {
      type: "select",
      options: named("labels" in words ? Object.keys(words.labels) : []),
    };
  }
  if (fields.sprint !== null) properties[fields.sprint.property] = { type: "select", options: [] };
  if (fields.assignees !== null) properties[fields.assignees.property] = { type: "people" };
  if (fields.due !== null) properties[fields.due.property] = { type: "date" };
  properties[repositoryProperty] = { type: "select", options: named(repositories) };
  if (pulls !== null) properties[pulls.branchProperty] = { type: "rich_text" };
  return {
    title: "Planning",
    properties: { ...properties, ...factProperties(notion.idProperty) },
    views: [
      { name: "Board", type: "board", groupBy: fields.status.property },
      { name: "All", type: "table" },
    ],
  };
}

function factProperties(idProperty: string): Readonly<Record<string, PropertySpec>> {
  const description = "Kept by Lockstep.";
  return {
    [rowFacts.issue]: { type: "rich_text", description },
    [rowFacts.issueLink]: { type: "url", description },
    [rowFacts.pull]: { type: "rich_text", description },
    [rowFacts.pullLink]: { type: "url", description },
    [rowFacts.pullState]: {
      type: "select",
      options: named(["Draft", "Open", "Merged", "Closed"]),
      description,
    },
    [rowFacts.reviews]: {
      type: "select",
      options: named(["Waiting", "Approved", "Changes requested"]),
      description,
    },
    [rowFacts.checks]: { type: "select", options: named(["Pending", "Passing", "Failing"]), description },
    [rowFacts.note]: { type: "rich_text", description },
    [idProperty]: {
      type: "rich_text",
      description: "Kept by Lockstep: which issue this row is. Leave it as it is.",
    },
  };
}

function named(names: readonly string[]): readonly OptionSpec[] {
  return names.map((name) => ({ name }));
}
