import { expect, it } from "vitest";
import type { DemoEvent } from "../../src/app/demo.ts";
import { runLibraryDemo } from "../../src/app/library-demo.ts";

it("the library's demo shows four books at work and passes its own checks", async () => {
  const events: DemoEvent[] = [];
  const report = await runLibraryDemo({
    isOnce: true,
    onEvent: (event) => events.push(event),
    signal: new AbortController().signal,
  });
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.ok).toBe(true);
  const boards = events.flatMap((event) => (event.kind === "board" ? [event.columns] : []));
  expect(
    boards.map((columns) => columns.map(({ status, entries }) => `${status} ${entries.length}`)),
  ).toEqual([
    ["Not started 3", "Finished 1"],
    ["Finished 1", "La Poubelle 3"],
    ["Not started 1", "Finished 1", "La Poubelle 2"],
  ]);
});
