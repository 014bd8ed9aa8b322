import type { IncomingMessage, ServerResponse } from "node:http";
import { type ControlCall, type Controls, controlRoutes } from "./control-routes.ts";
import { ApiError, invalidRequestUrl } from "./errors.ts";
import { readBody, send } from "./exchange.ts";
import { isLoopback } from "./hosts.ts";
import { pageAnswer } from "./page.ts";

const prefix = /^\/_emulator(?=\/|$)/;
const bodyBytesMax = 1_048_576;
/** Snapshots are larger than any other body. */
const snapshotBytesMax = 64_000_000;

/** Whether a request is for the controls or the page, and not for the API. */
export function isControlRequest(request: IncomingMessage): boolean {
  const path = (request.url ?? "").replace(/\?.*$/, "");
  return path === "/" || prefix.test(path);
}

/** Answers `/_emulator/*`, the same controls as in process for programs in any language, and the page at `/`. */
export async function answerControl(
  controls: Controls & { readonly allowRemote: boolean },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const date = new Date(controls.state.now()).toUTCString();
  const answer = await respond(controls, request).then(
    (body) => ({ status: 200, body }),
    (error: unknown) => {
      if (!(error instanceof ApiError)) throw error;
      const { status, code, message } = error;
      return { status, body: { object: "error", status, code, message } };
    },
  );
  if (answer.body === "page") return send(response, await pageAnswer(date));
  const headers = {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    date,
  };
  send(response, { status: answer.status, headers, text: JSON.stringify(answer.body) });
}

async function respond(
  controls: Controls & { readonly allowRemote: boolean },
  request: IncomingMessage,
): Promise<unknown> {
  if (!controls.allowRemote && !isLoopback(request.headers.host)) {
    throw new ApiError(403, "restricted_resource", "The emulator's controls answer on loopback names only.");
  }
  refuseOtherOrigins(request);
  const url = new URL(request.url ?? "/", "http://localhost");
  if (url.pathname === "/" && (request.method === "GET" || request.method === "HEAD")) return "page";
  const line = `${request.method} ${url.pathname.replace(prefix, "").replace(/\/$/, "") || "/"}`;
  const route = Object.hasOwn(controlRoutes, line) ? controlRoutes[line] : undefined;
  if (route === undefined) throw invalidRequestUrl();
  const isSnapshot = line === "POST /snapshot";
  const call: ControlCall = {
    body: await readBody(request, isSnapshot ? snapshotBytesMax : bodyBytesMax),
    query: url.searchParams,
  };
  return route(controls, call);
}

/** A page of another site may reach this machine, but must not act here. */
function refuseOtherOrigins(request: IncomingMessage): void {
  const { origin, host } = request.headers;
  if (origin === undefined || (URL.canParse(origin) && new URL(origin).host === host)) return;
  throw new ApiError(
    403,
    "restricted_resource",
    `The emulator's controls do not answer to pages of ${origin}.`,
  );
}
