import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** One answer of the script: status, headers, body as an object or raw text, or what happens to the connection. */
export interface Scripted {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  readonly text?: string;
  readonly connection?: "drop" | "hang" | "cut";
}

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** A real HTTP server that answers from a script, or by a function of the request. */
export async function scriptedServer(
  script: readonly Scripted[] | ((seen: Seen) => Scripted | Promise<Scripted>),
): Promise<{
  readonly url: string;
  readonly seen: Seen[];
  readonly aborted: () => number;
  [Symbol.asyncDispose](): Promise<void>;
}> {
  const seen: Seen[] = [];
  let aborted = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const one: Seen = {
      method: request.method ?? "",
      url: request.url ?? "",
      headers: request.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    const answer = typeof script === "function" ? script(one) : (script[seen.length] ?? { status: 500 });
    seen.push(one);
    response.on("close", () => {
      if (!response.writableFinished) aborted += 1;
    });
    respond(response, await answer);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    aborted: () => aborted,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function respond(response: ServerResponse, answer: Scripted): void {
  if (answer.connection === "hang") return;
  if (answer.connection === "drop") {
    response.destroy();
    return;
  }
  const body = answer.text ?? JSON.stringify(answer.json ?? {});
  response.writeHead(answer.status ?? 200, { "content-type": "application/json", ...answer.headers });
  if (answer.connection === "cut") {
    response.write(body.slice(0, Math.floor(body.length / 2)));
    setImmediate(() => response.destroy());
    return;
  }
  response.end(body);
}
