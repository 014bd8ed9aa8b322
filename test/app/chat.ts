import { createServer } from "node:http";
import { isJsonObject, type Json } from "../../src/core/json.ts";

/** A chat that takes messages; `messages` grows. */
export async function startChat() {
  const messages: { readonly [key: string]: Json }[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body: Json = JSON.parse(Buffer.concat(parts).toString());
    if (isJsonObject(body)) messages.push(body);
    response.end("ok");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/hook`,
    messages,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
