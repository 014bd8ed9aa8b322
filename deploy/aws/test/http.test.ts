import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isJsonObject } from "../../../src/core/json.ts";
import { exportOf, library } from "../local/books.ts";
import { execute } from "../local/machine.ts";
import type { LocalStage } from "../local/stage.ts";
import { deliverQueue, knock, sign } from "./support/door.ts";
import {
  adminToken,
  importInSteps,
  openStage,
  playerSecret,
  shownIn,
  webhookSecret,
} from "./support/world.ts";

let world: LocalStage;

beforeAll(async () => {
  world = await openStage();
  await importInSteps(world, { name: "before", text: exportOf(library(3)) });
});

afterAll(() => world[Symbol.asyncDispose]());

const post = (path: string, body: string, headers: Readonly<Record<string, string>> = {}) =>
  knock(world, { path, body, headers });

const queued = () => world.amazon.messages.map(({ body }) => (isJsonObject(body) ? body.sync : null));

describe("POST /webhook/notion", () => {
  const delivery = () =>
    JSON.stringify({
      id: "event-1",
      type: "page.properties_updated",
      timestamp: "2026-11-21T10:00:00.000Z",
      entity: { id: world.emulator.workspace.rows(world.setup.books)[0]?.id ?? "", type: "page" },
      data: { parent: { type: "data_source", id: world.setup.books, data_source_id: world.setup.books } },
    });

  it("refuses what is not signed, and queues nothing", async () => {
    const before = queued().length;
    expect(await post("/webhook/notion", delivery(), { "x-notion-signature": "sha256=00" })).toMatchObject({
      status: 401,
    });
    expect(queued().length).toBe(before);
  });

  it("stores a delivery and queues its sync, also when it comes again; while the queue is down it is not taken", async () => {
    const headers = { "x-notion-signature": sign(webhookSecret, delivery()) };
    world.amazon.broken.add("AmazonSQS");
    expect(await post("/webhook/notion", delivery(), headers)).toMatchObject({ status: 503 });
    world.amazon.broken.clear();
    expect(await post("/webhook/notion", delivery(), headers)).toMatchObject({
      status: 200,
      body: { ok: true, events: 0 },
    });
    expect(queued()).toEqual(["library-books"]);
    const [message] = world.amazon.messages;
    expect(message?.queue).toMatch(/SyncQueue/);
    expect(await deliverQueue(world, 0)).toEqual({ batchItemFailures: [] });
  });
});

describe("POST /webhook/finished", () => {
  it("takes a player's word into the store, and the queue carries it to Notion", async () => {
    const body = JSON.stringify({ asin: "B000000002" });
    expect(await post("/webhook/finished", body)).toMatchObject({ status: 401 });
    const before = queued().length;
    const signed = { "x-lockstep-signature": sign(playerSecret, body) };
    expect(await post("/webhook/finished", body, signed)).toMatchObject({
      status: 200,
      body: { to: "finished" },
    });
    expect(queued().slice(before).sort()).toEqual(["library-books", "library-series"]);
    const unknown = JSON.stringify({ asin: "B999999999" });
    expect(
      await post("/webhook/finished", unknown, { authorization: `Bearer ${playerSecret}` }),
    ).toMatchObject({ status: 404 });
    expect(await deliverQueue(world, before)).toEqual({ batchItemFailures: [] });
    expect(
      shownIn(world).books.filter((line) => line.includes('"Status":"Finished"') && line.includes("Part 1")),
    ).toHaveLength(1);
  });
});

describe("POST /import", () => {
  const text = () => exportOf(library(4));
  const headers = { authorization: `Bearer ${adminToken}`, "content-type": "text/csv" };

  it("refuses without the admin token", async () => {
    expect(await post("/import?commit=true", text(), { "content-type": "text/csv" })).toMatchObject({
      status: 401,
    });
    expect(world.amazon.executions).toEqual([]);
  });

  it("previews at once, and with commit keeps the file and starts one execution, which finds it", async () => {
    const preview = await post("/import", text(), headers);
    expect(preview).toMatchObject({ status: 200, body: { report: { counts: { books: { create: 1 } } } } });
    const begun = await post("/import?commit=true", text(), headers);
    expect(begun).toMatchObject({ status: 202, body: { books: 4, problems: [] } });
    const [{ name, input } = { name: "", input: null }] = world.amazon.executions;
    const { output, letters } = await execute(
      { machine: world.template.machine(), host: world.host },
      { name, input },
    );
    expect(letters).toEqual([]);
    expect(output).toMatchObject({ finished: { run: { id: name, status: "succeeded" } } });
    expect(shownIn(world).books).toHaveLength(4);
  });
});

describe("a schedule", () => {
  it("polls a sync, and computes the series anew", async () => {
    expect(await world.host.invoke("sync", { kind: "poll", sync: "library-books" })).toBeNull();
    expect(await world.host.invoke("sync", { kind: "recompute" })).toBeNull();
    await expect(world.host.invoke("sync", { kind: "poll", sync: "nothing" })).rejects.toThrow(/nothing/);
  });
});
