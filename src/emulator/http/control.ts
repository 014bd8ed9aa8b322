import type { IncomingMessage, ServerResponse } from "node:http";
import type { Json, JsonObject } from "../json.ts";
import type { SettableClock } from "../state/clock.ts";
import type { State } from "../state/state.ts";
import { plainText } from "../values/rich-text.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { CallLog } from "./calls.ts";
import { ApiError, invalidRequestUrl, validationError } from "./errors.ts";
import { readBody, send } from "./exchange.ts";
import type { Faults } from "./faults.ts";
import { parseFault } from "./parse-fault.ts";
import { actAsPerson } from "./person.ts";

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
      controls.faults.add(parseFault(body));
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

function moveClock(clock: SettableClock | null, body: JsonObject): Json {
  if (clock === null) throw validationError("The emulator's clock was given from outside: move that one.");
  const { advanceMs, now } = body;
  const wanted = typeof now === "string" ? Date.parse(now) : now;
  if (typeof wanted === "number" && !Number.isNaN(wanted)) clock.set(wanted);
  else if (typeof advanceMs === "number") clock.advance(advanceMs);
  else throw validationError("Moving the clock needs advanceMs or now.");
  return { now: new Date(clock.now()).toISOString() };
}
