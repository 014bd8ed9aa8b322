import { connect } from "node:net";
import { describe, expect, it } from "vitest";
import type { SyncOptions } from "../../src/app/lockstep.ts";
import { createLogger } from "../../src/server/logger.ts";
import { startServer } from "../../src/server/server.ts";
import { type Fake, fakeLockstep, makeRun } from "../cli/fake-lockstep.ts";

const adminToken = "dummy-admin-token";

async function serve(options: { adminToken?: string | null; host?: string } = {}) {
  const fake = await fakeLockstep();
  const log: string[] = [];
  const server = await startServer({
    lockstep: fake.lockstep,
    port: 0,
    host: options.host ?? "127.0.0.1",
    adminToken: options.adminToken === undefined ? adminToken : options.adminToken,
    logger: createLogger({ write: (text) => log.push(text) }),
  });
  const ask = async (path: string, init: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${adminToken}`, ...init.headers };
    const response = await fetch(server.url + path, { ...init, headers });
    const body = (await response.json()) as { error: { code: string; message: string } };
    return { status: response.status, body };
  };
  return { fake, log, server, ask, [Symbol.asyncDispose]: () => server.close() };
}

function lastSync(fake: Fake): SyncOptions {
  return fake.calls.findLast(({ name }) => name === "sync")?.args[1] as SyncOptions;
}

describe("access", () => {
  it("answers health checks to anyone", async () => {
    await using server = await serve();
    expect(await server.ask("/healthz", { headers: { authorization: "" } })).toMatchObject({
      status: 200,
      body: { ok: true, version: expect.stringMatching(/^\d/) },
    });
  });

  it.each([
    ["GET", "/api/status"],
    ["GET", "/api/runs"],
    ["GET", "/api/runs/0199-run"],
    ["GET", "/api/tasks/x/history"],
    ["POST", "/api/sync"],
    ["POST", "/mcp"],
    ["GET", "/mcp"],
    ["GET", "/anything"],
  ])("lets nobody into %s %s without the token", async (method, path) => {
    await using server = await serve();
    for (const authorization of [
      "",
      "Bearer ",
      "Bearer wrong",
      `Basic ${adminToken}`,
      `Bearer ${adminToken}x`,
      adminToken,
    ]) {
      const { status, body } = await server.ask(path, { method, headers: { authorization } });
      expect(status).toBe(401);
      expect(body).toMatchObject({ ok: false, error: { code: "UNAUTHENTICATED" } });
    }
    expect(server.fake.calls.map(({ name }) => name)).toEqual(["schedule"]);
  });

  it("is closed when there is no admin token, and says how to open it, while schedules run", async () => {
    await using server = await serve({ adminToken: null });
    const { status, body } = await server.ask("/api/status", { headers: { authorization: "Bearer null" } });
    expect(status).toBe(401);
    expect(body.error.message).toContain("LOCKSTEP_ADMIN_TOKEN");
    expect(server.fake.calls.map(({ name }) => name)).toEqual(["schedule"]);
  });

  it("refuses to listen for others without an admin token", async () => {
    await expect(serve({ adminToken: null, host: "0.0.0.0" })).rejects.toMatchObject({ code: "USAGE" });
    await using server = await serve({ host: "0.0.0.0" });
    expect((await server.ask("/api/status")).status).toBe(200);
  });

  it.each(["evil.example", "evil.example:80", "127.0.0.1.evil.example", "169.254.169.254", ""])(
    "refuses the Host header %j on loopback",
    async (host) => {
      await using server = await serve();
      expect(
        await statusFor(
          server.server.url,
          `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        ),
      ).not.toBe(200);
    },
  );

  it.each(["localhost", "127.0.0.1:9", "[::1]:80", "LOCALHOST:1"])(
    "takes the Host header %j on loopback",
    async (host) => {
      await using server = await serve();
      expect(
        await statusFor(
          server.server.url,
          `GET /healthz HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
        ),
      ).toBe(200);
    },
  );

  it("keeps tokens out of its log", async () => {
    const server = await serve();
    await server.ask("/api/status?token=ntn_dummy");
    await server.ask("/healthz/ntn_dummy");
    await server.server.close();
    expect(server.log.some((line) => line.includes('"status":200'))).toBe(true);
    expect(server.log.join("")).not.toMatch(/ntn_dummy|dummy-admin/);
  });
});

describe("the API", () => {
  it("shows status, runs and history", async () => {
    await using server = await serve();
    const { id } = await server.fake.lockstep.tasks.add({
      projectScopeId: "a",
      task: { title: "T" },
      by: "x",
      reason: "",
    });
    expect(await server.ask("/api/status")).toMatchObject({
      status: 200,
      body: { ok: true, syncs: [{ sync: "roadmap" }] },
    });
    expect(await server.ask("/api/runs?sync=roadmap&limit=5")).toMatchObject({
      body: { ok: true, runs: [{ sync: "roadmap" }] },
    });
    expect(server.fake.calls).toContainEqual({ name: "runs", args: [{ sync: "roadmap", limit: 5 }] });
    expect(await server.ask("/api/runs/0199-run")).toMatchObject({
      body: { ok: true, run: { id: "0199-run" } },
    });
    expect(await server.ask(`/api/tasks/${id}/history?limit=1`)).toMatchObject({
      body: { ok: true, task: { id }, versions: [{ versionNum: 1 }] },
    });
  });

  it("runs syncs with what the body asks for", async () => {
    await using server = await serve();
    const body = JSON.stringify({ syncs: ["roadmap"], full: true, allowDeletes: 3 });
    expect(await server.ask("/api/sync", { method: "POST", body })).toMatchObject({
      status: 200,
      body: { ok: true, runs: [{ sync: "roadmap", run: { status: "succeeded" } }] },
    });
    expect(lastSync(server.fake)).toMatchObject({ trigger: "api", isFull: true, allowDeletes: 3 });
    await server.ask("/api/sync", { method: "POST" });
    expect(lastSync(server.fake)).not.toHaveProperty("allowDeletes");
  });

  it("answers MCP's other methods as its protocol wants", async () => {
    await using server = await serve();
    const headers = { authorization: `Bearer ${adminToken}`, accept: "text/event-stream" };
    expect((await fetch(`${server.server.url}/mcp`, { headers })).status).toBe(405);
  });

  it("says that a sync was refused", async () => {
    await using server = await serve();
    server.fake.script.sync = async () => [{ sync: "roadmap", run: makeRun({ status: "refused" }) }];
    expect(await server.ask("/api/sync", { method: "POST" })).toMatchObject({
      status: 200,
      body: { ok: false },
    });
  });

  it.each<[string, string, RequestInit, number, string]>([
    ["a body that is no JSON", "/api/sync", { method: "POST", body: "{" }, 400, "USAGE"],
    ["an unknown key", "/api/sync", { method: "POST", body: '{"sync":["a"]}' }, 400, "USAGE"],
    ["a negative number", "/api/sync", { method: "POST", body: '{"allowDeletes":-1}' }, 400, "USAGE"],
    ["too large a body", "/api/sync", { method: "POST", body: " ".repeat(1024 * 1024 + 1) }, 413, "USAGE"],
    ["too large a body for MCP", "/mcp", { method: "POST", body: " ".repeat(1024 * 1024 + 1) }, 413, "USAGE"],
    ["an unknown sync", "/api/sync", { method: "POST", body: '{"syncs":["x"]}' }, 404, "SYNC_NOT_FOUND"],
    ["an unknown run", "/api/runs/x", {}, 404, "RUN_NOT_FOUND"],
    ["an unknown task", "/api/tasks/x/history", {}, 404, "RECORD_NOT_FOUND"],
    ["a limit that is none", "/api/runs?limit=all", {}, 400, "USAGE"],
    ["an unknown path", "/api/nothing", {}, 404, "USAGE"],
  ])("answers %s with a status and an error", async (_name, path, init, status, code) => {
    await using server = await serve();
    expect(await server.ask(path, init)).toMatchObject({ status, body: { ok: false, error: { code } } });
  });

  it("keeps secrets out of what it says and logs about a defect", async () => {
    await using server = await serve();
    server.fake.script.sync = async () => {
      throw new TypeError("ntn_dummy is not a function");
    };
    const { status, body } = await server.ask("/api/sync", { method: "POST" });
    expect(status).toBe(500);
    expect(body.error.code).toBe("UNEXPECTED");
    expect(JSON.stringify(body) + server.log.join("")).not.toContain("ntn_dummy");
    expect(server.log.join("")).toContain("request failed");
  });
});

describe("stopping", () => {
  it("stops the schedules and aborts a running sync, whose answer still arrives", async () => {
    const server = await serve();
    const started = Promise.withResolvers<void>();
    server.fake.script.sync = async (_names, { signal }) => {
      started.resolve();
      await new Promise((resolve) => signal?.addEventListener("abort", resolve, { once: true }));
      return [{ sync: "roadmap", run: makeRun({ status: "cancelled" }) }];
    };
    const answer = server.ask("/api/sync", { method: "POST" });
    await started.promise;
    await server.server.close();
    expect(await answer).toMatchObject({
      status: 200,
      body: { ok: false, runs: [{ run: { status: "cancelled" } }] },
    });
    await expect(fetch(`${server.server.url}/healthz`)).rejects.toThrow();
  });

  it("says which address is taken", async () => {
    await using first = await serve();
    const port = Number(new URL(first.server.url).port);
    const { lockstep } = await fakeLockstep();
    const options = {
      lockstep,
      port,
      host: "127.0.0.1",
      adminToken,
      logger: createLogger({ write: () => {} }),
    };
    await expect(startServer(options)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringContaining(`:${port}`),
    });
  });

  it("logs runs of the schedule", async () => {
    const fake = await fakeLockstep();
    const log: string[] = [];
    fake.script.schedule = async (_signal, onRun) =>
      onRun({ sync: "roadmap", run: makeRun({ trigger: "schedule" }) });
    const logger = createLogger({ write: (text) => log.push(text) });
    await using _server = await startServer({
      lockstep: fake.lockstep,
      port: 0,
      host: "127.0.0.1",
      adminToken,
      logger,
    });
    expect(log.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ msg: "run", sync: "roadmap", trigger: "schedule", status: "succeeded" }),
    );
  });
});

/** The status of the answer to a request written by hand: fetch sets the Host header itself. */
async function statusFor(url: string, request: string): Promise<number> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  socket.end(request);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  return Number(/^HTTP\/1\.1 (\d+)/.exec(Buffer.concat(chunks).toString())?.[1]);
}
