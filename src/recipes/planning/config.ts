import { notionIdIn } from "../../config/notion-id.ts";
import type {
  LabelWords,
  PlanningConfig,
  PlanningDirection,
  PlanningField,
  PlanningFields,
  PlanningPairConfig,
  PlanningPulls,
} from "../../config/planning.ts";
import { type ConfigProblem, pathText } from "../../config/problem.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { WrittenPlanning } from "./schema.ts";
import type { StatusMeaning } from "./statuses.ts";

const defaultName = "planning";

const defaultStatuses: NonNullable<WrittenPlanning["statuses"]> = {
  Backlog: { state: "open" },
  "In Progress": { state: "open", label: "status: in progress" },
  "Ready for Review": { state: "open", label: "status: review" },
  Done: { state: "closed", reason: "completed" },
  Dropped: { state: "closed", reason: "not_planned" },
};

const defaultReview = ["Ready for Review"];
const defaultShip = ["Done", "Shipped"];

/** What the schema alone cannot see. Reads the section as it came. `taken`: names of other syncs. */
export function planningProblems(
  section: Json | undefined,
  { taken }: { readonly taken: readonly string[] },
): readonly ConfigProblem[] {
  if (!isJsonObject(section)) return [];
  const problems: ConfigProblem[] = [];
  const add = (path: readonly string[], message: string) =>
    problems.push({ path: pathText(["planning", ...path]), message });
  const name = typeof section.name === "string" ? section.name : defaultName;
  if (taken.includes(name)) add(["name"], `the name "${name}" is already used by another sync`);
  const { notion } = section;
  if (isJsonObject(notion) && notion.database === undefined && notion.parentPage === undefined)
    add(["notion"], "expected database, or parentPage for `lockstep init` to make one in");
  statusProblems(section, add);
  fieldProblems(section.fields, add);
  createProblems(section, add);
  return problems;
}

type Add = (path: readonly string[], message: string) => void;

function statusProblems({ statuses, pulls }: { readonly [key: string]: Json }, add: Add): void {
  const meanings = isJsonObject(statuses) ? statuses : undefined;
  const states = new Map(
    Object.entries(meanings ?? defaultStatuses).map(([name, meaning]) => [
      name,
      isJsonObject(meaning) ? meaning.state : undefined,
    ]),
  );
  for (const state of ["open", "closed"]) {
    if (![...states.values()].includes(state))
      add(["statuses"], `expected at least one status that is ${state}`);
  }
  for (const [name, meaning] of Object.entries(meanings ?? {})) {
    if (!isJsonObject(meaning) || meaning.state !== "open" || meaning.reason === undefined) continue;
    add(["statuses", name, "reason"], "only a closed issue has a reason");
  }
  if (!isJsonObject(pulls)) return;
  for (const key of ["review", "ship"] as const) {
    for (const name of listOf(pulls[key])) {
      const state = states.get(name);
      if (state === undefined) add(["pulls", key], `"${name}" is none of the statuses`);
      else if (key === "ship" && state !== "closed")
        add(["pulls", key], `"${name}" leaves the issue open; what is merged is closed`);
    }
  }
}

/** What a side owns is never written there, and neither side makes a record without a title. */
function createProblems({ fields, creates }: { readonly [key: string]: Json }, add: Add): void {
  const title = isJsonObject(fields) && isJsonObject(fields.title) ? fields.title.owner : undefined;
  const isOff = (key: string) => isJsonObject(creates) && creates[key] === false;
  if (title === "github" && !isOff("issues"))
    add(
      ["fields", "title", "owner"],
      "GitHub owns the title, so no row can become an issue: set creates.issues to false",
    );
  if (title === "notion" && !isOff("rows"))
    add(
      ["fields", "title", "owner"],
      "Notion owns the title, so no issue can become a row: set creates.rows to false",
    );
}

function fieldProblems(fields: Json | undefined, add: Add): void {
  if (!isJsonObject(fields)) return;
  for (const key of ["priority", "sprint"] as const) {
    const field = fields[key];
    if (!isJsonObject(field)) continue;
    if (field.prefix !== undefined && field.labels !== undefined)
      add(["fields", key], "expected a prefix or labels, not both");
    if (field.milestone === true && (field.prefix !== undefined || field.labels !== undefined))
      add(["fields", key], "expected the milestone or labels, not both");
  }
}

function listOf(value: Json | undefined): readonly string[] {
  return (Array.isArray(value) ? value : []).filter((each: Json) => typeof each === "string");
}

