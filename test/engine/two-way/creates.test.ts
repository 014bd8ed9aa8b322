import { describe, expect, it } from "vitest";
import { giveUp, settleCreate } from "../../../src/engine/two-way/creates.ts";
import { type Intent, newPair, type Pair, withIntents } from "../../../src/engine/two-way/link.ts";
import { textRule } from "./world.ts";

const rules = [textRule("title"), textRule("note")];
const minute = 60_000;

function createOf(armedAt: number, values: Readonly<Record<string, string>>): Intent {
  const fields = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { value, source: value }]),
  );
  return {
    id: `at-${armedAt}`,
    side: "left",
    kind: "create",
    fields,
    state: "doubt",
    armedAt,
    horizon: armedAt + minute,
  };
}

/** A pair whose first create was given up, and whose second is open. */
function triedTwice(first: Readonly<Record<string, string>>, second: Readonly<Record<string, string>>): Pair {
  const earlier = createOf(0, first);
  const given = giveUp(withIntents(newPair("sync", "link"), [earlier]), earlier);
  return withIntents(given, [createOf(10 * minute, second)]);
}

function basesOf(pair: Pair, createdAtMs: number, values: Readonly<Record<string, string | null>>) {
  const found = { side: "left", createdAt: new Date(createdAtMs).toISOString(), values } as const;
  const { doc } = settleCreate(pair, found, rules);
  expect(doc.intents).toEqual([]);
  return Object.fromEntries(Object.entries(doc.base).map(([name, { left }]) => [name, left]));
}

describe("a record that a create of unknown fate made", () => {
  const pair = triedTwice({ title: "a" }, { title: "a", note: "later" });

  it("agrees on what the earlier create wrote, when it says that", () => {
    expect(basesOf(pair, 0, { title: "a", note: null })).toEqual({ title: "a" });
  });

  it("agrees on what the last create wrote, when it says that", () => {
    expect(basesOf(pair, 0, { title: "a", note: "later" })).toEqual({ title: "a", note: "later" });
  });

  it("is the last create's, whatever it says by now, when it is younger than the earlier one can be", () => {
    expect(basesOf(pair, 10 * minute, { title: "edited", note: null })).toEqual({
      title: "a",
      note: "later",
    });
  });

  it("agrees on what a create wrote that was given up, when nothing was tried after it", () => {
    const earlier = createOf(0, { title: "a" });
    const given = giveUp(withIntents(newPair("sync", "link"), [earlier]), earlier);
    expect(basesOf(given, 0, { title: "edited" })).toEqual({ title: "a" });
  });

  it("agrees on what both creates wrote, when it fits neither better", () => {
    const unlike = triedTwice({ title: "a", note: "first" }, { title: "a", note: "second" });
    expect(basesOf(unlike, 0, { title: "a", note: "edited" })).toEqual({ title: "a" });
  });
});
