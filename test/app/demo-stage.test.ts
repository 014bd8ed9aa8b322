import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import type { DemoEvent } from "../../src/app/demo.ts";
import { openDemoFolder } from "../../src/app/demo-stage.ts";
import { runLibraryDemo } from "../../src/app/library-demo.ts";

it("a demo stays up after its checks until the signal, and says where to look around", async () => {
  const { signal, abort } = stoppable();
  const events: DemoEvent[] = [];
  const report = await runLibraryDemo({
    isOnce: false,
    onEvent(event) {
      events.push(event);
      if (event.kind === "heading" && event.title.startsWith("Still up")) abort();
    },
    signal,
  });
  expect(report.ok).toBe(true);
  expect(events.at(-2)?.kind).toBe("checks");
  const last = events.at(-1);
  expect(last?.kind === "heading" && last.lines.join(" ")).toMatch(
    /answers at http:.* the store is .*lockstep\.db/,
  );
});

it("a demo that was stopped before its end does not stay up", async () => {
  const { signal, abort } = stoppable();
  const run = runLibraryDemo({
    isOnce: false,
    onEvent: (event) => void (event.kind === "checks" && abort()),
    signal,
  });
  expect((await run).ok).toBe(true);
});

it("the folder of a demo is gone when it is disposed", async () => {
  let path = "";
  {
    await using folder = await openDemoFolder();
    path = folder.path;
    expect(existsSync(path)).toBe(true);
  }
  expect(existsSync(path)).toBe(false);
});

function stoppable() {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
