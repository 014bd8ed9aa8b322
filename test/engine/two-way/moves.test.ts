import { describe, expect, it } from "vitest";
import type { SourceRecord } from "../../../src/core/record.ts";
import { runPass } from "../../../src/engine/two-way/pass.ts";
import { createPairWorld, passOptions } from "./world.ts";

/** A world whose right side proves where records came from: `moves` names the former id of each. */
function worldWithMoves(moves: Map<string, string>) {
  const world = createPairWorld();
  const { connector } = world.right;
  const told = (record: SourceRecord): SourceRecord => {
    const movedFrom = moves.get(record.id);
    return movedFrom === undefined ? record : { ...record, movedFrom };
  };
  const right: typeof connector = {
    ...connector,
    async *pull(request) {
      await using pulling = connector.pull(request);
      for (;;) {
        const next = await pulling.next();
        if (next.done === true) return next.value;
        yield { ...next.value, records: next.value.records.map(told) };
      }
    },
  };
  const { sides } = world.definition;
  const definition = {
    ...world.definition,
    sides: { ...sides, right: { ...sides.right, connector: right } },
  };
  const links = async () => {
    const all = await Array.fromAsync(world.store.pairs.iterateLinks("pair"));
    return all.map(({ leftId, rightId, status }) => [leftId, rightId, status]);
  };
  return { ...world, links, run: () => runPass(world.deps, definition, passOptions()) };
}

describe("a record that moved within its collection", () => {
  it("keeps its pair, and its counterpart follows it under the new id", async () => {
    const moves = new Map<string, string>();
    const world = worldWithMoves(moves);
    const before = world.right.add("one");
    await world.run();
    const [[counterpart] = []] = await world.links();
    world.clock.advance(120_000);
    const after = world.right.add("one, elsewhere");
    moves.set(after, before);
    await world.run();
    expect(await world.links()).toEqual([[counterpart, after, "live"]]);
    expect(await world.titles("left")).toEqual(["one, elsewhere"]);
  });

  it("is a new one where nobody knew it before, or where both are known", async () => {
    const moves = new Map<string, string>();
    const world = worldWithMoves(moves);
    const [first, second] = [world.right.add("one"), world.right.add("two")];
    moves.set(first, "never seen");
    await world.run();
    moves.set(second, first);
    world.clock.advance(120_000);
    world.right.edit(second, "two again");
    await world.run();
    expect((await world.links()).map(([, rightId]) => rightId)).toEqual([first, second]);
    expect(await world.titles("left")).toEqual(["one", "two again"]);
  });
});
