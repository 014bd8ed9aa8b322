import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { describe, expect, it } from "vitest";
import { entry } from "./cli.ts";
import { World } from "./world.ts";

const adminToken = "dummy-admin-token";

/** What the tests take out of the tools' answers. */
interface Found {
  readonly ok: boolean;
  readonly runs: readonly {
    readonly status: string;
    readonly counts: unknown;
    readonly errorCodes: unknown;
  }[];
  readonly syncs: readonly { readonly sync: string; readonly totals: { readonly live: number } }[];
  readonly databases: readonly { readonly name: string }[];
  readonly task: { readonly id: string; readonly current: FoundVersion };
  readonly tasks: readonly Found["task"][];
  readonly versions: readonly FoundVersion[];
}

interface FoundVersion {
  readonly versionNum: number;
  readonly createdBy: string;
  readonly isConflict: boolean;
  readonly content: {
    readonly title: string;
    readonly description: string | null;
    readonly untrusted: boolean;
  };
}

describe("an agent", () => {
  it("syncs, reads and edits over stdio, and sees its conflict with a person in history", async () => {
    await using world = await World.open({ rows: 4 });
    const client = new Client({ name: "test-agent", version: "1" });
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [entry, "mcp"],
      cwd: world.cwd,
      env: { PATH: process.env.PATH ?? "", ...world.env },
      stderr: "pipe",
    });
    await client.connect(transport);
    try {
      await workAlongside(world, client);
    } finally {
      await client.close();
    }
  });

  it("does the same over HTTP, through a server that is otherwise closed", async () => {
    await using world = await World.open({ rows: 4 });
    await using server = world.start(["serve", "--port", "0", "--json"], {
      LOCKSTEP_ADMIN_TOKEN: adminToken,
    });
    const { url } = JSON.parse(await server.firstLine());
    expect((await fetch(`${url}/api/status`)).status).toBe(401);
    expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({ ok: true });
    const client = new Client({ name: "test-agent", version: "1" });
    const requestInit = { headers: { authorization: `Bearer ${adminToken}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", url), { requestInit }));
    try {
      await workAlongside(world, client);
    } finally {
      await client.close();
    }
    server.kill("SIGTERM");
    const { exitCode, stdout, stderr } = await server.ended;
    expect({ exitCode, lines: stdout.trim().split("\n").length }).toEqual({ exitCode: 0, lines: 1 });
    expect(stderr).not.toContain(adminToken);
    expect(stderr).not.toContain(world.emulator.token);
  });

  it("is told what went wrong, and that only a person may lift the guard", async () => {
    await using world = await World.open({ rows: 20 });
    await world.sync();
    for (const rowId of world.rowIds.slice(0, 12)) await world.person("trashPage", { pageId: rowId });
    const client = new Client({ name: "test-agent", version: "1" });
    const env = { PATH: process.env.PATH ?? "", ...world.env };
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [entry, "mcp"],
        cwd: world.cwd,
        env,
        stderr: "pipe",
      }),
    );
    try {
      const refused = await call(client, "notion_sync", { action: "sync" });
      expect(refused).toMatchObject({
        ok: false,
        runs: [{ status: "refused", errorCodes: ["GUARD_REFUSED"] }],
      });
      const forced = await client.callTool({
        name: "notion_sync",
        arguments: { action: "sync", allowDeletes: 99 },
      });
      expect(forced.isError).toBe(true);
      const lost = await client.callTool({
        name: "memory_task",
        arguments: { action: "get", taskId: "ffff" },
      });
      expect(lost.isError).toBe(true);
      expect(world.deleted()).toBe(0);
    } finally {
      await client.close();
    }
  });
});

/** One agent and one person on the same task, between two syncs that the agent asks for. */
async function workAlongside(world: World, client: Client): Promise<void> {
  const { databases } = await call(client, "notion_sync", { action: "list_databases" });
  expect(databases.map(({ name }) => name)).toEqual(["tasks"]);
  const first = await call(client, "notion_sync", { action: "sync" });
  expect(first).toMatchObject({ ok: true, runs: [{ status: "succeeded", counts: { created: 4 } }] });
  const { tasks } = await call(client, "memory_task", { action: "list", projectScopeId: "team-a" });
  expect(tasks.map(({ current }) => current.content.title).sort()).toEqual([
    "Row 0",
    "Row 1",
    "Row 2",
    "Row 3",
  ]);
  expect(tasks.every(({ current }) => current.content.untrusted)).toBe(true);

  const { task } = await call(client, "memory_task", { action: "get", taskId: world.row(1) });
  const updated = await call(client, "memory_task", {
    action: "update",
    taskId: task.id,
    title: "The agent's title",
    description: "The agent's note",
    baseVersionNum: task.current.versionNum,
    reason: "read in a mail",
  });
  expect(updated.task.current).toMatchObject({ versionNum: 2, isConflict: false });
  await world.retitle(world.row(1), "The person's title");
  const second = await call(client, "notion_sync", { action: "sync", database: "tasks" });
  expect(second).toMatchObject({ ok: true, runs: [{ counts: { updated: 1, conflicts: 1 } }] });

  const { versions } = await call(client, "memory_task", { action: "history", taskId: task.id });
  expect(versions.map(({ isConflict, content }) => [isConflict, content.title, content.description])).toEqual(
    [
      [false, "Row 1", ""],
      [false, "The agent's title", "The agent's note"],
      [true, "The person's title", "The agent's note"],
    ],
  );
  expect(versions[1]?.createdBy).toMatch(/^mcp:/);
  const { syncs } = await call(client, "notion_sync", { action: "status" });
  expect(syncs).toMatchObject([{ sync: "tasks", totals: { live: 4 } }]);
  const people = await world.lockstep(["history", world.row(1)]);
  expect(people.stdout).toContain("conflict");
}

async function call(
  client: Client,
  name: string,
  input: { readonly [key: string]: unknown },
): Promise<Found> {
  const result = await client.callTool({ name, arguments: input });
  expect(result.isError ?? false, JSON.stringify(result.content)).toBe(false);
  return result.structuredContent as unknown as Found;
}
