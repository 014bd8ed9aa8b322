import type { Call } from "../api/call.ts";
import { Reply } from "../api/reply.ts";
import type { Route } from "../api/routes.ts";
import { isObject, type JsonObject } from "../json.ts";
import { dataSourceOf, type Entity, findEntity, type State } from "../state/state.ts";

/** A handler about to be called. Handlers do their work at once: nothing else happens meanwhile. */
export interface Handling {
  readonly call: Call;
  readonly route: Route;
  readonly handle: () => JsonObject | Reply;
}

export type Reads = "all" | "lists";

interface Hidden {
  readonly until: number;
  readonly reads: Reads;
  readonly id: string;
  /** How it was before the write; null: it was not there. */
  readonly before: Entity | null;
}

/** Whether a route only reads: queries and searches are sent as POST. */
export function isRead({ method, template }: Route): boolean {
  return method === "GET" || (method === "POST" && /\/(query|queries|search)$/.test(template));
}

function isList({ template }: Route): boolean {
  return /\/(query|queries|search|children)$/.test(template);
}

/**
 * Writes that took effect and are not shown yet: while a read is answered, what was written stands as it was before, and what was
 * made is out of the reader's sight. What a write changed elsewhere (the other side of a relation) shows at once.
 */
export class Veil {
  readonly #state: State;
  #hidden: Hidden[] = [];

  constructor(state: State) {
    this.#state = state;
  }

  /** Carries a write out and hides what it did to the object it names, or made. */
  write(
    { call, handle }: Handling,
    { ms, reads }: { readonly ms: number; readonly reads: Reads },
  ): JsonObject | Reply {
    const [named = ""] = Object.values(call.params);
    const target = findEntity(this.#state, named);
    const before = target === null ? null : copyOf(target);
    const answer = handle();
    const id = target?.id ?? madeIn(answer);
    if (id !== null) this.#hidden.push({ until: this.#state.now() + ms, reads, id, before });
    return answer;
  }

  read({ call, route, handle }: Handling): JsonObject | Reply {
    const now = this.#state.now();
    this.#hidden = this.#hidden.filter(({ until }) => until > now);
    const hidden = this.#hidden.filter(({ reads }) => reads === "all" || isList(route));
    if (hidden.length === 0) return handle();
    // The latest write first, so that the oldest of several has the last word.
    const undo = hidden.toReversed().map((each) => this.#lower(each, call));
    try {
      return handle();
    } finally {
      for (const step of undo.toReversed()) step();
    }
  }

  /** Shows everything as it is. */
  clear(): void {
    this.#hidden = [];
  }

  /** Puts one object back to how it was; returns what undoes that. */
  #lower({ id, before }: Hidden, { connection }: Call): () => void {
    if (before === null) {
      const grant = connection.grants.get(id);
      connection.grants.set(id, false);
      return () => {
        if (grant === undefined) connection.grants.delete(id);
        else connection.grants.set(id, grant);
      };
    }
    const entity = findEntity(this.#state, id);
    if (entity === null) return () => undefined;
    const after = { ...entity };
    this.#set(entity, before);
    return () => this.#set(entity, after);
  }

  #set(entity: Entity, to: Entity): void {
    Object.assign(entity, to);
    // The kept order by last edit has to be looked at again.
    if (entity.object === "page") dataSourceOf(this.#state, entity)?.rows.edited();
  }
}

/** As deep as operations change things in place. */
function copyOf(entity: Entity): Entity {
  switch (entity.object) {
    case "page":
      return { ...entity, values: { ...entity.values } };
    case "data_source":
      return { ...entity, properties: entity.properties.map((property) => ({ ...property })) };
    default:
      return { ...entity };
  }
}

function madeIn(answer: JsonObject | Reply): string | null {
  const body = answer instanceof Reply ? answer.body : answer;
  return isObject(body) && typeof body.id === "string" ? body.id : null;
}
