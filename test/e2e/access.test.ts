import { describe, expect, it } from "vitest";
import { documentIn } from "./cli.ts";
import { differences, World } from "./world.ts";

/** Each takes something away from the connection and gives it back. */
interface Loss {
  readonly what: string;
  readonly take: (world: World) => Promise<{ readonly [name: string]: string }>;
  readonly giveBack: (world: World) => Promise<unknown>;
  /** The code when the database was never reached before, and when it was. */
  readonly codes: readonly [first: string, later: string];
  readonly advice: string;
}

const losses: readonly Loss[] = [
  {
    what: "a token that Notion does not know",
    take: async () => ({ NOTION_TOKEN: "ntn_wrong" }),
    giveBack: async () => {},
    codes: ["NOTION_UNAUTHORIZED", "NOTION_UNAUTHORIZED"],
    advice: "check NOTION_TOKEN",
  },
  {
    what: "a database that is not shared",
    take: async (world) => {
      await world.person("unshare", { id: world.databaseId });
      return {};
    },
    giveBack: (world) => world.person("share", { id: world.databaseId }),
    codes: ["NOTION_NOT_FOUND", "ACCESS_LOST"],
    advice: "Connections",
  },
  {
    what: "a connection that may not read content",
    take: async (world) => {
      const made = await world.person("addConnection", {
        name: "Writer",
        token: "ntn_writer_dummy",
        seesWorkspace: true,
        capabilities: { readContent: false },
      });
      expect(made).toMatchObject({ result: { token: "ntn_writer_dummy" } });
      return { NOTION_TOKEN: "ntn_writer_dummy" };
    },
    giveBack: async () => {},
    codes: ["NOTION_FORBIDDEN", "ACCESS_LOST"],
    advice: 'allow "Read content"',
  },
];

describe.concurrent("access that is missing", () => {
  it.each(losses)(
    "at first is a failed run with advice: $what",
    async ({ take, giveBack, codes, advice }) => {
      await using world = await World.open({ rows: 5 });
      const env = await take(world);
      const people = await world.lockstep(["sync"], env);
      expect(people).toMatchObject({ exitCode: 1, stderr: "" });
      expect(people.stdout).toContain(`  ${codes[0]}: Asked Notion for `);
      expect(people.stdout).toContain(advice);
      const planned = await world.lockstep(["plan"], env);
      expect(planned).toMatchObject({ exitCode: 1 });
      expect(planned.stdout + planned.stderr).toContain(codes[0]);
      const [evidence] = await world.runs();
      expect(evidence).toMatchObject({ status: "failed", trigger: "cli", errors: [{ code: codes[0] }] });
      expect(evidence?.calls).toBeGreaterThan(0);
      await giveBack(world);
      expect(await world.sync()).toMatchObject({ exitCode: 0, run: { counts: { created: 5 } } });
    },
  );

  it.each(losses)("later deletes nothing and heals: $what", async ({ take, giveBack, codes, advice }) => {
    await using world = await World.open({ rows: 5 });
    await world.sync();
    await world.person("trashPage", { pageId: world.row(0) });
    const env = await take(world);
    const failed = await world.sync([], env);
    expect(failed).toMatchObject({
      exitCode: 1,
      codes: [codes[1]],
      run: { counts: { deleted: 0, missing: 0 } },
    });
    const people = await world.lockstep(["sync", "--full", "--allow-deletes", "100"], env);
    expect(people).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(advice) });
    expect(world.deleted()).toBe(0);
    expect([...world.tasks().values()].map((task) => task.state)).toEqual(Array(5).fill("live"));
    const statuses = (await world.runs()).map((run) => [run.status, run.errors[0]?.code]);
    expect(statuses).toEqual([
      ["failed", codes[1]],
      ["failed", codes[1]],
      ["succeeded", undefined],
    ]);
    await giveBack(world);
    expect(await world.sync()).toMatchObject({ exitCode: 0, run: { counts: { deleted: 1 } } });
    expect(differences(await world.truth(), world.tasks())).toEqual([]);
  });

  it("of a single row marks it missing, and it comes back as the same task", async () => {
    await using world = await World.open({ rows: 5 });
    await world.sync();
    await world.person("unshare", { id: world.row(2) });
    expect(await world.sync()).toMatchObject({ exitCode: 0, run: { counts: { missing: 1, deleted: 0 } } });
    expect(world.tasks().get(world.row(2))).toMatchObject({ state: "missing", isDeleted: 0, versions: 1 });
    await world.person("share", { id: world.row(2) });
    expect((await world.sync()).exitCode).toBe(0);
    expect(world.tasks().get(world.row(2))).toMatchObject({ state: "live", isDeleted: 0, versions: 1 });
  });

  it("to a database in the trash deletes none of its tasks", async () => {
    await using world = await World.open({ rows: 5 });
    await world.sync();
    await world.person("trashDatabase", { databaseId: world.databaseId });
    expect(await world.sync(["--allow-deletes", "100"])).toMatchObject({
      exitCode: 1,
      codes: ["ACCESS_LOST"],
    });
    expect(world.deleted()).toBe(0);
    await world.person("restoreDatabase", { databaseId: world.databaseId });
    expect(await world.sync()).toMatchObject({ exitCode: 0, run: { counts: { unchanged: 5 } } });
  });
});

describe.concurrent("a token that is not set", () => {
  it.each([["sync"], ["plan"]])("is said before anything is asked: %s", async (command) => {
    await using world = await World.open({ rows: 1 });
    const people = await world.lockstep([command], { NOTION_TOKEN: "" });
    expect(people).toMatchObject({ exitCode: 2, stdout: "" });
    expect(people.stderr).toContain("NOTION_TOKEN is not set");
    expect(people.stderr).toContain("never in the configuration file");
    const programs = await world.lockstep([command, "--json"], { NOTION_TOKEN: "" });
    expect(documentIn(programs)).toMatchObject({ ok: false, error: { code: "SECRET_MISSING" } });
    expect(world.emulator.calls.total).toBe(0);
  });

  it("keeps no one from looking at what is there", async () => {
    await using world = await World.open({ rows: 3 });
    await world.sync();
    for (const args of [["status"], ["runs"], ["history", world.row(0)], ["diff", world.row(0)]]) {
      expect(await world.lockstep(args, { NOTION_TOKEN: "" })).toMatchObject({ exitCode: 0, stderr: "" });
    }
  });
});
