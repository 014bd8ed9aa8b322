import { createServer } from "node:http";
import { type JsonObject, object } from "./harness.ts";

export interface Received {
  readonly signature: string | undefined;
  readonly raw: Buffer;
  readonly body: JsonObject;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  /** Settles with the first request. */
  readonly first: Promise<void>;
  /** Events only, without handshakes. */
  readonly events: readonly JsonObject[];
  /** What it answers from now on. */
  answerWith(status: number): void;
  [Symbol.asyncDispose](): Promise<void>;
}

/** A program that listens for webhooks. */
export async function startReceiver(): Promise<Receiver> {
  let status = 200;
  const received: Received[] = [];
  const first = Promise.withResolvers<void>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const raw = Buffer.concat(chunks);
    const signature = request.headers["x-notion-signature"];
    received.push({
      raw,
      signature: Array.isArray(signature) ? signature[0] : signature,
      body: object(JSON.parse(raw.toString("utf8"))),
    });
    response.writeHead(status).end();
    first.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    first: first.promise,
    get events() {
      return received.map(({ body }) => body).filter((body) => body.verification_token === undefined);
    },
    answerWith(next) {
      status = next;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
