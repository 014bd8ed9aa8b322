// The floor of webhook acknowledgement: the same signature check and the same durable insert, and nothing else.
// Usage: node bench/pipeline-bare.ts STORE_URL SECRET  ->  prints one line of JSON: {url}
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import { systemIds } from "../src/app/platform.ts";
import { openStore } from "../src/app/stores.ts";

const [storeUrl = "", secret = ""] = process.argv.slice(2);
const store = await openStore(storeUrl, { ids: systemIds, isReadOnly: false });
const server = createServer(async (request, response) => {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part);
  const body = Buffer.concat(parts);
  const given = Buffer.from(String(request.headers["x-notion-signature"]));
  const expected = Buffer.from(`sha256=${createHmac("sha256", secret).update(body).digest("hex")}`);
  const isSigned = given.length === expected.length && timingSafeEqual(given, expected);
  if (!isSigned) return void response.writeHead(401).end();
  const { id, type, timestamp, entity } = JSON.parse(body.toString());
  await store.pairs.putInbox([
    {
      syncId: "bare",
      source: "notion",
      eventId: id,
      side: "left",
      recordId: entity.id,
      kind: "updated",
      changed: [],
      prior: {},
      occurredAt: timestamp,
      receivedAt: new Date().toISOString(),
      detectedBy: "webhook",
      type,
    },
  ]);
  response.writeHead(200, { "content-type": "application/json" }).end('{"ok":true}');
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }));
});
process.on("SIGTERM", () => process.exit(0));
