import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";

/** What becomes of a request. */
export type Meddling =
  | "pass"
  /** Carried out so late that the server has forgotten its token. */
  | "late"
  /** Refused before it is carried out, as when too much is asked for. */
  | "throttle"
  /** Carried out; the answer is lost with the connection. */
  | "lose answer"
  /** The connection breaks before it is carried out. */
  | "lose request"
  /** A transaction that another one is in the way of. */
  | "conflict"
  /** A batch of which nothing is done, and all of it handed back. */
  | "hand back";

export interface MeddlingProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** Names of the operations that came, in order ("TransactWriteItems"). */
  readonly seen: string[];
}

/** Asked for each request, which waits for the word; `nth` counts those of its operation. */
export type Decide = (operation: string, nth: number, body: string) => Meddling | Promise<Meddling>;

/** Stands between the SDK and a DynamoDB server. */
export async function meddlingProxy(target: string, decide: Decide): Promise<MeddlingProxy> {
  const seen: string[] = [];
  const server = createServer((incoming, outgoing) => {
    void readAll(incoming).then(async (body) => {
      const operation = String(incoming.headers["x-amz-target"] ?? "").split(".")[1] ?? "";
      seen.push(operation);
      const nth = seen.filter((each) => each === operation).length;
      answer({ target, incoming, outgoing, body, meddling: await decide(operation, nth, body.toString()) });
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the proxy has no port");
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    seen,
    async [Symbol.asyncDispose]() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Exchange {
  readonly target: string;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly body: Buffer;
  readonly meddling: Meddling;
}

function answer(exchange: Exchange): void {
  const { outgoing, body, meddling } = exchange;
  if (meddling === "pass" || meddling === "lose answer") forward(exchange, meddling === "lose answer");
  else if (meddling === "late") forward({ ...exchange, body: withoutToken(body) }, false);
  else if (meddling === "lose request") outgoing.destroy();
  else if (meddling === "hand back") handBack(outgoing, body);
  else refuse(outgoing, refusals[meddling]);
}

const refusals = {
  throttle: { __type: "com.amazonaws.dynamodb.v20120810#ThrottlingException" },
  conflict: {
    __type: "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    message: "Transaction cancelled [TransactionConflict]",
    CancellationReasons: [{ Code: "TransactionConflict" }, { Code: "None" }],
  },
};

function withoutToken(body: Buffer): Buffer {
  const { ClientRequestToken: _, ...rest } = JSON.parse(body.toString()) as Record<string, unknown>;
  return Buffer.from(JSON.stringify(rest));
}

function handBack(outgoing: ServerResponse, body: Buffer): void {
  const { RequestItems: items } = JSON.parse(body.toString()) as { RequestItems: object };
  outgoing.writeHead(200, { "content-type": "application/x-amz-json-1.0" });
  outgoing.end(JSON.stringify({ UnprocessedItems: items, UnprocessedKeys: items, Responses: {} }));
}

function refuse(outgoing: ServerResponse, document: object): void {
  outgoing.writeHead(400, { "content-type": "application/x-amz-json-1.0" });
  outgoing.end(JSON.stringify({ message: "slower, please", ...document }));
}

function forward({ target, incoming, outgoing, body }: Exchange, isAnswerLost: boolean): void {
  const { method, url } = incoming;
  const headers = { ...incoming.headers, "content-length": String(body.length) };
  const upstream = request(new URL(url ?? "/", target), { method, headers }, (response) => {
    void readAll(response).then((content) => {
      if (isAnswerLost) outgoing.destroy();
      else outgoing.writeHead(response.statusCode ?? 500, response.headers).end(content);
    });
  });
  upstream.on("error", () => outgoing.destroy());
  upstream.end(body);
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}
