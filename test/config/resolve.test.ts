import { describe, expect, it } from "vitest";
import { resolveConfig } from "../../src/config/resolve.ts";
import { LockstepError } from "../../src/core/errors.ts";
import type { Json } from "../../src/core/json.ts";

const id = "0123456789abcdef0123456789abcdef";
const other = "fedcba9876543210fedcba9876543210";
const file = "/srv/place/lockstep.config.json";

function problemsIn(written: Json): readonly string[] {
  try {
    resolveConfig(written, file);
    return [];
  } catch (error) {
    if (!(error instanceof LockstepError) || error.code !== "CONFIG_INVALID") throw error;
    return error.message
      .split("\n")
      .slice(1)
      .map((line) => line.trim());
  }
}

function withDatabase(database: { readonly [key: string]: Json }): Json {
  return { backup: { databases: [{ notionDatabaseId: id, projectScopeId: "team-a", ...database }] } };
}

describe("resolveConfig", () => {
  it("resolves everything that can be written", () => {
    const config = resolveConfig(
      {
        $schema: "./node_modules/lockstep/schema/lockstep.config.schema.json",
        store: "sqlite:../data/a.db",
        notion: { ratePerMinute: "auto", timeoutMs: 5000 },
        backup: {
          schedule: { cron: "0 4 * * *", timeZone: "Europe/Berlin" },
          sweepEveryHours: 24,
          guard: { deletesMax: 3, deleteShareMax: 0.5 },
          databases: [
            {
              name: "roadmap",
              notionDatabaseId: `https://www.notion.so/acme/Roadmap-${id}?v=${other}`,
              dataSource: "all",
              projectScopeId: "team-a",
              syncEnabled: false,
              fieldMappings: { Name: "title", Estimate: "metadata.estimate" },
              schedule: "30 2 * * *",
            },
            { notionDatabaseId: other, projectScopeId: "team-a", schedule: { enabled: false } },
          ],
        },
      },
      file,
    );
    expect(config.store).toBe("sqlite:/srv/data/a.db");
    expect(config.notion).toEqual({ ratePerMinute: "auto", timeoutMs: 5000 });
    expect(config.backup.databases).toEqual([
      {
        name: "roadmap",
        notionId: "01234567-89ab-cdef-0123-456789abcdef",
        dataSource: "all",
        projectScopeId: "team-a",
        isEnabled: false,
        fieldMappings: [
          { property: "Name", field: "title" },
          { property: "Estimate", field: "metadata.estimate" },
        ],
        schedule: { cron: "30 2 * * *", timeZone: "Europe/Berlin", isEnabled: true },
      },
      {
        name: "team-a",
        notionId: "fedcba98-7654-3210-fedc-ba9876543210",
        dataSource: null,
        projectScopeId: "team-a",
        isEnabled: true,
        fieldMappings: [],
        schedule: { cron: "0 4 * * *", timeZone: "Europe/Berlin", isEnabled: false },
      },
    ]);
  });

  it("numbers names that are not written, around those that are", () => {
    const { backup } = resolveConfig(
      {
        backup: {
          databases: [
            { notionDatabaseId: id, projectScopeId: "team" },
            { notionDatabaseId: other, projectScopeId: "team" },
            { notionDatabaseId: "1".repeat(32), projectScopeId: "x", name: "team-2" },
          ],
        },
      },
      file,
    );
    expect(backup.databases.map(({ name }) => name)).toEqual(["team", "team-3", "team-2"]);
  });

  it("reports all problems at once", () => {
    const problems = problemsIn({
      store: "mysql:x",
      backup: {
        guard: { deletesMax: -1 },
        databases: [
          {
            notionDatabaseId: "nope",
            projectScopeId: "a",
            fieldMappings: { Status: "sttus", A: "title", B: "title" },
          },
          { notionDatabaseId: id, projectScopeId: 7, schedul: "0 3 * * *" },
        ],
      },
    });
    expect(problems.map((line) => line.split(": ")[0])).toEqual([
      "store",
      "backup.guard.deletesMax",
      "backup.databases[0].notionDatabaseId",
      "backup.databases[0].fieldMappings.Status",
      "backup.databases[1].projectScopeId",
      "backup.databases[1].schedul",
      "backup.databases[0].fieldMappings.B",
    ]);
  });

  it.each<[string, Json, string]>([
    ["a list for the whole", [], "expected an object { … }; got []"],
    [
      "nothing to do",
      {},
      'expected "backup", "tables", "pipeline", "library" or "planning"; there is nothing to do without them',
    ],
    ["no table", { tables: [] }, 'expected "backup", "tables", "pipeline", "library" or "planning"'],
    ["no database", { backup: { databases: [] } }, "backup.databases: expected at least 1 entry; got []"],
    ["an unknown key at the top", { ...full(), stroe: "x" }, 'stroe: unknown key. Did you mean "store"?'],
    [
      "an unknown key far below",
      withDatabase({ schedule: { cron: "0 3 * * *", timezone: "UTC" } }),
      'backup.databases[0].schedule.timezone: unknown key. Did you mean "timeZone"?',
    ],
    [
      "an unknown key like nothing else",
      { ...full(), notion: { zzzzzzz: 1 } },
      "notion.zzzzzzz: unknown key. Known here: ratePerMinute, timeoutMs.",
    ],
    [
      "an unknown field",
      withDatabase({ fieldMappings: { "Due date": "sttus" } }),
      'backup.databases[0].fieldMappings["Due date"]: expected title, description, status, resolution or metadata.<key>. Did you mean "status"? (got "sttus")',
    ],
    [
      "a metadata field without a key",
      withDatabase({ fieldMappings: { A: "metadata." } }),
      "the key is missing",
    ],
    [
      "a metadata field that is taken",
      withDatabase({ fieldMappings: { A: "metadata.notion" } }),
      "choose another key",
    ],
    [
      "two properties for one field",
      withDatabase({ fieldMappings: { A: "title", B: "title" } }),
      'backup.databases[0].fieldMappings.B: "title" is already written by the property "A"',
    ],
    [
      "a rate of nothing",
      { ...full(), notion: { ratePerMinute: 0 } },
      "notion.ratePerMinute: expected 1 or more; got 0",
    ],
    [
      "a rate beyond Notion's",
      { ...full(), notion: { ratePerMinute: 601 } },
      "expected 600 or less; got 601",
    ],
    [
      "a rate in words",
      { ...full(), notion: { ratePerMinute: "fast" } },
      'notion.ratePerMinute: expected a number or "auto", got "fast"',
    ],
    [
      "a share above one",
      { backup: { ...backup(), guard: { deleteShareMax: 10 } } },
      "backup.guard.deleteShareMax: expected 1 or less; got 10",
    ],
    [
      "a broken cron expression",
      withDatabase({ schedule: "daily" }),
      "backup.databases[0].schedule: expected five cron fields",
    ],
    ["six cron fields", withDatabase({ schedule: "0 0 3 * * *" }), "expected five cron fields"],
    ["a date that never comes", withDatabase({ schedule: "0 0 31 2 *" }), "a date that never comes"],
    [
      "a broken time zone",
      withDatabase({ schedule: { timeZone: "Europe/Berlim" } }),
      'backup.databases[0].schedule.timeZone: expected an IANA time zone, as in "Europe/Berlin" or "UTC". Did you mean "Europe/Berlin"?',
    ],
    [
      "a schedule of the wrong type",
      withDatabase({ schedule: 3 }),
      "backup.databases[0].schedule: expected a text or an object { … }, got 3",
    ],
    [
      "a store of another kind",
      { ...full(), store: "mysql://host/db" },
      'store: expected "sqlite:" and a path',
    ],
    ["a store in memory", { ...full(), store: "sqlite::memory:" }, "gone when the command ends"],
    ["a name with a slash", withDatabase({ name: "a/b" }), "backup.databases[0].name: expected a short name"],
    [
      "an id that is none",
      withDatabase({ notionDatabaseId: "12345" }),
      "expected a database or data source id (32 hexadecimal digits",
    ],
    ["a very long value", withDatabase({ notionDatabaseId: "x".repeat(500) }), `got "${"x".repeat(58)}…`],
  ])("refuses %s", (_name, written, expected) => {
    expect(problemsIn(written).join("\n")).toContain(expected);
  });

  it.each<[string, Json, Json]>([
    ["twice the same, written differently", {}, {}],
    ["all of it and one part", { dataSource: "all" }, { dataSource: "Tasks" }],
    ["one part twice", { dataSource: "Tasks" }, { dataSource: "Tasks" }],
  ])("refuses a database that is there twice: %s", (_name, first, second) => {
    const problems = problemsIn({
      backup: {
        databases: [
          { notionDatabaseId: id, projectScopeId: "a", ...(first as object) },
          {
            notionDatabaseId: "01234567-89AB-cdef-0123-456789abcdef",
            projectScopeId: "b",
            ...(second as object),
          },
        ],
      },
    });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(
      "backup.databases[1].notionDatabaseId: the same database and data source as databases[0]",
    );
  });

  it("takes two parts of one database", () => {
    const part = (dataSource: string) => ({ notionDatabaseId: id, projectScopeId: "a", dataSource });
    expect(problemsIn({ backup: { databases: [part("Tasks"), part("Bugs")] } })).toEqual([]);
  });

  it("refuses a name that is taken", () => {
    const problems = problemsIn({
      backup: {
        databases: [
          { notionDatabaseId: id, projectScopeId: "a", name: "x" },
          { notionDatabaseId: other, projectScopeId: "b", name: "x" },
        ],
      },
    });
    expect(problems).toEqual(['backup.databases[1].name: the name "x" is already used by databases[0]']);
  });

  it.each<[string, Json, string]>([
    ["a Notion token under its key", { ...full(), notion: { token: "ntn_dummy" } }, "notion.token"],
    ["a value under a telling key", { ...full(), apiKey: "plain words" }, "apiKey"],
    [
      "a token in an id's place",
      withDatabase({ notionDatabaseId: "secret_dummy" }),
      "backup.databases[0].notionDatabaseId",
    ],
    [
      "a token inside a text",
      withDatabase({ projectScopeId: "team ghp_dummy" }),
      "backup.databases[0].projectScopeId",
    ],
    ["a fine-grained token", { ...full(), $schema: "github_pat_dummy" }, "$schema"],
    ["a header", { ...full(), $schema: "Bearer dummydummy" }, "$schema"],
    ["a password in a URL", { ...full(), store: "postgres://me:dummypass@host/db" }, "store"],
    [
      "a token as a key",
      withDatabase({ fieldMappings: { ntn_dummy: "title" } }),
      'backup.databases[0].fieldMappings["[secret]"]',
    ],
  ])("refuses %s by its path, never showing it", (_name, written, path) => {
    const problems = problemsIn(written);
    expect(problems).toEqual([
      `${path}: looks like a secret; take it out, set ${path === "store" ? "PGPASSWORD" : "NOTION_TOKEN"} in the environment`,
    ]);
    expect(problems.join()).not.toMatch(/dummy|plain words/);
  });

  it("lets a property be called Secret", () => {
    expect(
      problemsIn(withDatabase({ fieldMappings: { Secret: "status", "API token": "metadata.token" } })),
    ).toEqual([]);
  });
});

function backup(): { readonly [key: string]: Json } {
  return { databases: [{ notionDatabaseId: id, projectScopeId: "team-a" }] };
}

function full(): { readonly [key: string]: Json } {
  return { backup: backup() };
}
