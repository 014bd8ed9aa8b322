import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { folderWith } from "../config/folder.ts";
import { documentIn, run } from "./cli.ts";

const id = "0123456789abcdef0123456789abcdef";
const database = { notionDatabaseId: id, projectScopeId: "team-a" };

/** A configuration with one database, that entry changed. */
function withDatabase(change: { readonly [key: string]: unknown }): string {
  return JSON.stringify({ backup: { databases: [{ ...database, ...change }] } });
}

interface BadFile {
  readonly what: string;
  readonly text: string;
  /** What the message says: the place, what was expected, what would be right. */
  readonly says: readonly string[];
  readonly env?: { readonly [name: string]: string };
}

const badFiles: readonly BadFile[] = [
  {
    what: "an unknown key",
    text: withDatabase({ projectScope: "x" }),
    says: ["backup.databases[0].projectScope: unknown key.", 'Did you mean "projectScopeId"?'],
  },
  {
    what: "a key that is nothing like any other",
    text: JSON.stringify({ backup: { databases: [database] }, zzzzzzzz: 1 }),
    says: ["zzzzzzzz: unknown key.", "Known here: $schema, store, notion, backup, tables"],
  },
  {
    what: "an id that is none",
    text: withDatabase({ notionDatabaseId: "12345" }),
    says: ["backup.databases[0].notionDatabaseId", "32 hexadecimal digits", 'got "12345"'],
  },
  {
    what: "a link to elsewhere",
    text: withDatabase({ notionDatabaseId: `https://example.com/${id}` }),
    says: ["backup.databases[0].notionDatabaseId", "example.com, which is not Notion"],
  },
  {
    what: "a link with a view's id only",
    text: withDatabase({ notionDatabaseId: `https://www.notion.so/acme?v=${id}` }),
    says: ["backup.databases[0].notionDatabaseId", "a view's id after ?v= does not count"],
  },
  {
    what: "a field that tasks do not have",
    text: withDatabase({ fieldMappings: { State: "statsu" } }),
    says: [
      "backup.databases[0].fieldMappings.State",
      "expected title, description",
      'Did you mean "status"?',
    ],
  },
  {
    what: "two properties for one field",
    text: withDatabase({ fieldMappings: { State: "status", Phase: "status" } }),
    says: [
      "backup.databases[0].fieldMappings.Phase",
      'already written by the property "State"',
      "map one of them",
    ],
  },
  {
    what: "a secret in the file",
    text: JSON.stringify({ notion: { token: "ntn_dummy123" }, backup: { databases: [database] } }),
    says: ["notion.token: looks like a secret", "set NOTION_TOKEN in the environment"],
  },
  {
    what: "a cron expression that is none",
    text: withDatabase({ schedule: "every day" }),
    says: ["backup.databases[0].schedule", 'got "every day"', "minute hour day month weekday"],
  },
  {
    what: "a time zone that is none",
    text: withDatabase({ schedule: { timeZone: "Europe/Berln" } }),
    says: ["backup.databases[0].schedule.timeZone", 'Did you mean "Europe/Berlin"?'],
  },
  {
    what: "broken JSON",
    text: '{\n  "backup": {\n    "databases": [}\n',
    says: ["line 3, column 19", "has 1 problem"],
  },
  {
    what: "an empty file",
    text: "",
    says: ["line 1, column 1"],
  },
  {
    what: "a value of the wrong type",
    text: withDatabase({ syncEnabled: "yes" }),
    says: ["backup.databases[0].syncEnabled: expected true or false", 'got "yes"'],
  },
  {
    what: "a list where an object belongs",
    text: "[]",
    says: ["expected an object { … }", "got []"],
  },
  {
    what: "no database",
    text: JSON.stringify({ backup: { databases: [] } }),
    says: ["backup.databases: expected at least 1 entry"],
  },
  {
    what: "the same database twice",
    text: JSON.stringify({ backup: { databases: [database, database] } }),
    says: ["backup.databases[1].notionDatabaseId", "the same database and data source as databases[0]"],
  },
  {
    what: "a number out of range",
    text: JSON.stringify({ notion: { ratePerMinute: 6000 }, backup: { databases: [database] } }),
    says: ["notion.ratePerMinute", "600 or less", "got 6000"],
  },
  {
    what: "another kind of store",
    text: JSON.stringify({ store: "mysql://db", backup: { databases: [database] } }),
    says: ["store: expected", "sqlite:lockstep.db"],
  },
  {
    what: "several mistakes at once",
    text: JSON.stringify({ backup: { sweepEveryHours: -1, databases: [{ notionDatabaseId: 7 }] } }),
    says: [
      "has 3 problems",
      "backup.sweepEveryHours: expected 0 or more; got -1",
      "backup.databases[0].notionDatabaseId: expected a text; got 7",
      "backup.databases[0].projectScopeId: expected a text; it is missing",
    ],
  },
  {
    what: "a bad variable",
    text: withDatabase({}),
    env: { LOCKSTEP_SYNC_SCHEDULE: "often" },
    says: ["LOCKSTEP_SYNC_SCHEDULE", 'got "often"'],
  },
  {
    what: "a bad base URL",
    text: withDatabase({}),
    env: { NOTION_BASE_URL: "localhost" },
    says: ["NOTION_BASE_URL", "http"],
  },
];

