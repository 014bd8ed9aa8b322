import { describe, expect, it } from "vitest";
import { type FaultEffect, type FaultMatch, parseFault, startEmulator } from "../../src/emulator/index.ts";
import {
  array,
  at,
  call,
  createBoard,
  createClock,
  type Json,
  type JsonObject,
  startQuiet,
  text,
  title,
} from "./harness.ts";

const minute = 60_000;

/** A board with three rows, a moving clock, and one fault. */
async function startFaulty(effect: FaultEffect, match: FaultMatch = {}) {
  const clock = createClock();
  const emulator = await startQuiet({ clock });
  const { databaseId, dataSourceId } = createBoard(emulator, { Name: { title: {} }, Count: { number: {} } });
  const rows = emulator.workspace.addRows(dataSourceId, 3, (index) => ({
    properties: { Name: title(`row ${index}`), Count: { number: index } },
  }));
  const query = (body: JsonObject = {}) =>
    call(emulator, `POST /v1/data_sources/${dataSourceId}/query`, { body });
  emulator.faults.add({ match, effect });
  return {
    clock,
    emulator,
    databaseId,
    dataSourceId,
    row: text(rows[0]),
    query,
    edit: (number: number) =>
      call(emulator, `PATCH /v1/pages/${rows[0]}`, { body: { properties: { Count: { number } } } }),
    create: () =>
      call(emulator, "POST /v1/pages", {
        body: { parent: { data_source_id: dataSourceId }, properties: { Name: title("made") } },
      }),
    page: () => call(emulator, `GET /v1/pages/${rows[0]}`),
    ids: async () => array((await query()).body.results).map((page) => text(at(page, "id"))),
    [Symbol.asyncDispose]: () => emulator.close(),
  };
}

const countOf = ({ body }: { body: JsonObject }): Json | undefined => at(body, "properties.Count.number");

describe("a write that is shown late", () => {
  it("is answered as done, and read as it was until its time has come", async () => {
    await using world = await startFaulty({ kind: "late_write", ms: minute }, { method: "PATCH" });
    expect(countOf(await world.edit(7))).toBe(7);
    expect(countOf(await world.page())).toBe(0);
    const filter = { property: "Count", number: { equals: 7 } };
    expect((await world.query({ filter })).body.results).toEqual([]);
    expect(world.emulator.workspace.rows(world.dataSourceId)[0]?.properties.Count).toBe(7);
    world.clock.advance(minute - 1);
    expect(countOf(await world.page())).toBe(0);
    world.clock.advance(1);
    expect(countOf(await world.page())).toBe(7);
    expect((await world.query({ filter })).body.results).toHaveLength(1);
  });

  it("keeps its place in queries by last edit", async () => {
    await using world = await startFaulty({ kind: "late_write", ms: minute }, { method: "PATCH" });
    const sorts = [{ timestamp: "last_edited_time", direction: "descending" }];
    const order = async () =>
      array((await world.query({ sorts })).body.results).map((page) => text(at(page, "id")));
    const before = await order();
    world.clock.advance(5 * minute);
    await world.edit(7);
    expect(await order()).toEqual(before);
    world.clock.advance(minute);
    expect((await order())[0]).toBe(world.row);
  });

  it("hides what it made", async () => {
    await using world = await startFaulty(
      { kind: "late_write", ms: minute },
      { method: "POST", path: "^/v1/pages" },
    );
    const made = await world.create();
    expect(made.status).toBe(200);
    const id = text(made.body.id);
    expect((await call(world.emulator, `GET /v1/pages/${id}`)).status).toBe(404);
    expect(await world.ids()).toHaveLength(3);
    world.clock.advance(minute);
    expect((await call(world.emulator, `GET /v1/pages/${id}`)).status).toBe(200);
    expect(await world.ids()).toContain(id);
  });

  it("shows the oldest state while several wait", async () => {
    await using world = await startFaulty({ kind: "late_write", ms: minute }, { method: "PATCH" });
    await world.edit(1);
    world.clock.advance(1);
    await world.edit(2);
    expect(countOf(await world.page())).toBe(0);
    world.clock.advance(minute - 1);
    expect(countOf(await world.page())).toBe(1);
    world.clock.advance(1);
    expect(countOf(await world.page())).toBe(2);
  });

  it("can hide from lists alone", async () => {
    await using world = await startFaulty(
      { kind: "late_write", ms: minute, reads: "lists" },
      { method: "PATCH" },
    );
    await world.edit(7);
    expect(countOf(await world.page())).toBe(7);
    const shown = array((await world.query()).body.results).find((page) => at(page, "id") === world.row);
    expect(at(shown, "properties.Count.number")).toBe(0);
  });

  it("of the schema leaves the columns as they were meanwhile", async () => {
    await using world = await startFaulty({ kind: "late_write", ms: minute }, { path: "^/v1/data_sources/" });
    const path = `/v1/data_sources/${world.dataSourceId}`;
    const body = { properties: { Count: { name: "Total" }, Due: { date: {} } } };
    await call(world.emulator, `PATCH ${path}`, { body });
    const columns = async () =>
      Object.keys((await call(world.emulator, `GET ${path}`)).body.properties ?? {}).sort();
    expect(await columns()).toEqual(["Count", "Name"]);
    world.clock.advance(minute);
    expect(await columns()).toEqual(["Due", "Name", "Total"]);
  });

  it("shows at once after a snapshot was restored", async () => {
    await using world = await startFaulty({ kind: "late_write", ms: minute }, { method: "PATCH" });
    await world.edit(7);
    world.emulator.restore(world.emulator.snapshot());
    expect(countOf(await world.page())).toBe(7);
  });

  it("that is refused hides nothing", async () => {
    await using world = await startFaulty({ kind: "late_write", ms: minute }, { method: "PATCH" });
    const refused = await call(world.emulator, `PATCH /v1/pages/${world.row}`, {
      body: { properties: { Nope: { number: 1 } } },
    });
    expect(refused.status).toBe(400);
    world.emulator.workspace.editPage(world.row, { properties: { Count: { number: 9 } } });
    expect(countOf(await world.page())).toBe(9);
  });
});

