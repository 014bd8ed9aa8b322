import { readdirSync, readFileSync } from "node:fs";
import { verifyWebhookSignature } from "@notionhq/client";
import { describe, expect, it } from "vitest";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/index.ts";
import { signatureOf } from "../../src/emulator/webhooks/signature.ts";
import {
  array,
  at,
  call,
  createBoard,
  createClock,
  type Json,
  type JsonObject,
  object,
  startQuiet,
  type TestClock,
  text,
  title,
} from "./harness.ts";
import { type Receiver, startReceiver } from "./receiver.ts";

const fixtures = new URL("../fixtures/notion/", import.meta.url);
const minute = 60_000;

interface World extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly receiver: Receiver;
  readonly clock: TestClock;
  readonly webhookId: string;
  readonly verificationToken: string;
  readonly databaseId: string;
  readonly dataSourceId: string;
  readonly addRow: () => string;
  /** Lets the window of everything that happened close, and gives the events that arrived since the last time. */
  readonly told: () => Promise<readonly JsonObject[]>;
}

/** An emulator with a board and an active webhook; what happened before is told and forgotten. */
async function startTold(
  options: EmulatorOptions & { readonly apiVersion?: string; readonly events?: readonly string[] } = {},
): Promise<World> {
  const { apiVersion, events, ...rest } = options;
  const clock = createClock();
  const receiver = await startReceiver();
  const emulator = await startQuiet({ clock, ...rest });
  const { databaseId, dataSourceId } = createBoard(emulator, {
    Name: { title: {} },
    State: { status: {} },
    Count: { number: {} },
  });
  const webhook = emulator.workspace.addWebhook({ url: receiver.url, apiVersion, events });
  emulator.workspace.confirmWebhook(webhook.id, webhook.verificationToken);
  await emulator.webhooks.settle();
  let seen = 0;
  return {
    emulator,
    receiver,
    clock,
    webhookId: webhook.id,
    verificationToken: webhook.verificationToken,
    databaseId,
    dataSourceId,
    addRow: () => text(emulator.workspace.addRows(dataSourceId, 1, () => ({}))[0]),
    async told() {
      clock.advance(minute);
      await emulator.webhooks.settle();
      const told = receiver.events.slice(seen);
      seen = receiver.events.length;
      return told;
    },
    async [Symbol.asyncDispose]() {
      await emulator.close();
      await receiver[Symbol.asyncDispose]();
    },
  };
}

const typesOf = (events: readonly JsonObject[]): string[] => events.map(({ type }) => text(type)).sort();

describe("the handshake", () => {
  it("sends the token unsigned, and nothing else before a person has entered it", async () => {
    await using receiver = await startReceiver();
    await using emulator = await startQuiet();
    const { dataSourceId } = createBoard(emulator, {});
    const { id } = emulator.workspace.addWebhook({ url: receiver.url });
    await emulator.webhooks.settle();
    const [first] = receiver.received;
    expect(first?.signature).toBeUndefined();
    const token = text(first?.body.verification_token);
    expect(token).toMatch(/^secret_/);
    emulator.workspace.addRows(dataSourceId, 1, () => ({}));
    emulator.workspace.resendToken(id);
    await emulator.webhooks.settle();
    expect(receiver.received.map(({ body }) => body)).toEqual([
      { verification_token: token },
      { verification_token: token },
    ]);
    expect(() => emulator.workspace.confirmWebhook(id, "secret_other")).toThrow("not the one");
    emulator.workspace.confirmWebhook(id, token);
    expect(() => emulator.workspace.confirmWebhook(id, token)).toThrow("is active");
  });

  it("goes to this machine only, unless told otherwise", async () => {
    await using emulator = await startQuiet();
    emulator.workspace.addWebhook({ url: "http://192.0.2.1/hooks" });
    await emulator.webhooks.settle();
    expect(emulator.webhooks.deliveries).toMatchObject([
      { type: "handshake", outcome: "refused", status: null },
    ]);
  });

  it.each([
    [{ url: "nowhere" }, "absolute URL"],
    [{ url: "file:///etc/passwd" }, "absolute URL"],
    [{ url: "http://127.0.0.1:1/", apiVersion: "2021-01-01" }, "Unknown API version"],
    [{ url: "http://127.0.0.1:1/", events: ["page.exploded"] }, "Unknown event"],
    [
      { url: "http://127.0.0.1:1/", apiVersion: "2022-06-28", events: ["data_source.created"] },
      "Unknown event",
    ],
  ])("refuses %j", async (webhook, reason) => {
    await using emulator = await startQuiet();
    expect(() => emulator.workspace.addWebhook(webhook)).toThrow(reason);
  });
});

