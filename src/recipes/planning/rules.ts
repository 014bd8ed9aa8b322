import type { PlanningConfig, PlanningDirection } from "../../config/planning.ts";
import type { Json } from "../../core/json.ts";
import { translateSet } from "../../core/two-way/codecs/set.ts";
import type { WordMap } from "../../core/two-way/codecs/words.ts";
import type { ElementMap, FieldRule, Translated } from "../../core/two-way/mapping.ts";
import type { FieldConfig } from "../../core/two-way/rule.ts";
import { repositoryProperty, rowFacts } from "./board.ts";
import { issueFields } from "./issue-fields.ts";
import { asBlocks, asParagraphs } from "./markdown-lines.ts";
import { CONTENT_FIELD } from "./row-content.ts";
import { statusLabels, statusToWord, wordOf, wordToStatus } from "./statuses.ts";
import { forGitHub, forNotion, fromGitHub, fromNotion, type SafetyRules } from "./text-safety.ts";

/** What the text is called in plans and history. */
const contentRule = "Content";
/** https://docs.github.com/en/rest/issues/issues: titles and texts longer than this are refused. */
const TITLE_LENGTH_MAX = 256;
const BODY_LENGTH_MAX = 60_000;
/** Notion's limit on the name of an option. */
const OPTION_LENGTH_MAX = 100;

const sideOf = { notion: "left", github: "right", both: "both", newest: "newest", ask: "ask" } as const;

/** The mapping as the rules' builder takes it. `titleId`: the title property, whatever it is called. */
export function fieldConfigs(config: PlanningConfig, titleId: string): readonly FieldConfig[] {
  const { fields, pulls } = config;
  const configs: FieldConfig[] = [
    { name: fields.title.property, left: titleId, right: "title", ...directed(fields.title) },
    {
      name: fields.status.property,
      left: fields.status.property,
      right: issueFields.status,
      map: statusMap(config),
      ...directed(fields.status),
    },
  ];
  const add = (name: string, right: string, rest: Partial<FieldConfig>) =>
    configs.push({ name, left: name, right, ...rest });
  if (fields.labels !== null)
    add(fields.labels.property, "labels", { codec: "set", ...directed(fields.labels) });
  if (fields.priority !== null)
    add(fields.priority.property, issueFields.priority, { codec: "option", ...directed(fields.priority) });
  if (fields.sprint !== null) {
    const right = fields.sprint.words === "milestone" ? "milestone" : issueFields.sprint;
    add(fields.sprint.property, right, { codec: "option", ...directed(fields.sprint) });
  }
  if (fields.assignees !== null)
    add(fields.assignees.property, "assignees", { codec: "set", ...directed(fields.assignees) });
  if (fields.due !== null)
    add(fields.due.property, issueFields.due, { codec: "date", ...directed(fields.due) });
  if (fields.body !== null)
    configs.push({
      name: contentRule,
      left: CONTENT_FIELD,
      right: "body",
      codec: "text",
      ...directed(fields.body),
    });
  add(repositoryProperty, "repository", { codec: "option", policy: "right" });
  const told = { owner: "right" } as const;
  add(rowFacts.issue, issueFields.issue, told);
  add(rowFacts.issueLink, "url", told);
  if (pulls === null) return configs;
  add(rowFacts.pull, issueFields.pull, told);
  add(rowFacts.pullLink, issueFields.pullUrl, told);
  add(rowFacts.pullState, issueFields.pullState, told);
  add(rowFacts.reviews, issueFields.reviews, told);
  add(rowFacts.checks, issueFields.checks, told);
  add(rowFacts.note, issueFields.note, told);
  return configs;
}

function directed({ owner, conflict }: PlanningDirection): Pick<FieldConfig, "owner" | "policy"> {
  return { owner: sideOf[owner], policy: sideOf[conflict] };
}

/** Every word that an issue's state can be, so that nothing is without a status. */
function statusMap({ statuses, pulls }: PlanningConfig): WordMap {
  const shippingLabel = pulls?.shippingLabel ?? "";
  const open = [null, ...statusLabels(statuses, shippingLabel)].map((label) =>
    wordOf({ state: "open", reason: null, label }),
  );
  const closed = ["completed", "not_planned", "duplicate"].map((reason) =>
    wordOf({ state: "closed", reason, label: null }),
  );
  const toLeft = [...open, ...closed].flatMap((word) => {
    const status = wordToStatus(statuses, word, shippingLabel);
    return status === null ? [] : [[word, status] as const];
  });
  return {
    toRight: Object.fromEntries(
      statuses.map((meaning) => [meaning.name, statusToWord(meaning, shippingLabel)]),
    ),
    toLeft: Object.fromEntries(toLeft),
  };
}

