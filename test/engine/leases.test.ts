import { describe, expect, it } from "vitest";
import type { Connector } from "../../src/connector/connector.ts";
import type { Store } from "../../src/store/store.ts";
import { settle } from "./manual-clock.ts";
import { expectConverged, expectQuiet, MINUTE, openWorld, type World } from "./world.ts";

/** A source that stands still before its first page until it is let go. */
function gated(left: Connector) {
  const reached = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const connector: Connector = {
    ...left,
    async *pull(request) {
      reached.resolve();
      await gate.promise;
      return yield* left.pull(request);
    },
  };
  return { connector, reached: reached.promise, letGo: () => gate.resolve() };
}

const statusesOf = async (world: World) =>
  (await world.store.listRuns({ limit: 10 })).map((run) => run.status);

describe("invariant 3: two runs of one sync", () => {
  it("do not overlap: the second is refused and leaves the first alone", async () => {
    await using world = await openWorld();
    world.add({ name: "Row" });
    const { connector, reached, letGo } = gated(world.sync.left);
    const first = world.run({ sync: { left: connector } });
    await reached;
    await expect(world.run()).rejects.toMatchObject({
      code: "RUN_IN_PROGRESS",
      message: expect.stringContaining("test/1"),
      retry: { afterMs: expect.any(Number) },
    });
    letGo();
    expect(await first).toMatchObject({ status: "succeeded", counts: { created: 1 } });
    expect(await statusesOf(world)).toEqual(["succeeded"]);
    await expectQuiet(world);
  });

  it("follow each other at once when the first owner is dead, whose run counts as interrupted", async () => {
    await using world = await openWorld();
    world.add({ name: "Row" });
    const { connector, reached } = gated(world.sync.left);
    void world.run({ sync: { left: connector }, deps: { owner: "test/crashed" } });
    await reached;
    const isDead = (owner: string) => owner === "test/crashed";
    expect(await world.run({ deps: { isDead } })).toMatchObject({
      status: "succeeded",
      counts: { created: 1 },
    });
    expect(await statusesOf(world)).toEqual(["succeeded", "interrupted"]);
  });

  it("keep the lease while the first is at work, however long it takes", async () => {
    await using world = await openWorld();
    const { connector, reached, letGo } = gated(world.sync.left);
    const first = world.run({ sync: { left: connector } });
    await reached;
    for (let beat = 0; beat < 10; beat += 1) {
      world.clock.advance(MINUTE / 2);
      await settle();
    }
    await expect(world.run()).rejects.toMatchObject({ code: "RUN_IN_PROGRESS" });
    letGo();
    expect((await first).status).toBe("succeeded");
  });
});

/** A run whose process slept past its lease while another took over and finished. */
async function overtaken(world: World) {
  const { connector, reached, letGo } = gated(world.sync.left);
  // Its heart does not beat: the machine was asleep.
  const sleep = (_: number, signal?: AbortSignal) =>
    new Promise<void>((_resolve, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  const asleep = { ...world.clock, sleep };
  const zombie = world.run({ sync: { left: connector }, deps: { owner: "test/zombie", clock: asleep } });
  await reached;
  world.clock.advance(10 * MINUTE);
  return { zombie, letGo };
}

describe("invariant 7: a lease that ran out", () => {
  it("is taken over, and the zombie writes nothing more", async () => {
    await using world = await openWorld();
    const id = world.add({ name: "Row", state: "Open" });
    const { zombie, letGo } = await overtaken(world);
    expect((await world.run()).status).toBe("succeeded");
    const before = await world.snapshot();
    const sync = await world.store.getSync(world.sync.id);
    world.edit(id, { state: "Done" });
    letGo();
    expect(await zombie).toMatchObject({ status: "failed", errors: [{ code: "LEASE_LOST" }] });
    expect(await world.snapshot()).toEqual(before);
    expect(await world.store.getSync(world.sync.id)).toEqual(sync);
    await world.run();
    await expectConverged(world);
  });

  it("stops the run that lost it as soon as its heart beats", async () => {
    await using world = await openWorld();
    world.add({ name: "Row" });
    const { connector, reached, letGo } = gated(world.sync.left);
    const first = world.run({ sync: { left: connector }, deps: { owner: "test/slow" } });
    await reached;
    // Another holder, as after a long stop of this process.
    await world.store.acquireLease({
      name: world.sync.id,
      owner: "test/other",
      now: world.clock.now() + MINUTE * 10,
      ttlMs: MINUTE,
      isDead: () => false,
    });
    world.clock.advance(MINUTE);
    await settle();
    letGo();
    expect(await first).toMatchObject({
      status: "failed",
      errors: [{ code: "LEASE_LOST", message: expect.stringContaining("taken over") }],
      counts: { created: 0 },
    });
  });

  it("is not given up because the store was busy for one heartbeat", async () => {
    await using world = await openWorld();
    world.add({ name: "Row" });
    const { connector, reached, letGo } = gated(world.sync.left);
    let renewals = 0;
    const store: Store = {
      ...world.store,
      async renewLease(lease, until) {
        renewals += 1;
        if (renewals === 1) throw new Error("database is locked");
        return world.store.renewLease(lease, until);
      },
    };
    const first = world.run({ sync: { left: connector }, deps: { store } });
    await reached;
    for (let beat = 0; beat < 2; beat += 1) {
      world.clock.advance((2 * MINUTE) / 3);
      await settle();
    }
    expect(renewals).toBe(2);
    letGo();
    expect((await first).status).toBe("succeeded");
  });
});
