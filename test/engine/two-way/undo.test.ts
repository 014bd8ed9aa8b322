import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import { inverseOf, valuesAt } from "../../../src/engine/two-way/history.ts";
import type { UndoStep } from "../../../src/engine/two-way/undo.ts";
import type { PairVersion } from "../../../src/store/pair-store.ts";
import { collect } from "../../../src/store/suite/case.ts";
import { later, nowOf, storeWith } from "./history-case.ts";
import { createPairWorld, type PairWorld } from "./world.ts";

describe("inverseOf", () => {
  const steps = (world: PairWorld, runId: string) => collect(inverseOf(world.store, runId));

  it("takes back what a run made, changed and deleted, and nothing of what people did", async () => {
    const world = createPairWorld();
    const [edited, deleted] = ["one", "two"].map((title) => world.left.add(title));
    const first = await world.run();
    const before = nowOf(world);
    later(world);
    world.left.edit(edited ?? "", "changed");
    world.left.trash(deleted ?? "");
    world.right.add("new");
    const second = await world.run({ isFull: true });
    const undone = await steps(world, second.id);
    const nothing = { unknown: [], changedSince: [] };
    expect(undone.map(({ linkId: _, ...step }) => step)).toEqual([
      { side: "right", kind: "update", fields: { title: { from: "changed", to: "one" } }, ...nothing },
      { side: "right", kind: "restore", fields: {}, ...nothing },
      { side: "left", kind: "trash", fields: {}, ...nothing },
    ]);
    for (const step of undone) {
      const held = (await valuesAt(world.store, step.linkId, before))[step.side];
      for (const [name, { to }] of Object.entries(step.fields)) expect(held?.values[name]).toBe(to);
    }
    const kinds = (await steps(world, first.id)).map(({ side, kind }) => [side, kind]);
    expect(kinds).toEqual([
      ["right", "trash"],
      ["right", "trash"],
    ]);
    expect(await steps(world, "no such run")).toEqual([]);
  });

  it("says which fields others have changed since", async () => {
    const world = createPairWorld();
    const id = world.left.add("one");
    await world.run();
    later(world);
    world.left.edit(id, "two");
    const run = await world.run();
    later(world);
    world.right.edit("record-1", "three");
    await world.run();
    const fields = { title: { from: "two", to: "one" } };
    expect(await steps(world, run.id)).toMatchObject([{ side: "right", fields, changedSince: ["title"] }]);
  });

  const ours = { origin: "engine", runId: "ours" } as const;
  const title = (value: Json, prior?: Json) => ({
    fields: { title: value },
    prior: prior === undefined ? {} : { title: prior },
  });
  const presence = (value: string, prior?: string) => ({
    fields: { $presence: value },
    prior: prior === undefined ? {} : { $presence: prior },
  });

  it.each<[string, readonly Partial<PairVersion>[], Partial<UndoStep> | null]>([
    [
      "goes back over several writes to one field",
      [
        { ...ours, ...title("b", "a") },
        { ...ours, ...title("c", "b") },
      ],
      { fields: { title: { from: "c", to: "a" } } },
    ],
    [
      "goes back to what a person wrote between two writes, not beyond it",
      [{ ...ours, ...title("b", "a") }, title("theirs", "b"), { ...ours, ...title("c", "theirs") }],
      { fields: { title: { from: "c", to: "theirs" } }, changedSince: [] },
    ],
    [
      "finds nothing to do where the run took back its own write",
      [
        { ...ours, ...title("b", "a") },
        { ...ours, ...title("a", "b") },
      ],
      null,
    ],
    [
      "finds nothing to do where the run deleted what it had made",
      [
        { ...ours, ...presence("live") },
        { ...ours, ...presence("trashed", "live") },
      ],
      null,
    ],
    [
      "deletes what the run brought back",
      [{ ...ours, ...presence("live", "trashed") }],
      { kind: "trash", fields: {} },
    ],
    [
      "deletes what the run made anew for one that was gone",
      [{ ...ours, ...presence("live", "gone") }],
      { kind: "trash", fields: {} },
    ],
    [
      "takes a value that was kept before it gave way for no change",
      [
        { ...ours, ...title("b", "a") },
        { ...title("drift"), origin: "superseded" },
      ],
      { fields: { title: { from: "b", to: "a" } }, changedSince: [] },
    ],
    [
      "names a field that nobody had seen before",
      [{ ...ours, ...title("b") }],
      { kind: "update", fields: {}, unknown: ["title"] },
    ],
    [
      "takes a change that was taken back for none",
      [{ ...ours, ...title("b", "a") }, title("theirs", "b"), title("b", "theirs")],
      { fields: { title: { from: "b", to: "a" } }, changedSince: [] },
    ],
    [
      "leaves what another run wrote",
      [
        { ...ours, ...title("b", "a") },
        { ...title("c", "b"), origin: "engine" },
      ],
      { fields: { title: { from: "b", to: "a" } }, changedSince: ["title"] },
    ],
  ])("%s", async (_, versions, expected) => {
    const store = await storeWith(versions);
    const found = await collect(inverseOf(store, "ours"));
    expect(found).toMatchObject(expected === null ? [] : [expected]);
    expect(found.length).toBe(expected === null ? 0 : 1);
  });
});
