import { describe, expect, it } from "vitest";
import { type FaultEffect, startEmulator } from "../../src/emulator/index.ts";
import { call, createBoard, createClock, type JsonObject, startQuiet, text, title } from "./harness.ts";

describe("the rate limit", () => {
  it("allows so many requests in a fixed minute from the first one, then says how long to wait", async () => {
    const clock = createClock();
    await using emulator = await startEmulator({ clock, ratePerMinute: 3 });
    const ask = () => call(emulator, "GET /v1/users/me");
    clock.advance(10_000);
    await ask();
    clock.advance(45_500);
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
    const refused = await ask();
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("15");
    expect(refused.body).toMatchObject({
      code: "rate_limited",
      additional_data: { retry_after: "15", rate_limit_reason: "public_api_request_rate_limit" },
    });
    clock.advance(14_499);
    expect((await ask()).status).toBe(429);
    clock.advance(1);
    expect((await ask()).status).toBe(200);
    expect(emulator.calls).toMatchObject({ total: 6, rateLimited: 2 });
  });

  it("is 180 a minute unless told otherwise, and refusals use nothing up", async () => {
    await using emulator = await startEmulator({ clock: createClock() });
    const statuses = [];
    for (let index = 0; index < 182; index++)
      statuses.push((await call(emulator, "GET /v1/users/me")).status);
    expect(statuses.indexOf(429)).toBe(180);
  });

  it("counts each token by itself and the workspace as a whole", async () => {
    const clock = createClock();
    await using emulator = await startEmulator({ clock, ratePerMinute: 2, workspaceRatePerMinute: 3 });
    const { token } = emulator.workspace.addConnection({ name: "Second" });
    const own = () => call(emulator, "GET /v1/users/me");
    const other = () => call(emulator, "GET /v1/users/me", { token });
    expect([(await own()).status, (await own()).status, (await own()).status]).toEqual([200, 200, 429]);
    expect((await other()).status).toBe(200);
    expect((await other()).body).toMatchObject({
      additional_data: { rate_limit_reason: "public_api_space_request_rate_limit" },
    });
  });

  it("is not used up by calls without a valid token", async () => {
    await using emulator = await startEmulator({ clock: createClock(), ratePerMinute: 1 });
    await call(emulator, "GET /v1/users/me", { token: "ntn_wrong" });
    expect((await call(emulator, "GET /v1/users/me")).status).toBe(200);
  });
});

describe("every answer", () => {
  it("carries the emulator's time, a request id and a ray", async () => {
    const clock = createClock(Date.parse("2031-05-06T07:08:09.500Z"));
    await using emulator = await startQuiet({ clock });
    for (const line of ["GET /v1/users/me", "GET /v1/pages/AAA", "GET /v1/nowhere"]) {
      const { headers, body } = await call(emulator, line);
      expect(headers.get("date")).toBe("Tue, 06 May 2031 07:08:09 GMT");
      expect(headers.get("x-notion-request-id")).toBe(body.request_id);
      expect(headers.get("cf-ray")).toBeTruthy();
      expect(headers.get("content-type")).toBe("application/json; charset=utf-8");
    }
  });

  it("is the same for the same seed", async () => {
    const ids = [];
    for (const randomSeed of [7, 7, 8]) {
      await using emulator = await startQuiet({ randomSeed });
      ids.push([createBoard(emulator, {}).dataSourceId, (await call(emulator, "GET /v1/users/me")).body.id]);
    }
    expect(ids[0]).toEqual(ids[1]);
    expect(ids[0]).not.toEqual(ids[2]);
  });
});

async function startFaulty(effect: FaultEffect, match = {}) {
  const emulator = await startQuiet({ faults: [{ match, effect }] });
  const { dataSourceId } = createBoard(emulator, { Name: { title: {} } });
  const create = () =>
    call(emulator, "POST /v1/pages", {
      body: { parent: { data_source_id: dataSourceId }, properties: { Name: title("made") } },
    });
  return { emulator, dataSourceId, create, count: () => emulator.workspace.rows(dataSourceId).length };
}

