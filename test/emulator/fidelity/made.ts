import { array, type JsonObject, text } from "../harness.ts";
import { type Chain, isRecord, objectsIn, type RecordedCall } from "./recorded.ts";

/** Ids of everything that the calls of a chain made, and of what lies in that. */
export function madeIn({ calls }: Chain): Set<string> {
  const made = new Set<string>();
  for (const call of calls) {
    for (const id of madeBy(call)) made.add(id);
    for (const body of objectsIn(call.answer)) if (made.has(parentIdOf(body) ?? "")) made.add(text(body.id));
  }
  return made;
}

/** Ids of the objects that a call made. */
export function madeBy({ method, path, status, body, answer }: RecordedCall): string[] {
  if (status !== 200) return [];
  const isCreation =
    method === "POST" && /^\/v1\/(pages|databases|data_sources|comments|views|file_uploads)\/?$/.test(path);
  if (isCreation) return [text(answer.id), ...sourcesOf(answer)];
  if (answer.object === "async_task" || answer.object === "view_query") return [text(answer.id)];
  if (method !== "PATCH" || !path.endsWith("/children") || !isRecord(body)) return [];
  const count = array(body.children ?? []).length;
  return array(answer.results)
    .slice(0, count)
    .filter(isRecord)
    .map((each) => text(each.id));
}

function sourcesOf(answer: JsonObject): string[] {
  return Array.isArray(answer.data_sources)
    ? answer.data_sources.filter(isRecord).map((each) => text(each.id))
    : [];
}

/** What an object lies in. */
export function parentIdOf({ parent }: JsonObject): string | null {
  if (!isRecord(parent)) return null;
  const id = parent.data_source_id ?? parent.database_id ?? parent.page_id ?? parent.block_id;
  return typeof id === "string" ? id : null;
}
