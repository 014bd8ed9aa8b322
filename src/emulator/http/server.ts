import type { IncomingMessage, ServerResponse } from "node:http";
import { answerAsOf } from "../api/as-of.ts";
import type { Call } from "../api/call.ts";
import { Reply } from "../api/reply.ts";
import type { Route } from "../api/routes.ts";
import { runDue } from "../api/run-due.ts";
import { parseVersion } from "../api/versions.ts";
import type { JsonObject } from "../json.ts";
import type { CursorStyle } from "../query/query.ts";
import type { Sessions } from "../query/sessions.ts";
import type { Connection, State } from "../state/state.ts";
import type { CallEntry } from "./calls.ts";
import { ApiError, invalidRequestUrl } from "./errors.ts";
import { type Answer, readBody, readForm, send } from "./exchange.ts";
import type { FaultSource } from "./faults.ts";
import { answerFaulty, type Wrap } from "./faulty.ts";
import type { Memory } from "./memory.ts";
import type { Rates } from "./rates.ts";
import { type Match, matchRoute } from "./router.ts";
import { isRead, type Veil } from "./veil.ts";

/** What answering needs. */
export interface Service {
  readonly state: State;
  readonly sessions: Sessions;
  readonly rates: Rates;
  readonly queryCap: number;
  readonly cursorStyle: CursorStyle;
  /** The day whose form answers have; null: today's. */
  readonly asOf: string | null;
  readonly faults: FaultSource;
  readonly veil: Veil;
  readonly memory: Memory;
  record(entry: CallEntry): void;
}

/** Answers one request to the API: faults first, then token, version, rate, and the route's handler. */
export async function answerApi(
  service: Service,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const method = request.method ?? "GET";
  const url = new URL(request.url ?? "/", "http://localhost");
  const match = matchRoute(method, url.pathname);
  const requestId = service.state.random.uuid();
  const connection = connectionOf(service.state, request);
  const fault = match === null ? null : service.faults.next(method, url.pathname + url.search);
  const record = (status: number): void =>
    service.record({
      at: service.state.now(),
      method,
      path: url.pathname + url.search,
      route: match === null ? "unknown" : `${method} ${match.route.template}`,
      status,
      connection: connection?.name ?? null,
    });

  const run = (wrap?: Wrap): Promise<Answer> =>
    handle(service, { request, url, match, connection, requestId, wrap });
  if (fault === null) {
    const answer = await run();
    record(answer.status);
    send(response, answer);
    return;
  }
  await answerFaulty(fault, {
    request,
    response,
    run,
    record,
    headers: headersOf(service.state, requestId),
    requestId,
    veil: service.veil,
    memory: service.memory,
  });
}

interface Incoming {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly match: Match | null;
  readonly connection: Connection | null;
  readonly requestId: string;
  /** What a fault does around the handler. */
  readonly wrap: Wrap | undefined;
}

function connectionOf(state: State, request: IncomingMessage): Connection | null {
  const [, token] = /^Bearer (.+)$/i.exec(request.headers.authorization ?? "") ?? [];
  return token === undefined ? null : (state.connections.get(token) ?? null);
}

function headersOf(state: State, requestId: string): { [name: string]: string } {
  return {
    "content-type": "application/json; charset=utf-8",
    // Clients learn Notion's time from here, so it must be the emulator's.
    date: new Date(state.now()).toUTCString(),
    "x-notion-request-id": requestId,
    "cf-ray": `${requestId.replaceAll("-", "").slice(0, 16)}-EMU`,
  };
}

async function handle(service: Service, incoming: Incoming): Promise<Answer> {
  const { requestId, match, request } = incoming;
  const headers = headersOf(service.state, requestId);
  const invitation = isPostman(request) ? { developer_survey: surveyUrl } : {};
  const form = { day: service.asOf, template: match?.route.template ?? "" };
  const write = (body: JsonObject, isBare = false): string =>
    JSON.stringify(
      answerAsOf({ ...body, ...invitation, ...(isBare ? {} : { request_id: requestId }) }, form),
    );
  try {
    const answer = await respond(service, incoming);
    const { status, body, isBare } = answer instanceof Reply ? answer : new Reply(200, answer);
    return { status, headers, text: write(body, isBare) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const retryAfter = error.additionalData?.retry_after;
    return {
      status: error.status,
      headers: typeof retryAfter === "string" ? { ...headers, "retry-after": retryAfter } : headers,
      text: write(errorBody(error)),
    };
  }
}

/** Notion invites who tries its API out with Postman to a survey, in every answer. */
const surveyUrl = "https://notionup.typeform.com/to/bllBsoI4?utm_source=postman";

function isPostman({ headers }: IncomingMessage): boolean {
  return headers["user-agent"]?.startsWith("PostmanRuntime/") ?? false;
}

function errorBody({ status, code, message, additionalData }: ApiError): JsonObject {
  const additional = additionalData === undefined ? {} : { additional_data: additionalData };
  return { object: "error", status, code, message, ...additional };
}

async function respond(
  service: Service,
  { request, url, match, connection, wrap }: Incoming,
): Promise<JsonObject | Reply> {
  const { state, sessions, queryCap, cursorStyle } = service;
  const isForm = match?.route.isForm === true;
  const reading = isForm
    ? readForm(request).then((form) => ({ form, body: {} }))
    : readBody(request).then((body) => ({ form: null, body }));
  const parsed = await reading.catch((error: unknown) =>
    error instanceof ApiError ? error : Promise.reject(error),
  );
  if (match === null) throw invalidRequestUrl();
  if (connection === null) throw new ApiError(401, "unauthorized", "API token is invalid.");
  const header = request.headers["notion-version"];
  const version = parseVersion(Array.isArray(header) ? header[0] : header);
  if (!match.route.versions.includes(version)) throw invalidRequestUrl();
  service.rates.take(connection.token);
  if (parsed instanceof ApiError) throw parsed;
  runDue(service);
  const call: Call = {
    state,
    connection,
    version,
    params: match.params,
    query: url.searchParams,
    body: parsed.body,
    form: parsed.form,
    sessions,
    queryCap,
    cursorStyle,
  };
  return handled(service, { call, route: match.route, wrap });
}

/** Calls the handler; writes that are not to be shown yet are hidden from reads. */
function handled(
  { veil, memory, faults }: Service,
  { call, route, wrap }: { readonly call: Call; readonly route: Route; readonly wrap: Wrap | undefined },
): JsonObject | Reply {
  if (!isRead(route)) {
    const handle = (): JsonObject | Reply => route.handle(call);
    return wrap === undefined ? handle() : wrap({ call, route, handle });
  }
  const handle = (): JsonObject | Reply => veil.read({ call, route, handle: () => route.handle(call) });
  if (wrap !== undefined) return wrap({ call, route, handle });
  return faults.needsMemory ? memory.keep({ call, route, handle }) : handle();
}
