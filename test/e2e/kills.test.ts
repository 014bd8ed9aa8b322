import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { TrueRow } from "../../src/emulator/index.ts";
import { differences, queryFile, tasksIn, titleOf, trueTitle, World } from "./world.ts";

const kills = Number(process.env.LOCKSTEP_KILLS ?? 15);
const seed = Number(process.env.LOCKSTEP_SEED ?? 20_261_121);
const testMsMax = 60_000 + kills * 2_000;
const rows = 2_400;
/** A run of this many rows takes about two seconds with this delay on each page. */
const pageDelayMs = 35;
const killAfterMsMax = 1_800;
/** The first kills come sooner, so that they meet the first reading of everything, too. */
const firstKillAfterMsMax = 800;

describe("kill -9 in the middle of a sync", () => {
  it(
    `leaves a whole store ${kills} times over, and the next sync goes on (seed ${seed})`,
    async () => {
      await using world = await World.open({ rows });
      world.emulator.faults.add({ match: { path: "/query$" }, effect: { kind: "delay", ms: pageDelayMs } });
      const people = new People(world, randomFrom(seed));
      let landed = 0;
      for (let kill = 0; kill < kills; kill += 1) {
        await using sync = world.start(["sync", "--json"]);
        const killAfterMs = 60 + people.random() * (kill < kills / 3 ? firstKillAfterMsMax : killAfterMsMax);
        // Half of the edits come before the run reads, half while it does.
        await people.edit();
        await delay(killAfterMs / 2);
        await people.edit();
        await delay(killAfterMs / 2);
        sync.kill("SIGKILL");
        const { exitCode, stdout } = await sync.ended;
        if (exitCode === null) landed += 1;
        else expect(JSON.parse(stdout).ok, stdout).toBe(true);
        await checkWhole(world, `after kill ${kill} of seed ${seed}`);
        await world.emulatedTimePasses(180_000);
      }
      expect(landed, "kills that met a running sync").toBeGreaterThan(kills / 2);

      const last = await world.sync();
      expect(last).toMatchObject({ exitCode: 0, codes: [] });
      const tasks = world.tasks();
      // A row that went to the trash before any run had read it never had a task, and needs none.
      const truth = (await world.truth()).filter((row) => !row.inTrash || tasks.has(row.id));
      expect(differences(truth, tasks)).toEqual([]);
      expect(people.rowsWithTooManyVersions(world)).toEqual([]);
      const quiet = await world.sync();
      expect(quiet).toMatchObject({
        exitCode: 0,
        run: { counts: { created: 0, updated: 0, deleted: 0, revived: 0 } },
      });
      // None was refused: each found the lease of a dead process and went on at once.
      const statuses = world.query<{ status: string }>("SELECT DISTINCT status FROM runs ORDER BY status");
      expect(statuses.map(({ status }) => status)).toEqual(["interrupted", "succeeded"]);
    },
    testMsMax,
  );
});

/** People at work in the database, and how often each row was really changed. */
class People {
  readonly random: () => number;
  private readonly world: World;
  private readonly changes = new Map<string, number>();
  private readonly trashed = new Set<string>();
  private count = 0;

  constructor(world: World, random: () => number) {
    this.world = world;
    this.random = random;
  }

  /** Two new titles, a new row, one row into the trash, and sometimes one out of it. */
  async edit(): Promise<void> {
    const { world } = this;
    for (let each = 0; each < 2; each += 1) {
      await world.retitle(this.pick(), `Edited ${++this.count}`);
    }
    const made = await world.person("createPage", {
      parent: { dataSourceId: world.dataSourceId },
      properties: { Name: titleOf(`New ${++this.count}`) },
    });
    expect(made).toMatchObject({ result: expect.any(String) });
    const gone = this.pick();
    this.trashed.add(gone);
    await world.person("trashPage", { pageId: gone });
    const [back] = this.trashed;
    if (back === undefined || this.random() < 0.5) return;
    this.trashed.delete(back);
    this.changed(back);
    await world.person("restorePage", { pageId: back });
  }