/** Fills in every default. */
export function resolvePlanning(written: WrittenPlanning): PlanningConfig {
  const { notion, filter, creates, alerts } = written;
  const pulls = written.pulls === false ? null : resolvePulls(written.pulls ?? {});
  return {
    name: written.name ?? defaultName,
    notion: {
      id: notionIdIn(notion.database),
      parentPageId: notionIdIn(notion.parentPage),
      statusType: notion.statusProperty ?? "select",
      idProperty: notion.idProperty ?? "Lockstep ID",
    },
    repositories: [...new Set(written.repositories)],
    filter: {
      label: filter?.label ?? null,
      author: filter?.author ?? null,
      milestone: filter?.milestone ?? null,
    },
    creates: { rows: creates?.rows ?? true, issues: creates?.issues ?? true },
    statuses: resolveStatuses(written.statuses ?? defaultStatuses, pulls),
    fields: resolveFields(written.fields ?? {}),
    pulls,
    comments: written.comments ?? "off",
    isCommentingConflicts: written.conflictComments ?? false,
    whenArchived: written.whenArchived ?? "close",
    images: written.images ?? "neutralise",
    pollSeconds: written.pollSeconds ?? 60,
    sweepEveryHours: written.sweepEveryHours ?? 24,
    alertVariable: alerts?.webhookUrlEnv ?? null,
    isEnabled: written.syncEnabled ?? true,
    isFollowed: true,
  };
}

function resolvePulls(written: Exclude<WrittenPlanning["pulls"], false | undefined>): PlanningPulls {
  return {
    review: written.review ?? defaultReview,
    ship: written.ship ?? defaultShip,
    shippingLabel: written.shippingLabel ?? "status: shipping",
    branchPattern: written.branch ?? "{number}-{slug}",
    branchProperty: written.branchProperty ?? "Branch",
    method: written.method ?? "squash",
    base: written.base ?? null,
    isReviewNeeded: written.requireReview ?? false,
  };
}

function resolveStatuses(
  statuses: NonNullable<WrittenPlanning["statuses"]>,
  pulls: PlanningPulls | null,
): readonly StatusMeaning[] {
  return Object.entries(statuses).map(([name, { state, reason, label }]) => ({
    name,
    state,
    reason: state === "open" ? null : (reason ?? "completed"),
    label: label ?? null,
    isShipped: state === "closed" && pulls?.ship.includes(name) === true,
  }));
}

type WrittenFields = NonNullable<WrittenPlanning["fields"]>;

function resolveFields(fields: WrittenFields): PlanningFields {
  const {
    title = {},
    status = {},
    labels = {},
    priority = {},
    sprint = {},
    assignees = {},
    due,
    body,
  } = fields;
  return {
    title: { property: "Title", ...directionOf(title) },
    status: fieldOf(status, "Status"),
    labels: labels === false ? null : { ...fieldOf(labels, "Labels"), managed: labels.managed ?? null },
    priority:
      priority === false
        ? null
        : { ...fieldOf(priority, "Priority"), words: wordsOf(priority, "priority: ") },
    sprint: sprint === false ? null : { ...fieldOf(sprint, "Sprint"), words: sprintWords(sprint) },
    assignees:
      assignees === false
        ? null
        : { ...fieldOf(assignees, "Assignees"), people: peopleOf(assignees.people ?? {}) },
    due: due === undefined || due === false ? null : fieldOf(due, "Due"),
    body: body === undefined || body === false ? null : directionOf(body),
  };
}

type WrittenDirection = NonNullable<WrittenFields["title"]>;

function directionOf({ owner, conflict }: WrittenDirection): PlanningDirection {
  return { owner: owner ?? "both", conflict: conflict ?? "ask" };
}

function fieldOf(field: WrittenDirection & { property?: string | undefined }, name: string): PlanningField {
  return { property: field.property ?? name, ...directionOf(field) };
}

function wordsOf(
  { prefix, labels }: { prefix?: string | undefined; labels?: Record<string, string> | undefined },
  prefixByDefault: string,
): LabelWords {
  return labels === undefined ? { prefix: prefix ?? prefixByDefault } : { labels };
}

function sprintWords(sprint: Exclude<WrittenFields["sprint"], false | undefined>): LabelWords | "milestone" {
  const isByLabel = sprint.prefix !== undefined || sprint.labels !== undefined || sprint.milestone === false;
  return isByLabel ? wordsOf(sprint, "sprint: ") : "milestone";
}

function peopleOf(people: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(people).map(([login, id]) => [login, notionIdIn(id)]));
}

/** Nothing is deleted on GitHub, and whatever was closed can be opened again; still, not a whole board at once. */
const guard = { deletesMax: 10, deleteShareMax: 0.1, clearShareMax: 0.2, changeShareMax: 0.9 };

/** The two-way sync that planning is; none while its database waits for `init`. */
export function planningPairs(planning: PlanningConfig): readonly PlanningPairConfig[] {
  const { name, notion } = planning;
  if (notion.id === null) return [];
  const { pollSeconds, sweepEveryHours, isEnabled, isFollowed } = planning;
  const side = {
    id: notion.id,
    dataSource: null,
    idProperty: notion.idProperty,
    isProvisioningOptions: true,
  };
  return [{ name, notion: side, guard, pollSeconds, sweepEveryHours, isEnabled, isFollowed, planning }];
}
