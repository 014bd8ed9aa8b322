import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from "aws-lambda";
import { Hono } from "hono";
import { explainError } from "../../../src/app/next-step.ts";
import { maskSecrets } from "../../../src/config/secrets.ts";
import type { ErrorCode } from "../../../src/core/errors.ts";
import { openWorld, type World } from "./world.ts";

const statuses: Partial<Record<ErrorCode, number>> = {
  USAGE: 400,
  UNAUTHENTICATED: 401,
  RECORD_NOT_FOUND: 404,
  RUN_IN_PROGRESS: 409,
};

type HttpHandler = (
  event: APIGatewayProxyEventV2,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2>;

/** A web application as a Lambda behind API Gateway. What fails is answered 503, so that senders send it again. */
export function httpHandler(build: (world: World) => Hono): HttpHandler {
  let opening: Promise<{ readonly world: World; readonly app: Hono }> | null = null;
  return async (event, context) => {
    opening ??= openWorld(process.env).then((world) => ({ world, app: withErrors(build(world), world) }));
    const opened = await opening.catch((error: unknown) => {
      opening = null;
      throw error;
    });
    const { world, app } = opened;
    return world.invoke(context, async () => toResult(await app.fetch(toRequest(event))));
  };
}

function withErrors(routes: Hono, { log }: World): Hono {
  const app = new Hono();
  app.route("/", routes);
  app.notFound(() => failure(404, "USAGE", "There is nothing here."));
  app.onError((thrown) => {
    const { error } = explainError(thrown);
    const status = statuses[error.code] ?? 503;
    const message = maskSecrets(error.message);
    if (status === 503) log.logger.error({ code: error.code, message }, "request failed");
    // What went wrong inside is for the log.
    return failure(status, error.code, status === 503 ? "It could not be taken in; send it again." : message);
  });
  return app;
}

function failure(status: number, code: string, message: string): Response {
  return Response.json({ ok: false, error: { code, message } }, { status });
}

function toRequest({
  requestContext,
  rawPath,
  rawQueryString,
  headers,
  body,
  isBase64Encoded,
}: APIGatewayProxyEventV2) {
  const { method } = requestContext.http;
  const query = rawQueryString === "" ? "" : `?${rawQueryString}`;
  // API Gateway puts the stage before the path, unless it is the default one.
  const url = `https://${requestContext.domainName}${rawPath}${query}`;
  const bytes = body === undefined ? null : Buffer.from(body, isBase64Encoded ? "base64" : "utf8");
  const sent = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, value]],
  );
  return new Request(url, {
    method,
    headers: sent,
    ...(method === "GET" || method === "HEAD" || bytes === null ? {} : { body: new Uint8Array(bytes) }),
  });
}

async function toResult(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  };
}
