import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Logger } from "pino";
import type { DeliveryOutcome, TwoWay } from "../app/two-way.ts";
import { LockstepError } from "../core/errors.ts";

const bodyBytesMax = 1024 * 1024;
/** GitHub's largest are five times that, of pushes: those go unheard, and the next poll finds what they told. */
const githubBytesMax = 5 * 1024 * 1024;
const notKept = "The delivery could not be kept; send it again.";

export interface WebhookOptions {
  readonly twoWay: TwoWay;
  readonly logger: Logger;
  /** Shows the token of a handshake to the operator. It is a secret: it goes to nobody else, and into no log. */
  readonly onToken: (token: string) => void;
}

/**
 * Takes webhook deliveries. They carry their proof in the signature, so neither the admin token nor the Host header
 * counts here: a tunnel passes on the name that it is known by.
 */
export function createWebhookRoute({ twoWay, logger, onToken }: WebhookOptions): Hono {
  const app = new Hono();
  const limit = bodyLimit({ maxSize: bodyBytesMax, onError: refuseBody });
  // Counting a body makes a stream of it, which costs more than all the rest; most say how long they are.
  app.post(
    "/notion",
    (context, next) => (isKnownShort(context) ? next() : limit(context, next)),
    async (context) => {
      const body = new Uint8Array(await context.req.arrayBuffer());
      const signature = context.req.header("x-notion-signature") ?? null;
      return answerFor(twoWay.receive({ body, signature }), { logger, onToken });
    },
  );
  app.post("/github", bodyLimit({ maxSize: githubBytesMax, onError: refuseBody }), async (context) => {
    const body = new Uint8Array(await context.req.arrayBuffer());
    const header = (name: string) => context.req.header(name) ?? null;
    const delivery = {
      body,
      signature: header("x-hub-signature-256"),
      event: header("x-github-event"),
      id: header("x-github-delivery"),
    };
    return answerFor(twoWay.receiveGitHub(delivery), { logger, onToken });
  });
  return app;
}

async function answerFor(
  receiving: Promise<DeliveryOutcome>,
  { logger, onToken }: Pick<WebhookOptions, "logger" | "onToken">,
): Promise<Response> {
  const outcome = await receiving.catch((error: unknown) => {
    if (error instanceof LockstepError && error.code === "STORE_FAILED") return error;
    throw error;
  });
  // Not kept, so not acknowledged: it will be delivered again.
  if (outcome instanceof LockstepError) {
    logger.error({ message: outcome.message }, "webhook could not be kept");
    return answer(503, { code: outcome.code, message: notKept });
  }
  if (outcome.kind === "refused") {
    logger.warn({ message: outcome.message }, "webhook refused");
    return answer(401, { code: "UNAUTHENTICATED", message: outcome.message });
  }
  if (outcome.kind === "busy") {
    logger.warn("webhook put off: too many wait to be stored");
    return answer(503, { code: "STORE_FAILED", message: notKept }, { "retry-after": "1" });
  }
  if (outcome.kind === "token") onToken(outcome.token);
  return Response.json({ ok: true, events: outcome.kind === "taken" ? outcome.events : 0 });
}

/** Node's parser holds a body to the length that it names. */
function isKnownShort({ req }: Context): boolean {
  const length = req.header("content-length");
  const isStreamed = req.header("transfer-encoding") !== undefined;
  return length !== undefined && !isStreamed && Number(length) <= bodyBytesMax;
}

function refuseBody(): Response {
  return answer(413, { code: "USAGE", message: `The body is larger than ${bodyBytesMax} bytes.` });
}

function answer(
  status: ContentfulStatusCode,
  error: { readonly code: string; readonly message: string },
  headers: Readonly<Record<string, string>> = {},
): Response {
  return Response.json({ ok: false, error }, { status, headers });
}
