import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Logger } from "pino";
import type { Lockstep } from "../app/lockstep.ts";
import { explainError } from "../app/next-step.ts";
import { readVersion } from "../app/version.ts";
import { maskSecrets } from "../config/secrets.ts";
import { type ErrorCode, LockstepError } from "../core/errors.ts";
import { createMcpEndpoint, type McpEndpoint } from "../mcp/http.ts";
import { createApi } from "./api.ts";
import { isLoopback, requireBearer, requireLoopbackHost } from "./guards.ts";
import { logEvent, logRun } from "./log-run.ts";
import { createWebhookRoute } from "./webhook.ts";

const bodyBytesMax = 1024 * 1024;
/** Answers still being sent get this long when the server stops. */
const closeGraceMs = 2000;

export interface ServerOptions {
  readonly lockstep: Lockstep;
  /** 0: a free one. */
  readonly port: number;
  readonly host: string;
  /** null: the API is closed, schedules run all the same. */
  readonly adminToken: string | null;
  readonly logger: Logger;
  /** Shows the token of a webhook's handshake to the operator. */
  readonly onToken?: (token: string) => void;
}

export interface RunningServer extends AsyncDisposable {
  readonly url: string;
  /** Rejects when the schedules or two-way syncs stop by themselves; never resolves. */
  readonly failed: Promise<never>;
  /** Stops listening and the schedules, aborts the syncs it was asked for, and lets their answers go out. */
  close(): Promise<void>;
}

/** Runs the schedules, follows two-way syncs, takes webhooks, and serves the API and MCP. Throws USAGE when it would be open to others without a token. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { lockstep, host, adminToken, logger } = options;
  if (adminToken === null && !isLoopback(host)) {
    throw new LockstepError(
      "USAGE",
      `Listening on ${host} opens the API to others: set LOCKSTEP_ADMIN_TOKEN in the environment first.`,
    );
  }
  lockstep.twoWay.listen((event) => logEvent(logger, event));
  const stopping = new AbortController();
  const mcp = createMcpEndpoint(lockstep, stopping.signal);
  const server = await listen(createApp(options, mcp, stopping.signal), options);
  const url = urlOf(server, host);
  logger.info({ url, isApiOpen: adminToken !== null }, "listening");

  const working = keepWorking(lockstep, stopping.signal, logger);
  const failed = working.then(
    () => new Promise<never>(() => {}),
    (error: unknown) => (stopping.signal.aborted ? new Promise<never>(() => {}) : Promise.reject(error)),
  );
  failed.catch((error: unknown) =>
    logger.fatal({ message: explainError(error).error.message }, "schedules stopped"),
  );

  const close = async () => {
    stopping.abort(new LockstepError("CANCELLED", "The server is stopping."));
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const cut = setTimeout(() => server.closeAllConnections(), closeGraceMs);
    server.closeIdleConnections();
    await Promise.allSettled([working, closed, mcp.close()]);
    clearTimeout(cut);
    logger.info("stopped");
  };
  return { url, failed, close, [Symbol.asyncDispose]: close };
}

/** Schedules and two-way syncs; when one cannot go on, the other stops too. */
async function keepWorking(lockstep: Lockstep, signal: AbortSignal, logger: Logger): Promise<void> {
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  const work = [
    lockstep.schedule(until, (report) => logRun(logger, report)),
    lockstep.twoWay.follow(until, (report) => logRun(logger, report)),
  ];
  await Promise.all(work).finally(() => over.abort());
  await Promise.allSettled(work);
}

function createApp(
  { lockstep, host, adminToken, logger, onToken = () => {} }: ServerOptions,
  mcp: McpEndpoint,
  stopping: AbortSignal,
): Hono {
  const app = new Hono();
  // Before the log of requests: it tells itself what went wrong, and deliveries come by the thousand.
  app.route("/webhook", createWebhookRoute({ twoWay: lockstep.twoWay, logger, onToken }));
  app.use(async (context, next) => {
    const startedAt = performance.now();
    await next();
    const { method, path } = context.req;
    logger.info(
      { method, path, status: context.res.status, ms: Math.round(performance.now() - startedAt) },
      "request",
    );
  });
  if (isLoopback(host)) app.use(requireLoopbackHost());
  app.get("/healthz", (context) => context.json({ ok: true, version: readVersion() }));
  app.use(requireBearer(adminToken));
  app.use(bodyLimit({ maxSize: bodyBytesMax, onError: refuseBody }));
  app.route("/api", createApi(lockstep, stopping));
  // Every method: the protocol wants its own answer to those that are not supported.
  app.all("/mcp", (context) => mcp.fetch(context.req.raw));
  app.notFound((context) =>
    answerError(context.req.raw, new LockstepError("USAGE", "There is nothing here."), 404),
  );
  app.onError((thrown, context) => {
    const { error } = explainError(thrown);
    if (error.code === "UNEXPECTED") logger.error({ err: error }, "request failed");
    return answerError(context.req.raw, error, statuses[error.code] ?? 500);
  });
  return app;
}

/** How errors look over HTTP; those that are not here are failures of ours or of Notion's: 500. */
const statuses: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  USAGE: 400,
  UNAUTHENTICATED: 401,
  RECORD_NOT_FOUND: 404,
  RUN_NOT_FOUND: 404,
  SYNC_NOT_FOUND: 404,
  RUN_IN_PROGRESS: 409,
  CANCELLED: 503,
};

function refuseBody(context: Context): Response {
  return answerError(
    context.req.raw,
    new LockstepError("USAGE", `The body is larger than ${bodyBytesMax} bytes.`),
    413,
  );
}

function answerError(request: Request, thrown: LockstepError, status: ContentfulStatusCode): Response {
  const { error, nextStep } = explainError(thrown);
  const headers = status === 401 ? { "www-authenticate": 'Bearer realm="lockstep"' } : {};
  const message = maskSecrets(error.message);
  const path = new URL(request.url).pathname;
  return Response.json(
    { ok: false, error: { code: error.code, message, nextStep, path } },
    { status, headers },
  );
}

async function listen(app: Hono, { port, host }: ServerOptions): Promise<Server> {
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) =>
      reject(
        new LockstepError(
          "USAGE",
          `Cannot listen on ${host}:${port}: ${cause.message}. Choose another --port or --host.`,
          { cause },
        ),
      ),
    );
    server.listen(port, host, resolve);
  });
  return server;
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}