describe("the signature", () => {
  const { vectors } = JSON.parse(readFileSync(new URL("webhook-signatures.json", fixtures), "utf8")) as {
    vectors: readonly { body: string; verification_token: string; x_notion_signature: string }[];
  };

  it("is that of every recorded vector", () => {
    expect(vectors.length).toBeGreaterThan(20);
    for (const { body, verification_token, x_notion_signature } of vectors)
      expect(signatureOf(Buffer.from(body, "utf8"), verification_token)).toBe(x_notion_signature);
  });

  it("satisfies the official client over the bytes as they arrived", async () => {
    await using world = await startTold();
    world.emulator.workspace.addRows(world.dataSourceId, 1, () => ({
      properties: { Name: title("ünïcode ✓") },
    }));
    await world.told();
    const { receiver, verificationToken } = world;
    const signed = receiver.received.filter(({ body }) => body.verification_token === undefined);
    expect(signed.length).toBeGreaterThan(0);
    for (const { raw, signature } of signed) {
      expect(await verifyWebhookSignature({ body: raw, signature, verificationToken })).toBe(true);
      const other = { body: Buffer.concat([raw, Buffer.from(" ")]), signature, verificationToken };
      expect(await verifyWebhookSignature(other)).toBe(false);
    }
  });
});

describe("an event", () => {
  it("says what happened to what, when and by whom, with values left out", async () => {
    await using world = await startTold({ events: ["page.properties_updated"] });
    const { emulator, clock, addRow, databaseId, dataSourceId, webhookId } = world;
    const row = addRow();
    await world.told();
    const at = clock.now();
    const grace = emulator.workspace.addPerson({ name: "Grace" });
    emulator.workspace.as(grace).editPage(row, { properties: { Name: title("edited") } });
    const [event, ...more] = await world.told();
    expect(more).toEqual([]);
    expect(event).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      timestamp: new Date(at).toISOString(),
      workspace_id: emulator.workspace.id,
      workspace_name: emulator.workspace.name,
      subscription_id: webhookId,
      integration_id: (await call(emulator, "GET /v1/users/me")).body.id,
      type: "page.properties_updated",
      authors: [{ id: grace, type: "person" }],
      attempt_number: 1,
      api_version: "2026-03-11",
      entity: { id: row, type: "page" },
      data: {
        parent: { id: databaseId, type: "database", data_source_id: dataSourceId },
        updated_properties: ["title"],
      },
    });
  });

  it("tells the connection of its own writes, with its bot as author", async () => {
    await using world = await startTold({ events: ["page.created"] });
    const made = await call(world.emulator, "POST /v1/pages", {
      body: { parent: { data_source_id: world.dataSourceId }, properties: { Name: title("mine") } },
    });
    const [event] = await world.told();
    expect(event).toMatchObject({
      entity: { id: made.body.id },
      authors: [{ id: at(made.body, "created_by.id"), type: "bot" }],
    });
  });

  it("is not told by a refused write", async () => {
    await using world = await startTold();
    const refused = await call(world.emulator, "POST /v1/pages", {
      body: { parent: { data_source_id: world.dataSourceId }, properties: { Nope: title("x") } },
    });
    expect(refused.status).toBe(400);
    const table = { parent: { page_id: crypto.randomUUID() }, initial_data_source: { properties: {} } };
    await call(world.emulator, "POST /v1/databases", { body: table });
    expect(await world.told()).toEqual([]);
  });

  it("is not told of what was taken away, and taking away is not told", async () => {
    await using world = await startTold();
    const { emulator, addRow } = world;
    const [seen, hidden] = [addRow(), addRow()];
    await world.told();
    emulator.workspace.unshare(hidden);
    for (const row of [seen, hidden])
      emulator.workspace.editPage(row, { properties: { Count: { number: 1 } } });
    expect((await world.told()).map((event) => at(event, "entity.id"))).toEqual([seen]);
    // Taken away before the window closes counts too.
    emulator.workspace.editPage(seen, { properties: { Count: { number: 2 } } });
    emulator.workspace.unshare(seen);
    expect(await world.told()).toEqual([]);
  });

  it("goes to every webhook in that webhook's version, unless it is paused, removed or wants others", async () => {
    await using world = await startTold();
    await using old = await startReceiver();
    await using quiet = await startReceiver();
    const { emulator } = world;
    const add = (url: string, more: object): string => {
      const { id, verificationToken } = emulator.workspace.addWebhook({ url, ...more });
      emulator.workspace.confirmWebhook(id, verificationToken);
      return id;
    };
    add(old.url, { apiVersion: "2022-06-28" });
    add(quiet.url, { events: ["page.deleted"] });
    emulator.workspace.pauseWebhook(add(quiet.url, {}));
    emulator.workspace.removeWebhook(add(quiet.url, {}));
    const row = world.addRow();
    emulator.workspace.addProperty(world.dataSourceId, "Due", { date: {} });
    const fresh = await world.told();
    expect(typesOf(fresh)).toEqual([
      "data_source.content_updated",
      "data_source.schema_updated",
      "page.created",
    ]);
    expect(typesOf(old.events)).toEqual([
      "database.content_updated",
      "database.schema_updated",
      "page.created",
    ]);
    for (const event of old.events) {
      expect(event.api_version).toBe("2022-06-28");
      expect(JSON.stringify(event)).not.toContain("data_source");
    }
    expect(old.events.find(({ type }) => type === "page.created")).toMatchObject({
      entity: { id: row },
      data: { parent: { id: world.databaseId, type: "database" } },
    });
    expect(old.events.find(({ type }) => type === "database.schema_updated")).toMatchObject({
      entity: { id: world.databaseId, type: "database" },
    });
    expect(quiet.events).toEqual([]);
  });
});

