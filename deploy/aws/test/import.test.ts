import { describe, expect, it } from "vitest";
import { execute } from "../local/machine.ts";
import { exportOf, library } from "./support/books.ts";
import { StageWorld } from "./support/world.ts";

const count = 100;

describe("an import by the synthesised state machine", () => {
  it("makes what one machine makes, with as many requests, and again it writes nothing", async () => {
    const text = exportOf(library(count));
    await using one = await StageWorld.open();
    await using many = await StageWorld.open();
    const single = await requestsOf(one, async () => {
      const { library: desk } = await one.onOneMachine();
      await desk?.import(fileOf(text), options);
    });
    const machine = many.template.machine();
    const run = (name: string) =>
      execute({ machine, host: many.host }, { name, input: { name: "x.csv", text } });
    const split = await requestsOf(many, () => run("first"));
    expect(many.shown()).toEqual(one.shown());
    expect(split.writes).toBe(single.writes);
    expect(Math.abs(split.all - single.all)).toBeLessThanOrEqual(single.all * 0.05);
    let again: Awaited<ReturnType<typeof run>> | null = null;
    const second = await requestsOf(many, async () => {
      again = await run("second");
    });
    expect(again).toMatchObject({ letters: [], failures: {}, output: { finished: { run: null } } });
    expect(second.writes).toBe(0);
  });
});

const options = {
  isCommitted: true,
  isSynthesizing: false,
  withPodcasts: false,
  dateOrder: null,
  trigger: "test",
} as const;

function fileOf(text: string) {
  return {
    name: "x.csv",
    companion: null,
    async *chunks() {
      yield Buffer.from(text);
    },
  };
}

/** Requests to Notion that `work` makes. */
async function requestsOf({ emulator }: StageWorld, work: () => Promise<unknown>) {
  const counts = () => {
    const routes = Object.entries(emulator.calls.byRoute);
    const writes = routes.filter(([route]) => /^(PATCH|DELETE|POST \/pages|POST \/databases)/.test(route));
    return { all: emulator.calls.total, writes: writes.reduce((sum, [, times]) => sum + (times ?? 0), 0) };
  };
  const before = counts();
  await work();
  const after = counts();
  return { all: after.all - before.all, writes: after.writes - before.writes };
}
