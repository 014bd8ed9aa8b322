import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { LockstepError } from "../../src/core/errors.ts";
import type { Json } from "../../src/core/json.ts";
import { folderWith } from "./folder.ts";

const id = "0123456789abcdef0123456789abcdef";
const other = "fedcba9876543210fedcba9876543210";
const file = "/srv/place/lockstep.config.json";

type Entry = { readonly [key: string]: Json };

const smallest: Entry = {
  name: "people",
  notion: { database: id },
  table: { url: "sqlite:crm.db", name: "people", key: "id" },
  fields: [{ property: "Name", column: "name" }],
};

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

describe("a table sync", () => {
  it("needs little, and has a default for everything else", () => {
    const { backup, tables } = resolveConfig({ tables: [smallest] }, file);
    expect(backup.databases).toEqual([]);
    expect(tables).toEqual([
      {
        name: "people",
        notion: {
          id: "01234567-89ab-cdef-0123-456789abcdef",
          dataSource: null,
          idProperty: "Lockstep ID",
          isProvisioningOptions: false,
        },
        table: {
          url: { url: "sqlite:/srv/place/crm.db" },
          name: "people",
          key: "id",
          markerColumn: null,
          softDelete: null,
          isHardDeleting: false,
          keyGenerator: null,
        },
        fields: [
          { property: "Name", column: "name", owner: null, conflict: "ask", map: null, isWriteOnce: false },
        ],
        match: null,
        creates: { notion: true, table: true },
        onDelete: "unlink",
        onDeleteEdit: "ask",
        guard: { deletesMax: 10, deleteShareMax: 0.1, clearShareMax: 0.2, changeShareMax: 0.9 },
        pollSeconds: 60,
        sweepEveryHours: 24,
        isEnabled: true,
        isFollowed: true,
      },
    ]);
  });

  it("keeps its name, and a backup that is called after its scope gives way to it", () => {
    const databases = [{ notionDatabaseId: other, projectScopeId: "people" }];
    const { backup, tables } = resolveConfig({ backup: { databases }, tables: [smallest] }, file);
    expect([backup.databases[0]?.name, tables[0]?.name]).toEqual(["people-2", "people"]);
  });

  it("knows the way back of a map where that is clear", () => {
    const map = { toTable: { Lead: "open", Talking: "open", Won: "closed" }, toNotion: { open: "Lead" } };
    const fields = [{ property: "Stage", column: "stage", map }];
    const [table] = resolveConfig({ tables: [{ ...smallest, fields }] }, file).tables;
    expect(table?.fields[0]?.map).toEqual({
      toTable: { Lead: "open", Talking: "open", Won: "closed" },
      toNotion: { open: "Lead", closed: "Won" },
    });
  });

  it.each<[string, Json, readonly string[]]>([
    [
      "missing parts, all at once",
      { tables: [{ name: "people", notion: {}, table: { url: 3, name: "people" }, fields: [] }] },
      [
        "tables[0].notion.database: expected a text; it is missing",
        "tables[0].table.url: expected a text or an object { … }, got 3",
        "tables[0].table.key: expected a text; it is missing",
        "tables[0].fields: expected at least 1 entry; got []",
      ],
    ],
    [
      "keys with a typo, with the nearest",
      {
        tables: [
          { ...smallest, onDeleet: "unlink", table: { url: "sqlite:a.db", nmae: "t", name: "t", key: "id" } },
        ],
      },
      [
        'tables[0].table.nmae: unknown key. Did you mean "name"?',
        'tables[0].onDeleet: unknown key. Did you mean "onDelete"?',
      ],
    ],
    [
      "words that are none of the choices",
      {
        tables: [{ ...smallest, onDelete: "delete", fields: [{ property: "A", column: "a", owner: "me" }] }],
      },
      [
        'tables[0].fields[0].owner: expected "notion" or "table" or "both"; got "me"',
        'tables[0].onDelete: expected "unlink" or "propagate" or "restore"; got "delete"',
      ],
    ],
    [
      "a name, a database and a table used twice",
      { tables: [smallest, smallest] },
      [
        "tables[1].name: the name is already used by tables[0]; each belongs to one sync",
        "tables[1].notion.database: the data source is already used by tables[0]; each belongs to one sync",
        "tables[1].table.name: the table is already used by tables[0]; each belongs to one sync",
      ],
    ],
    [
      "the name of a backup",
      {
        backup: { databases: [{ name: "people", notionDatabaseId: other, projectScopeId: "team" }] },
        tables: [smallest],
      },
      ['tables[0].name: the name "people" is already used in backup.databases'],
    ],
    [
      "a property and a column mapped twice, and a match that is no field",
      {
        tables: [
          {
            ...smallest,
            fields: [
              { property: "A", column: "a" },
              { property: "A", column: "b" },
              { property: "C", column: "a" },
            ],
            match: { property: "A", column: "c" },
          },
        ],
      },
      [
        'tables[0].fields[1].property: "A" is already mapped in fields[0]; map each property once',
        'tables[0].fields[2].column: "a" is already mapped in fields[0]; map each column once',
        'tables[0].match: "A" and "c" are not mapped to each other in fields; match by a field that is',
      ],
    ],
    [
      "a map without a way back",
      {
        tables: [
          {
            ...smallest,
            fields: [{ property: "S", column: "s", map: { toTable: { Lead: "open", Talk: "open" } } }],
          },
        ],
      },
      [
        'tables[0].fields[0].map: "Lead" and "Talk" both become "open"; say under "toNotion" which of them "open" becomes',
      ],
    ],
    [
      "a variable that is none",
      { tables: [{ ...smallest, table: { url: { env: "MY DB" }, name: "t", key: "id" } }] },
      ['tables[0].table.url.env: expected the name of a variable, as in "DATABASE_URL"; got "MY DB"'],
    ],
    [
      "a password in the address, never showing it",
      { tables: [{ ...smallest, table: { url: "postgres://me:hunter2@db/crm", name: "t", key: "id" } }] },
      [
        'tables[0].table.url: looks like a secret; take it out, put the address into the environment and write {"env": "DATABASE_URL"} here',
      ],
    ],
  ])("refuses %s", (_name, written, expected) => {
    expect(problemsIn(written)).toEqual(expected);
  });

  it("may map words that look like the names of secrets", () => {
    const map = { toTable: { Password: "p", "API key": "k" } };
    expect(problemsIn({ tables: [{ ...smallest, fields: [{ property: "S", column: "s", map }] }] })).toEqual(
      [],
    );
  });
});