describe("the window", () => {
  it("gathers edits of one kind to one thing, with all authors, and closes a fixed time after the first", async () => {
    await using world = await startTold({
      webhooks: { aggregationMs: minute },
      events: ["page.properties_updated"],
    });
    const { emulator, clock, receiver } = world;
    const row = world.addRow();
    const other = world.addRow();
    const grace = emulator.workspace.addPerson({ name: "Grace" });
    const edit = (id: string, properties: JsonObject): void =>
      emulator.workspace.editPage(id, { properties });
    edit(row, { Count: { number: 1 } });
    clock.advance(30_000);
    emulator.workspace.as(grace).editPage(row, { properties: { Count: { number: 2 }, Name: title("n") } });
    const last = clock.now();
    clock.advance(29_999);
    edit(other, { Count: { number: 1 } });
    await emulator.webhooks.settle();
    expect(receiver.events).toEqual([]);
    clock.advance(1);
    await emulator.webhooks.settle();
    expect(receiver.events).toHaveLength(1);
    const [event] = receiver.events;
    expect(event).toMatchObject({ entity: { id: row }, timestamp: new Date(last).toISOString() });
    expect(array(event?.authors)).toHaveLength(2);
    expect(array(at(event, "data.updated_properties")).length).toBe(2);
    expect(await world.told()).toHaveLength(2);
  });

  it("tells only the last of being made, deleted and brought back", async () => {
    await using world = await startTold({ webhooks: { aggregationMs: minute } });
    const { emulator, addRow } = world;
    const pages = (events: readonly JsonObject[]) =>
      typesOf(events).filter((type) => type.startsWith("page."));
    const row = addRow();
    emulator.workspace.trashPage(row);
    expect(pages(await world.told())).toEqual(["page.deleted"]);
    emulator.workspace.restorePage(row);
    emulator.workspace.trashPage(row);
    emulator.workspace.restorePage(row);
    expect(pages(await world.told())).toEqual(["page.undeleted"]);
    emulator.workspace.restorePage(row);
    expect(pages(await world.told())).toEqual([]);
    emulator.workspace.trashPage(row);
    await world.told();
    emulator.workspace.deletePage(row);
    expect(pages(await world.told())).toEqual([]);
  });

  it("does not hold back locks and comments", async () => {
    await using world = await startTold({ webhooks: { aggregationMs: minute } });
    const row = world.addRow();
    await world.told();
    for (const isLocked of [true, false, true]) world.emulator.workspace.editPage(row, { isLocked });
    await world.emulator.webhooks.settle();
    expect(typesOf(world.receiver.events.slice(-3))).toEqual(["page.locked", "page.locked", "page.unlocked"]);
  });
});