describe.concurrent("a configuration that is wrong", () => {
  it.each(badFiles)("is refused with its place and a mend: $what", async ({ text, says, env = {} }) => {
    await using folder = await folderWith({ "lockstep.config.json": text });
    const place = { cwd: folder.path, env: { NOTION_TOKEN: "ntn_dummy", ...env } };
    const people = await run(["sync"], place);
    expect(people).toMatchObject({ exitCode: 2, stdout: "" });
    for (const part of says) expect(people.stderr).toContain(part);
    expect(people.stderr).not.toContain("ntn_dummy123");
    expect(people.stderr).not.toMatch(/^ +at /m);
    const programs = await run(["status", "--json"], place);
    expect(programs.exitCode).toBe(2);
    expect(documentIn(programs)).toMatchObject({ ok: false, error: { code: "CONFIG_INVALID" } });
    expect(await readdir(folder.path), "nothing is made on disk").toEqual(["lockstep.config.json"]);
  });

  it("is looked for upward, and not being there is said with every place", async () => {
    await using folder = await folderWith({ "a/b/keep": "" });
    const { exitCode, stderr } = await run(["sync"], { cwd: `${folder.path}/a/b` });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("Looked for lockstep.config.json, lockstep.config.ts");
    const named = await run(["sync", "--config", "none.json"], { cwd: folder.path });
    expect(named).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(`${folder.path}/none.json`) });
    expect(await readdir(folder.path)).toEqual(["a"]);
  });

  it.each([
    ["lockstep.config.ts", "export default { backup: {", "running it failed"],
    ["lockstep.config.ts", "export const config = {};", 'expected "export default defineConfig'],
    ["lockstep.config.mjs", "throw new Error('no database today');", "no database today"],
    ["lockstep.config.js", "export default { backup: () => 1 };", "expected plain data"],
  ])("as a program is refused likewise: %s %s", async (name, text, says) => {
    await using folder = await folderWith({ [name]: text });
    const { exitCode, stderr, stdout } = await run(["sync"], { cwd: folder.path });
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
    expect(stderr).toContain(says);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(await readdir(folder.path)).toEqual([name]);
  });
});

describe.concurrent("a store that cannot be used", () => {
  it.each([
    ["sqlite:nowhere/lockstep.db", "Its folder must exist"],
    ["sqlite:notes.txt", "The file is not an SQLite database"],
    ["sqlite:folder", "cannot be opened"],
  ])("is refused, and left as it is: %s", async (store, says) => {
    const config = JSON.stringify({ store, backup: { databases: [database] } });
    const files = {
      "lockstep.config.json": config,
      "notes.txt": "my notes, not a database",
      "folder/keep": "",
    };
    await using folder = await folderWith(files);
    const { exitCode, stdout, stderr } = await run(["sync"], {
      cwd: folder.path,
      env: { NOTION_TOKEN: "ntn_dummy", NOTION_BASE_URL: "http://127.0.0.1:9" },
    });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: "" });
    expect(stderr).toContain(says);
    expect(stderr).toContain("STORE_FAILED");
    expect((await readdir(folder.path)).sort()).toEqual(["folder", "lockstep.config.json", "notes.txt"]);
    expect(await readFile(join(folder.path, "notes.txt"), "utf8")).toBe(files["notes.txt"]);
  });
});
