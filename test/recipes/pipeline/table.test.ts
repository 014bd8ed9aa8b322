import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createSqlConnector } from "../../../src/connectors/sql/connector.ts";
import { openTaskDatabase } from "../../../src/recipes/pipeline/database.ts";
import { linkTables } from "../../../src/recipes/pipeline/links.ts";
import { migrateTasks } from "../../../src/recipes/pipeline/migrate.ts";
import { queueSql, startSql } from "../../../src/recipes/pipeline/queue-sql.ts";
import { stateOf, states, statusByState, statuses } from "../../../src/recipes/pipeline/statuses.ts";
import { withStepField } from "../../../src/recipes/pipeline/step-field.ts";
import { linkTable, migrations, tasksTable } from "../../../src/recipes/pipeline/table.ts";
import { defaultMoves } from "../../../src/recipes/pipeline/transitions.ts";
import { applied } from "../../connectors/sql-world.ts";
import { products, realClock, type TaskWorld, useTaskWorlds } from "./world.ts";

const taskWorld = useTaskWorlds();

/** What became of a statement: null, or the constraint that refused it. */
async function refusalOf(world: TaskWorld, sql: string, values: readonly (string | null)[] = []) {
  try {
    await world.run(sql, values);
    return null;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return (
      /constraint failed: (\S+)$|constraint "([^"]+)"/.exec(error.message)?.slice(1).find(Boolean) ??
      error.message
    );
  }
}

