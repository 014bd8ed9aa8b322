import { CLIENT_INFO_META_KEY, McpServer, type ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Lockstep } from "../app/lockstep.ts";
import { readVersion } from "../app/version.ts";
import { carryOutMemoryTask, memoryTaskInput, memoryTaskOutput } from "./memory-task.ts";
import { carryOutNotionSync, notionSyncInput, notionSyncOutput } from "./notion-sync.ts";
import { answer } from "./result.ts";
import { carryOutTwoWaySync, twoWaySyncInput, twoWaySyncOutput } from "./two-way-sync.ts";
import { untrustedNote } from "./untrusted.ts";

/** The tools agents get: one runs syncs and reports on them, one looks at two-way syncs, one reads and keeps tasks. */
export function createMcpServer(lockstep: Lockstep, stopping: AbortSignal): McpServer {
  const server = new McpServer({ name: "lockstep", version: readVersion() }, { instructions: untrustedNote });
  server.registerTool(
    "notion_sync",
    {
      title: "Run syncs",
      description:
        "Run backups of Notion databases and two-way syncs (action sync), see how backups stand (status), or list what is backed up (list_databases). A run that would delete too much is refused; only a person can allow it.",
      inputSchema: notionSyncInput,
      outputSchema: notionSyncOutput,
      annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: true },
    },
    (input, context) =>
      answer(() => carryOutNotionSync(lockstep, input, AbortSignal.any([context.mcpReq.signal, stopping]))),
  );
  server.registerTool(
    "two_way_sync",
    {
      title: "Look at two-way syncs",
      description:
        "See how syncs between Notion and SQL tables stand (action status), which conflicts and records wait for a person (conflicts), and what happened to one record on both sides (history). Changes nothing: settling and approving is for a person.",
      inputSchema: twoWaySyncInput,
      outputSchema: twoWaySyncOutput,
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    (input) => answer(() => carryOutTwoWaySync(lockstep, input)),
  );
  server.registerTool(
    "memory_task",
    {
      title: "Tasks and their history",
      description:
        "Add, update, get or list tasks, and read their history. Nothing is overwritten: every change is a new version, and a change based on an old version is kept and flagged. Tasks that come from Notion are included; changes to them stay here and are not written to Notion.",
      inputSchema: memoryTaskInput,
      outputSchema: memoryTaskOutput,
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    (input, context) =>
      answer(() => carryOutMemoryTask(lockstep.tasks, lockstep, { input, by: authorOf(server, context) })),
  );
  return server;
}

/** "mcp:<client name>": what the client calls itself, per request in the newer protocol, per connection in the older. */
function authorOf(server: McpServer, context: ServerContext): string {
  const envelope: { readonly [key: string]: unknown } = context.mcpReq.envelope ?? {};
  const client = clientName.safeParse(envelope[CLIENT_INFO_META_KEY] ?? server.server.getClientVersion());
  const name =
    client.data?.name
      .replace(/[^\p{L}\p{N} ._@/-]/gu, "")
      .slice(0, 60)
      .trim() ?? "";
  return `mcp:${name === "" ? "unknown" : name}`;
}

const clientName = z.object({ name: z.string() });
