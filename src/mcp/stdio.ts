import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { Lockstep } from "../app/lockstep.ts";
import { createMcpServer } from "./server.ts";

/** Serves MCP on this process's stdin and stdout until the client leaves or the signal aborts. */
export async function serveMcpOverStdio(lockstep: Lockstep, signal: AbortSignal): Promise<void> {
  const stopping = new AbortController();
  const handle = serveStdio(() => createMcpServer(lockstep, stopping.signal));
  await new Promise<void>((resolve) => {
    process.stdin.once("end", resolve).once("close", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
  stopping.abort(signal.reason);
  await handle.close();
}