describe.each(products)("the task tables on %s", (product) => {
  it("take exactly the states and stages that the statuses have", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask();
    const update = "UPDATE tasks SET status = $1, stage = $2 WHERE id = $3";
    for (const state of states) {
      expect(await refusalOf(world, update, [state, null, id])).toBeNull();
      for (const { name } of statuses) {
        const expected = stateOf(name) === state ? null : "stage_means_status";
        expect(await refusalOf(world, update, [state, name, id]), `${state} ${name}`).toBe(expected);
      }
    }
    expect(await refusalOf(world, update, ["odd", null, id])).toMatch(/status_is_known|stage_means_status/);
  });

  it.each([
    ["a title that is too long", { title: "x".repeat(256) }, /title_is_short|too long/],
    ["a topic that is too long", { topic: "x".repeat(1001) }, /topic_is_short|too long/],
    ["an unknown priority", { priority: "urgent" }, /priority_is_known/],
    ["a queued task without a title", { status: "pending", title: "" }, /only_a_draft_is_incomplete/],
  ])("refuse %s", async (_, columns, constraint) => {
    await using world = await taskWorld(product);
    await expect(world.addTask(columns)).rejects.toThrow(constraint);
  });

  it("take an incomplete draft, and no other incomplete task", async () => {
    await using world = await taskWorld(product);
    const [row] = await world.run("INSERT INTO tasks (title) VALUES (NULL) RETURNING id, status, priority");
    expect(row).toMatchObject({ status: "draft", priority: "normal" });
    const move = "UPDATE tasks SET status = $1 WHERE id = $2";
    for (const state of states.filter((each) => each !== "draft")) {
      expect(await refusalOf(world, move, [state, String(row?.id)])).toBe("only_a_draft_is_incomplete");
    }
  });

  it("take lengths in characters, not in bytes", async () => {
    await using world = await taskWorld(product);
    await expect(world.addTask({ title: "🚀".repeat(255), topic: "ä".repeat(1000) })).resolves.toMatch(
      /^[0-9a-f-]{36}$/,
    );
  });

  it("give every task a UUID, and every page one task", async () => {
    await using world = await taskWorld(product);
    const ids = new Set<string>();
    for (let index = 0; index < 20; index += 1) ids.add(await world.addTask());
    expect(ids.size).toBe(20);
    for (const id of ids)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    await world.addTask({ notion_page_id: "page" });
    await expect(world.addTask({ notion_page_id: "page" })).rejects.toThrow(/unique/i);
  });

  it("tell when a task changed, and since when it has its status", async () => {
    await using world = await taskWorld(product);
    const id = await world.addTask();
    const past = "2026-01-01T00:00:00.000Z";
    const times = async (sql: string) => {
      await world.run(
        `UPDATE tasks SET created_at = '${past}', updated_at = '${past}', status_since = '${past}'`,
      );
      await world.run(sql, [id]);
      const [row] = await world.run("SELECT created_at, updated_at, status_since FROM tasks WHERE id = $1", [
        id,
      ]);
      return Object.entries(row ?? {})
        .filter(([, value]) => new Date(String(value)).getTime() > Date.parse(past))
        .map(([name]) => name);
    };
    expect(await times("UPDATE tasks SET title = 'B' WHERE id = $1")).toEqual(["updated_at"]);
    expect(await times("UPDATE tasks SET title = 'B' WHERE id = $1")).toEqual([]);
    expect(await times("UPDATE tasks SET synced_at = CURRENT_TIMESTAMP WHERE id = $1")).toEqual([]);
    const both = ["updated_at", "status_since"];
    expect(await times("UPDATE tasks SET status = 'processing' WHERE id = $1")).toEqual(both);
    expect(await times("UPDATE tasks SET stage = 'Audio Ready' WHERE id = $1")).toEqual(both);
  });

  it("keep in each link what a relation to the board holds", async () => {
    await using world = await taskWorld(product);
    for (const table of Object.values(linkTables)) {
      const paged = await world.addTask({ notion_page_id: `page of ${table}` });
      const early = await world.addTask();
      const insert = `INSERT INTO ${table} (task_id, url) VALUES ($1, $2)`;
      await world.run(insert, [paged, "https://a.example/1"]);
      await world.run(insert, [early, "https://a.example/1"]);
      const pages = async (task: string) => {
        const [row] = await world.run(`SELECT task_pages FROM ${table} WHERE task_id = $1`, [task]);
        return typeof row?.task_pages === "string" ? JSON.parse(row.task_pages) : row?.task_pages;
      };
      expect(await pages(paged)).toEqual([`page of ${table}`]);
      expect(await pages(early)).toEqual([]);
      await world.run("UPDATE tasks SET notion_page_id = $1 WHERE id = $2", [`later ${table}`, early]);
      expect(await pages(early)).toEqual([`later ${table}`]);
      await expect(world.run(insert, [early, "https://a.example/1"])).rejects.toThrow(/unique/i);
      await expect(world.run(insert, [early, ""])).rejects.toThrow(/check/i);
    }
  });

  it("can be synced as they are: the page's id is the marker, and $step writes status and stage", async () => {
    await using world = await taskWorld(product);
    const ids = { next: () => "unused", random: () => 0 };
    const open = (config: typeof tasksTable | (typeof linkTable & { readonly name: string })) => {
      const { name: table, key, markerColumn, columns } = config;
      return createSqlConnector({
        config: { url: world.url, table, key, markerColumn, columns },
        clock: realClock,
        ids,
      });
    };
    await using tasks = withStepField(open(tasksTable));
    await tasks.capture.install();
    const fields = { title: "A", topic: "B", channel_id: "news", $step: "pending", priority: "high" };
    const made = await applied(tasks, { kind: "create", marker: "page-1", fields });
    expect(made.fields).toMatchObject({ ...fields, status_since: expect.any(String) });
    expect(await world.run("SELECT notion_page_id, status FROM tasks")).toEqual([
      { notion_page_id: "page-1", status: "pending" },
    ]);
    expect(await world.run("SELECT task_id FROM task_jobs")).toEqual([{ task_id: made.id }]);
    await using assets = open({ ...linkTable, name: linkTables.assets });
    await assets.capture.install();
    await world.run(
      "INSERT INTO task_assets (task_id, url, name) VALUES ($1, 'https://a.example/1', 'One')",
      [made.id],
    );
    const [link] = await world.run("SELECT id FROM task_assets");
    const observed = await assets.get(String(link?.id));
    expect(observed).toMatchObject({
      presence: "live",
      record: { fields: { url: "https://a.example/1", name: "One", task_pages: ["page-1"] } },
    });
  });
});

