// The floor of any server: reads a request to its end and answers as many bytes as it is told, nothing else.
// Usage: node bench/empty-server.ts BYTES  ->  prints one line of JSON: {url}
import { createServer } from "node:http";

const body = Buffer.from(JSON.stringify({ filler: "x".repeat(Number(process.argv[2] ?? 100)) }));
const server = createServer(async (request, response) => {
  for await (const _ of request);
  response.writeHead(200, { "content-type": "application/json", "content-length": String(body.length) });
  response.end(body);
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  console.log(JSON.stringify({ url: `http://127.0.0.1:${port}` }));
});
process.on("SIGTERM", () => process.exit(0));
