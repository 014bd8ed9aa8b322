import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Call } from "../api/call.ts";
import { parseVersion } from "../api/versions.ts";
import { type JsonObject, objectOr, stringOr } from "../json.ts";
import type { CursorStyle } from "../query/query.ts";
import type { Sessions } from "../query/sessions.ts";
import type { Connection, State } from "../state/state.ts";
import type { CallEntry } from "./calls.ts";
import { ApiError, invalidRequestUrl } from "./errors.ts";
import { type Answer, readBody, send, sendTruncated } from "./exchange.ts";
import { type FaultEffect, statusAnswer } from "./faults.ts";
import type { Rates } from "./rates.ts";
import { type Match, matchRoute } from "./router.ts";

/** What answering needs. */
export interface Service {
  readonly state: State;
  readonly sessions: Sessions;
  readonly rates: Rates;
  readonly queryCap: number;
  readonly cursorStyle: CursorStyle;
  nextFault(method: string, path: string): FaultEffect | null;
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
  const fault = match === null ? null : service.nextFault(method, url.pathname + url.search);
  const record = (status: number): void =>
    service.record({
      at: service.state.now(),
      method,
      path: url.pathname + url.search,
      route: match === null ? "unknown" : `${method} ${match.route.template}`,
      status,
      connection: connection?.name ?? null,
    });

  const run = (): Promise<Answer> => handle(service, { request, url, match, connection, requestId });
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
  });
}

interface Incoming {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly match: Match | null;
  readonly connection: Connection | null;
  readonly requestId: string;
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
  const { requestId } = incoming;
  const headers = headersOf(service.state, requestId);
  try {
    const body = await respond(service, incoming);
    return { status: 200, headers, text: JSON.stringify({ ...body, request_id: requestId }) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const retryAfter = error.additionalData?.retry_after;
    return {
      status: error.status,
      headers: typeof retryAfter === "string" ? { ...headers, "retry-after": retryAfter } : headers,
      text: JSON.stringify(errorBody(error, requestId)),
    };
  }
}

function errorBody(error: ApiError, requestId: string): JsonObject {
  const { status, code, message, additionalData } = error;
  const additional = additionalData === undefined ? {} : { additional_data: additionalData };
  return { object: "error", status, code, message, ...additional, request_id: requestId };
}

async function respond(service: Service, { request, url, match, connection }: Incoming): Promise<JsonObject> {
  const { state, sessions, queryCap, cursorStyle } = service;
  const parsed = await readBody(request).catch((error: unknown) =>
    error instanceof ApiError ? error : Promise.reject(error),
  );
  if (match === null) throw invalidRequestUrl();
  if (connection === null) throw new ApiError(401, "unauthorized", "API token is invalid.");
  const header = request.headers["notion-version"];
  const version = parseVersion(Array.isArray(header) ? header[0] : header);
  if (!match.route.versions.includes(version)) throw invalidRequestUrl();
  service.rates.take(connection.token);
  if (parsed instanceof ApiError) throw parsed;
  const call: Call = {
    state,
    connection,
    version,
    params: match.params,
    query: url.searchParams,
    body: parsed,
    sessions,
    queryCap,
    cursorStyle,
  };
  return match.route.handle(call);
}

interface Faulty {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly run: () => Promise<Answer>;
  readonly record: (status: number) => void;
  readonly headers: { readonly [name: string]: string };
  readonly requestId: string;
}

async function answerFaulty(fault: FaultEffect, faulty: Faulty): Promise<void> {
  const { request, response, run, record, headers } = faulty;
  switch (fault.kind) {
    case "status":
      return answerStatus(fault, faulty);
    case "drop":
      if (fault.when === "after") await run();
      record(0);
      request.socket.destroy();
      return;
    case "delay": {
      const answer = await run();
      record(answer.status);
      // A client that gave up meanwhile does not keep the emulator busy.
      const gone = new AbortController();
      response.once("close", () => gone.abort());
      await sleep(fault.ms, undefined, { signal: gone.signal, ref: false }).catch(() => undefined);
      if (!response.destroyed) send(response, answer);
      return;
    }
    case "truncate": {
      const answer = await run();
      record(answer.status);
      sendTruncated(response, answer);
      return;
    }
    case "invalid_json":
      await run();
      record(200);
      send(response, { status: 200, headers, text: '{"object":"list","results":[' });
      return;
    case "empty_list": {
      const answer = await run();
      record(answer.status);
      send(response, answer.status === 200 ? { ...answer, text: emptied(answer.text) } : answer);
      return;
    }
  }
}

async function answerStatus(fault: Extract<FaultEffect, { kind: "status" }>, faulty: Faulty): Promise<void> {
  const { request, response, run, record, headers, requestId } = faulty;
  const applied = fault.isApplied === true ? await run() : null;
  if (applied === null) for await (const _ of request);
  const {
    status,
    headers: own,
    body,
  } = statusAnswer(fault, applied === null ? null : committedId(applied.text));
  record(status);
  const text = typeof body === "string" ? body : JSON.stringify({ ...body, request_id: requestId });
  send(response, { status, headers: { ...headers, ...own }, text });
}

/** What a request made: the object answered, or the parent of blocks that were appended. */
function committedId(text: string): string | null {
  const body: JsonObject = JSON.parse(text);
  if (typeof body.id === "string") return body.id;
  const [first] = Array.isArray(body.results) ? body.results : [];
  const parent = objectOr(objectOr(first).parent);
  return stringOr(parent.page_id ?? parent.block_id, "") || null;
}

function emptied(text: string): string {
  return JSON.stringify({ ...JSON.parse(text), results: [], next_cursor: null, has_more: false });
}
