import type { IncomingMessage, ServerResponse } from "node:http";
import { isObject, type Json, type JsonObject } from "../json.ts";
import type { SettableClock } from "../state/clock.ts";
import type { State } from "../state/state.ts";
import { plainText } from "../values/rich-text.ts";
import type { By, NewRow, ParentId, Workspace } from "../workspace.ts";
import type { CallLog } from "./calls.ts";
import { ApiError, invalidRequestUrl, validationError } from "./errors.ts";
import { readBody, send } from "./exchange.ts";
import type { FaultRule, Faults } from "./faults.ts";

/** What the control routes act on. */
export interface Controls {
  readonly state: State;
  readonly workspace: Workspace;
  readonly calls: CallLog;
  readonly faults: Faults;
  /** Null when the clock was given from outside. */
  readonly clock: SettableClock | null;
}

const bodyBytesMax = 64_000_000;

/** A page on another site can reach loopback under its own name, but not under ours. */
export function isLoopback(host: string | undefined): boolean {
  const name = (host ?? "").replace(/:\d+$/, "").toLowerCase();
  return name === "localhost" || name === "[::1]" || /^127(\.\d{1,3}){3}$/.test(name);
}

/** Answers `/__emulator/*`: the same controls as in process, for programs in any language. */
export async function answerControl(
  controls: Controls,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const answer = await respond(controls, request).then(
    (body) => ({ status: 200, body }),
    (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      return {
        status: error.status,
        body: { object: "error", status: error.status, code: error.code, message: error.message },
      };
    },
  );
  const headers = {
    "content-type": "application/json; charset=utf-8",
    date: new Date(controls.state.now()).toUTCString(),
  };
  send(response, { status: answer.status, headers, text: JSON.stringify(answer.body) });
}

async function respond(controls: Controls, request: IncomingMessage): Promise<unknown> {
  if (!isLoopback(request.headers.host)) {
    throw new ApiError(403, "restricted_resource", "The emulator's controls answer on loopback names only.");
  }
  const url = new URL(request.url ?? "/", "http://localhost");
  const body = await readBody(request, bodyBytesMax);
  switch (`${request.method} ${url.pathname}`) {
    case "GET /__emulator":
    case "GET /__emulator/":
    case "GET /__emulator/state":
      return summary(controls.state);
    case "GET /__emulator/rows":
      return { rows: controls.workspace.rows(url.searchParams.get("data_source") ?? "") };
    case "GET /__emulator/calls":
      return callSummary(controls.calls);
    case "POST /__emulator/calls/reset":
      controls.calls.reset();
      return callSummary(controls.calls);
    case "GET /__emulator/faults":
      return { faults: controls.faults.rules };
    case "POST /__emulator/faults":
      controls.faults.add(parseRule(body));
      return { faults: controls.faults.rules };
    case "DELETE /__emulator/faults":
      controls.faults.clear();
      return { faults: [] };
    case "POST /__emulator/clock":
      return moveClock(controls.clock, body);
    case "POST /__emulator/person":
      return { result: actAsPerson(controls.workspace, body) ?? null };
    default:
      throw invalidRequestUrl();
  }
}

function summary(state: State): Json {
  return {
    workspace: { id: state.workspaceId, name: state.workspaceName },
    now: new Date(state.now()).toISOString(),
    people: [...state.users.values()]
      .filter((user) => user.type === "person")
      .map(({ id, name }) => ({ id, name })),
    connections: [...state.connections.values()].map(({ name, botId }) => ({ name, botId })),
    pages: state.pages.size,
    blocks: state.blocks.size,
    databases: [...state.databases.values()].map((database) => ({
      id: database.id,
      title: plainText(database.title),
      inTrash: database.inTrash,
      dataSources: database.dataSourceIds.map((id) => {
        const dataSource = state.dataSources.get(id);
        return { id, name: plainText(dataSource?.title), rows: dataSource?.rows.size ?? 0 };
      }),
    })),
  };
}

function callSummary({ total, rateLimited, byRoute, recent }: CallLog): unknown {
  return { total, rateLimited, byRoute, recent };
}

const effectKinds = ["status", "delay", "drop", "truncate", "invalid_json", "empty_list"];