describe("a stale read", () => {
  it("is answered as the same request was the last time, the first time truly", async () => {
    await using world = await startFaulty({ kind: "stale_read" }, { path: "/query$", nth: 3 });
    expect(await world.ids()).toHaveLength(3);
    await world.create();
    expect(await world.ids()).toHaveLength(4);
    await world.create();
    expect(await world.ids()).toHaveLength(4);
    expect(await world.ids()).toHaveLength(5);
    expect(countOf(await world.page())).toBe(0);
  });
});

describe("a slow query", () => {
  it("is a 503 that says what to do, only if it asks for too many rows", async () => {
    await using world = await startFaulty({ kind: "slow_query", ms: 1, pageSizeMax: 2 });
    const refused = await world.query();
    expect(refused.status).toBe(503);
    expect(refused.body).toMatchObject({
      code: "service_unavailable",
      additional_data: {
        endpoint_name: "POST /v1/data_sources/{data_source_id}/query",
        notion_error_name: expect.any(String),
        retry_guidance: expect.arrayContaining([expect.stringContaining("page_size")]),
      },
    });
    const smaller = await world.query({ page_size: 2 });
    expect([smaller.status, array(smaller.body.results).length]).toEqual([200, 2]);
    expect((await world.edit(1)).status).toBe(200);
  });
});

describe("an expired cursor", () => {
  it("is refused, and so is the rest of its list, and other lists go on", async () => {
    await using world = await startFaulty({ kind: "expired_cursor" }, { nth: 3 });
    const [first, other] = [await world.query({ page_size: 1 }), await world.query({ page_size: 1 })];
    const next = ({ body }: typeof first) =>
      world.query({ page_size: 1, start_cursor: text(body.next_cursor) });
    const refused = await next(first);
    expect([refused.status, refused.body.message]).toEqual([400, "The start_cursor provided is invalid"]);
    expect((await next(first)).status).toBe(400);
    expect((await next(other)).status).toBe(200);
  });
});

