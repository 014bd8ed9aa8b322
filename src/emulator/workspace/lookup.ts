import { usualId } from "../api/input.ts";
import { ApiError } from "../http/errors.ts";
import { type Actor, touch } from "../operations/pages.ts";
import { setTrashed } from "../operations/tell.ts";
import {
  type Connection,
  type Database,
  type DataSource,
  type Entity,
  findEntity,
  findProperty,
  type Page,
  type Parent,
  type Property,
  type State,
  type User,
} from "../state/state.ts";
import type { By, ParentId } from "./workspace.ts";

/** Who does it and when; without `by` the person at the controls, now. */
export type ActorOf = (by: By | undefined) => Actor;

/** Authors for one person's controls. Without a person, the workspace's first stands in for "somebody". */
export function actorsOf(state: State, person: string | null): ActorOf {
  return (by) => personActor(state, { at: by?.at, by: by?.by ?? person ?? undefined });
}

export function personActor(state: State, by: By | undefined): Actor {
  const at = by?.at === undefined ? state.now() : toMs(by.at);
  return { userId: by?.by === undefined ? firstPerson(state) : usualId(by.by), connection: null, at };
}

function firstPerson(state: State): string {
  for (const user of state.users.values()) if (user.type === "person") return user.id;
  throw missing("person", "any");
}

export function toMs(at: number | string): number {
  const ms = typeof at === "number" ? at : Date.parse(at);
  if (Number.isNaN(ms)) throw new ApiError(400, "validation_error", `Not a time: ${at}`);
  return ms;
}

export function missing(kind: string, id: string): ApiError {
  return new ApiError(404, "object_not_found", `The workspace has no ${kind} ${id}.`);
}

function found<T>(value: T | undefined, kind: string, id: string): T {
  if (value === undefined) throw missing(kind, id);
  return value;
}

export function personAt(state: State, id: string): User {
  return found(state.users.get(usualId(id)), "person", id);
}

export function pageAt(state: State, id: string): Page {
  return found(state.pages.get(usualId(id)), "page", id);
}

export function databaseAt(state: State, id: string): Database {
  return found(state.databases.get(usualId(id)), "database", id);
}

export function dataSourceAt(state: State, id: string): DataSource {
  return found(state.dataSources.get(usualId(id)), "data source", id);
}

export function entityAt(state: State, id: string): Entity {
  return found(findEntity(state, usualId(id)) ?? undefined, "object", id);
}

export function propertyAt(dataSource: DataSource, nameOrId: string): Property {
  return found(findProperty(dataSource.properties, nameOrId), "property", nameOrId);
}

/** By token, or by the id of its bot. */
export function connectionAt(state: State, tokenOrBot: string | undefined): Connection {
  const all = [...state.connections.values()];
  const connection =
    tokenOrBot === undefined
      ? all[0]
      : (state.connections.get(tokenOrBot) ?? all.find(({ botId }) => botId === tokenOrBot));
  return found(connection, "connection", "with this token");
}

export function parentAt(state: State, parent: ParentId | undefined): Parent {
  if (parent === undefined) return { type: "workspace" };
  if ("pageId" in parent) return { type: "page_id", id: pageAt(state, parent.pageId).id };
  return { type: "data_source_id", id: dataSourceAt(state, parent.dataSourceId).id };
}

/** Into the trash, or out of it. */
export function putInTrash(
  state: State,
  entity: Page | Database,
  { inTrash, actor }: { readonly inTrash: boolean; readonly actor: Actor },
): void {
  touch(state, entity, actor);
  setTrashed(state, entity, { inTrash, actor });
}