/** A rule of the mapping with what only planning knows. */
export function ruledBy(config: PlanningConfig, rule: FieldRule): FieldRule {
  const whole = wholes.get(rule.right);
  return { ...lawOf(config, rule), ...(whole === undefined ? {} : { whole: { right: whole } }) };
}

/** GitHub takes labels as one list and a text as one, whatever each part of it means to a row. */
const wholes: ReadonlyMap<string, string> = new Map([
  ...["labels", issueFields.status, issueFields.priority, issueFields.sprint].map(
    (id) => [id, "labels"] as const,
  ),
  ...["body", issueFields.due].map((id) => [id, "body"] as const),
]);

function lawOf(config: PlanningConfig, rule: FieldRule): FieldRule {
  const { fields, images } = config;
  switch (rule.name) {
    case fields.title.property:
      return withSafeText(rule, { images }, titleFor);
    case fields.labels?.property:
      return withElements(rule, labelElements(fields.labels?.managed ?? null, rule.elements));
    case fields.assignees?.property:
      return withElements(rule, people(fields.assignees?.people ?? {}));
    case contentRule:
      return contentRuled(rule, { images });
    case repositoryProperty:
      // Whatever somebody chooses on the row meanwhile, an issue is where it is: nothing has to be read before that is shown.
      return { ...rule, accepts: keepRepository, canWin: (side) => side === "right" };
    default:
      return rule;
  }
}

/** Titles are one line, and never empty. */
function titleFor(text: string): Translated {
  const title = text.replace(/\s+/g, " ").trim();
  if (title === "") return { unmappable: "an issue needs a title" };
  return [...title].length > TITLE_LENGTH_MAX
    ? { unmappable: `it has ${[...title].length} characters, and ${TITLE_LENGTH_MAX} are the most on GitHub` }
    : { value: title };
}

/** Text that acts on neither side, and comes back as it was written. */
function withSafeText(rule: FieldRule, rules: SafetyRules, fitting: (text: string) => Translated): FieldRule {
  return {
    ...rule,
    toRight: (text) => fitting(forGitHub(typeof text === "string" ? text : "", rules)),
    toLeft: (text) => ({ value: typeof text === "string" ? fromGitHub(text, rules) : null }),
  };
}

/** Markdown on both sides, in which different things act. */
function contentRuled(rule: FieldRule, rules: SafetyRules): FieldRule {
  return {
    ...rule,
    // Whoever deletes the line has not deleted the issue's text.
    accepts: ({ side, from, to }) =>
      side === "left" && from !== null && to === null
        ? "the text is emptied on GitHub, not on the page"
        : null,
    toRight: (text) => {
      const safe = typeof text === "string" ? forGitHub(asParagraphs(fromNotion(text, rules)), rules) : null;
      return safe !== null && safe.length > BODY_LENGTH_MAX
        ? { unmappable: `it has ${safe.length} characters, and ${BODY_LENGTH_MAX} are the most on GitHub` }
        : { value: safe };
    },
    toLeft: (text) => ({
      value: typeof text === "string" ? forNotion(asBlocks(fromGitHub(text, rules)), rules) : null,
    }),
  };
}

function withElements(rule: FieldRule, elements: ElementMap): FieldRule {
  return {
    ...rule,
    elements,
    toRight: translateSet(elements.toRight),
    toLeft: translateSet(elements.toLeft),
  };
}

/** What Notion cannot hold as an option is left alone, as are labels that nobody manages. */
function labelElements(managed: readonly string[] | null, spelled: ElementMap | null): ElementMap {
  const names = managed?.map((name) => name.toLowerCase()) ?? null;
  const isManaged = (label: string) =>
    (names === null || names.includes(label.toLowerCase())) &&
    !label.includes(",") &&
    label.length <= OPTION_LENGTH_MAX;
  return {
    toRight: (label) => (isManaged(label) ? (spelled?.toRight(label) ?? label) : null),
    toLeft: (label) => (isManaged(label) ? (spelled?.toLeft(label) ?? label) : null),
  };
}

/** Whoever is not in the map is nobody's to take off. */
function people(idByLogin: Readonly<Record<string, string>>): ElementMap {
  const ids = new Map(Object.entries(idByLogin).map(([login, id]) => [login.toLowerCase(), id]));
  const logins = new Map(Object.entries(idByLogin).map(([login, id]) => [id, login]));
  return {
    toRight: (id) => logins.get(id) ?? null,
    toLeft: (login) => ids.get(login.toLowerCase()) ?? null,
  };
}

function keepRepository({ side, from }: { readonly side: string; readonly from: Json }): string | null {
  return side === "left" && from !== null ? "an issue stays in its repository: transfer it on GitHub" : null;
}
