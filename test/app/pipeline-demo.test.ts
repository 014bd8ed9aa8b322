import { expect, it } from "vitest";
import type { DemoEvent } from "../../src/app/demo.ts";
import { runPipelineDemo } from "../../src/app/pipeline-demo.ts";

it("the pipeline's demo shows a board at work and passes its own checks", async () => {
  const events: DemoEvent[] = [];
  const report = await runPipelineDemo({
    isOnce: true,
    onEvent: (event) => events.push(event),
    signal: new AbortController().signal,
  });
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.ok).toBe(true);
  const boards = events.flatMap((event) => (event.kind === "board" ? [event.columns] : []));
  expect(boards[1]).toContainEqual({ status: "Audio Generating", entries: ["Bees (high, 1 file)"] });
  expect(boards.at(-1)).toEqual([
    { status: "Draft", entries: ["Ants", "Moths"] },
    { status: "Review Approved", entries: ["Bees (high, 1 file)"] },
    { status: "Review Rejected", entries: ["Wasps (1 file)"] },
  ]);
});
