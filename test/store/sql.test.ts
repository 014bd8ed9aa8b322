import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { VersionDraft } from "../../src/store/store.ts";
import { beginSync, change, countingIds, draft, runOf, sourceId } from "../../src/store/suite/case.ts";
import { beginPair, history, hold, pairConflict, pairLink } from "../../src/store/suite/pairs-case.ts";
import { temporaryFolder } from "./folder.ts";

const document = readFileSync(join(import.meta.dirname, "../../docs/sql.md"), "utf8");

const queries = [...document.matchAll(/^(.+)\n\n```sql\n([^`]+)```/gm)].map(([, title = "", sql = ""]) => ({
  title,
  sql,
}));

/** Columns by documented table or view: from the headings, and the Markdown table below each. */
const documented = document
  .split(/^#+ /m)
  .map((section) => ({
    name: section.slice(0, section.indexOf("\n")),
    columns: [...section.matchAll(/^\| (\w+) \| (?:text|integer|real) \|/gm)].map((row) => row[1]),
  }))
  .filter(({ columns }) => columns.length > 0);

const march = (day: number, hour = 9) => new Date(Date.UTC(2026, 2, day, hour)).toISOString();

const metadataJson = JSON.stringify({
  estimate: 3,
  notion: { url: "https://www.notion.so/a-page" },
  notionProperties: { "Due date": { type: "date", date: { start: "2026-03-20" } } },
});
const version = (fields: Partial<VersionDraft>) => draft({ metadataJson, ...fields });

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let database: DatabaseSync;

/** A store in which every documented query finds something. */
beforeAll(async () => {
  folder = await temporaryFolder();
  const path = folder.path("store.db");
  await using store = await openSqliteStore({ path, ids: countingIds() });
  const { commit } = await beginSync(store, "tasks");
  const [report, lost, old] = [sourceId(1), sourceId(2), sourceId(3)];
  await store.startRun(
    runOf({ id: "run-1", status: "succeeded", startedAt: march(1), endedAt: march(1, 10) }),
  );
  await commit(
    [change(report, { version: version({}) }), change(lost, { version: version({}) }), change(old)],
    { at: march(1) },
  );
  const links = await store.getLinks("tasks", [report, lost, old]);
  const update = (
    source: string,
    fields: Partial<VersionDraft> | null,
    link: Parameters<typeof change>[1],
  ) => {
    const known = links.get(source);
    return change(source, {
      taskId: known?.taskId ?? null,
      expectedVersionNum: known?.currentVersionNum ?? 0,
      version: fields === null ? null : version(fields),
      ...link,
    });
  };
  const missing = { state: "missing", missingSince: march(2), baseVersionNum: 1 } as const;
  await commit(
    [update(lost, null, { link: missing }), update(old, { isDeleted: true }, { link: { state: "deleted" } })],
    { at: march(2), runId: "run-2" },
  );
  const edit = { taskId: links.get(report)?.taskId ?? "", baseVersionNum: 1 };
  await store.appendVersion({
    ...edit,
    version: version({ status: "Doing", createdBy: "mcp:agent" }),
    at: march(3),
  });
  await store.appendVersion({
    ...edit,
    version: version({ status: "Done", createdBy: "cli:ada" }),
    at: march(4),
  });
  const open = version({ title: "Open one", status: "Open" });
  await store.createTask({ projectScopeId: "work", version: open, at: march(5) });
  const pair = await beginPair(store);
  await pair.commit({
    links: [pairLink(1, { dueAt: Date.parse(march(6)) }), pairLink(2)],
    versions: history(1, { until: 3 }),
    conflicts: [pairConflict("conflict-1", 1)],
    holds: [hold("hold-1")],
  });
  database = new DatabaseSync(path, { readOnly: true });
});

afterAll(async () => {
  database.close();
  await folder[Symbol.asyncDispose]();
});

const rowsOf = (title: string) => {
  const query = queries.find((each) => each.title.startsWith(title));
  return database
    .prepare(query?.sql ?? "")
    .all()
    .map((row) => ({ ...row }));
};

describe("docs/sql.md", () => {
  it("has a dozen queries and more", () => {
    expect(queries.length).toBeGreaterThanOrEqual(12);
  });

  it.each(queries)("$title finds something", ({ sql }) => {
    expect(database.prepare(sql).all()).not.toEqual([]);
  });

  it("shows the state at a time, without what came later or was deleted by then", () => {
    expect(rowsOf("All tasks as they were").map((row) => [row.status, row.version_num])).toEqual([
      ["Doing", 2],
      ["Open", 1],
    ]);
  });

  it("blames the writer of each field's value", () => {
    const blame = rowsOf("Blame").map((row) => [row.field, row.value, row.changed_by, row.since_version]);
    expect(blame).toEqual([
      ["description", null, "notion:ada", 1],
      ["resolution", null, "notion:ada", 1],
      ["status", "Done", "cli:ada", 3],
      ["title", "Write the report", "notion:ada", 1],
    ]);
  });

  it("tells who changed what since a day", () => {
    const changes = rowsOf("Who changed what").map((row) => [row.changed_by, row.what]);
    expect(changes).toEqual([
      ["cli:ada", "status was 'Doing'"],
      ["mcp:agent", "status was 'Open'"],
    ]);
  });

  it("proves a sound store", () => {
    expect(rowsOf("Proof that no history")).toEqual([{ histories_with_gaps: 0, tasks_behind: 0 }]);
    expect(rowsOf("Proof that every version of a pair")).toEqual([{ broken_chains: 0 }]);
  });

  it("tells what waits for a person's word, and where two sides do not agree", () => {
    expect(rowsOf("What waits").map((row) => row.about)).toEqual([
      'title: "left\'s" or ',
      "12 of 20 records are gone on the left; 5 may go unasked",
    ]);
    expect(rowsOf("Where the two sides")).toMatchObject([{ right_id: "row-1", due: "2026-03-06 09:00:00" }]);
  });

  it("names every table and view with exactly its columns", () => {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')").all();
    const actual = tables.map(({ name }) => ({
      name,
      columns: database
        .prepare("SELECT name FROM pragma_table_info(?)")
        .all(String(name))
        .map((row) => row.name),
    }));
    const byName = (a: { name: unknown }, b: { name: unknown }) =>
      String(a.name).localeCompare(String(b.name));
    expect(documented.toSorted(byName)).toEqual(actual.toSorted(byName));
  });
});
