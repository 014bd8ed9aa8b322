import type { Form } from "../http/exchange.ts";
import type { JsonObject } from "../json.ts";
import type { Actor } from "../operations/pages.ts";
import type { CursorStyle } from "../query/query.ts";
import type { Sessions } from "../query/sessions.ts";
import type { Reader } from "./render.ts";

/** One authenticated request, ready for its handler. */
export interface Call extends Reader {
  /** Parts of the path that vary, decoded. */
  readonly params: { readonly [name: string]: string };
  readonly query: URLSearchParams;
  /** An empty object when there was no body. */
  readonly body: JsonObject;
  /** What came as multipart/form-data, for the routes that take it. */
  readonly form: Form | null;
  readonly sessions: Sessions;
  readonly queryCap: number;
  readonly cursorStyle: CursorStyle;
}

/** The connection's bot as author, now. */
export function actorOf(call: Pick<Call, "state" | "connection">): Actor {
  return { userId: call.connection.botId, connection: call.connection, at: call.state.now() };
}

/** `filter_properties`, repeated or with brackets. */
export function filterProperties(query: URLSearchParams): string[] {
  return [...query.getAll("filter_properties"), ...query.getAll("filter_properties[]")];
}
