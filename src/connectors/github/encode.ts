import { isJsonObject, type Json } from "../../core/json.ts";
import { fieldKinds, type GitHubField, isGitHubField, states } from "./fields.ts";
import type { JsonObject } from "./issue.ts";
import { type Refused, refused } from "./refused.ts";

/** https://docs.github.com/en/rest/issues/issues: GitHub's own limits, refused here with a clearer word. */
const limits = { title: 256, body: 65_536, label: 50, labels: 100, assignees: 10 } as const;
/** Kept free in the body for the comment at its end. */
const MARKER_LENGTH_MAX = 600;

/** Fields as GitHub's members; what needs looking up is named beside them. */
export interface EncodedFields {
  /** title, state, state_reason, labels, assignees. */
  readonly members: JsonObject;
  /** undefined: the body is not written. */
  readonly content: string | undefined;
  /** The title of a milestone, null to clear it; undefined: not written. */
  readonly milestone: string | null | undefined;
  readonly repository: string | undefined;
}

/** Writes nothing when one of the fields does not fit. */
export function encodeFields(fields: Readonly<Record<string, Json>>): EncodedFields | Refused {
  const members: Record<string, Json> = {};
  let encoded: Omit<EncodedFields, "members"> = {
    content: undefined,
    milestone: undefined,
    repository: undefined,
  };
  for (const [id, value] of Object.entries(fields)) {
    if (!isGitHubField(id))
      return refused("FIELD_UNKNOWN", `Tried to write "${id}", and an issue has no such field.`);
    const one = encodeField(id, value);
    if ("refused" in one) return one;
    Object.assign(members, one.members);
    encoded = { ...encoded, ...one.rest };
  }
  return { members, ...encoded };
}

interface EncodedField {
  readonly members?: JsonObject;
  readonly rest?: Partial<Omit<EncodedFields, "members">>;
}

function encodeField(id: GitHubField, value: Json): EncodedField | Refused {
  switch (id) {
    case "title":
      return encodeTitle(textIn(value));
    case "body": {
      const content = value === null ? "" : textIn(value);
      if (content === null) return invalid(id, "a text");
      const max = limits.body - MARKER_LENGTH_MAX;
      return content.length > max ? tooLong(id, content.length, max) : { rest: { content } };
    }
    case "state":
      return encodeState(nameIn(value));
    case "labels":
      return encodeLabels(namesIn(value));
    case "assignees": {
      const logins = namesIn(value);
      if (logins === null) return invalid(id, "a list of login names");
      return logins.length > limits.assignees
        ? tooLong(id, logins.length, limits.assignees)
        : { members: { assignees: logins } };
    }
    case "milestone": {
      const milestone = value === null ? null : nameIn(value);
      return value !== null && milestone === null
        ? invalid(id, "the title of a milestone")
        : { rest: { milestone } };
    }
    case "repository": {
      const repository = nameIn(value);
      return repository === null ? invalid(id, "the name of a repository") : { rest: { repository } };
    }
    default:
      return refused("FIELD_READ_ONLY", `Tried to write ${fieldKinds[id].name}, which GitHub sets itself.`);
  }
}

function encodeTitle(title: string | null): EncodedField | Refused {
  if (title === null || title.trim() === "") return invalid("title", "a text that is not empty");
  return title.length > limits.title ? tooLong("title", title.length, limits.title) : { members: { title } };
}

/** "Reopened" is what GitHub calls an issue that was closed before; opening one says as much. */
function encodeState(state: string | null): EncodedField | Refused {
  if (state === "open") return { members: { state: "open" } };
  if (state === null || !states.some((each) => each === state))
    return invalid("state", `one of ${states.join(", ")}`);
  return { members: { state: "closed", state_reason: state } };
}

function encodeLabels(labels: readonly string[] | null): EncodedField | Refused {
  if (labels === null) return invalid("labels", "a list of names");
  if (labels.length > limits.labels) return tooLong("labels", labels.length, limits.labels);
  const long = labels.find((label) => label.length > limits.label);
  return long === undefined ? { members: { labels } } : tooLong("labels", long.length, limits.label);
}

function invalid(id: GitHubField, expected: string): Refused {
  return refused(
    "VALUE_INVALID",
    `Tried to write ${fieldKinds[id].name}, which takes ${expected}. Correct the value where it comes from.`,
  );
}

function tooLong(id: GitHubField, is: number, max: number): Refused {
  return refused(
    "VALUE_TOO_LONG",
    `Tried to write ${fieldKinds[id].name} with a length of ${is}, of which GitHub takes ${max}. Nothing is cut off: shorten the value.`,
  );
}

/** As `TextValue` or as a bare text. */
function textIn(value: Json): string | null {
  const text = isJsonObject(value) ? value.plain : value;
  return typeof text === "string" ? text : null;
}

/** As `OptionValue` or as a bare name. */
function nameIn(value: Json): string | null {
  const name = isJsonObject(value) ? value.name : value;
  return typeof name === "string" && name.trim() !== "" ? name : null;
}

function namesIn(value: Json): readonly string[] | null {
  if (value === null) return [];
  if (!Array.isArray(value)) return null;
  const names = value.map(nameIn);
  return names.every((name) => name !== null) ? names : null;
}
