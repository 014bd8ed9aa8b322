import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { StatusReport } from "../../src/app/lockstep.ts";
import type { OpenQuestions } from "../../src/app/two-way.ts";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { codeLines, repository } from "../docs/markdown.ts";
import { createDatabase } from "../support/postgres.ts";
import { documentIn, type Ended, run, type Started, start } from "./cli.ts";
import { postJson, type RunsDocument, titleOf } from "./world.ts";

const databaseId = "01234567-89ab-cdef-0123-456789abcdef";
const textOf = (text: string) => ({ rich_text: [{ text: { content: text } }] });

/** The place of docs/two-way.md: an emulated Notion with people, a folder with a SQLite table of people. */
class Place implements AsyncDisposable {
  readonly emulator: Emulator;
  readonly cwd: string;
  readonly adaId: string;

  private constructor(emulator: Emulator, cwd: string) {
    this.emulator = emulator;
    this.cwd = cwd;
    this.adaId = emulator.workspace.rows(this.dataSourceId)[0]?.id ?? "";
  }

  static async open(): Promise<Place> {
    const emulator = await startEmulator({ ratePerMinute: null, webhooks: { aggregationMs: 10 }, seed });
    const cwd = await mkdtemp(join(tmpdir(), "lockstep-table-"));
    const place = new Place(emulator, cwd);
    place.sql(
      `CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, age INTEGER, due_date DATE);
       INSERT INTO people (name, email, age) VALUES ('Ada', 'ada@example.com', 36), ('Linus', 'linus@example.com', 50);`,
    );
    return place;
  }

  get dataSourceId(): string {
    return this.emulator.workspace.dataSources()[0]?.id ?? "";
  }

  get env(): { readonly [name: string]: string } {
    return { NOTION_BASE_URL: this.emulator.url, NOTION_TOKEN: this.emulator.token };
  }

  lockstep(args: readonly string[], env: { readonly [name: string]: string } = {}): Promise<Ended> {
    return run(args, { cwd: this.cwd, env: { ...this.env, ...env } });
  }

  start(args: readonly string[], env: { readonly [name: string]: string } = {}): Started {
    return start(args, { cwd: this.cwd, env: { ...this.env, ...env } });
  }

  sql(text: string): void {
    const crm = new DatabaseSync(join(this.cwd, "crm.db"), { timeout: 5_000 });
    crm.exec(text);
    crm.close();
  }

  person(action: string, input: { readonly [key: string]: unknown }): Promise<unknown> {
    return postJson(`${this.emulator.url}/_emulator/person`, { action, ...input });
  }

  ages(): { readonly [name: string]: number | null } {
    const crm = new DatabaseSync(join(this.cwd, "crm.db"), { timeout: 5_000 });
    const rows = crm.prepare("SELECT name, age FROM people").all() as { name: string; age: number | null }[];
    crm.close();
    return Object.fromEntries(rows.map(({ name, age }) => [name, age]));
  }

  async openConflict(): Promise<string> {
    const { conflicts } = documentIn<OpenQuestions>(await this.lockstep(["conflicts", "--json"]));
    return conflicts[0]?.id ?? "";
  }

  /** The operator's part: a server that waits for the handshake, a webhook, its token from the terminal into Notion. */
  async pair(args: readonly string[], webhook: { readonly url: string }): Promise<string> {
    await using pairing = this.start(args);
    await pairing.firstLine();
    const { id, verificationToken } = this.emulator.workspace.addWebhook(webhook);
    await this.emulator.webhooks.settle();
    pairing.kill("SIGTERM");
    const { stderr } = await pairing.ended;
    const token = /NOTION_WEBHOOK_SECRET=(\S+)/.exec(stderr)?.[1] ?? "";
    expect(token, stderr).toBe(verificationToken);
    this.emulator.workspace.confirmWebhook(id, token);
    return token;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.emulator.close();
    await rm(this.cwd, { recursive: true, force: true });
  }
}

const seed = {
  databases: [
    {
      id: databaseId,
      title: "People",
      dataSources: [
        {
          name: "People",
          properties: {
            Name: { title: {} },
            Email: { rich_text: {} },
            Age: { number: {} },
            "Due date": { date: {} },
          },
          rows: [
            { properties: { Name: titleOf("Ada"), Email: textOf("ada@example.com"), Age: { number: 36 } } },
            { properties: { Name: titleOf("Grace"), Email: textOf("grace@example.com") } },
          ],
        },
      ],
    },
  ],
};

