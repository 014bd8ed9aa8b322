import { describe, expect, it } from "vitest";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/index.ts";
import { call, createBoard, type JsonObject, startOfTest, startQuiet, text, title } from "./harness.ts";

const still: EmulatorOptions = { fixedAt: startOfTest, ratePerMinute: null };

/** A workspace with something of most kinds. */
async function fill(emulator: Emulator): Promise<{ dataSourceId: string; rows: readonly string[] }> {
  const { workspace } = emulator;
  const { databaseId, dataSourceId } = createBoard(emulator, {
    Name: { title: {} },
    State: { select: {} },
    Number: { unique_id: { prefix: "T" } },
  });
  const rows = workspace.addRows(dataSourceId, 3, (index) => ({
    properties: { Name: title(`row ${index}`), State: { select: { name: "Open" } } },
  }));
  workspace.addProperty(dataSourceId, "Peers", {
    relation: { data_source_id: dataSourceId, dual_property: {} },
  });
  workspace.editPage(text(rows[0]), { properties: { Peers: { relation: [{ id: text(rows[1]) }] } } });
  workspace.trashPage(text(rows[1]));
  workspace.deletePage(text(rows[2]));
  workspace.addDataSource(databaseId, { name: "Second", properties: {} });
  const { token } = workspace.addConnection({ name: "Guest" });
  workspace.share(text(rows[0]), token);
  const page = workspace.createPage({ properties: { title: title("Notes") } });
  await call(emulator, `PATCH /v1/blocks/${page}/children`, {
    body: { children: [{ paragraph: { rich_text: [{ text: { content: "kept" } }] } }] },
  });
  return { dataSourceId, rows };
}

async function upload(emulator: Emulator, content: string): Promise<void> {
  const { body } = await call(emulator, "POST /v1/file_uploads", { body: { filename: "a.txt" } });
  const form = new FormData();
  form.append("file", new Blob([content], { type: "text/plain" }), "a.txt");
  await fetch(`${emulator.url}/v1/file_uploads/${body.id}/send`, {
    method: "POST",
    headers: { authorization: `Bearer ${emulator.token}`, "notion-version": "2026-03-11" },
    body: form,
  });
}

