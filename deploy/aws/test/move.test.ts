import { join } from "node:path";
import { expect, it } from "vitest";
import { copyStore } from "../../../src/app/store-copy.ts";
import { exportOf, library } from "../local/books.ts";
import { importInSteps, importOnOneMachine, openStage, requestsOf, shownIn } from "./support/world.ts";

it("a store of one machine goes on in the stage that it is copied into: what it has imported already changes nothing", async () => {
  await using stage = await openStage();
  const text = exportOf(library(5));
  await importOnOneMachine(stage, { text });
  const before = shownIn(stage);
  const { isEqual } = await copyStore({
    from: `sqlite:${join(stage.folder, "one.db")}`,
    to: `dynamodb:dev?endpoint=${encodeURIComponent(stage.endpoint)}`,
  });
  expect(isEqual).toBe(true);
  let execution: Awaited<ReturnType<typeof importInSteps>> | null = null;
  const { writes } = await requestsOf(stage, async () => {
    execution = await importInSteps(stage, { name: "moved", text });
  });
  expect(execution).toMatchObject({ letters: [], failures: {}, output: { finished: { run: null } } });
  expect(writes).toBe(0);
  expect(shownIn(stage)).toEqual(before);
  expect(before.books).toHaveLength(5);
});
