import { describe, expect, it } from "vitest";
import { TwoWayWorld } from "./world.ts";

const rows = 12;
const writes = "PATCH /pages/{page_id}";

describe("a two-way sync while Notion carries nothing out", () => {
  it.each([
    // The circuit opens after five failures in a row; as many writes may be under way by then.
    { what: "every request about a page fails", match: { path: "^/v1/pages/" }, writesMax: 8 },
    // A page that shows no effect of a write is written once more, and then left until the first can have none any more.
    { what: "only writes fail", match: { method: "PATCH", path: "^/v1/pages/" }, writesMax: 2 * rows },
  ])("keeps what is to be done, and does it when Notion is back: $what", async ({ match, writesMax }) => {
    await using world = await TwoWayWorld.open({ product: "sqlite" });
    const { pair, emulator } = world;
    for (let row = 1; row <= rows; row += 1) await pair.table.insert({ title: `Row ${row}` });
    await world.demand(["sync", "--yes"]);
    for (const { id } of await pair.table.rows()) await pair.table.update(id, { points: id });
    emulator.faults.add({ match, effect: { kind: "drop", when: "before" } });
    emulator.calls.reset();
    const { run } = await world.sync();
    expect(run).toMatchObject({ status: "succeeded", errors: [], counts: { updated: 0 } });
    expect(emulator.calls.byRoute[writes]).toBeLessThanOrEqual(writesMax);

    emulator.faults.clear();
    await world.timePasses(400_000);
    expect(await world.sync()).toMatchObject({ exitCode: 0, run: { counts: { updated: rows } } });
    const written = (await world.pages(pair)).map(({ marker, values }) => [marker, values.points]);
    expect(written.toSorted()).toEqual(
      (await pair.table.rows()).map(({ id }) => [String(id), id]).toSorted(),
    );
  });
});
