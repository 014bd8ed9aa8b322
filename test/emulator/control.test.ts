import { request } from "node:http";
import { describe, expect, it } from "vitest";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
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
import { startReceiver } from "./receiver.ts";

async function startBoard() {
  const emulator = await startQuiet();
  const { databaseId, dataSourceId } = createBoard(emulator, { Name: { title: {} }, State: { status: {} } });
  const [row] = emulator.workspace.addRows(dataSourceId, 1, () => ({ properties: { Name: title("row") } }));
  const person = (action: string, inputs: JsonObject) =>
    call(emulator, "POST /_emulator/person", { body: { action, ...inputs } });
  return { emulator, databaseId, dataSourceId, row: text(row), person };
}

describe("the control routes", () => {
  it("tell what the workspace holds", async () => {
    const { emulator, databaseId, dataSourceId } = await startBoard();
    await using _ = emulator;
    const { body } = await call(emulator, "GET /_emulator/state");
    expect(body).toMatchObject({
      now: "2026-11-21T07:20:31.123Z",
      pages: 1,
      people: [{ name: "Ada Lovelace" }],
      databases: [{ id: databaseId, title: "Board", dataSources: [{ id: dataSourceId, rows: 1 }] }],
    });
    expect(JSON.stringify(body)).not.toContain(emulator.token);
  });

  it("tell the calls made and forget them on demand, and do not count themselves", async () => {
    const { emulator, row } = await startBoard();
    await using _ = emulator;
    await call(emulator, `GET /v1/pages/${row}`);
    await call(emulator, "GET /v1/nowhere");
    expect((await call(emulator, "GET /_emulator/calls")).body).toMatchObject({
      total: 2,
      rateLimited: 0,
      byRoute: { "GET /pages/{page_id}": 1, unknown: 1 },
      recent: [
        { method: "GET", path: `/v1/pages/${row}`, status: 200, connection: "Emulator connection" },
        { status: 400 },
      ],
    });
    expect((await call(emulator, "POST /_emulator/calls/reset")).body).toMatchObject({
      total: 0,
      recent: [],
    });
  });

  it("add and clear faults, and refuse what is none", async () => {
    const { emulator } = await startBoard();
    await using _ = emulator;
    const rule = { match: { path: "users" }, effect: { kind: "status", status: 500 } };
    expect((await call(emulator, "POST /_emulator/faults", { body: rule })).body).toMatchObject({
      faults: [{ rule, hits: 0 }],
    });
    expect((await call(emulator, "GET /v1/users/me")).status).toBe(500);
    await call(emulator, "DELETE /_emulator/faults");
    expect((await call(emulator, "GET /v1/users/me")).status).toBe(200);
    const wrong: readonly Json[] = [
      {},
      { effect: { kind: "explode" } },
      { effect: { kind: "status" } },
      { effect: { kind: "delay", ms: "1" } },
      { effect: { kind: "truncate" }, match: { path: "(" } },
    ];
    for (const body of wrong)
      expect((await call(emulator, "POST /_emulator/faults", { body })).status).toBe(400);
  });

  it("give the truth about rows that no connection sees in full", async () => {
    const { emulator, dataSourceId, row, person } = await startBoard();
    await using _ = emulator;
    await person("trashPage", { pageId: row });
    const { body } = await call(emulator, `GET /_emulator/rows?data_source=${dataSourceId}`);
    expect(body.rows).toMatchObject([
      { id: row, inTrash: true, isDeletedForGood: false, properties: { State: { name: "Not started" } } },
    ]);
  });

  it("move a clock the emulator owns, and no other", async () => {
    await using own = await startEmulator({ ratePerMinute: null });
    const moved = await call(own, "POST /_emulator/clock", { body: { now: "2030-01-01T00:00:00Z" } });
    expect(text(moved.body.now)).toContain("2030-01-01T00:00:0");
    await call(own, "POST /_emulator/clock", { body: { advanceMs: 86_400_000 } });
    expect((await call(own, "GET /v1/users/me")).headers.get("date")).toContain("02 Jan 2030");
    expect((await call(own, "POST /_emulator/clock", { body: {} })).status).toBe(400);
    await using given = await startQuiet({ clock: createClock() });
    expect((await call(given, "POST /_emulator/clock", { body: { advanceMs: 1 } })).status).toBe(400);
  });

  it("answer on loopback names only", async () => {
    const { emulator } = await startBoard();
    await using _ = emulator;
    expect(await statusUnder(emulator, "evil.example")).toBe(403);
    expect(await statusUnder(emulator, "127.0.0.1.evil.example")).toBe(403);
    for (const host of ["localhost:9", "[::1]", "[::1]:80", "127.8.7.6:1"])
      expect(await statusUnder(emulator, host)).toBe(200);
    for (const host of ["localhost:9@evil.example", "[::1].evil.example", "127.0.0.1:", "0.0.0.0"])
      expect(await statusUnder(emulator, host)).toBe(403);
  });

  it("do not answer to pages of other sites", async () => {
    const { emulator } = await startBoard();
    await using _ = emulator;
    const body = JSON.stringify({ action: "addPerson", name: "Mallory" });
    const status = async (origin: string) =>
      (await fetch(`${emulator.url}/_emulator/person`, { method: "POST", body, headers: { origin } })).status;
    expect(await status("https://evil.example")).toBe(403);
    expect(await status("http://localhost:1")).toBe(403);
    expect(await status("null")).toBe(403);
    expect(await status(emulator.url)).toBe(200);
  });

  it("answer under their path alone", async () => {
    const { emulator } = await startBoard();
    await using _ = emulator;
    for (const path of ["/_emulator", "/_emulator/state"])
      expect((await call(emulator, `GET ${path}`)).body).toMatchObject({ pages: 1 });
    for (const path of ["/__emulator/state", "/_emulator_/state", "/_emulator/constructor"])
      expect((await call(emulator, `GET ${path}`)).body).toMatchObject({ code: "invalid_request_url" });
  });

  it("take a megabyte, the API half of that", async () => {
    const { emulator, row } = await startBoard();
    await using _ = emulator;
    const filler = (length: number) => ({ action: "expireCursors", filler: "x".repeat(length) });
    const status = async (line: string, length: number) =>
      (await call(emulator, line, { body: filler(length) })).status;
    expect(await status("POST /_emulator/person", 1_000_000)).toBe(200);
    expect(await status("POST /_emulator/person", 1_100_000)).toBe(400);
    const patch = (length: number) => call(emulator, `PATCH /v1/pages/${row}`, { body: filler(length) });
    expect(JSON.stringify((await patch(490_000)).body)).not.toContain("too large");
    expect((await patch(510_000)).body.message).toContain("too large");
  });

  it("tell the columns of a data source, and rows piece by piece with who is shown them", async () => {
    const { emulator, dataSourceId } = await startBoard();
    await using _ = emulator;
    const [second] = emulator.workspace.addRows(dataSourceId, 1, () => ({}));
    emulator.workspace.unshare(text(second));
    const schema = await call(emulator, `GET /_emulator/schema?data_source=${dataSourceId}`);
    expect(schema.body).toMatchObject({ properties: { State: { type: "status" } } });
    const piece = await call(emulator, `GET /_emulator/rows?data_source=${dataSourceId}&offset=1&limit=5`);
    expect(piece.body.rows).toMatchObject([{ id: second, seenBy: [] }]);
  });

  it("add several faults at once, or none of them", async () => {
    const { emulator } = await startBoard();
    await using _ = emulator;
    const good = { effect: { kind: "status", status: 500 } };
    const add = (rules: Json) => call(emulator, "POST /_emulator/faults", { body: { rules } });
    expect((await add([good, { effect: { kind: "explode" } }])).status).toBe(400);
    expect(emulator.faults.rules).toEqual([]);
    await add([good, { effect: { kind: "lost" } }]);
    expect(emulator.faults.rules).toHaveLength(2);
  });

  it("subscribe webhooks and tell what was delivered", async () => {
    await using receiver = await startReceiver();
    const { emulator, row, person } = await startBoard();
    await using _ = emulator;
    const added = await person("addWebhook", { url: receiver.url, events: ["page.locked"] });
    const id = text(at(added.body, "result.id"));
    const verificationToken = text(at(added.body, "result.verificationToken"));
    await person("confirmWebhook", { webhookId: id, verificationToken });
    await person("editPage", { pageId: row, isLocked: true });
    const listed = await call(emulator, "GET /_emulator/webhooks");
    expect(listed.body).toMatchObject({ webhooks: [{ id, state: "active", events: ["page.locked"] }] });
    expect(JSON.stringify(listed.body)).not.toContain(verificationToken);
    const settled = await call(emulator, "POST /_emulator/deliveries/settle");
    expect(settled.body).toMatchObject({
      counts: { delivered: 2, byType: { handshake: 1, "page.locked": 1 } },
      pending: 0,
      deliveries: [{ type: "handshake" }, { type: "page.locked", entityId: row, attempt: 1, status: 200 }],
    });
    for (const action of ["resendToken", "pauseWebhook", "resumeWebhook", "removeWebhook"])
      expect((await person(action, { webhookId: id })).status).toBe(200);
    expect((await person("resumeWebhook", { webhookId: id })).status).toBe(404);
    await call(emulator, "POST /_emulator/deliveries/reset");
    expect((await call(emulator, "GET /_emulator/deliveries")).body).toMatchObject({ deliveries: [] });
  });

  it("are absent when switched off", async () => {
    await using emulator = await startQuiet({ control: false });
    expect((await call(emulator, "GET /_emulator/state")).status).toBe(400);
  });
});

