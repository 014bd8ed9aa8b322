import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One answer on its way from the emulator to the client. */
export interface Passing {
  readonly method: string;
  readonly path: string;
  /** Requests seen before this one. */
  readonly index: number;
  readonly requestBody: string;
  readonly status: number;
  readonly body: { readonly [key: string]: unknown };
}

/** What is answered instead. */
export interface Instead {
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  /** An object is sent as JSON, a text as it is. */
  readonly body?: unknown;
  /** Close the connection without an answer. */
  readonly isDropped?: boolean;
}

/** null: the answer passes as it is. */
export type Meddle = (passing: Passing) => Instead | null;

/**
 * A proxy between a client and the emulator that changes answers on their way: for what Notion should never say but a
 * proxy, an outage or a new API version might.
 */
export async function startMeddler(
  upstream: string,
): Promise<AsyncDisposable & { readonly url: string; meddle: Meddle; seen: number }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const requestBody = Buffer.concat(chunks).toString("utf8");
    const { method = "GET", url = "/" } = request;
    const headers = Object.fromEntries(
      ["authorization", "notion-version", "content-type"].flatMap((name) => {
        const value = request.headers[name];
        return typeof value === "string" ? [[name, value]] : [];
      }),
    );
    const answer = await fetch(upstream + url, {
      method,
      headers,
      ...(requestBody === "" ? {} : { body: requestBody }),
    });
    const body = (await answer.json()) as Passing["body"];
    const index = meddler.seen++;
    const instead = meddler.meddle({ method, path: url, index, requestBody, status: answer.status, body });
    send(response, instead ?? {}, { status: answer.status, body, date: answer.headers.get("date") ?? "" });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const letPass: Meddle = () => null;
  const meddler = {
    url: `http://127.0.0.1:${port}`,
    meddle: letPass,
    seen: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return meddler;
}

function send(
  response: ServerResponse,
  instead: Instead,
  answer: { readonly status: number; readonly body: unknown; readonly date: string },
): void {
  if (instead.isDropped === true) {
    response.destroy();
    return;
  }
  const body = instead.body === undefined ? answer.body : instead.body;
  response.writeHead(instead.status ?? answer.status, {
    "content-type": "application/json",
    date: answer.date,
    ...instead.headers,
  });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}
