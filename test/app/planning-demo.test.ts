import { expect, it } from "vitest";
import type { DemoEvent } from "../../src/app/demo.ts";
import { runPlanningDemo } from "../../src/app/planning-demo.ts";

it("planning's demo shows a team's week and passes its own checks", async () => {
  const events: DemoEvent[] = [];
  const report = await runPlanningDemo({
    isOnce: true,
    onEvent: (event) => events.push(event),
    signal: new AbortController().signal,
  });
  expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
  expect(report.ok).toBe(true);
  const boards = events.flatMap((event) => (event.kind === "board" ? [event.columns] : []));
  const cards = boards.map((columns) =>
    columns.map(({ status, entries }) => `${status}: ${entries.join("; ")}`).join("\n"),
  );
  expect(cards[1]).toMatch(/Ready for Review: .*Dark mode \(.* Draft\)/);
  expect(
    cards.some((board) => /Done: Dark mode \(.*Not merged yet: check "build" failed\./.test(board)),
  ).toBe(true);
  expect(cards.at(-1)).toMatch(/Done: Dark mode \(.* Merged\)/);
  expect(cards.at(-1)).toContain("Login fails on Safari 19");
});