/** The guide's commands, as a reader types them. */
function commandsIn(text: string): readonly (readonly string[])[] {
  return codeLines(text, "sh")
    .map((line) => line.replace(/\s+#.*$/, ""))
    .filter((line) => line.startsWith("npx lockstep "))
    .map((line) => line.split(/\s+/).slice(2));
}

describe.concurrent("docs/two-way.md", () => {
  const guide = readFileSync(join(repository, "docs/two-way.md"), "utf8");

  it("leads from nothing to a conflict that is settled, by its own commands", async () => {
    await using place = await Place.open();
    place.sql(codeLines(guide, "sql").join("\n"));
    const said = new Map<string, string>();
    for (const words of commandsIn(guide)) {
      const command = words.join(" ");
      if (words[0] === "serve") continue;
      if (command === "conflicts") await disagree(place);
      const id = words.includes("ID") ? await place.openConflict() : "";
      const ended = await place.lockstep(words.map((word) => (word === "ID" ? id : word)));
      expect(ended, `lockstep ${command}`).toMatchObject({ exitCode: 0, stderr: "" });
      said.set(command, ended.stdout);
    }
    expect(said.size).toBeGreaterThan(10);
    expect(said.get("doctor")).toContain("fields: 4 of 4 are in agreement");
    expect(said.get("plan")).toContain("people: 2 to create");
    expect(said.get("conflicts")).toMatch(/Notion: 37 .*\n {2}people: 40/);
    expect(said.get("conflicts resolve ID --take notion")).toContain("Notion wins");
    expect(said.get("history Ada")).toMatch(/people +\(gave way\) +Age: 40/);
    expect(place.ages()).toEqual({ Ada: 37, Linus: 50, Grace: null });
  });

  async function disagree(place: Place): Promise<void> {
    await place.person("editPage", { pageId: place.adaId, properties: { Age: { number: 37 } } });
    place.sql("UPDATE people SET age = 40 WHERE name = 'Ada'");
    await postJson(`${place.emulator.url}/_emulator/clock`, { advanceMs: 120_000 });
    const ended = await place.lockstep(["sync"]);
    expect(ended, "conflicts are left open").toMatchObject({ exitCode: 4 });
    expect(place.ages().Ada, "nothing is overwritten").toBe(40);
  }
});

/** Ready to run, by the command line alone. */
async function prepare(place: Place): Promise<void> {
  place.sql("ALTER TABLE people ADD COLUMN lockstep_id text; CREATE UNIQUE INDEX u ON people (lockstep_id)");
  const table = ["--url", "sqlite:crm.db", "--table", "people", "--key", "id", "--marker", "lockstep_id"];
  for (const args of [
    ["init", "--notion", databaseId, ...table, "--match", "Email=email"],
    ["table", "install", "people", "--yes"],
    ["sync", "--yes"],
  ]) {
    const { exitCode, stderr } = await place.lockstep(args);
    expect(exitCode, stderr).toBe(0);
  }
}

/** Other processes work in real time, so this looks again and again. */
async function until(isTrue: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (let looks = 0; looks < 400; looks += 1) {
    if (await isTrue()) return;
    await delay(50);
  }
  throw new Error(`waited in vain until ${what}`);
}

async function freePort(): Promise<number> {
  const socket = createServer().listen(0, "127.0.0.1");
  await once(socket, "listening");
  const address = socket.address();
  socket.close();
  await once(socket, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe.concurrent("lockstep serve", () => {
  it("pairs with a webhook, carries edits both ways as they are made, and stops when asked to", async () => {
    await using place = await Place.open();
    await prepare(place);
    const port = await freePort();
    const serve = ["serve", "--port", String(port), "--json"];
    const webhook = { url: `http://127.0.0.1:${port}/webhook/notion` };
    const token = await place.pair([...serve, "--accept-webhook-verification"], webhook);
    await using server = place.start(serve, { NOTION_WEBHOOK_SECRET: token });
    await server.firstLine();
    await place.person("editPage", { pageId: place.adaId, properties: { Age: { number: 41 } } });
    await until(() => place.ages().Ada === 41, "the row has the page's age");
    place.sql("UPDATE people SET age = 51 WHERE name = 'Linus'");
    await until(
      () => place.emulator.workspace.rows(place.dataSourceId).some(({ properties }) => properties.Age === 51),
      "the page has the row's age",
    );
    const askedAt = performance.now();
    server.kill("SIGTERM");
    const ended = await server.ended;
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(10_000);
    const { pairs } = documentIn<StatusReport>(await place.lockstep(["status", "--json"]));
    const { runs } = documentIn<RunsDocument>(await place.lockstep(["runs", "--json"]));
    const triggers = new Set(runs.map(({ run: each }) => each.trigger));
    expect(triggers, "told, not found by asking").toEqual(new Set(["cli", "webhook", "change"]));
    expect(pairs).toMatchObject([{ isRunning: false, totals: { live: 3, inbox: 0, openConflicts: 0 } }]);
  });

  it("has two workers beside it, which never run one sync at once and take over", async () => {
    await using place = await Place.open();
    await prepare(place);
    const file = join(place.cwd, "lockstep.config.json");
    const config = JSON.parse(await readFile(file, "utf8"));
    config.tables[0].pollSeconds = 5;
    await writeFile(file, JSON.stringify(config));
    await using one = place.start(["worker", "--json"]);
    await using other = place.start(["worker", "--json"]);
    expect(JSON.parse(await one.firstLine())).toEqual({ ok: true, following: ["people"] });
    await other.firstLine();
    place.sql("UPDATE people SET age = 37 WHERE name = 'Ada'");
    const hasAge = (age: number) => () =>
      place.emulator.workspace.rows(place.dataSourceId).some(({ properties }) => properties.Age === age);
    await until(hasAge(37), "one of them carried the edit over");
    one.kill("SIGKILL");
    await one.ended;
    place.sql("UPDATE people SET age = 38 WHERE name = 'Ada'");
    await until(hasAge(38), "the other one took over");
    other.kill("SIGTERM");
    expect(await other.ended).toMatchObject({ exitCode: 0 });
    const { runs } = documentIn<RunsDocument>(await place.lockstep(["runs", "--json", "--limit", "100"]));
    const spans = runs
      .filter(({ run: each }) => each.endedAt !== null)
      .map(({ run: each }) => [Date.parse(each.startedAt), Date.parse(each.endedAt ?? "")] as const)
      .sort((a, b) => a[0] - b[0]);
    for (const [index, [startedAt]] of spans.entries()) {
      expect(startedAt, "the run before has ended").toBeGreaterThanOrEqual(spans[index - 1]?.[1] ?? 0);
    }
  });
});

describe.concurrent("a table in Postgres", () => {
  it("is kept in agreement by the command line alone, its password in the environment", async () => {
    await using place = await Place.open();
    await using postgres = await createDatabase();
    await postgres.run(
      `CREATE TABLE contacts (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL, email text UNIQUE,
         age integer, "due date" date, lockstep_id text UNIQUE);
       INSERT INTO contacts (name, email, age) VALUES ('Ada', 'ada@example.com', 36), ('Linus', 'linus@example.com', 50)`,
    );
    const env = { CRM_URL: postgres.url };
    const table = [
      "--url-env",
      "CRM_URL",
      "--table",
      "public.contacts",
      "--key",
      "id",
      "--marker",
      "lockstep_id",
    ];
    const init = await place.lockstep(
      ["init", "--notion", databaseId, ...table, "--name", "crm", "--match", "Email=email"],
      env,
    );
    expect(init.exitCode, init.stderr).toBe(0);
    expect(await readFile(join(place.cwd, "lockstep.config.json"), "utf8")).not.toContain("postgres://");
    const missing = await place.lockstep(["sync", "--yes"]);
    expect(missing).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("CRM_URL is not set") });
    for (const args of [
      ["table", "install", "crm", "--yes"],
      ["sync", "--yes"],
    ]) {
      const ended = await place.lockstep(args, env);
      expect(ended.exitCode, ended.stderr + ended.stdout).toBe(0);
    }
    const rows = await postgres.run(
      "SELECT name, lockstep_id IS NOT NULL AS marked FROM contacts ORDER BY name",
    );
    expect(rows).toEqual([
      { name: "Ada", marked: false },
      { name: "Grace", marked: true },
      { name: "Linus", marked: false },
    ]);
    await postgres.run("UPDATE contacts SET age = 37 WHERE name = 'Ada'");
    const second = await place.lockstep(["sync", "--json"], env);
    expect(documentIn<RunsDocument>(second).runs).toMatchObject([{ run: { counts: { updated: 1 } } }]);
    const removed = await place.lockstep(["table", "remove", "crm", "--yes"], env);
    expect(removed.exitCode, removed.stderr).toBe(0);
    expect(await postgres.run("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'lockstep%'")).toEqual([]);
  });
});