/** fetch sets the Host header itself, so this goes below it. */
function statusUnder(emulator: Emulator, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(`${emulator.url}/_emulator/state`, { headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe("the emulator", () => {
  it("listens on this machine alone, unless told otherwise", async () => {
    await expect(startEmulator({ host: "0.0.0.0" })).rejects.toThrow("loopback addresses only");
    await using emulator = await startEmulator({ host: "0.0.0.0", allowRemote: true, ratePerMinute: null });
    const port = new URL(emulator.url).port;
    expect((await fetch(`http://127.0.0.1:${port}/_emulator/state`)).status).toBe(200);
    expect(await statusUnder(emulator, "emulator.example")).toBe(200);
  });
});

describe("the person route", () => {
  /** Each action with what it needs; what it returns is looked at below or in the tests of its effect. */
  const actions: readonly [
    string,
    (ids: { databaseId: string; dataSourceId: string; row: string }) => JsonObject,
  ][] = [
    ["addPerson", () => ({ name: "Grace" })],
    [
      "addConnection",
      () => ({ name: "Other", capabilities: { readContent: false, userInformation: "none" } }),
    ],
    ["createDatabase", () => ({ title: "New", dataSources: [{ name: "One", properties: {} }] })],
    ["addDataSource", ({ databaseId }) => ({ databaseId, name: "Second", properties: {} })],
    ["createPage", ({ dataSourceId }) => ({ parent: { dataSourceId }, properties: { Name: title("x") } })],
    [
      "addRows",
      ({ dataSourceId }) => ({
        dataSourceId,
        rows: [{ properties: {} }, { createdAt: "2026-01-01T00:00:00Z" }],
      }),
    ],
    [
      "editPage",
      ({ row }) => ({ pageId: row, properties: { Name: title("edited") }, at: "2026-11-21T08:00:00Z" }),
    ],
    ["archivePage", ({ row }) => ({ pageId: row })],
    ["unarchivePage", ({ row }) => ({ pageId: row })],
    ["trashPage", ({ row }) => ({ pageId: row })],
    ["restorePage", ({ row }) => ({ pageId: row })],
    ["movePage", ({ row, dataSourceId }) => ({ pageId: row, parent: { dataSourceId } })],
    ["unshare", ({ row }) => ({ id: row })],
    ["share", ({ row }) => ({ id: row })],
    ["addProperty", ({ dataSourceId }) => ({ dataSourceId, name: "Count", schema: { number: {} } })],
    ["renameProperty", ({ dataSourceId }) => ({ dataSourceId, property: "Count", name: "Total" })],
    [
      "retypeProperty",
      ({ dataSourceId }) => ({ dataSourceId, property: "Total", schema: { rich_text: {} } }),
    ],
    ["deleteProperty", ({ dataSourceId }) => ({ dataSourceId, property: "Total" })],
    [
      "renameOption",
      ({ dataSourceId }) => ({ dataSourceId, property: "State", from: "Done", to: "Finished" }),
    ],
    ["addOption", ({ dataSourceId }) => ({ dataSourceId, property: "State", name: "Later" })],
    ["reorderOptions", ({ dataSourceId }) => ({ dataSourceId, property: "State", names: ["Later"] })],
    ["deleteOption", ({ dataSourceId }) => ({ dataSourceId, property: "State", name: "Later" })],
    ["deletePage", ({ row }) => ({ pageId: row })],
    ["trashDatabase", ({ databaseId }) => ({ databaseId })],
    ["restoreDatabase", ({ databaseId }) => ({ databaseId })],
    ["expireCursors", () => ({})],
    ["revokeToken", () => ({ token: "ntn_other" })],
  ];

  it(`takes ${actions.length} actions`, async () => {
    const { emulator, person, ...ids } = await startBoard();
    await using _ = emulator;
    for (const [action, inputs] of actions) {
      const answer = await person(action, inputs(ids));
      expect(answer.status, `${action}: ${JSON.stringify(answer.body)}`).toBe(200);
    }
    const rows = emulator.workspace.rows(ids.dataSourceId);
    expect(rows.find((row) => row.id === ids.row)).toMatchObject({
      isDeletedForGood: true,
      properties: { Name: [{ plain_text: "edited" }] },
    });
    expect(rows).toHaveLength(4);
  });

  it("returns what the action made", async () => {
    const { emulator, person } = await startBoard();
    await using _ = emulator;
    const { body } = await person("createDatabase", { title: "New" });
    const id = text(array(at(body, "result.dataSourceIds"))[0]);
    expect((await call(emulator, `GET /v1/data_sources/${id}`)).status).toBe(200);
  });

  it.each([
    [{ action: "dance" }, "Unknown action dance"],
    [{ action: "toString" }, "Unknown action toString"],
    [{ action: "trashPage" }, "needs pageId as a string"],
    [{ action: "trashPage", pageId: "00000000-0000-4000-8000-000000000000" }, "The workspace has no page"],
    [{ action: "addProperty", dataSourceId: "x", name: "y" }, "needs schema as an object"],
  ])("refuses %j: %s", async (body, message) => {
    await using emulator = await startQuiet();
    const answer = await call(emulator, "POST /_emulator/person", { body });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.body.message).toContain(message);
  });
});