describe("a fault", () => {
  it.each([
    [{ status: 409 }, "conflict_error"],
    [{ status: 429, retryAfter: 7, reason: "public_api_request_blocked" }, "rate_limited"],
    [{ status: 500 }, "internal_server_error"],
    [{ status: 503 }, "service_unavailable"],
    [{ status: 529, retryAfter: 3 }, "service_overload"],
    [{ status: 400, code: "validation_error", message: "made to fail" }, "validation_error"],
  ])("%j is answered with its code and does nothing", async (status, code) => {
    const { emulator, create, count } = await startFaulty({ kind: "status", ...status });
    await using _ = emulator;
    const answer = await create();
    expect(answer.status).toBe(status.status);
    expect(answer.body).toMatchObject({ object: "error", code, request_id: expect.any(String) });
    const retryAfter = "retryAfter" in status ? String(status.retryAfter) : null;
    expect(answer.headers.get("retry-after")).toBe(retryAfter);
    if ("reason" in status)
      expect(answer.body).toMatchObject({
        additional_data: { retry_after: "7", rate_limit_reason: status.reason },
      });
    expect(count()).toBe(0);
  });

  it.each([502, 504])("%i comes as HTML from the edge", async (status) => {
    const { emulator } = await startFaulty({ kind: "status", status });
    await using _ = emulator;
    const response = await fetch(`${emulator.url}/v1/users/me`);
    expect([response.status, response.headers.get("content-type")]).toEqual([
      status,
      "text/html; charset=UTF-8",
    ]);
    expect(await response.text()).toContain(String(status));
  });

  it.each([409, 503])("%i can come after the write took effect", async (status) => {
    const { emulator, create, count } = await startFaulty({ kind: "status", status, isApplied: true });
    await using _ = emulator;
    expect((await create()).status).toBe(status);
    expect(count()).toBe(1);
  });

  it("503 can name what was committed", async () => {
    const effect = { kind: "status", status: 503, isApplied: true, namesCommitted: true } as const;
    const { emulator, dataSourceId, create } = await startFaulty(effect);
    await using _ = emulator;
    const { additional_data } = (await create()).body;
    const [row] = emulator.workspace.rows(dataSourceId);
    expect(additional_data).toMatchObject({ committed_resource_id: row?.id });
  });

  it.each([
    ["before", 0],
    ["after", 1],
  ] as const)("drops the connection %s the write: %i rows", async (when, rows) => {
    const { emulator, create, count } = await startFaulty({ kind: "drop", when }, { times: 1 });
    await using _ = emulator;
    await expect(create()).rejects.toThrow();
    expect(count()).toBe(rows);
    expect(emulator.calls.recent.at(-1)).toMatchObject({ status: 0 });
  });

  it.each([{ kind: "truncate" }, { kind: "invalid_json" }] as const)(
    "$kind gives a body that cannot be read",
    async (effect) => {
      const { emulator, create, count } = await startFaulty(effect);
      await using _ = emulator;
      await expect(create()).rejects.toThrow();
      expect(count()).toBe(1);
    },
  );

  it("empties a list that is answered 200", async () => {
    const { emulator, dataSourceId, create } = await startFaulty({ kind: "empty_list" }, { path: "/query$" });
    await using _ = emulator;
    await create();
    const { status, body } = await call(emulator, `POST /v1/data_sources/${dataSourceId}/query`, {
      body: {},
    });
    expect([status, body.results, body.has_more, body.next_cursor]).toEqual([200, [], false, null]);
  });

  it("delays an answer longer than a client waits, without harm to the next", async () => {
    const { emulator } = await startFaulty({ kind: "delay", ms: 60_000 }, { times: 1 });
    await using _ = emulator;
    const abort = AbortSignal.timeout(50);
    await expect(fetch(`${emulator.url}/v1/users/me`, { signal: abort })).rejects.toThrow();
    expect((await call(emulator, "GET /v1/users/me")).status).toBe(200);
  });

  it.each([
    [{ nth: 2 }, [200, 500, 200, 200]],
    [{ every: 2 }, [200, 500, 200, 500]],
    [{ times: 2 }, [500, 500, 200, 200]],
    [{ method: "POST" }, [200, 200, 200, 200]],
    [{ path: "^/v1/users" }, [500, 500, 500, 500]],
    [{ probability: 0 }, [200, 200, 200, 200]],
  ])("matches %j", async (match, expected) => {
    const { emulator } = await startFaulty({ kind: "status", status: 500 }, match);
    await using _ = emulator;
    const statuses = [];
    for (let index = 0; index < 4; index++) statuses.push((await call(emulator, "GET /v1/users/me")).status);
    expect(statuses).toEqual(expected);
    expect(emulator.faults.rules[0]?.hits).toBe(expected.filter((status) => status === 500).length);
  });
});

describe("a request", () => {
  it.each([
    ["{", "invalid_json"],
    ["[]", "invalid_json"],
    [JSON.stringify({ text: "x".repeat(500_001) }), "validation_error"],
  ])("whose body is %.8s… is refused with %s", async (body, code) => {
    await using emulator = await startQuiet();
    const headers = { authorization: `Bearer ${emulator.token}`, "notion-version": "2026-03-11" };
    const response = await fetch(`${emulator.url}/v1/search`, { method: "POST", headers, body });
    const answer: JsonObject = JSON.parse(await response.text());
    expect([response.status, answer.code]).toEqual([400, code]);
  });

  it("with more than 100 children, or nested three deep, is refused", async () => {
    await using emulator = await startQuiet();
    const page = emulator.workspace.createPage({});
    const append = (children: JsonObject[]) =>
      call(emulator, `PATCH /v1/blocks/${page}/children`, { body: { children } });
    expect(text((await append(Array(101).fill({ divider: {} }))).body.message)).toContain(
      "body.children.length should be ≤ `100`",
    );
    const nest = (depth: number): JsonObject =>
      depth === 0 ? { divider: {} } : { toggle: { rich_text: [], children: [nest(depth - 1)] } };
    expect((await append([nest(2)])).status).toBe(200);
    expect((await append([nest(3)])).status).toBe(400);
  });
});
