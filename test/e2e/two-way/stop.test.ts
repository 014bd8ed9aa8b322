import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { RunReport } from "../../../src/app/lockstep.ts";
import { openPair } from "../../../src/engine/two-way/link.ts";
import { documentIn, type Started } from "../cli.ts";
import { couples, knownIn } from "./audit.ts";
import { TwoWayWorld } from "./world.ts";

/** What `docker stop` waits before it kills. */
const stopMsMax = 10_000;
const rows = 9;

// Side by side: they mostly wait.
describe.concurrent("SIGTERM in the middle of a two-way sync", () => {
  it("finishes the writes in hand, begins no other, and exits", async () => {
    await using world = await syncedWorld();
    world.emulator.faults.add({
      match: { method: "PATCH", path: "^/v1/pages/" },
      effect: { kind: "delay", ms: 1_500 },
    });
    await editRows(world);
    await using sync = world.start(["sync", "--json"]);
    await untilCalled(world, "PATCH /pages/{page_id}");
    const { exitCode, run } = await stopped(sync);
    expect({ exitCode, ...run }).toMatchObject({
      exitCode: 1,
      status: "cancelled",
      errors: [{ code: "CANCELLED", message: "Stopped by SIGTERM." }],
    });
    const sent = world.emulator.calls.byRoute["PATCH /pages/{page_id}"] ?? 0;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(rows);
    // Their answers were waited for and kept: nothing is in doubt, and nothing is sent again.
    expect(run?.counts.updated).toBe(sent);
    expect(await openIntents(world)).toBe(0);

    world.emulator.faults.clear();
    expect(await world.sync()).toMatchObject({ exitCode: 0, run: { counts: { updated: rows - sent } } });
    await expectAgreement(world);
  });

  it.each([
    { route: "PATCH /pages/{page_id}", path: "^/v1/pages/", edit: editRows },
    { route: "POST /pages", path: "^/v1/pages$", edit: addRow },
  ])(
    "gives up $route that is never answered, and the next run finds that it was carried out",
    async ({ route, path, edit }) => {
      await using world = await syncedWorld();
      world.emulator.faults.add({
        match: { path, times: 1, method: route.split(" ")[0] ?? "" },
        effect: { kind: "hang", when: "after" },
      });
      await edit(world);
      await using sync = world.start(["sync", "--json"]);
      await untilCalled(world, route);
      const { exitCode, run } = await stopped(sync);
      expect({ exitCode, status: run?.status }).toEqual({ exitCode: 1, status: "cancelled" });
      expect(await openIntents(world)).toBe(1);

      await world.timePasses(400_000);
      expect(await world.sync()).toMatchObject({ exitCode: 0, run: { status: "succeeded" } });
      await expectAgreement(world);
      expect(await openIntents(world)).toBe(0);
    },
  );

  it("gives up a reading that is never answered", async () => {
    await using world = await syncedWorld();
    world.emulator.faults.add({ match: { path: "/query$" }, effect: { kind: "hang", when: "before" } });
    await using sync = world.start(["sync", "--json"]);
    await untilCalled(world, "POST /data_sources/{data_source_id}/query");
    expect(await stopped(sync)).toMatchObject({ exitCode: 1, run: { status: "cancelled" } });
  });

  it.each([["worker"], ["serve", "--port", "0"]])(
    "ends `lockstep %s` in time, whatever hangs",
    async (...command) => {
      await using world = await syncedWorld();
      world.emulator.faults.add({
        match: { method: "PATCH", path: "^/v1/pages/" },
        effect: { kind: "hang", when: "after" },
      });
      await editRows(world);
      await using process = world.start([...command, "--json"]);
      await process.firstLine();
      await untilCalled(world, "PATCH /pages/{page_id}");
      expect(await stopped(process)).toMatchObject({ exitCode: 0 });
      const [run] = await world.withStore((store) => store.listRuns({ limit: 1 }));
      expect(run?.status).toBe("cancelled");
    },
  );
});

/** Nine rows that both sides agree on; calls are counted from then on. */
async function syncedWorld(): Promise<TwoWayWorld> {
  await using resources = new AsyncDisposableStack();
  const world = resources.use(await TwoWayWorld.open({ product: "sqlite" }));
  for (let row = 1; row <= rows; row += 1) await world.pair.table.insert({ title: `Row ${row}` });
  expect(await world.sync()).toMatchObject({ exitCode: 0, run: { counts: { created: rows } } });
  world.emulator.calls.reset();
  resources.move();
  return world;
}

async function editRows({ pair: { table } }: TwoWayWorld): Promise<void> {
  for (const { id } of await table.rows()) await table.update(id, { note: `Note ${id}` });
}

async function addRow({ pair: { table } }: TwoWayWorld): Promise<void> {
  await table.insert({ title: "Row 10" });
}

async function untilCalled({ emulator }: TwoWayWorld, route: string): Promise<void> {
  const deadline = Date.now() + 40_000;
  while ((emulator.calls.byRoute[route] ?? 0) === 0) {
    if (Date.now() > deadline) throw new Error(`no ${route} came`);
    await delay(5);
  }
}

/** Stops a command and expects it to be gone in time; the first run that its document tells of, if it prints one. */
async function stopped(command: Started) {
  const askedAt = performance.now();
  command.kill("SIGTERM");
  const ended = await command.ended;
  const ms = performance.now() - askedAt;
  expect(ms).toBeLessThan(stopMsMax);
  const { runs } = documentIn<{ readonly runs?: readonly RunReport[] }>(ended);
  return { exitCode: ended.exitCode, run: runs?.[0]?.run };
}

async function openIntents(world: TwoWayWorld): Promise<number> {
  const { links } = await knownIn(world);
  return links.flatMap((link) => openPair(link).doc.intents).length;
}

async function expectAgreement(world: TwoWayWorld): Promise<void> {
  const { pairs, lone } = couples(await world.pages(world.pair), await world.pair.table.rows());
  expect(lone).toEqual([]);
  for (const { page, row } of pairs) expect(page.values).toMatchObject({ title: row.title, note: row.note });
}