describe("the environment of a table sync", () => {
  const named = { ...smallest, table: { url: { env: "CRM_URL" }, name: "people", key: "id" } };
  const load = async (env: { readonly [name: string]: string }) => {
    await using folder = await folderWith({ "lockstep.config.json": JSON.stringify({ tables: [named] }) });
    return { folder: folder.path, ...(await loadConfig({ cwd: folder.path, file: null, env })) };
  };

  it("holds the address of its database, which the configuration only names", async () => {
    const { config, environment } = await load({ CRM_URL: "postgres://me:dummy@db:5432/crm" });
    expect(environment.secrets.databaseUrls).toEqual({ CRM_URL: "postgres://me:dummy@db:5432/crm" });
    expect(JSON.stringify(config)).not.toContain("dummy");
  });

  it("holds nothing when the variable is not set: only what needs it asks for it", async () => {
    expect((await load({})).environment.secrets.databaseUrls).toEqual({});
  });

  it("takes a path relative to the file, and refuses what is no address without showing it", async () => {
    const { environment, folder } = await load({ CRM_URL: "sqlite:data/crm.db" });
    expect(environment.secrets.databaseUrls.CRM_URL).toBe(`sqlite:${folder}/data/crm.db`);
    await expect(load({ CRM_URL: "mysql://me:hunter2@db/crm" })).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(/^(?!.*hunter2).*CRM_URL: expected/s),
    });
  });

  it("holds the webhook's secret, and the one before", async () => {
    const env = { NOTION_WEBHOOK_SECRET: "new-dummy", NOTION_WEBHOOK_SECRET_PREVIOUS: "old-dummy" };
    expect((await load(env)).environment.secrets.webhookSecrets).toEqual(["new-dummy", "old-dummy"]);
    expect((await load({ NOTION_WEBHOOK_SECRET: " " })).environment.secrets.webhookSecrets).toEqual([]);
  });

  it("can turn following off and on", async () => {
    expect((await load({ LOCKSTEP_SYNC_ENABLED: "0" })).config.tables[0]).toMatchObject({
      isEnabled: true,
      isFollowed: false,
    });
  });
});
