import type { Json } from "../../../src/core/json.ts";
import type { Issue, Repository } from "../../../src/emulator/github/state.ts";
import { rowFacts } from "../../../src/recipes/planning/board.ts";
import { type Field, type Plain, plainOfPage, sorted } from "../fields.ts";
import { Hub } from "../github/hub.ts";
import { IssueTable } from "../github/issues.ts";
import { idsIn, type Property } from "../notion/page.ts";
import { randomFrom } from "../random.ts";
import type { Subject } from "../subject.ts";
import { sentIssue } from "./sent.ts";
import {
  loginById,
  logins,
  managedLabels,
  otherLabels,
  pairOf,
  planningOf,
  priorities,
  repositoriesOf,
  SHIPPED,
  SHIPPING_WORD,
  SYNC_ID,
  statusWords,
} from "./setup.ts";

const labels = { name: "Labels", type: "multi_select" } as const;
const people = { name: "Assignees", type: "people" } as const;

/** What nobody manages is a field of its own: it is watched, and never written. */
const fields: readonly Field[] = [
  { name: "Title", kind: "text", owner: "both", property: { name: "Title", type: "title" } },
  { name: "Status", kind: "status", owner: "both", property: { name: "Status", type: "select" } },
  { name: "Labels", kind: "tags", owner: "both", property: labels },
  { name: "Other labels", kind: "kept", owner: "both", property: labels },
  { name: "Priority", kind: "choice", owner: "both", property: { name: "Priority", type: "select" } },
  { name: "Sprint", kind: "choice", owner: "both", property: { name: "Sprint", type: "select" } },
  { name: "Assignees", kind: "tags", owner: "both", property: people },
  { name: "Other people", kind: "kept", owner: "both", property: people },
  { name: "Due", kind: "text", owner: "both", property: { name: "Due", type: "date" } },
  { name: "Repository", kind: "choice", owner: "both", property: { name: "Repository", type: "select" } },
  {
    name: rowFacts.issue,
    kind: "fact",
    owner: "right",
    property: { name: rowFacts.issue, type: "rich_text" },
  },
  {
    name: rowFacts.issueLink,
    kind: "fact",
    owner: "right",
    property: { name: rowFacts.issueLink, type: "url" },
  },
  { name: "Text", kind: "kept", owner: "right", property: { name: "Remarks", type: "rich_text" } },
];

const shownOnly = [
  { name: rowFacts.pull, type: "rich_text" },
  { name: rowFacts.pullLink, type: "url" },
  { name: rowFacts.pullState, type: "select" },
  { name: rowFacts.reviews, type: "select" },
  { name: rowFacts.checks, type: "select" },
  { name: rowFacts.note, type: "rich_text" },
  { name: "Branch", type: "rich_text" },
] as const;

const options: Readonly<Record<string, readonly string[]>> = {
  Status: Object.keys(statusWords),
  Labels: [...managedLabels, ...otherLabels],
  Priority: priorities,
};

/** The recipe of planning on rows and issues. */
export const planningBoard: Subject = {
  fields,
  otherProperties: shownOnly,
  optionsOf: ({ name }) => options[name] ?? [],
  openTable: (table, { options: drawn, lagMs }) => {
    const { now } = table;
    const random = randomFrom(drawn.seed, "hub");
    const hub = new Hub({
      now,
      seed: drawn.seed,
      hasGraphql: random.chance(0.8),
      isSinceExclusive: random.chance(0.5),
    });
    for (const login of logins) hub.people.addUser(login);
    for (const name of repositoriesOf(drawn)) {
      hub.people.addRepository(name);
      if (random.chance(0.5))
        hub.people.protect(name, "main", { requiredChecks: ["ci"], requiredReviews: random.int(0, 1) });
    }
    return new IssueTable({ ...table, hub, read: readIssue, listLagMs: lagMs });
  },
  plainInPage,
  plainInRow: ({ name }, values) => (values[name] ?? null) as Plain,
  inHistory: ({ name }, side, told) => inHistory(name, side, told),
  fieldOf: (column) => column,
  sentRight: sentIssue,
  hasPreconditions: false,
  agree: ({ name, kind }, left, right) => {
    if (kind === "kept") return true;
    if (name === "Status") return isSameStatus(left, right);
    return JSON.stringify(left) === JSON.stringify(right);
  },
  isWaiting: ({ name }, left) => (name === "Status" || name === "Title") && left === null,
  // There is nothing left to do, or nothing to call it by.
  isLeftOut: (side, plain) =>
    side === "left" &&
    (plain("Title") === null || statusWords[String(plain("Status"))]?.startsWith("closed") === true),
  onTable: (connector) => connector,
  marksRows: true,
  syncId: SYNC_ID,
  guard: (drawn) => pairOf(planningOf(drawn)).guard,
  bind: () => {
    throw new Error("the product binds it");
  },
  policy: () => {
    throw new Error("the product knows it");
  },
};