describe("a delivery", () => {
  it("that is not taken is tried eight times over a day, under the same id", async () => {
    await using world = await startTold({ events: ["page.created"] });
    const { emulator, receiver, clock, addRow } = world;
    receiver.answerWith(500);
    const start = clock.now();
    addRow();
    await world.told();
    const waits = [16, 64, 256, 1024, 4096, 16_384, 65_536];
    for (const [index, seconds] of waits.entries()) {
      clock.advance(seconds * 1000 - 1);
      await emulator.webhooks.settle();
      expect(receiver.events).toHaveLength(index + 1);
      clock.advance(1);
      await emulator.webhooks.settle();
    }
    expect(clock.now() - start).toBeGreaterThan(24 * 60 * minute);
    expect(receiver.events.map((event) => event.attempt_number)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(new Set(receiver.events.map(({ id }) => id)).size).toBe(1);
    clock.advance(7 * 24 * 60 * minute);
    await emulator.webhooks.settle();
    expect(receiver.events).toHaveLength(8);
    expect(emulator.webhooks.pending).toBe(0);
    expect(emulator.webhooks.counts).toMatchObject({ failed: 8, delivered: 1 });
  });

  it("that nobody listens for counts as failed, and later ones arrive", async () => {
    await using world = await startTold({ events: ["page.created"] });
    world.receiver.answerWith(404);
    world.addRow();
    await world.told();
    world.receiver.answerWith(204);
    world.addRow();
    expect((await world.told()).map((event) => event.attempt_number).sort()).toEqual([1, 2]);
    expect(world.emulator.webhooks.deliveries.map(({ outcome, status }) => [outcome, status])).toEqual([
      ["delivered", 200],
      ["failed", 404],
      ["delivered", 204],
      ["delivered", 204],
    ]);
  });

  it.each([
    ["lost", {}, []],
    [
      "duplicate",
      {},
      [
        ["A", 1],
        ["A", 2],
        ["B", 1],
        ["C", 1],
      ],
    ],
    [
      "reorder",
      {},
      [
        ["B", 1],
        ["A", 1],
        ["C", 1],
      ],
    ],
    [
      "late",
      { ms: 1 },
      [
        ["B", 1],
        ["C", 1],
        ["A", 1],
      ],
    ],
  ])("that a fault makes %s comes accordingly", async (kind, more, expected) => {
    await using world = await startTold({ events: ["page.locked"] });
    const { emulator, receiver, clock } = world;
    const rows = new Map([..."ABC"].map((name) => [world.addRow(), name]));
    await world.told();
    const match = kind === "lost" ? {} : { event: "^page\\.", nth: 1 };
    emulator.faults.add({ match, effect: { kind, ms: 0, ...more } as never });
    for (const row of rows.keys()) emulator.workspace.editPage(row, { isLocked: true });
    await emulator.webhooks.settle();
    clock.advance(1);
    await emulator.webhooks.settle();
    const arrived = receiver.events.map((event) => [
      rows.get(text(at(event, "entity.id"))),
      event.attempt_number,
    ]);
    expect(arrived).toEqual(expected);
    expect(emulator.webhooks.counts.lost).toBe(kind === "lost" ? 3 : 0);
  });

  it("happens by itself, soon, on a running clock", async () => {
    await using receiver = await startReceiver();
    await using emulator = await startEmulator({ webhooks: { aggregationMs: 1 } });
    const { dataSourceId } = createBoard(emulator, {});
    const { id, verificationToken } = emulator.workspace.addWebhook({ url: receiver.url });
    emulator.workspace.confirmWebhook(id, verificationToken);
    emulator.workspace.addRows(dataSourceId, 1, () => ({}));
    await receiver.first;
    expect(receiver.received.length).toBeGreaterThan(0);
  });
});

/** What somebody does so that an event of this type happens. Every type that Notion has a published example of. */
type Doing = (world: World, row: string) => unknown;
const doings: { readonly [file: string]: Doing } = {
  "comment.created": (world, row) => comment(world, row),
  "comment.updated": async (world, row) => {
    const id = await comment(world, row);
    await call(world.emulator, `PATCH /v1/comments/${id}`, {
      body: { rich_text: [{ text: { content: "b" } }] },
    });
  },
  "comment.deleted": async (world, row) => {
    const id = await comment(world, row);
    await call(world.emulator, `DELETE /v1/comments/${id}`);
  },
  "data_source.content_updated": (world) => world.addRow(),
  "data_source.created": ({ emulator, databaseId }) =>
    emulator.workspace.addDataSource(databaseId, { name: "Second", properties: {} }),
  "data_source.deleted": ({ emulator, dataSourceId }) =>
    call(emulator, `PATCH /v1/data_sources/${dataSourceId}`, { body: { in_trash: true } }),
  "data_source.moved": ({ emulator, dataSourceId }) => {
    const { databaseId } = emulator.workspace.createDatabase({ title: "Other" });
    return call(emulator, `PATCH /v1/data_sources/${dataSourceId}`, {
      body: { parent: { database_id: databaseId } },
    });
  },
  "data_source.schema_updated": (world) => editSchema(world),
  "data_source.undeleted": ({ emulator, databaseId }) => trashAndRestore(emulator, databaseId),
  "database.content_updated": (world) => world.addRow(),
  "database.created": ({ emulator }) => emulator.workspace.createDatabase({ title: "Other" }),
  "database.deleted": ({ emulator, databaseId }) => emulator.workspace.trashDatabase(databaseId),
  "database.moved": async ({ emulator, databaseId }) => {
    const pageId = emulator.workspace.createPage({});
    await call(emulator, `PATCH /v1/databases/${databaseId}`, { body: { parent: { page_id: pageId } } });
  },
  "database.schema_updated": (world) => editSchema(world),
  "database.undeleted": ({ emulator, databaseId }) => trashAndRestore(emulator, databaseId),
  "page.content_updated": ({ emulator }, row) =>
    call(emulator, `PATCH /v1/blocks/${row}/children`, { body: { children: [{ divider: {} }] } }),
  "page.created": (world) => world.addRow(),
  "page.deleted": ({ emulator }, row) => emulator.workspace.trashPage(row),
  "page.locked": ({ emulator }, row) => emulator.workspace.editPage(row, { isLocked: true }),
  "page.moved": ({ emulator }, row) => {
    const { dataSourceIds } = emulator.workspace.createDatabase({ title: "Other" });
    emulator.workspace.movePage(row, { dataSourceId: text(dataSourceIds[0]) });
  },
  "page.properties_updated": ({ emulator }, row) =>
    call(emulator, `PATCH /v1/pages/${row}`, { body: { properties: { Count: { number: 3 } } } }),
  "page.undeleted": async (world, row) => {
    world.emulator.workspace.trashPage(row);
    await world.told();
    world.emulator.workspace.restorePage(row);
  },
  "page.unlocked": ({ emulator }, row) => {
    for (const isLocked of [true, false]) emulator.workspace.editPage(row, { isLocked });
  },
};

async function comment({ emulator }: World, row: string): Promise<string> {
  const { body } = await call(emulator, "POST /v1/comments", {
    body: { parent: { page_id: row }, rich_text: [{ text: { content: "a" } }] },
  });
  return text(body.id);
}

function editSchema({ emulator, dataSourceId }: World): void {
  emulator.workspace.addProperty(dataSourceId, "Due", { date: {} });
  emulator.workspace.renameProperty(dataSourceId, "Count", "Total");
  emulator.workspace.deleteProperty(dataSourceId, "State");
}

function trashAndRestore(emulator: Emulator, databaseId: string): void {
  emulator.workspace.trashDatabase(databaseId);
  emulator.workspace.restoreDatabase(databaseId);
}

describe("the published payload", () => {
  const files = readdirSync(new URL("webhooks/", fixtures)).filter((file) => !file.includes("agent_parent"));

  it("has an example for each doing", () => {
    expect(files.map((file) => file.replace(".json", ""))).toEqual(Object.keys(doings).sort());
  });

  it.each(files)("of %s has the members of the emulator's", async (file) => {
    const type = file.replace(".json", "");
    const isOld = /^database\.(content|schema)_updated$/.test(type);
    await using world = await startTold({ ...(isOld ? { apiVersion: "2022-06-28" } : {}), events: [type] });
    const row = world.addRow();
    await world.told();
    await doings[type]?.(world, row);
    const event = object((await world.told()).at(-1));
    const published = object(
      object(JSON.parse(readFileSync(new URL(`webhooks/${file}`, fixtures), "utf8"))).value,
    );
    expect(event.type).toBe(published.type);
    const optional = ["api_version", "accessible_by"];
    const members = (each: JsonObject) =>
      Object.keys(each)
        .filter((key) => !optional.includes(key))
        .sort();
    expect(members(event)).toEqual(members(published));
    expect(event.entity).toMatchObject({ type: at(published, "entity.type") });
    expect(Object.keys(object(event.data)).sort()).toEqual(Object.keys(object(published.data)).sort());
    for (const [key, value] of Object.entries(object(published.data))) {
      if (key !== "parent") expect(membersIn(object(event.data)[key])).toEqual(membersIn(value));
    }
  });

  it("names the connection's users where the connection acts for people", async () => {
    await using world = await startTold();
    const { token, botId } = world.emulator.workspace.addConnection({
      name: "Public",
      seesWorkspace: true,
      isPersonal: true,
    });
    await using receiver = await startReceiver();
    const webhook = world.emulator.workspace.addWebhook({
      url: receiver.url,
      token,
      events: ["page.created"],
    });
    world.emulator.workspace.confirmWebhook(webhook.id, webhook.verificationToken);
    world.addRow();
    await world.told();
    expect(receiver.events[0]?.accessible_by).toEqual([
      { id: expect.any(String), type: "person" },
      { id: botId, type: "bot" },
    ]);
  });
});

describe("events without a published example", () => {
  it("of views name the data source's database, what kind of view it is and what changed", async () => {
    await using world = await startTold();
    const { emulator, dataSourceId, databaseId } = world;
    const made = await call(emulator, "POST /v1/views", {
      body: { database_id: databaseId, data_source_id: dataSourceId, name: "Mine", type: "table" },
    });
    const id = text(made.body.id);
    const [created] = await world.told();
    await call(emulator, `PATCH /v1/views/${id}`, { body: { name: "Ours" } });
    const [updated] = await world.told();
    await call(emulator, `DELETE /v1/views/${id}`);
    const [deleted] = await world.told();
    const entity = { id, type: "view" };
    const parent = expect.objectContaining({ id: databaseId, type: "database" });
    expect(created).toMatchObject({ type: "view.created", entity, data: { parent, view_type: "table" } });
    expect(updated).toMatchObject({
      type: "view.updated",
      entity,
      data: { parent, updated_fields: ["name"] },
    });
    expect(deleted).toMatchObject({ type: "view.deleted", entity, data: { parent } });
  });

  it("of file uploads go to the connection that makes them, and carry no data", async () => {
    await using world = await startTold();
    await using other = await startReceiver();
    const { emulator } = world;
    const { token } = emulator.workspace.addConnection({ name: "Other", seesWorkspace: true });
    const webhook = emulator.workspace.addWebhook({ url: other.url, token });
    emulator.workspace.confirmWebhook(webhook.id, webhook.verificationToken);
    const made = await call(emulator, "POST /v1/file_uploads", {
      body: { filename: "a.txt", content_type: "text/plain" },
    });
    const form = new FormData();
    form.append("file", new Blob(["hello"], { type: "text/plain" }), "a.txt");
    await fetch(`${emulator.url}/v1/file_uploads/${made.body.id}/send`, {
      method: "POST",
      headers: { authorization: `Bearer ${emulator.token}`, "notion-version": "2026-03-11" },
      body: form,
    });
    const events = await world.told();
    expect(typesOf(events)).toEqual(["file_upload.completed", "file_upload.created"]);
    for (const event of events) {
      expect(event.entity).toEqual({ id: made.body.id, type: "file_upload" });
      expect(event).not.toHaveProperty("data");
    }
    expect(other.events).toEqual([]);
  });

  it("of comments go to connections that may read them", async () => {
    await using world = await startTold();
    await using deaf = await startReceiver();
    const { emulator } = world;
    const capabilities = { readComments: false };
    const { token } = emulator.workspace.addConnection({ name: "Deaf", seesWorkspace: true, capabilities });
    const webhook = emulator.workspace.addWebhook({ url: deaf.url, token });
    emulator.workspace.confirmWebhook(webhook.id, webhook.verificationToken);
    const row = world.addRow();
    await world.told();
    await comment(world, row);
    expect(typesOf(await world.told())).toEqual(["comment.created"]);
    expect(typesOf(deaf.events)).not.toContain("comment.created");
  });
});

/** The members of a list's first entry, or that there is none. */
function membersIn(value: Json | undefined): string[] {
  const [first] = Array.isArray(value) ? value : [];
  return typeof first === "object" && first !== null && !Array.isArray(first)
    ? Object.keys(first).sort()
    : [typeof first];
}
