import type { PlanningConfig } from "../../config/planning.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import type { FieldSchema, SourceRecord } from "../../core/record.ts";
import { hasOpenPull, type IssueFacts } from "./facts.ts";
import { joinBody, splitBody } from "./footer.ts";
import { joinLabels, type KindOfLabel, type LabelKind, splitLabels } from "./labels.ts";
import { stateIn, statusToWord, wordOf } from "./statuses.ts";

/** Fields that an issue is given beside those of its own, each a part of one or told by its pull request. */
export const issueFields = {
  status: "$status",
  priority: "$priority",
  sprint: "$sprint",
  due: "$due",
  issue: "$issue",
  pull: "$pull",
  pullUrl: "$pullUrl",
  pullState: "$pullState",
  reviews: "$reviews",
  checks: "$checks",
  note: "$note",
} as const;

const factFields = ["pull", "pullUrl", "pullState", "reviews", "checks", "note"] as const;

export function schemaOf(id: string): FieldSchema {
  return { id, name: id, type: "text", vendorType: "text", isDerived: false };
}

/** What taking issues apart needs to know. */
export interface IssueScheme {
  readonly config: PlanningConfig;
  readonly kinds: readonly KindOfLabel[];
  /** null: not known now, so that nothing is said about it. */
  readonly factsOf: (issueId: string) => IssueFacts | null;
}

type Fields = Readonly<Record<string, Json>>;

/** The record with its parts as fields of their own. What was not observed makes no part. */
export function takenApart(record: SourceRecord, scheme: IssueScheme): SourceRecord {
  const { labels, body, state } = record.fields;
  const fields: Record<string, Json> = { ...record.fields, [issueFields.issue]: nameOf(record) };
  delete fields.state;
  const unobserved = new Set(record.unobserved);
  const names = labelNames(labels);
  if (names === null) for (const { kind } of scheme.kinds) unobserved.add(issueFields[kind]);
  else {
    const { words, free } = splitLabels(scheme.kinds, names);
    fields.labels = optionsOf(labels, free);
    for (const kind of ["priority", "sprint"] as const) {
      if (words[kind] !== undefined) fields[issueFields[kind]] = words[kind];
    }
    const status = stateOf(state);
    if (status === null) unobserved.add(issueFields.status);
    else fields[issueFields.status] = wordOf({ ...status, label: words.status ?? null });
  }
  if (body === undefined) unobserved.add(issueFields.due);
  else {
    const { text, due } = splitBody(textOf(body));
    fields.body = text;
    fields[issueFields.due] = due;
  }
  const facts = scheme.factsOf(record.id);
  for (const name of factFields) {
    if (facts === null) unobserved.add(issueFields[name]);
    else fields[issueFields[name]] = facts[name];
  }
  return { ...record, fields, unobserved: [...unobserved] };
}

/** True when writing these fields takes what the issue holds now. */
export function isPartial(fields: Fields): boolean {
  const { status, priority, sprint, due } = issueFields;
  return [status, priority, sprint, due, "labels", "body"].some((id) => id in fields);
}

/** The issue's own fields for a write of parts. `current`: what the issue holds; absent for a new one. */
export function putTogether(
  fields: Fields,
  current: SourceRecord | null,
  scheme: IssueScheme,
): { readonly fields: Fields } | { readonly problem: string } {
  const own: Record<string, Json> = Object.fromEntries(
    Object.entries(fields).filter(([id]) => !id.startsWith("$") && id !== "labels" && id !== "body"),
  );
  const words: Partial<Record<LabelKind, string | null>> = {};
  const { status, priority, sprint, due } = issueFields;
  if (typeof fields[status] === "string") {
    const wanted = stateIn(settled(fields[status], current, scheme));
    if (wanted === null) return { problem: `${JSON.stringify(fields[status])} is no state of an issue` };
    own.state = { id: wanted.reason ?? "open", name: wanted.reason ?? "open" };
    words.status = wanted.label;
  }
  if (priority in fields) words.priority = wordIn(fields[priority]);
  if (sprint in fields) words.sprint = wordIn(fields[sprint]);
  const before = labelNames(current?.fields.labels ?? []) ?? [];
  const free = fields.labels === undefined ? undefined : (labelNames(fields.labels) ?? []);
  if (free !== undefined || Object.keys(words).length > 0) {
    const names = joinLabels(scheme.kinds, before, free === undefined ? { words } : { words, free });
    if (!isSameList(names, before)) own.labels = names.map((name) => ({ id: null, name }));
  }
  if ("body" in fields || due in fields) own.body = bodyOf(fields, current);
  return { fields: own };
}

/** What waits for a merge is closed at once where there is nothing to merge. */
function settled(word: string, current: SourceRecord | null, { config, factsOf }: IssueScheme): string {
  const shippingLabel = config.pulls?.shippingLabel ?? "";
  const meaning = config.statuses.find(
    (each) => each.isShipped && statusToWord(each, shippingLabel) === word,
  );
  const facts = current === null ? null : factsOf(current.id);
  const isFree = meaning !== undefined && (current === null || (facts !== null && !hasOpenPull(facts)));
  return isFree ? wordOf(meaning) : word;
}

function bodyOf(fields: Fields, current: SourceRecord | null): string {
  const before = splitBody(textOf(current?.fields.body ?? ""));
  const text = "body" in fields ? textOf(fields.body ?? "") : before.text;
  const day = issueFields.due in fields ? wordIn(fields[issueFields.due]) : before.due;
  return joinBody({ text, due: day?.slice(0, 10) ?? null, pageId: before.pageId });
}

/** "owner/name#12". */
function nameOf({ fields }: SourceRecord): string {
  return `${textOf(fields.repository ?? "")}#${Number(fields.number)}`;
}

function stateOf(state: Json | undefined): { state: "open" | "closed"; reason: string | null } | null {
  if (state === undefined || state === null) return null;
  const word = textOf(state);
  return word === "open" ? { state: "open", reason: null } : { state: "closed", reason: word };
}

/** null: they were not observed. */
function labelNames(labels: Json | undefined): readonly string[] | null {
  if (!Array.isArray(labels)) return labels === null ? [] : null;
  return labels.map((label: Json) => textOf(label)).filter((name) => name !== "");
}

function optionsOf(labels: Json | undefined, names: readonly string[]): Json {
  return Array.isArray(labels) ? labels.filter((label: Json) => names.includes(textOf(label))) : [];
}

function wordIn(value: Json | undefined): string | null {
  const word = textOf(value ?? "");
  return word === "" ? null : word;
}

/** Of a text, or of an option its name. */
function textOf(value: Json): string {
  if (typeof value === "string") return value;
  if (!isJsonObject(value)) return "";
  const text = value.plain ?? value.name;
  return typeof text === "string" ? text : "";
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((each) => b.includes(each));
}
