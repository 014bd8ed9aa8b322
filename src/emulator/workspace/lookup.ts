import { ApiError } from "../http/errors.ts";
import { type Actor, touch } from "../operations/pages.ts";
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
} from "../state/state.ts";
import type { By, ParentId } from "./workspace.ts";

/** A person as author. The first person stands in for "somebody". */
export function personActor(state: State, by: By | undefined): Actor {
  const at = by?.at === undefined ? state.now() : toMs(by.at);
  return { userId: by?.by ?? firstPerson(state), connection: null, at };
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

export function pageAt(state: State, id: string): Page {
  return found(state.pages.get(id), "page", id);
}

export function databaseAt(state: State, id: string): Database {
  return found(state.databases.get(id), "database", id);
}

export function dataSourceAt(state: State, id: string): DataSource {
  return found(state.dataSources.get(id), "data source", id);
}

export function entityAt(state: State, id: string): Entity {
  return found(findEntity(state, id) ?? undefined, "object", id);
}

export function propertyAt(dataSource: DataSource, nameOrId: string): Property {
  return found(findProperty(dataSource.properties, nameOrId), "property", nameOrId);
}

export function connectionAt(state: State, token: string | undefined): Connection {
  const [first] = state.connections.values();
  return found(token === undefined ? first : state.connections.get(token), "connection", "with this token");
}

export function parentAt(state: State, parent: ParentId | undefined): Parent {
  if (parent === undefined) return { type: "workspace" };
  if ("pageId" in parent) return { type: "page_id", id: pageAt(state, parent.pageId).id };
  return { type: "data_source_id", id: dataSourceAt(state, parent.dataSourceId).id };
}

/** Into the trash, or out of it. */
export function setTrash(
  state: State,
  entity: Page | Database,
  { inTrash, by }: { readonly inTrash: boolean; readonly by: By | undefined },
): void {
  entity.inTrash = inTrash;
  touch(state, entity, personActor(state, by));
}