describe("a hanging request", () => {
  it.each([
    ["before", 0],
    ["after", 7],
  ] as const)("never answers, %s it took effect", async (when, count) => {
    await using world = await startFaulty({ kind: "hang", when }, { method: "PATCH" });
    const giveUp = new AbortController();
    const answer = fetch(`${world.emulator.url}/v1/pages/${world.row}`, {
      method: "PATCH",
      headers: {
        authorization: `Bearer ${world.emulator.token}`,
        "notion-version": "2026-03-11",
        "content-type": "application/json",
      },
      body: JSON.stringify({ properties: { Count: { number: 7 } } }),
      signal: giveUp.signal,
    });
    // Answered after the hanging request was taken up: the log has it by then.
    while (world.emulator.calls.total === 0) await call(world.emulator, "GET /_emulator/calls");
    giveUp.abort();
    await expect(answer).rejects.toThrow();
    expect(countOf(await world.page())).toBe(count);
    expect(world.emulator.calls.recent[0]).toMatchObject({ status: 0, route: "PATCH /pages/{page_id}" });
  });
});

describe("an answer from the edge", () => {
  it.each([403, 503])("can be HTML with any status, such as %i", async (status) => {
    await using world = await startFaulty({ kind: "status", status, isHtml: true });
    const response = await fetch(`${world.emulator.url}/v1/users/me`);
    expect(response.status).toBe(status);
    expect(response.headers.get("content-type")).toContain("text/html");
    expect(response.headers.get("cf-ray")).toBeTruthy();
    expect(await response.text()).toContain("cloudflare");
  });
});

describe("a 503 after blocks were appended", () => {
  it("names their parent and them", async () => {
    const effect = { kind: "status", status: 503, isApplied: true, namesCommitted: true } as const;
    await using world = await startFaulty(effect, { method: "PATCH", nth: 2 });
    const append = (count: number) =>
      call(world.emulator, `PATCH /v1/blocks/${world.row}/children`, {
        body: {
          children: Array.from({ length: count }, () => ({ divider: {} })),
          position: { type: "start" },
        },
      });
    const [before] = array((await append(1)).body.results);
    const { status, body } = await append(2);
    expect(status).toBe(503);
    const children = array((await call(world.emulator, `GET /v1/blocks/${world.row}/children`)).body.results);
    expect(children.at(-1)).toMatchObject({ id: at(before, "id") });
    expect(body.additional_data).toMatchObject({
      committed_resource_id: world.row,
      committed_child_ids: children.slice(0, 2).map((child) => at(child, "id")),
    });
  });
});

describe("probability", () => {
  it("follows from the seed and changes no ids", async () => {
    const runs = [];
    for (const probability of [0.5, 0.5, 0]) {
      const match = { path: "users", probability };
      const faults = [{ match, effect: { kind: "status" as const, status: 500 } }];
      await using emulator = await startEmulator({ faults, ratePerMinute: null, clock: createClock() });
      const statuses = [];
      for (let index = 0; index < 20; index++)
        statuses.push((await call(emulator, "GET /v1/users/me")).status);
      runs.push({ statuses, id: createBoard(emulator, {}).databaseId });
    }
    expect(runs[0]).toEqual(runs[1]);
    expect(new Set(runs[0]?.statuses)).toEqual(new Set([200, 500]));
    expect(runs[2]?.statuses).not.toContain(500);
    expect(runs[2]?.id).toBe(runs[0]?.id);
  });
});

describe("a rule from outside", () => {
  it.each([
    [{ effect: { kind: "hang" } }, "before or after"],
    [{ effect: { kind: "drop", when: "never" } }, "before or after"],
    [{ effect: { kind: "late_write", ms: "1" } }, "a number"],
    [{ effect: { kind: "late" } }, "a number"],
    [{ effect: { kind: "constructor" } }, "kind is one of"],
    [{ effect: { kind: "lost" }, match: { event: "(" } }, "regular expression"],
    [{ effect: { kind: "lost" }, match: "all" }, "an object"],
  ] satisfies [JsonObject, string][])("%j is refused", (rule, reason) => {
    expect(() => parseFault(rule)).toThrow(reason);
  });
});
