import { describe, expect, it } from "vitest";
import { TableWorld } from "./table-world.ts";

describe("attending to a sync", () => {
  it("asks the sides that it is told to", async () => {
    await using world = await TableWorld.open();
    const lockstep = await world.running();
    world.clock.advance(180_000);
    world.addPage("Ada", "ada@example.com");
    world.clock.advance(180_000);
    const [unasked] = await lockstep.attend("people", { trigger: "poll", polls: ["right"] });
    expect(unasked?.run).toMatchObject({ status: "succeeded", counts: { created: 0 } });
    const [asked] = await lockstep.attend("people", { trigger: "poll", polls: ["left", "right"] });
    expect(asked?.run).toMatchObject({ status: "succeeded", counts: { created: 1 } });
  });

  it("leaves evidence when Notion refuses before a run could begin", async () => {
    await using world = await TableWorld.open();
    const lockstep = await world.lockstep({}, { secrets: { notionToken: "ntn_dummy_revoked" } });
    const refused = {
      sync: "people",
      run: { trigger: "poll", status: "failed", errors: [{ code: "NOTION_UNAUTHORIZED" }] },
    };
    expect(await lockstep.attend("people", { trigger: "poll", polls: ["left"] })).toMatchObject([refused]);
    expect(await lockstep.runs({ limit: 5 })).toMatchObject([refused]);
  });

  it("says so without evidence when there is no secret to ask with", async () => {
    await using world = await TableWorld.open();
    const lockstep = await world.lockstep({}, { secrets: { notionToken: null } });
    const attending = lockstep.attend("people", { trigger: "poll", polls: ["left"] });
    await expect(attending).rejects.toMatchObject({ code: "SECRET_MISSING" });
    expect(await lockstep.runs({ limit: 5 })).toEqual([]);
  });
});
