import type { IncomingMessage, Server, ServerResponse } from "node:http";

/** A defect of the emulator itself. A code Notion never sends keeps it from passing for emulated behaviour. */
export function answerBug(error: unknown, request: IncomingMessage, response: ServerResponse): void {
  // A client that hung up in the middle of its request is no defect.
  if (request.destroyed && !request.complete) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  response.writeHead(500, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify({ object: "error", status: 500, code: "emulator_defect", message }));
}

/** Resolves with the port. Rejects when it is taken. */
export function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
