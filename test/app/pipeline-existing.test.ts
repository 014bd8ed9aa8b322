import { describe, expect, it } from "vitest";
import { PipelineWorld } from "./pipeline-world.ts";

const columns = { title: "name", channel: "show", topic: "about", status: "state", stage: "step" };
const existing = { name: "videos", key: "nr", markerColumn: "page", columns };

describe("a pipeline on a table of the user's own", () => {
  it("maps its columns, makes no table beside it, and writes once a person has let it", async () => {
    await using world = await PipelineWorld.open({
      section: { table: { url: "sqlite:tasks.db", existing } },
    });
    await world.run(
      "CREATE TABLE videos (nr TEXT PRIMARY KEY NOT NULL, page TEXT UNIQUE, name TEXT, show TEXT, about TEXT, state TEXT NOT NULL DEFAULT 'draft', step TEXT)",
    );
    await world.run(
      "INSERT INTO videos (nr, name, show, about, state) VALUES ('1', 'Bees', 'news', 'Dance', 'pending')",
    );
    expect(await world.init()).toMatchObject({ schema: null });
    expect(await world.run("SELECT name FROM sqlite_master WHERE name = 'tasks'")).toEqual([]);
    const lockstep = await world.lockstep();
    const [refused] = await lockstep.sync([], { trigger: "test" });
    expect(refused?.run.status).toBe("refused");
    await lockstep.sync([], { trigger: "test", isAccepted: true });
    const [page] = world.pages();
    expect(world.page(page?.id ?? "")).toMatchObject({
      Title: "Bees",
      Channel: "Daily News",
      Status: "Queued",
    });
    expect(await world.run("SELECT page FROM videos")).toEqual([{ page: page?.id }]);
    await world.run("UPDATE videos SET state = 'processing', step = 'Audio Generating'");
    await world.sync(lockstep);
    expect(world.page(page?.id ?? "").Status).toBe("Audio Generating");
    expect(await world.sync(lockstep)).toBe(0);
  });
});
