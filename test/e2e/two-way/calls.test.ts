import { describe, expect, it } from "vitest";
import { propertiesOf, TwoWayWorld } from "./world.ts";

const rows = 12;

describe("requests of a two-way sync", () => {
  it("are one for each record to be written, one for each that has to be read before, and the query", async () => {
    await using world = await TwoWayWorld.open({ product: "sqlite", more: { sweepEveryHours: 1_000 } });
    const { pair, emulator } = world;
    for (let row = 1; row <= rows; row += 1) await pair.table.insert({ title: `Row ${row}`, points: row });
    const callsOf = async () => {
      emulator.calls.reset();
      expect(await world.sync()).toMatchObject({ exitCode: 0 });
      const { byRoute } = emulator.calls;
      // Stamps are whole minutes: an edit in the minute of our own write would have to be looked at.
      await world.timePasses(400_000);
      return byRoute;
    };
    await callsOf();
    /** Who it writes as, and what changed in Notion. */
    const always = { "GET /users/me": 1, "POST /data_sources/{data_source_id}/query": 1 };
    expect(await callsOf(), "nothing changed").toEqual(always);

    for (const { id } of await pair.table.rows()) await pair.table.update(id, { points: 100 + id });
    const writing = { ...always, "GET /data_sources/{data_source_id}": 1, "PATCH /pages/{page_id}": rows };
    expect(await callsOf(), "the table wins").toEqual(writing);

    for (const { id } of await pair.table.rows()) await pair.table.update(id, { title: `Changed ${id}` });
    const reading = { ...writing, "GET /pages/{page_id}": rows };
    expect(await callsOf(), "conflicts are to be seen").toEqual(reading);

    for (const { id } of await world.pages(pair))
      await world.person("editPage", { pageId: id, properties: propertiesOf({ note: "Seen" }) });
    expect(await callsOf(), "changed in Notion").toEqual(always);
    expect((await pair.table.rows()).map(({ note }) => note)).toEqual(Array(rows).fill("Seen"));
  });
});
