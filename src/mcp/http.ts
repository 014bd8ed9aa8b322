import { createMcpHandler } from "@modelcontextprotocol/server";
import type { Lockstep } from "../app/lockstep.ts";
import { createMcpServer } from "./server.ts";

export interface McpEndpoint {
  /** Answers one request of the streamable HTTP transport. Authentication is the caller's. */
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** MCP over HTTP. Nothing is kept between requests, so any client may ask at any time. */
export function createMcpEndpoint(lockstep: Lockstep, stopping: AbortSignal): McpEndpoint {
  const handler = createMcpHandler(() => createMcpServer(lockstep, stopping));
  return { fetch: (request) => handler.fetch(request), close: () => handler.close() };
}
