import { hasDataSources, type Version } from "../api/versions.ts";
import type { JsonObject } from "../json.ts";
import { eventTypes, type WorkspaceEvent } from "../state/events.ts";
import type { Connection, Entity, Parent, State, Subscription } from "../state/state.ts";

/** An event as one version words it. */
export interface WordedEvent {
  readonly type: string;
  readonly entity: { readonly id: string; readonly type: string };
  /** Null: the event has no `data`. */
  readonly data: JsonObject | null;
}

/** Before 2025-09-03 a database has the events of its only data source, under its own name. */
const oldNames: { readonly [type: string]: string } = {
  "data_source.content_updated": "database.content_updated",
  "data_source.schema_updated": "database.schema_updated",
};

function nameIn(version: Version, type: string): string | null {
  if (hasDataSources(version)) return type;
  return oldNames[type] ?? (/^(data_source|view)\./.test(type) ? null : type);
}

/** Every event a subscription of this version can ask for. */
export function eventNames(version: Version): string[] {
  return eventTypes.map((type) => nameIn(version, type)).filter((name) => name !== null);
}

/** The event in a version's words; null when that version has none for it. */
export function wordEvent(state: State, event: WorkspaceEvent, version: Version): WordedEvent | null {
  const type = nameIn(version, event.type);
  if (type === null) return null;
  const { subject } = event;
  if (subject === null) {
    return {
      type,
      entity: event.entity ?? { id: "", type: "file_upload" },
      data: event.data === undefined ? null : event.data,
    };
  }
  const isRenamed = type !== event.type && subject.object === "data_source";
  const database = isRenamed ? state.databases.get(subject.databaseId) : undefined;
  const about = database ?? subject;
  return {
    type,
    entity: event.entity ?? { id: about.id, type: about.object },
    data: { parent: parentReference(state, about, version), ...event.data },
  };
}

function parentReference(state: State, entity: Entity, version: Version): JsonObject {
  if (entity.object === "data_source") return { id: entity.databaseId, type: "database" };
  const parent: Parent = entity.parent;
  switch (parent.type) {
    case "workspace":
      return { id: state.workspaceId, type: "space" };
    case "page_id":
      return { id: parent.id, type: "page" };
    case "block_id":
      return { id: parent.id, type: "block" };
    case "database_id":
      return { id: parent.id, type: "database" };
    case "data_source_id": {
      const databaseId = state.dataSources.get(parent.id)?.databaseId ?? null;
      const own = hasDataSources(version) ? { data_source_id: parent.id } : {};
      return { id: databaseId, type: "database", ...own };
    }
  }
}

/** What is the same in every attempt to deliver an event. */
export interface Letter {
  readonly id: string;
  /** When it happened, in milliseconds. */
  readonly timestamp: number;
  /** User ids; more than one when edits were gathered. */
  readonly authors: readonly string[];
  readonly worded: WordedEvent;
}

/** The body of a delivery. https://developers.notion.com/reference/webhooks-events-delivery */
export function envelope(
  state: State,
  to: { readonly subscription: Subscription; readonly connection: Connection; readonly attempt: number },
  { id, timestamp, authors, worded }: Letter,
): JsonObject {
  const { subscription, connection } = to;
  return {
    id,
    timestamp: new Date(timestamp).toISOString(),
    workspace_id: state.workspaceId,
    workspace_name: state.workspaceName,
    subscription_id: subscription.id,
    integration_id: connection.botId,
    type: worded.type,
    authors: authors.map((author) => reference(state, author)),
    ...(connection.isPersonal ? { accessible_by: accessibleBy(state, connection) } : {}),
    attempt_number: to.attempt,
    api_version: subscription.apiVersion,
    entity: { ...worded.entity },
    ...(worded.data === null ? {} : { data: worded.data }),
  };
}

function reference(state: State, id: string): JsonObject {
  return { id, type: state.users.get(id)?.type ?? "person" };
}

/** The connection's owner, for whom the workspace's first person stands, and its bot. */
function accessibleBy(state: State, connection: Connection): JsonObject[] {
  const owner = [...state.users.values()].find((user) => user.type === "person");
  return [...(owner === undefined ? [] : [reference(state, owner.id)]), reference(state, connection.botId)];
}
