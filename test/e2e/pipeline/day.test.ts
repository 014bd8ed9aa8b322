import { describe, expect, it } from "vitest";
import { boardProperties as board } from "../../../src/recipes/pipeline/board.ts";
import type { Product } from "../../../src/recipes/pipeline/database.ts";
import { stateOf } from "../../../src/recipes/pipeline/statuses.ts";
import { Day, plain } from "./day-world.ts";

const products: readonly Product[] = ["sqlite", "postgres"];
/** What people call "Review Approved" in the afternoon. */
const renamed = "Approved by us";
const peoples: readonly string[] = [board.title, board.topic, board.storyDirection, board.channel];

describe.each(products)("a day on %s", (product) => {
  it("ends with board, table and history in agreement, whatever happened in it", {
    timeout: 240_000,
  }, async () => {
    await using day = await Day.open(product);
    await day.serve();
    const { bees, wasps, ants, moths, flies, ticks } = await morning(day);
    {
      await using _ = day.work();
      await day.kill();
      await day.serve();
      await day.until("bees and wasps wait for review", () =>
        [bees, wasps].every((id) => day.statusOn(id) === "Ready for Review"),
      );
      await day.until("flies are invalid", () => day.statusOn(flies) === "Error: Invalid Input");
      await day.until("ticks are to be tried again", () => day.statusOn(ticks) === "Error: Retriable");
      day.move(ticks, "Queued");
      await day.until("ticks wait for review", () => day.statusOn(ticks) === "Ready for Review");
    }
    expect(day.statusOn(ants), "incomplete").toBe("Draft");
    await afternoon(day, { bees, wasps, moths, ticks });
    await day.kill();

    await compare(day);
    expect(await day.row(bees)).toMatchObject({ status: "approved" });
    expect(await day.row(wasps)).toMatchObject({ status: "rejected" });
    expect(await day.row(moths)).toMatchObject({ status: "completed" });
    expect(
      await day.run(
        "SELECT 1 FROM task_jobs JOIN tasks ON tasks.id = task_jobs.task_id WHERE title = 'Ants'",
      ),
    ).toEqual([]);
    const refusals = day.log().filter(({ event }) => event === "pipeline.entry_refused");
    expect(new Set(refusals.map(({ page_id: id }) => id))).toEqual(new Set([ants]));
  });
});

/** People plan: complete entries and others, deliveries that come twice, late or never, and a storm of edits. */
async function morning(day: Day) {
  day.emulator.faults.add({ match: { every: 3 }, effect: { kind: "duplicate" } });
  day.emulator.faults.add({ match: { every: 5 }, effect: { kind: "reorder" } });
  day.emulator.faults.add({ match: { every: 7 }, effect: { kind: "late", ms: 2_000 } });
  const bees = day.add("Bees", { status: "Queued" });
  const wasps = day.add("Wasps");
  const ants = day.add("Ants", { topic: "", status: "Queued" });
  const moths = day.add("Moths");
  const flies = day.add("Flies", { topic: "Flies [invalid]", status: "Queued" });
  const ticks = day.add("Ticks", { topic: "Ticks [flaky]", status: "Queued" });
  await day.run(
    "INSERT INTO tasks (title, topic, channel_id, status) VALUES ('Made by a program', 'x', 'news', 'draft')",
  );
  await day.until("every entry has a row", async () => (await day.run("SELECT 1 FROM tasks")).length === 7);
  for (let edit = 1; edit <= 40; edit += 1) day.tell(bees, `Draft ${edit} of the story`);
  day.move(wasps, "Queued");
  await day.until("wasps are queued", async () => (await day.row(wasps))?.status === "pending");
  return { bees, wasps, ants, moths, flies, ticks };
}

interface Entries {
  readonly bees: string;
  readonly wasps: string;
  readonly moths: string;
  readonly ticks: string;
}

/** Reviews, nonsense, a renamed option, and the server killed between two changes. */
async function afternoon(day: Day, { bees, wasps, moths, ticks }: Entries): Promise<void> {
  day.renameOption("Review Approved", renamed);
  day.move(bees, renamed);
  day.move(wasps, "Review Rejected");
  await day.until("bees are approved", async () => (await day.row(bees))?.status === "approved");
  await day.kill();
  day.move(moths, "Archived");
  day.move(ticks, "Uploading");
  day.tell(wasps, "Say why it was rejected");
  await day.serve();
  await day.until("moths are archived", async () => (await day.row(moths))?.status === "completed");
  await day.until("nonsense is set back", () => day.statusOn(ticks) === "Ready for Review");
  await day.until("the story is in the table", async () => {
    return (await day.row(wasps))?.story_direction === "Say why it was rejected";
  });
  await day.until("the program's task is on the board", () => day.pages().length === 7);
  await day.until("all rows are marked", async () => {
    return (await day.run("SELECT 1 FROM tasks WHERE notion_page_id IS NULL")).length === 0;
  });
  await day.until("board and table agree", async () => (await disagreeing(day)).length === 0);
}

async function disagreeing(day: Day): Promise<readonly unknown[]> {
  const rows = await day.run("SELECT * FROM tasks");
  return rows.filter((row) => {
    const page = day.pages().find(({ id }) => id === row.notion_page_id);
    const text = (name: string) => plain(page?.properties[name] ?? null);
    const status = text(board.status) === renamed ? "Review Approved" : text(board.status);
    const isSame =
      stateOf(status) === row.status &&
      (row.stage === null || row.stage === status) &&
      text(board.title) === (row.title ?? "") &&
      text(board.topic) === (row.topic ?? "") &&
      text(board.storyDirection) === (row.story_direction ?? "");
    return !isSame;
  });
}

async function compare(day: Day): Promise<void> {
  expect(await disagreeing(day)).toEqual([]);
  expect(day.pages().length, "no page twice").toBe(7);
  const counts = "SELECT task_id, count(*) AS times FROM";
  const [jobs, transitions] = [
    await day.run(`${counts} task_jobs GROUP BY task_id ORDER BY task_id`),
    await day.run(`${counts} counted GROUP BY task_id ORDER BY task_id`),
  ];
  expect(jobs, "queued exactly once per transition").toEqual(transitions);
  for (const [id, { title, topic, story }] of day.wrote) {
    const properties = day.pages().find((page) => page.id === id)?.properties ?? {};
    const texts = [board.title, board.topic, board.storyDirection].map((name) =>
      plain(properties[name] ?? null),
    );
    expect(texts, "as people wrote it").toEqual([title, topic, story]);
    const history = await day.historyOf(id);
    expect(history.flaw).toBeNull();
    const overwritten = history.versions.filter(
      ({ side, origin, fields }) =>
        side === "left" && origin === "engine" && Object.keys(fields).some((name) => peoples.includes(name)),
    );
    expect(overwritten, "nobody's text was written over").toEqual([]);
  }
}
