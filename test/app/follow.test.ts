import { createHmac } from "node:crypto";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { LogEvent } from "../../src/app/herald.ts";
import type { Lockstep, RunReport } from "../../src/app/lockstep.ts";
import { settle } from "../engine/manual-clock.ts";
import { TableWorld } from "./table-world.ts";

const secret = "dummy-webhook-secret";

/** Follows until disposed; `runs` grows. */
function follow(lockstep: Lockstep) {
  const stopping = new AbortController();
  const runs: RunReport["run"][] = [];
  const following = lockstep.twoWay.follow(stopping.signal, ({ run }) => runs.push(run));
  following.catch(() => {});
  return {
    runs,
    following,
    triggers: () => runs.map(({ trigger, status }) => `${trigger} ${status}`),
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await following.catch(() => {});
    },
  };
}

/** The clock stands still: whatever happens, happens because it was told or is due. Real sockets take real time. */
async function until(isTrue: () => boolean): Promise<void> {
  for (let looks = 0; looks < 2_000; looks += 1) {
    if (isTrue()) return;
    await settle(5);
  }
  throw new Error("it did not come to pass");
}

async function quiet(): Promise<void> {
  await settle(300);
}

function signed(event: { readonly [key: string]: unknown }) {
  const body = Buffer.from(JSON.stringify(event));
  return { body, signature: `sha256=${createHmac("sha256", secret).update(body).digest("hex")}` };
}

function edited(world: TableWorld, pageId: string, id: string) {
  return signed({
    id,
    type: "page.properties_updated",
    timestamp: "2026-11-21T10:00:00.000Z",
    authors: [{ id: "ada", type: "person" }],
    entity: { id: pageId, type: "page" },
    data: { parent: { type: "database", id: world.databaseId, data_source_id: world.dataSourceId } },
  });
}