/** Reads the whole workspace through the API, as bytes. */
async function readAll(emulator: Emulator, token = emulator.token): Promise<string> {
  const answers: string[] = [];
  const read = async (method: string, path: string, body?: JsonObject): Promise<JsonObject> => {
    const response = await fetch(`${emulator.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, "notion-version": "2026-03-11" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const raw = await response.text();
    answers.push(`${response.status} ${JSON.stringify([...response.headers])} ${raw}`);
    return JSON.parse(raw);
  };
  await read("GET", "/v1/users");
  for (const { id } of emulator.workspace.dataSources()) {
    await read("GET", `/v1/data_sources/${id}`);
    await read("POST", `/v1/data_sources/${id}/query`, {});
  }
  const { results } = await read("POST", "/v1/search", { page_size: 100 });
  for (const found of Array.isArray(results) ? results : [])
    await read("GET", `/v1/blocks/${text((found as JsonObject).id)}/children`);
  return answers.join("\n");
}

describe("a snapshot", () => {
  it("holds the workspace as JSON, and another emulator goes on from it byte for byte", async () => {
    await using first = await startEmulator(still);
    const { dataSourceId } = await fill(first);
    const document = JSON.stringify(first.snapshot());
    await using second = await startEmulator({
      ...still,
      fixedAt: 0,
      randomSeed: 99,
      snapshot: JSON.parse(document),
    });
    expect(second.clock?.now()).toBe(startOfTest);
    expect(second.token).toBe(first.token);
    expect(second.workspace.id).toBe(first.workspace.id);
    expect(second.workspace.rows(dataSourceId)).toEqual(first.workspace.rows(dataSourceId));
    expect(second.workspace.rows(dataSourceId).map((row) => row.isDeletedForGood)).toEqual([
      false,
      false,
      true,
    ]);
    expect(await readAll(second)).toBe(await readAll(first));
    for (const emulator of [first, second]) {
      await call(emulator, "POST /v1/pages", {
        body: { parent: { data_source_id: dataSourceId }, properties: {} },
      });
    }
    expect(JSON.stringify(second.snapshot())).toBe(JSON.stringify(first.snapshot()));
  });

  it("is put in place of everything, cursors and waiting deliveries included, as often as wanted", async () => {
    await using emulator = await startEmulator(still);
    const { dataSourceId } = await fill(emulator);
    emulator.workspace.addWebhook({ url: "http://127.0.0.1:1/" });
    const snapshot = emulator.snapshot();
    const before = JSON.stringify(snapshot);
    for (let round = 0; round < 2; round++) {
      const query = (body: JsonObject) =>
        call(emulator, `POST /v1/data_sources/${dataSourceId}/query`, { body });
      emulator.workspace.addRows(dataSourceId, 5, () => ({}));
      const { body } = await query({ page_size: 1 });
      emulator.restore(snapshot);
      expect((await query({ page_size: 1, start_cursor: text(body.next_cursor) })).status).toBe(400);
      expect(emulator.workspace.rows(dataSourceId)).toHaveLength(3);
      expect(emulator.webhooks.pending).toBe(0);
    }
    expect(JSON.stringify(snapshot)).toBe(before);
  });

  it("keeps what a guest may see, and does not change with the workspace it was taken of", async () => {
    await using emulator = await startEmulator(still);
    await fill(emulator);
    const { token } = emulator.workspace.addConnection({ name: "Nobody" });
    const snapshot = emulator.snapshot();
    const seen = await readAll(emulator, token);
    await using other = await startEmulator({ ...still, snapshot });
    expect(await readAll(other, token)).toBe(seen);
  });

  it("holds uploaded bytes, and a restored workspace holds no others", async () => {
    await using emulator = await startEmulator(still);
    await upload(emulator, "kept");
    const snapshot = emulator.snapshot();
    expect(Object.values(snapshot.files)).toEqual([Buffer.from("kept").toString("base64")]);
    await upload(emulator, "forgotten");
    expect(Object.keys(emulator.snapshot().files)).toHaveLength(2);
    emulator.restore(snapshot);
    expect(emulator.snapshot()).toEqual(snapshot);
  });

  it("goes over the control API", async () => {
    await using emulator = await startEmulator(still);
    const { dataSourceId } = await fill(emulator);
    const { body } = await call(emulator, "GET /_emulator/snapshot");
    emulator.workspace.addRows(dataSourceId, 2, () => ({}));
    expect((await call(emulator, "POST /_emulator/snapshot", { body })).status).toBe(200);
    expect(emulator.workspace.rows(dataSourceId)).toHaveLength(3);
    const refused = await call(emulator, "POST /_emulator/snapshot", { body: { format: "other" } });
    expect([refused.status, text(refused.body.message)]).toEqual([
      400,
      expect.stringContaining("expected format"),
    ]);
    expect(emulator.workspace.rows(dataSourceId)).toHaveLength(3);
  });

  it("leaves a given clock alone", async () => {
    await using still = await startEmulator({ fixedAt: 0, ratePerMinute: null });
    await using emulator = await startQuiet();
    emulator.restore(still.snapshot());
    expect((await call(emulator, "GET /_emulator/clock")).body).toMatchObject({
      now: new Date(startOfTest).toISOString(),
      isFixed: null,
    });
  });
});

describe("the same seed and the same calls", () => {
  it("give the same bytes, headers too", async () => {
    const runs: string[] = [];
    for (const randomSeed of [5, 5, 6]) {
      await using emulator = await startEmulator({ ...still, randomSeed });
      const { rows } = await fill(emulator);
      emulator.clock?.advance(90_000);
      await call(emulator, `PATCH /v1/pages/${rows[0]}`, { body: { properties: { Name: title("later") } } });
      await call(emulator, `PATCH /v1/pages/${rows[1]}`, {
        body: { properties: { Name: title("refused") } },
      });
      runs.push(`${await readAll(emulator)}\n${JSON.stringify(emulator.snapshot())}`);
    }
    expect(runs[1]).toBe(runs[0]);
    expect(runs[2]).not.toBe(runs[0]);
  });
});

describe("the emulator's own clock", () => {
  it("stands still, steps, runs on", async () => {
    await using emulator = await startEmulator(still);
    const clock = async (body: JsonObject) => (await call(emulator, "POST /_emulator/clock", { body })).body;
    expect(await clock({ advanceMs: 1000 })).toEqual({ now: "2026-11-21T07:20:32.123Z", isFixed: true });
    expect(await clock({ now: "2030-01-01T00:00:00Z" })).toEqual({
      now: "2030-01-01T00:00:00.000Z",
      isFixed: true,
    });
    const running = await clock({ isFixed: false, now: "2031-01-01T00:00:00Z" });
    expect(running).toEqual({ now: expect.stringMatching(/^2031-01-01T00:00:0/), isFixed: false });
    const { now } = await clock({ isFixed: true });
    expect((await call(emulator, "GET /_emulator/clock")).body).toEqual({ now, isFixed: true });
  });
});
