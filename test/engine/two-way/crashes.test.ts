import { describe, expect, it } from "vitest";
import type { WritableConnector } from "../../../src/connector/connector.ts";
import type { PairDefinition, PairDeps } from "../../../src/engine/two-way/definition.ts";
import { runPass } from "../../../src/engine/two-way/pass.ts";
import type { PairStore } from "../../../src/store/pair-store.ts";
import { createPairWorld, type PairWorld } from "./world.ts";

type When = "before" | "after";

/** Counts every durable write and every request that writes; at the chosen one the process is gone. */
class Doom {
  readonly at: number;
  readonly when: When;
  steps = 0;
  isDead = false;

  constructor(at: number, when: When) {
    this.at = at;
    this.when = when;
  }

  async pass<T>(act: () => Promise<T>): Promise<T> {
    if (this.isDead) return new Promise<T>(() => {});
    const isLast = this.steps++ === this.at;
    if (isLast && this.when === "before") return this.die();
    const result = await act();
    return isLast ? this.die() : result;
  }

  private die<T>(): Promise<T> {
    this.isDead = true;
    this.onDeath();
    return new Promise<T>(() => {});
  }

  onDeath: () => void = () => {};
}

function mortal(world: PairWorld, doom: Doom): { deps: PairDeps; definition: PairDefinition } {
  const { pairs } = world.store;
  const dyingPairs: PairStore = {
    ...pairs,
    commit: (commit) => doom.pass(() => pairs.commit(commit)),
  };
  const dying = (connector: WritableConnector): WritableConnector => ({
    ...connector,
    apply: (write, options) => doom.pass(() => connector.apply(write, options)),
  });
  const { left, right } = world.definition.sides;
  return {
    deps: { ...world.deps, store: { ...world.store, pairs: dyingPairs } },
    definition: {
      ...world.definition,
      sides: {
        left: { ...left, connector: dying(left.connector) },
        right: { ...right, connector: dying(right.connector) },
      },
    },
  };
}

/** Runs until the process dies or the pass ends. Returns whether it died. */
async function runDoomed(world: PairWorld, doom: Doom): Promise<boolean> {
  const { deps, definition } = mortal(world, doom);
  const death = new Promise<true>((resolve) => {
    doom.onDeath = () => resolve(true);
  });
  const end = runPass(deps, definition, {
    trigger: "test",
    isFull: true,
    polls: ["left", "right"],
    allowDeletes: 100,
    isAccepted: true,
    onProgress: () => {},
    signal: undefined,
  }).then(() => false);
  return Promise.race([death, end]);
}

/** One of everything: new on both sides, edited on either and on both, deleted, edited and deleted. */
async function prepare(): Promise<PairWorld> {
  const world = createPairWorld();
  const ids = ["a", "b", "c", "d"].map((title) => world.left.add(title));
  await world.run();
  world.clock.advance(180_000);
  const [edited, crossed, trashed, both] = ids;
  world.left.edit(edited ?? "", "a2");
  world.right.edit("record-2", "b2");
  world.left.edit(crossed ?? "", "b2");
  world.left.trash(trashed ?? "");
  world.left.trash(both ?? "");
  world.right.edit("record-4", "d2");
  world.left.add("new left");
  world.right.add("new right");
  return world;
}

const expected = ["a2", "b2", "d2", "new left", "new right"];

async function recover(world: PairWorld): Promise<void> {
  for (let pass = 0; pass < 6; pass += 1) {
    // The dead process's lease runs out.
    world.clock.advance(180_000);
    await world.run({ isFull: true, allowDeletes: 100 });
  }
}

describe.each<When>(["before", "after"])("a process that dies %s a step", (when) => {
  it("loses nothing and makes nothing twice, whichever step it is", async () => {
    let step = 0;
    for (; ; step += 1) {
      const world = await prepare();
      const died = await runDoomed(world, new Doom(step, when));
      if (!died) break;
      await recover(world);
      expect(await world.titles("left"), `left after dying ${when} step ${step}`).toEqual(expected);
      expect(await world.titles("right"), `right after dying ${when} step ${step}`).toEqual(expected);
      const conflicts = await world.store.pairs.listConflicts({ isOpen: true, limit: 10 });
      expect(conflicts, `conflicts after step ${step}`).toEqual([]);
      const writes = [world.left.writes(), world.right.writes()];
      await recover(world);
      expect([world.left.writes(), world.right.writes()]).toEqual(writes);
    }
    expect(step).toBeGreaterThan(20);
  });
});