describe("following a two-way sync", () => {
  it("asks both sides at its interval, and not before", async () => {
    await using world = await TableWorld.open();
    world.addPage("Ada", "ada@example.com");
    const lockstep = await world.running();
    await world.run(lockstep);
    await using followed = follow(lockstep);
    await quiet();
    expect(followed.runs, "a run has just been").toEqual([]);
    world.clock.advance(61_000);
    await until(() => followed.runs.length === 1);
    world.clock.advance(30_000);
    await quiet();
    expect(followed.triggers()).toEqual(["poll succeeded"]);
    world.clock.advance(31_000);
    await until(() => followed.runs.length === 2);
    expect(followed.runs[1]).toMatchObject({ trigger: "poll", calls: 1, counts: { created: 0, updated: 0 } });
  });

  it("waits, asking nobody, until a person has accepted it", async () => {
    await using world = await TableWorld.open();
    world.addPage("Ada", "ada@example.com");
    const lockstep = await world.lockstep();
    await lockstep.twoWay.install("people");
    world.emulator.calls.reset();
    await using followed = follow(lockstep);
    await quiet();
    world.addRow("Linus", "linus@example.com");
    for (let second = 0; second < 180; second += 5) {
      world.clock.advance(5_000);
      await settle(20);
    }
    expect(followed.runs, "nor when the table changes meanwhile").toEqual([]);
    expect(world.emulator.calls.byRoute).toEqual({});
    await world.run(lockstep, { isAccepted: true });
    world.clock.advance(61_000);
    await until(() => followed.runs.length === 1);
    expect(followed.triggers()).toEqual(["poll succeeded"]);
  });

  it("carries a signed webhook's page over at once, and a repeated delivery not again", async () => {
    await using world = await TableWorld.open();
    const page = world.addPage("Ada", "ada@example.com");
    const lockstep = await world.running({}, { webhookSecrets: [secret] });
    await using followed = follow(lockstep);
    await quiet();
    world.editPage(page, { Age: { number: 41 } });
    const delivery = edited(world, page, "event-1");
    expect(await lockstep.twoWay.receive(delivery)).toEqual({ kind: "taken", events: 1 });
    await until(() => followed.runs.length === 1);
    expect(world.rows()[0]?.age).toBe(41);
    expect(followed.runs[0]).toMatchObject({ trigger: "webhook", counts: { updated: 1 } });
    expect(await lockstep.twoWay.receive(delivery)).toEqual({ kind: "taken", events: 0 });
    await quiet();
    expect(followed.triggers()).toEqual(["webhook succeeded"]);
  });

  it("puts deliveries off when thousands wait to be stored, and takes them when there is room", async () => {
    await using world = await TableWorld.open();
    const page = world.addPage("Ada", "ada@example.com");
    const lockstep = await world.running({}, { webhookSecrets: [secret] });
    const receive = (n: number) => lockstep.twoWay.receive(edited(world, page, `event-${n}`));
    const outcomes = await Promise.all(Array.from({ length: 2_003 }, (_, n) => receive(n)));
    const kinds = Map.groupBy(outcomes, ({ kind }) => kind);
    expect([kinds.get("taken")?.length, kinds.get("busy")?.length]).toEqual([2_000, 3]);
    expect(await receive(2_002)).toEqual({ kind: "taken", events: 1 });
  });

  it("takes over what a webhook told while nobody followed", async () => {
    await using world = await TableWorld.open();
    const page = world.addPage("Ada", "ada@example.com");
    const lockstep = await world.running({}, { webhookSecrets: [secret] });
    world.editPage(page, { Age: { number: 41 } });
    await lockstep.twoWay.receive(edited(world, page, "event-1"));
    await using followed = follow(lockstep);
    world.clock.advance(61_000);
    await until(() => followed.runs.length === 1);
    expect(world.rows()[0]?.age).toBe(41);
  });

  it("carries an edit in the table over as soon as the triggers tell", async () => {
    await using world = await TableWorld.open();
    world.addPage("Ada", "ada@example.com");
    const lockstep = await world.running();
    await using followed = follow(lockstep);
    await quiet();
    world.crm.exec("UPDATE people SET name = 'Ada Lovelace'");
    for (let second = 0; second < 20 && followed.runs.length === 0; second += 1) {
      world.clock.advance(1_000);
      await quiet();
    }
    expect(followed.runs[0]).toMatchObject({ trigger: "change", counts: { updated: 1 } });
    expect(world.pageNames()).toEqual(["Ada Lovelace"]);
  });

  it("does not run in circles around what a guard holds back", async () => {
    await using world = await TableWorld.open();
    const pages = Array.from({ length: 12 }, (_, index) =>
      world.addPage(`P${index}`, `p${index}@example.com`),
    );
    const table = {
      url: "sqlite:crm.db",
      name: "people",
      key: "id",
      markerColumn: "lockstep_id",
      hardDelete: true,
    };
    const lockstep = await world.running({ onDelete: "propagate", table, sweepEveryHours: 0 });
    world.clock.advance(180_000);
    for (const page of pages) world.emulator.workspace.trashPage(page);
    await using followed = follow(lockstep);
    await until(() => followed.runs.length === 1);
    await quiet();
    expect(followed.triggers()).toEqual(["poll refused"]);
    world.clock.advance(61_000);
    await until(() => followed.runs.length === 2);
    await quiet();
    expect(followed.triggers()).toEqual(["poll refused", "poll refused"]);
    expect(world.rows()).toHaveLength(12);
  });

  it("waits longer after each failure, and leaves evidence of each", async () => {
    await using world = await TableWorld.open();
    const lockstep = await world.running();
    world.crm.exec("ALTER TABLE people RENAME TO elsewhere");
    await using followed = follow(lockstep);
    world.clock.advance(61_000);
    await until(() => followed.runs.length === 1);
    world.clock.advance(61_000);
    await quiet();
    expect(followed.runs, "still waiting").toHaveLength(1);
    world.clock.advance(61_000);
    await until(() => followed.runs.length === 2);
    expect(followed.runs.map(({ status }) => status)).toEqual(["failed", "failed"]);
  });

  it("goes on when its store is there again, and has told the log each time that it was not", async () => {
    await using world = await TableWorld.open();
    const lockstep = await world.running();
    const told: LogEvent[] = [];
    lockstep.twoWay.listen((event) => told.push(event));
    using store = new DatabaseSync(join(world.folder, "lockstep.db"));
    store.exec("ALTER TABLE runs RENAME TO elsewhere");
    await using followed = follow(lockstep);
    await until(() => told.length === 1);
    world.clock.advance(61_000);
    await until(() => told.length === 2);
    store.exec("ALTER TABLE elsewhere RENAME TO runs");
    world.clock.advance(61_000);
    await until(() => followed.runs.length === 1);
    expect(followed.triggers()).toEqual(["poll succeeded"]);
    expect(told).toMatchObject(
      [1, 2].map((failures) => ({
        level: "error",
        event: "sync.interrupted",
        fields: { sync: "people", code: "STORE_FAILED", failures },
      })),
    );
  });

  it("asks once for two followers on one store", async () => {
    await using world = await TableWorld.open();
    const first = await world.running();
    const second = await world.lockstep();
    await using one = follow(first);
    await using other = follow(second);
    for (let minute = 0; minute < 5; minute += 1) {
      const before = one.runs.length + other.runs.length;
      world.clock.advance(61_000);
      await until(() => one.runs.length + other.runs.length > before);
      await quiet();
    }
    const all = [...one.runs, ...other.runs];
    expect(all.map(({ status }) => status)).toEqual(Array(5).fill("succeeded"));
    const stored = await first.runs({ sync: "people", limit: 50 });
    expect(stored.filter(({ run }) => run.trigger === "poll")).toHaveLength(5);
  });

  it("ends when it cannot go on without a secret", async () => {
    await using world = await TableWorld.open();
    const lockstep = await world.lockstep({}, { secrets: { notionToken: null } });
    await using followed = follow(lockstep);
    await expect(followed.following).rejects.toMatchObject({ code: "SECRET_MISSING" });
  });
});

