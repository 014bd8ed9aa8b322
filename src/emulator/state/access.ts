import { notFound, restricted } from "../http/errors.ts";
import {
  type Block,
  type Connection,
  type Database,
  type DataSource,
  type Entity,
  type Page,
  parentOf,
  type State,
} from "./state.ts";

/** Whether a connection sees an object: the nearest grant, on it or above it, decides. */
export function canSee(state: State, connection: Connection, entity: Entity): boolean {
  for (let at: Entity | null = entity; at !== null; at = parentOf(state, at)) {
    const grant = connection.grants.get(at.id);
    if (grant !== undefined) return grant;
  }
  return connection.seesWorkspace;
}

export type Capability =
  | "readContent"
  | "updateContent"
  | "insertContent"
  | "readComments"
  | "insertComments";

export function requireCapability(connection: Connection, capability: Capability): void {
  if (!connection.capabilities[capability]) throw restricted();
}

export function visiblePage(state: State, connection: Connection, id: string): Page {
  return visible(state, connection, { kind: "page", id, entity: state.pages.get(id) });
}

export function visibleDatabase(state: State, connection: Connection, id: string): Database {
  return visible(state, connection, { kind: "database", id, entity: state.databases.get(id) });
}

/** A data source that is missing is called a database in the message. */
export function visibleDataSource(state: State, connection: Connection, id: string): DataSource {
  return visible(state, connection, { kind: "database", id, entity: state.dataSources.get(id) });
}

/** Blocks, and what can be read as a block: pages and databases. */
export function findBlock(state: State, id: string): Block | Page | Database | undefined {
  return state.blocks.get(id) ?? state.pages.get(id) ?? state.databases.get(id);
}

export function visibleBlock(state: State, connection: Connection, id: string): Block | Page | Database {
  return visible(state, connection, { kind: "block", id, entity: findBlock(state, id) });
}

function visible<E extends Entity>(
  state: State,
  connection: Connection,
  wanted: {
    readonly kind: "page" | "block" | "database";
    readonly id: string;
    readonly entity: E | undefined;
  },
): E {
  if (wanted.entity === undefined || !canSee(state, connection, wanted.entity)) {
    throw notFound(wanted.kind, wanted.id, connection);
  }
  return wanted.entity;
}
