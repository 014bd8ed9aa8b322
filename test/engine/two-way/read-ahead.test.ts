import { describe, expect, it } from "vitest";
import type { Observation, WritableConnector } from "../../../src/connector/connector.ts";
import { runPass } from "../../../src/engine/two-way/pass.ts";
import { createPairWorld, passOptions } from "./world.ts";

/** A world whose left side can be asked for several records at once, and what it was asked. */
function worldWithMany(more: { readonly takesMs?: number; readonly hides?: string } = {}) {
  const world = createPairWorld();
  const { connector } = world.left;
  const asked: (readonly string[])[] = [];
  const left: WritableConnector = {
    ...connector,
    async get(id, signal) {
      asked.push([id]);
      return connector.get(id, signal);
    },
    async getMany(ids) {
      asked.push(ids);
      const found = new Map<string, Observation>();
      for (const id of ids) if (id !== more.hides) found.set(id, await connector.get(id));
      return found;
    },
    async apply(write, options) {
      world.clock.advance(more.takesMs ?? 0);
      return connector.apply(write, options);
    },
  };
  const { sides } = world.definition;
  const definition = {
    ...world.definition,
    sides: { ...sides, left: { ...sides.left, connector: left } },
    writesAtOnce: 1,
  };
  const edit = (ids: readonly string[], words: string) => {
    world.clock.advance(120_000);
    for (const id of ids) world.right.edit(id, `${words} ${id}`);
    asked.length = 0;
  };
  return { ...world, asked, edit, run: () => runPass(world.deps, definition, passOptions()) };
}

const five = (world: ReturnType<typeof worldWithMany>) =>
  Array.from({ length: 5 }, (_, index) => world.right.add(`task ${index}`));

describe("reading ahead", () => {
  it("reads what is going to be written together, each record once", async () => {
    const world = worldWithMany();
    const ids = five(world);
    await world.run();
    world.edit(ids, "renamed");
    await world.run();
    expect(world.asked.map((each) => each.length)).toEqual([5]);
    expect(await world.titles("left")).toEqual(ids.map((id) => `renamed ${id}`).sort());
  });

  it("reads again what would be too old for its write", async () => {
    const world = worldWithMany({ takesMs: 600 });
    const ids = five(world);
    await world.run();
    world.edit(ids, "renamed");
    await world.run();
    // One is written at once, one 600 ms later, and the next would be 1,200 ms old.
    expect(world.asked.map((each) => each.length)).toEqual([5, 3, 1]);
    expect(await world.titles("left")).toEqual(ids.map((id) => `renamed ${id}`).sort());
  });

  it("asks by itself for what was left out", async () => {
    const world = worldWithMany({ hides: "record-2" });
    const ids = five(world);
    await world.run();
    world.edit(ids, "renamed");
    await world.run();
    expect(world.asked.map((each) => each.length)).toEqual([5, 1]);
    expect(await world.titles("left")).toEqual(ids.map((id) => `renamed ${id}`).sort());
  });

  it("writes nothing over an edit that was made between the reading and its turn to be read", async () => {
    const world = worldWithMany({ takesMs: 1_500 });
    const ids = five(world);
    await world.run();
    world.edit(ids, "renamed");
    const links = await Array.fromAsync(world.deps.store.pairs.iterateLinks("pair"));
    const last = links.find(({ rightId }) => rightId === ids[4])?.leftId ?? "";
    const { connector } = world.left;
    let isEdited = false;
    const apply = connector.apply.bind(connector);
    connector.apply = async (write, options) => {
      const outcome = await apply(write, options);
      if (!isEdited) world.left.edit(last, "a person's");
      isEdited = true;
      return outcome;
    };
    await world.run();
    expect(await world.titles("left")).toContain("a person's");
  });
});