  /** A task may have one version for each change and one to begin with, never one more. */
  rowsWithTooManyVersions(world: World): readonly string[] {
    return [...world.tasks()].flatMap(([rowId, { versions }]) => {
      const most = 1 + (this.changes.get(rowId) ?? 0);
      return versions > most ? [`${rowId} has ${versions} versions, at most ${most} are real`] : [];
    });
  }

  /** A row that is not in the trash. */
  private pick(): string {
    for (;;) {
      const rowId = this.world.row(Math.floor(this.random() * rows));
      if (this.trashed.has(rowId)) continue;
      this.changed(rowId);
      return rowId;
    }
  }

  private changed(rowId: string): void {
    this.changes.set(rowId, (this.changes.get(rowId) ?? 0) + 1);
  }
}

/**
 * What must hold after every kill. Looked at in a copy, so that the next sync finds the file as the killed one
 * left it, its write-ahead log included.
 */
async function checkWhole(world: World, when: string): Promise<void> {
  const copy = join(world.cwd, "copy.db");
  const isThere = await copyFile(world.storeFile, copy).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  await copyFile(`${world.storeFile}-wal`, `${copy}-wal`).catch(() => {});
  const ask = <T>(sql: string) => queryFile<T>(copy, sql, { isRecovering: true });
  expect(ask("PRAGMA integrity_check"), when).toEqual([{ integrity_check: "ok" }]);
  expect(ask("PRAGMA foreign_key_check"), when).toEqual([]);
  const hasSchema = ask("SELECT 1 FROM sqlite_schema WHERE name = 'task_versions'").length > 0;
  if (!hasSchema) return;
  const broken = ask(`
    SELECT t.id FROM tasks t LEFT JOIN task_versions v ON v.task_id = t.id GROUP BY t.id
    HAVING min(v.version_num) IS NOT 1 OR max(v.version_num) <> count(*)
      OR t.current_version_id <> (SELECT id FROM task_versions n WHERE n.task_id = t.id ORDER BY version_num DESC LIMIT 1)`);
  expect(broken, when).toEqual([]);
  const unlinked = ask(`
    SELECT t.id FROM tasks t LEFT JOIN links l ON l.sync_id = t.sync_id AND l.source_id = t.source_id
    WHERE l.task_id IS NOT t.id`);
  expect(unlinked, when).toEqual([]);
  const [sync] = ask<{ checkpoint: string }>("SELECT checkpoint FROM syncs WHERE checkpoint IS NOT NULL");
  if (sync !== undefined)
    expect(unread(await world.truth(), copy, JSON.parse(sync.checkpoint)), when).toEqual([]);
}

/** Rows that the checkpoint says were read, although the store does not hold what they were. */
function unread(
  truth: readonly TrueRow[],
  file: string,
  checkpoint: { kind: "full"; since: number; from: number } | { kind: "changes"; watermark: number },
): readonly string[] {
  const tasks = tasksIn(file, { isRecovering: true });
  return truth.flatMap((row) => {
    const task = tasks.get(row.id);
    if (checkpoint.kind === "full") {
      // A row that came out of the trash since the reading began is an edit, for the next reading to find.
      const isOld = Date.parse(row.lastEditedTime) < checkpoint.since - 60_000;
      const isCovered = Date.parse(row.createdTime) < checkpoint.from && isOld && !row.inTrash;
      return isCovered && task === undefined ? [`${row.id} is not in the store`] : [];
    }
    const isCovered = Date.parse(row.lastEditedTime) < checkpoint.watermark && !row.inTrash;
    return isCovered && task?.title !== trueTitle(row) ? [`${row.id} is "${task?.title}"`] : [];
  });
}

/** A repeatable sequence of numbers in [0, 1) (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