describe("receiving", () => {
  it("refuses what is not signed, and everything when there is no secret", async () => {
    await using world = await TableWorld.open();
    const page = world.addPage("Ada", "ada@example.com");
    const lockstep = await world.running({}, { webhookSecrets: [secret] });
    const { body, signature } = edited(world, page, "event-1");
    expect(await lockstep.twoWay.receive({ body, signature: null })).toMatchObject({ kind: "refused" });
    expect(await lockstep.twoWay.receive({ body: Buffer.from("{}"), signature })).toMatchObject({
      kind: "refused",
    });
    const closed = await world.lockstep();
    expect(await closed.twoWay.receive({ body, signature })).toMatchObject({
      kind: "refused",
      message: expect.stringContaining("NOTION_WEBHOOK_SECRET"),
    });
    expect((await lockstep.status()).pairs[0]?.totals.inbox).toBe(0);
  });

  it("acknowledges whatever is signed, and keeps what concerns a sync", async () => {
    await using world = await TableWorld.open();
    const page = world.addPage("Ada", "ada@example.com");
    const lockstep = await world.running({}, { webhookSecrets: [secret] });
    const take = async (event: { readonly [key: string]: unknown }) => {
      const outcome = await lockstep.twoWay.receive(signed(event));
      return outcome.kind === "taken" ? outcome.events : outcome;
    };
    const elsewhere = { type: "database", id: "d", data_source_id: "somewhere" };
    const pageEvent = { type: "page.moved", entity: { id: page, type: "page" } };
    expect(await take({})).toBe(0);
    expect(await take({ id: "1", type: "comment.created", entity: { id: "c", type: "comment" } })).toBe(0);
    expect(
      await take({ id: "2", ...pageEvent, entity: { id: "x", type: "page" }, data: { parent: elsewhere } }),
    ).toBe(0);
    expect(await take({ id: "3", ...pageEvent, data: { parent: elsewhere } }), "known by its link").toBe(1);
    expect(
      await take({
        id: "4",
        type: "data_source.schema_updated",
        entity: { id: world.dataSourceId, type: "data_source" },
      }),
    ).toBe(1);
    expect(await lockstep.twoWay.receive({ ...signed({}), body: Buffer.from("not json") })).toMatchObject({
      kind: "refused",
    });
    expect((await lockstep.status()).pairs[0]?.totals.inbox).toBe(2);
  });

  it("takes a handshake only in the ten minutes in which a person waits for it", async () => {
    await using world = await TableWorld.open();
    const lockstep = await world.lockstep({}, { secrets: { webhookSecrets: [secret] } });
    const handshake = { body: Buffer.from('{"verification_token":"secret_dummy"}'), signature: null };
    expect(await lockstep.twoWay.receive(handshake)).toMatchObject({ kind: "refused" });
    lockstep.twoWay.awaitHandshake();
    expect(await lockstep.twoWay.receive(handshake)).toEqual({ kind: "token", token: "secret_dummy" });
    const body = Buffer.from("{}");
    const signature = `sha256=${createHmac("sha256", "secret_dummy").update(body).digest("hex")}`;
    expect(await lockstep.twoWay.receive({ body, signature }), "nothing is re-keyed by it").toMatchObject({
      kind: "refused",
    });
    world.clock.advance(600_001);
    expect(await lockstep.twoWay.receive(handshake)).toMatchObject({ kind: "refused" });
  });
});
