import { isJsonObject, type Json } from "../../../src/core/json.ts";
import type { Side } from "../../../src/core/two-way/mapping.ts";
import type { Intent } from "../../../src/engine/two-way/link.ts";
import type { HubRequest } from "../github/hub.ts";
import { markerIn } from "../github/issues.ts";
import type { SentWrite } from "../subject.ts";

/** Which members of a request a rule's value goes into. */
const membersOf: Readonly<Record<string, readonly string[]>> = {
  Title: ["title"],
  Status: ["state", "state_reason", "labels"],
  Labels: ["labels"],
  Priority: ["labels"],
  Sprint: ["milestone"],
  Assignees: ["assignees"],
  Due: [],
  Repository: [],
};

/** A write to an issue as the engine's books know it; null: it is about something else (a comment, a pull request). */
export function sentIssue(write: unknown): SentWrite | null {
  const { method, path, body } = write as HubRequest;
  const [, repositoryId, rest = ""] = /^\/repositories\/(\d+)(\/[^?]*)?/.exec(path) ?? [];
  const parsed: Json = body === "" ? {} : JSON.parse(body);
  const members = isJsonObject(parsed) ? parsed : {};
  const text = typeof members.body === "string" ? members.body : "";
  const names = Object.keys(members).filter((name) => name !== "body");
  const side: Side = "right";
  if (method === "POST" && rest === "/issues")
    return { side, kind: "create", id: null, marker: markerIn(text), members: names };
  const [, number] = /^\/issues\/(\d+)$/.exec(rest) ?? [];
  if (method !== "PATCH" || number === undefined) return null;
  const isTrash = text.includes(" trashed=") && members.state_reason === "not_planned";
  const kind = isTrash ? "trash" : "update";
  return { side, kind, id: `${repositoryId}/${number}`, marker: null, members: isTrash ? [] : names };
}

/** Whether these fields may have made a request with these members: lists of labels are put together from several. */
export function canMake(intent: Intent, members: readonly string[]): boolean {
  // What is brought back is opened again, too.
  const fields =
    intent.kind === "restore" ? [...Object.keys(intent.fields), "Status"] : Object.keys(intent.fields);
  const possible = new Set(fields.flatMap((field) => membersOf[field] ?? []));
  return members.every((member) => possible.has(member));
}
