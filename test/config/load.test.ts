import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { noSecrets } from "../../src/config/environment.ts";
import { loadConfig } from "../../src/config/load.ts";
import { LockstepError } from "../../src/core/errors.ts";
import { folderWith } from "./folder.ts";

const id = "0123456789abcdef0123456789abcdef";
const minimal = JSON.stringify({
  backup: { databases: [{ notionDatabaseId: id, projectScopeId: "team-a" }] },
});

async function refusal(work: Promise<unknown>): Promise<LockstepError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof LockstepError) return error;
  throw new Error("expected a LockstepError", { cause: error });
}

describe("loadConfig", () => {
  it("fills in every default, with paths relative to the file", async () => {
    await using folder = await folderWith({ "lockstep.config.json": minimal });
    const { config } = await loadConfig({ cwd: folder.path, file: null, env: {} });
    expect(config).toEqual({
      file: join(folder.path, "lockstep.config.json"),
      store: `sqlite:${join(folder.path, "lockstep.db")}`,
      notion: { ratePerMinute: 180, timeoutMs: 60_000 },
      backup: {
        sweepEveryHours: 0,
        guard: { deletesMax: 10, deleteShareMax: 0.1 },
        databases: [
          {
            name: "team-a",
            notionId: "01234567-89ab-cdef-0123-456789abcdef",
            dataSource: null,
            projectScopeId: "team-a",
            isEnabled: true,
            fieldMappings: [],
            schedule: { cron: "0 3 * * *", timeZone: "UTC", isEnabled: true },
          },
        ],
      },
      tables: [],
    });
  });

  it("finds the file upward from the working directory", async () => {
    await using folder = await folderWith({ "lockstep.config.json": minimal, "deep/er/note.txt": "" });
    const { config } = await loadConfig({ cwd: join(folder.path, "deep/er"), file: null, env: {} });
    expect(config.file).toBe(join(folder.path, "lockstep.config.json"));
  });

  it("takes the file it is given, relative to the working directory", async () => {
    await using folder = await folderWith({ "other/mine.json": minimal });
    const { config } = await loadConfig({ cwd: folder.path, file: "other/mine.json", env: {} });
    expect(config.store).toBe(`sqlite:${join(folder.path, "other/lockstep.db")}`);
  });

  it.each(["ts", "mjs", "js"])("loads lockstep.config.%s", async (extension) => {
    const defineConfig = join(import.meta.dirname, "../../src/config/define-config.ts");
    const text = `import { defineConfig } from "${defineConfig}";\nexport default defineConfig(${minimal});\n`;
    await using folder = await folderWith({
      [`lockstep.config.${extension}`]: text,
      "package.json": '{"type":"module"}',
    });
    const { config } = await loadConfig({ cwd: folder.path, file: null, env: {} });
    expect(config.backup.databases[0]?.name).toBe("team-a");
  });

  it('gives `import … from "lockstep"` its own defineConfig, wherever the file lies', async () => {
    const text = `import { defineConfig } from "lockstep";\nexport default defineConfig(${minimal});\n`;
    await using folder = await folderWith({ "lockstep.config.ts": text });
    const main = join(import.meta.dirname, "../../src/cli/main.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [main, "status", "--json"], {
      cwd: folder.path,
    });
    expect(JSON.parse(stdout).syncs).toMatchObject([{ sync: "team-a" }]);
  });

  it("says where it looked when there is no file", async () => {
    await using folder = await folderWith({});
    const error = await refusal(loadConfig({ cwd: folder.path, file: null, env: {} }));
    expect(error.code).toBe("CONFIG_NOT_FOUND");
    expect(error.message).toContain(folder.path);
    const named = await refusal(loadConfig({ cwd: folder.path, file: "nowhere.json", env: {} }));
    expect(named.code).toBe("CONFIG_NOT_FOUND");
    expect(named.message).toContain("nowhere.json");
  });

  it.each([
    ["a comment", '{\n  // hi\n  "store": 1 }', "line 2, column 3", "comment"],
    [
      "a trailing comma",
      '{ "store": "sqlite:a.db", }',
      "line 1, column 27",
      "expected a key in double quotes, got }",
    ],
    ["a missing comma", '{\n "a": 1\n "b": 2 }', "line 3, column 2", "expected , or }, got a text"],
    ["an early end", '{ "backup": [1, 2', "line 1, column 18", "expected , or ], got the end of the file"],
    ["single quotes", "{ 'a': 1 }", "line 1, column 3", "single quote"],
    ["a key written twice", '{ "a": 1,\n  "a": 2 }', "line 2, column 3", "written twice"],
    ["an empty file", "", "line 1, column 1", "expected a value"],
    ["a text after the end", "{} {}", "line 1, column 4", "expected the end of the file"],
    ["an open text", '{ "a": "b\n" }', "line 1, column 8", "not closed"],
  ])("points at %s by line and column", async (_name, text, place, problem) => {
    await using folder = await folderWith({ "lockstep.config.json": text });
    const error = await refusal(loadConfig({ cwd: folder.path, file: null, env: {} }));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain(place);
    expect(error.message).toContain(problem);
  });

  it("does not quote a broken file, which may hold a secret", async () => {
    await using folder = await folderWith({
      "lockstep.config.json": '{ "token": "ntn_dummy" oops',
      "broken.ts": 'export default { token: "ntn_dummy" oops };',
      "throwing.mjs": 'throw new Error("got ntn_dummy\\nntn_dummy");',
    });
    for (const file of ["lockstep.config.json", "broken.ts", "throwing.mjs"]) {
      const error = await refusal(loadConfig({ cwd: folder.path, file, env: {} }));
      expect(error.code).toBe("CONFIG_INVALID");
      expect(error.message).not.toContain("ntn_dummy");
    }
  });

  it.each([
    ["no default export", "export const config = {};", "export default"],
    ["a function", "export default { backup: () => 1 };", "plain data"],
  ])("refuses a program with %s", async (_name, text, expected) => {
    await using folder = await folderWith({ "lockstep.config.mjs": text });
    const error = await refusal(loadConfig({ cwd: folder.path, file: null, env: {} }));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain(expected);
  });
});