function plainInPage(field: Field, values: Readonly<Record<string, Json>>, property: Property): Plain {
  switch (field.name) {
    case "Text":
      return null;
    case "Assignees":
      return sorted(idsIn(values[property.id]).flatMap((id) => loginById[id] ?? []));
    case "Other people":
      return sorted(idsIn(values[property.id]).filter((id) => loginById[id] === undefined));
    case "Labels":
      return labelsOf(values, property).filter((name) => managedLabels.includes(name));
    case "Other labels":
      return labelsOf(values, property).filter((name) => !managedLabels.includes(name));
    case rowFacts.issue:
    case rowFacts.issueLink: {
      const value = values[property.id];
      return typeof value === "string" && value !== "" ? value : null;
    }
    default:
      return plainOfPage(values, property, field.kind);
  }
}

function labelsOf(values: Readonly<Record<string, Json>>, property: Property): readonly string[] {
  const found = plainOfPage(values, property, "tags");
  return Array.isArray(found) ? found : [];
}

/** The same value as a version tells it. */
function inHistory(name: string, side: "left" | "right", told: Json): Plain {
  const list = Array.isArray(told) ? told.filter((each) => typeof each === "string") : [];
  if (name === "Labels") return sorted(list.filter((label) => managedLabels.includes(label)));
  if (name === "Assignees")
    return side === "left"
      ? sorted(list.flatMap((id) => loginById[id] ?? []))
      : sorted(list.filter((login) => Object.values(loginById).includes(login)));
  return told as Plain;
}

function isSameStatus(left: Plain, right: Plain): boolean {
  const meant = statusWords[String(left)];
  if (meant === right || (left === SHIPPED && right === SHIPPING_WORD)) return true;
  // A duplicate is nothing that was done; a state without a word of its own is shown as the nearest.
  return left === "Dropped" && right === "closed as duplicate";
}

const shipping = ["status: in progress", "status: review", "status: shipping"];

/** An issue in the words of the rules. */
function readIssue(issue: Issue, repository: Repository): Readonly<Record<string, Json>> {
  const names = repository.labels.filter(({ id }) => issue.labels.includes(id)).map(({ name }) => name);
  const status = shipping.findLast((label) => names.includes(label)) ?? null;
  const reason = issue.reason === "reopened" || issue.reason === null ? "completed" : issue.reason;
  const priority = names
    .filter((name) => name.startsWith("priority: "))
    .map((name) => name.slice("priority: ".length))
    .sort()[0];
  const free = names.filter((name) => !shipping.includes(name) && !name.startsWith("priority: "));
  const fullName = `${repository.owner}/${repository.name}`;
  return {
    Title: issue.title,
    Status: issue.state === "closed" ? `closed as ${reason}` : status === null ? "open" : `open, ${status}`,
    Labels: [...sorted(free.filter((name) => managedLabels.includes(name)))],
    "Other labels": [...sorted(free.filter((name) => !managedLabels.includes(name)))],
    Priority: priority ?? null,
    Sprint: repository.milestones.find(({ number }) => number === issue.milestone)?.title ?? null,
    Assignees: [...sorted(issue.assignees.filter((login) => Object.values(loginById).includes(login)))],
    "Other people": [...sorted(issue.assignees.filter((login) => !Object.values(loginById).includes(login)))],
    Due: /(?:^|\n)Due: (\d{4}-\d{2}-\d{2})$/.exec(aboveOurs(issue.body ?? ""))?.[1] ?? null,
    Repository: fullName,
    [rowFacts.issue]: `${fullName}#${issue.number}`,
    [rowFacts.issueLink]: `https://github.com/${fullName}/issues/${issue.number}`,
    Text: contentIn(issue.body ?? ""),
  };
}

/** What people wrote: without our own lines, and the day below it. */
export function contentIn(body: string): string | null {
  const content = aboveOurs(aboveOurs(body).replace(/(?:^|\n)Due: \d{4}-\d{2}-\d{2}$/, ""));
  return content === "" ? null : content;
}

function aboveOurs(body: string): string {
  return body
    .replace(/<!--\s*lockstep:[^<>]*-->/g, "")
    .replace(/\[Planned in Notion\]\([^)]*\)\s*$/, "")
    .trim();
}