describe.each(products)("migrateTasks on %s", (product) => {
  it("runs each migration once, also when several processes start together", async () => {
    await using world = await taskWorld(product, false);
    const others = Array.from({ length: 3 }, () => openTaskDatabase(world.url, realClock));
    const results = await Promise.all([world.database, ...others].map((each) => migrateTasks(each)));
    const newest = migrations[product].length;
    expect(results.map(({ from }) => from).sort()).toEqual([0, newest, newest, newest]);
    expect(results.every(({ to }) => to === newest)).toBe(true);
    for (const each of others) await each[Symbol.asyncDispose]();
  });

  it("goes forward from the schema that is there, all or nothing", async () => {
    await using world = await taskWorld(product);
    const steps = migrations[product];
    const bad = [...steps, "CREATE TABLE task_notes (id integer); SELECT * FROM nowhere"];
    await expect(migrateTasks(world.database, bad)).rejects.toThrow(/nowhere/);
    const good = [...steps, "CREATE TABLE task_notes (id integer)"];
    expect(await migrateTasks(world.database, good)).toEqual({ from: steps.length, to: steps.length + 1 });
    await expect(migrateTasks(world.database)).rejects.toMatchObject({ code: "STORE_FAILED" });
  });

  it("leaves somebody else's table of tasks alone", async () => {
    await using world = await taskWorld(product, false);
    await world.run("CREATE TABLE tasks (id integer)");
    await expect(migrateTasks(world.database)).rejects.toMatchObject({ code: "SQL_TABLE_UNFIT" });
    await expect(world.run("SELECT 1 FROM task_migrations")).rejects.toThrow(/task_migrations/);
  });
});

it("every state has a status that stands for it without a stage", () => {
  expect(Object.keys(statusByState).sort()).toEqual([...states].sort());
});

describe.each(products)("docs/pipeline.md on %s", (product) => {
  it("lists the columns that there are, in order", async () => {
    await using world = await taskWorld(product);
    const text = await readFile(join(import.meta.dirname, "../../../docs/pipeline.md"), "utf8");
    const sections = text.split(/^### /m).slice(1);
    expect(sections).toHaveLength(3);
    for (const section of sections) {
      const [heading = "", ...lines] = section.split(/\n(?=## )/)[0]?.split("\n") ?? [];
      const listed = lines.flatMap((line) => /^\| (\w+) \| (?!type)/.exec(line)?.[1] ?? []);
      for (const table of heading.split(", ")) {
        const rows =
          product === "sqlite"
            ? await world.run("SELECT name FROM pragma_table_info($1) ORDER BY cid", [table])
            : await world.run(
                "SELECT column_name AS name FROM information_schema.columns WHERE table_name = $1 AND table_schema = current_schema ORDER BY ordinal_position",
                [table],
              );
        expect(listed, table).toEqual(rows.map(({ name }) => name));
      }
    }
  });

  it("shows the statements as workers run them", async () => {
    const text = await readFile(join(import.meta.dirname, "../../../docs/pipeline.md"), "utf8");
    const { claim, hold, finish, postpone } = queueSql[product];
    const shown = product === "sqlite" ? [claim] : [claim, hold, finish, postpone, startSql];
    for (const statement of shown) expect(text).toContain(`\n\`\`\`sql\n${statement}\n\`\`\`\n`);
  });
});

it("docs/pipeline.md lists the moves that people may make", async () => {
  const text = await readFile(join(import.meta.dirname, "../../../docs/pipeline.md"), "utf8");
  const rows = Object.entries(defaultMoves).map(([from, to]) => `| ${from} | ${to.join(", ")} |`);
  expect(text).toContain(["| from | to |", "|---|---|", ...rows].join("\n"));
});