describe("the environment", () => {
  it("carries secrets and overrides every schedule", async () => {
    await using folder = await folderWith({ "lockstep.config.json": minimal });
    const env = {
      NOTION_TOKEN: "ntn_dummy",
      NOTION_BASE_URL: "http://127.0.0.1:9/",
      LOCKSTEP_SYNC_SCHEDULE: "*/5 * * * *",
      LOCKSTEP_SYNC_ENABLED: "0",
      LOCKSTEP_ADMIN_TOKEN: "",
    };
    const { config, environment } = await loadConfig({ cwd: folder.path, file: null, env });
    expect(environment.secrets).toEqual({ ...noSecrets, notionToken: "ntn_dummy" });
    expect(environment.notionBaseUrl).toBe("http://127.0.0.1:9");
    expect(config.backup.databases[0]?.schedule).toEqual({
      cron: "*/5 * * * *",
      timeZone: "UTC",
      isEnabled: false,
    });
  });

  it.each([
    ["LOCKSTEP_SYNC_SCHEDULE", "hourly"],
    ["LOCKSTEP_SYNC_ENABLED", "yes please"],
    ["NOTION_BASE_URL", "localhost"],
    ["NOTION_BASE_URL", "http://me:hunter2@localhost"],
  ])("refuses %s=%s by name", async (name, value) => {
    await using folder = await folderWith({ "lockstep.config.json": minimal });
    const error = await refusal(loadConfig({ cwd: folder.path, file: null, env: { [name]: value } }));
    expect(error.code).toBe("CONFIG_INVALID");
    expect(error.message).toContain(name);
    expect(error.message).not.toContain("hunter2");
  });
});
