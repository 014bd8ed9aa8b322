import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One answer on its way from the emulator to the client. */
export interface Passing {
  readonly method: string;
  readonly path: string;
  readonly body: { readonly [key: string]: unknown };
}

/** What is answered instead. */
export interface Instead {
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  /** An object is sent as JSON, a text as it is. */
  readonly body?: unknown;
}

/** null: the answer passes as it is. */
export type Meddle = (passing: Passing) => Instead | null;

/**
 * A proxy between a client and the emulator that changes answers on their way: for what Notion should never say but a
 * proxy, an outage or a new API version might.
 */
export async function startMeddler(
  upstream: string,
): Promise<AsyncDisposable & { readonly url: string; meddle: Meddle }> {
  const server = createServer((request, response) => {
    // A client that hung up wants no answer.
    pass(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const pass = async (request: IncomingMessage, response: ServerResponse) => {
    const { method = "GET", url = "/" } = request;
    const requestBody = await textOf(request);
    const answer = await fetch(upstream + url, {
      method,
      headers: passedOn(request),
      ...(requestBody === "" ? {} : { body: requestBody }),
    });
    const body = (await answer.json()) as Passing["body"];
    const instead = meddler.meddle({ method, path: url, body });
    send(response, instead ?? {}, { status: answer.status, body, date: answer.headers.get("date") ?? "" });
  };
  const letPass: Meddle = () => null;
  const meddler = {
    url: `http://127.0.0.1:${port}`,
    meddle: letPass,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return meddler;
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

function passedOn({ headers }: IncomingMessage): { readonly [name: string]: string } {
  const names = ["authorization", "notion-version", "content-type"] as const;
  return Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])),
  );
}

function send(
  response: ServerResponse,
  instead: Instead,
  answer: { readonly status: number; readonly body: unknown; readonly date: string },
): void {
  const body = instead.body === undefined ? answer.body : instead.body;
  response.writeHead(instead.status ?? answer.status, {
    "content-type": "application/json",
    date: answer.date,
    ...instead.headers,
  });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}