/** Checks a rule that came from outside, as far as acting on it could go wrong. */
export function parseRule(body: JsonObject): FaultRule {
  const { effect, match } = body;
  if (!isObject(effect) || !effectKinds.includes(String(effect.kind))) {
    throw validationError(`A fault rule needs an effect whose kind is one of ${effectKinds.join(", ")}.`);
  }
  const wants: { readonly [kind: string]: readonly [string, string] } = {
    status: ["status", "number"],
    delay: ["ms", "number"],
    drop: ["when", "string"],
  };
  const want = wants[String(effect.kind)];
  if (want !== undefined && typeof effect[want[0]] !== want[1]) {
    throw validationError(`A fault effect of kind ${String(effect.kind)} needs ${want[0]} as a ${want[1]}.`);
  }
  if (match !== undefined && !isObject(match))
    throw validationError("The match of a fault rule should be an object.");
  if (isObject(match) && typeof match.path === "string") refuseBadPattern(match.path);
  return body as unknown as FaultRule;
}

function refuseBadPattern(pattern: string): void {
  try {
    new RegExp(pattern);
  } catch {
    throw validationError(`The path of a fault rule should be a regular expression, got ${pattern}.`);
  }
}

function moveClock(clock: SettableClock | null, body: JsonObject): Json {
  if (clock === null) throw validationError("The emulator's clock was given from outside: move that one.");
  const { advanceMs, now } = body;
  const wanted = typeof now === "string" ? Date.parse(now) : now;
  if (typeof wanted === "number" && !Number.isNaN(wanted)) clock.set(wanted);
  else if (typeof advanceMs === "number") clock.advance(advanceMs);
  else throw validationError("Moving the clock needs advanceMs or now.");
  return { now: new Date(clock.now()).toISOString() };
}

/** `{action, …}`: the actions carry the names of the workspace's controls, their inputs by name. */
function actAsPerson(workspace: Workspace, body: JsonObject): unknown {
  const input = body as { readonly [name: string]: never };
  const by = body as By;
  const text = (name: string): string => {
    const value = body[name];
    if (typeof value !== "string")
      throw validationError(`The action ${String(body.action)} needs ${name} as a string.`);
    return value;
  };
  const token = typeof body.token === "string" ? body.token : undefined;
  switch (body.action) {
    case "addPerson":
      return workspace.addPerson({ ...input, name: text("name") });
    case "addConnection":
      return workspace.addConnection({ ...input, name: text("name") });
    case "revokeToken":
      return workspace.revokeToken(text("token"));
    case "createDatabase":
      return workspace.createDatabase({ ...input, title: text("title") });
    case "addDataSource":
      return workspace.addDataSource(text("databaseId"), {
        ...by,
        name: text("name"),
        properties: objectIn(body, "properties"),
      });
    case "createPage":
      return workspace.createPage({ ...input });
    case "addRows": {
      const rows = Array.isArray(body.rows) ? body.rows.filter(isObject) : [];
      return workspace.addRows(text("dataSourceId"), rows.length, (index) => rows[index] as NewRow);
    }
    case "editPage":
      return workspace.editPage(text("pageId"), { ...input });
    case "trashPage":
    case "restorePage":
    case "archivePage":
    case "unarchivePage":
      return workspace[body.action](text("pageId"), by);
    case "deletePage":
      return workspace.deletePage(text("pageId"));
    case "movePage":
      return workspace.movePage(text("pageId"), objectIn(body, "parent") as ParentId & JsonObject, by);
    case "trashDatabase":
    case "restoreDatabase":
      return workspace[body.action](text("databaseId"), by);
    case "share":
    case "unshare":
      return workspace[body.action](text("id"), token);
    case "addProperty":
      return workspace.addProperty(text("dataSourceId"), text("name"), objectIn(body, "schema"));
    case "renameProperty":
      return workspace.renameProperty(text("dataSourceId"), text("property"), text("name"));
    case "deleteProperty":
      return workspace.deleteProperty(text("dataSourceId"), text("property"));
    case "retypeProperty":
      return workspace.retypeProperty(text("dataSourceId"), text("property"), objectIn(body, "schema"));
    case "renameOption":
      return workspace.renameOption(text("dataSourceId"), text("property"), {
        from: text("from"),
        to: text("to"),
      });
    case "expireCursors":
      return workspace.expireCursors();
    default:
      throw validationError(`Unknown action ${String(body.action)}.`);
  }
}

function objectIn(body: JsonObject, name: string): JsonObject {
  const value = body[name];
  if (!isObject(value))
    throw validationError(`The action ${String(body.action)} needs ${name} as an object.`);
  return value;
}
