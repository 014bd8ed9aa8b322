import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import type { StatusReport } from "../../../src/app/lockstep.ts";
import { startGitHubEmulator } from "../../../src/emulator/github/github.ts";
import { startEmulator } from "../../../src/emulator/index.ts";
import { writeExport } from "../../../src/recipes/library/exports/write-export.ts";
import { boardProperties as board } from "../../../src/recipes/pipeline/board.ts";
import { startChat } from "../../app/chat.ts";
import { exported } from "../../app/library-world.ts";
import { folderWith } from "../../config/folder.ts";
import { documentIn, type Ended, run, type Started, start } from "../cli.ts";
import { freePort } from "./team.ts";

const repository = "acme/app";
const githubSecret = "dummy-github-webhook-secret";
/** Whoever was refused waits twice as long each time. */
const waitMsMax = 180_000;
const text = (content: string) => [{ type: "text", text: { content } }];

async function until(what: string, holds: () => boolean): Promise<void> {
  const deadline = performance.now() + waitMsMax;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await delay(100);
  }
}

/** One configuration with a library, a pipeline and planning, and one server for all of them. */
class Household implements AsyncDisposable {
  readonly notion: Awaited<ReturnType<typeof startEmulator>>;
  readonly github: Awaited<ReturnType<typeof startGitHubEmulator>>;
  readonly chat: Awaited<ReturnType<typeof startChat>>;
  readonly ids: Readonly<Record<"planning" | "board" | "books", string>>;
  private readonly cwd: string;
  private readonly env: Readonly<Record<string, string>>;
  private readonly port: number;
  private readonly resources: AsyncDisposableStack;

  private constructor(
    parts: Pick<Household, "notion" | "github" | "chat" | "ids"> & {
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
      readonly port: number;
      readonly resources: AsyncDisposableStack;
    },
  ) {
    this.notion = parts.notion;
    this.github = parts.github;
    this.chat = parts.chat;
    this.ids = parts.ids;
    this.cwd = parts.cwd;
    this.env = parts.env;
    this.port = parts.port;
    this.resources = parts.resources;
  }

  static async open(): Promise<Household> {
    await using resources = new AsyncDisposableStack();
    const channel = { "channel_configs/news.yaml": "id: news\nname: Daily News\n" };
    const { path: cwd } = resources.use(await folderWith(channel));
    const notion = resources.use(
      await startEmulator({ ratePerMinute: null, webhooks: { aggregationMs: 100 } }),
    );
    const github = resources.use(await startGitHubEmulator());
    const chat = resources.use(await startChat());
    github.people.addRepository(repository);
    const port = await freePort();
    const { id, verificationToken } = notion.workspace.addWebhook({
      url: `http://127.0.0.1:${port}/webhook/notion`,
    });
    const env = {
      NOTION_BASE_URL: notion.url,
      NOTION_TOKEN: notion.token,
      NOTION_WEBHOOK_SECRET: verificationToken,
      GITHUB_API_URL: github.url,
      GITHUB_TOKEN: github.token,
      GITHUB_WEBHOOK_SECRET: githubSecret,
      ALERTS: chat.url,
    };
    const parentPage = notion.workspace.createPage({ properties: {} });
    const alerts = { webhookUrlEnv: "ALERTS" };
    await writeFile(
      join(cwd, "lockstep.config.json"),
      JSON.stringify({
        notion: { ratePerMinute: 600 },
        library: { notion: { parentPage }, pollSeconds: 5 },
        pipeline: { notion: { parentPage }, pushSeconds: 5, pollSeconds: 10, alerts },
        planning: { notion: { parentPage }, repositories: [repository], pollSeconds: 5, alerts },
      }),
    );
    const cli = async (...args: readonly string[]) => {
      const ended = await run([...args, "--json"], { cwd, env });
      expect(ended, ended.stderr).toMatchObject({ exitCode: 0 });
      return ended;
    };
    const { books } = documentIn<{ books: string }>(await cli("init", "--recipe", "library"));
    const { board: boardId } = documentIn<{ board: string }>(await cli("init", "--recipe", "pipeline"));
    const { database } = documentIn<{ database: string }>(await cli("init", "--recipe", "planning"));
    await writeFile(join(cwd, "library.csv"), [...writeExport([exported(1), exported(2)])].join(""));
    await cli("import", "library.csv", "--commit");
    await cli("sync", "planning", "--yes");
    notion.workspace.confirmWebhook(id, verificationToken);
    github.webhooks.add({ url: `http://127.0.0.1:${port}/webhook/github`, secret: githubSecret });
    const ids = { planning: database, board: boardId, books };
    return new Household({ notion, github, chat, ids, cwd, env, port, resources: resources.move() });
  }

  serve(): Started {
    return start(["serve", "--port", String(this.port)], { cwd: this.cwd, env: this.env, msMax: 400_000 });
  }

  status(): Promise<Ended> {
    return run(["status", "--json"], { cwd: this.cwd, env: this.env });
  }

  rows(database: string): readonly { readonly id: string; readonly text: string }[] {
    const all = this.notion.workspace.rows(database).filter(({ inTrash }) => !inTrash);
    return all.map(({ id, properties }) => ({ id, text: JSON.stringify(properties) }));
  }

  /** Titles of the pipeline's tasks, past the program. */
  tasks(): readonly string[] {
    return this.ask("tasks.db", "SELECT title FROM tasks ORDER BY title").map(({ title }) => String(title));
  }

  /** Which deliveries were stored for which sync. */
  inbox(): readonly string[] {
    const sql = "SELECT DISTINCT sync_id, source FROM pair_inbox WHERE detected_by = 'webhook' ORDER BY 1, 2";
    return this.ask("lockstep.db", sql).map(({ sync_id, source }) => `${source} → ${sync_id}`);
  }

  private ask(file: string, sql: string) {
    using database = new DatabaseSync(join(this.cwd, file), { readOnly: true });
    return database.prepare(sql).all();
  }

  addEntry(title: string): void {
    this.notion.workspace.createPage({
      parent: { dataSourceId: this.ids.board },
      properties: {
        [board.title]: { title: text(title) },
        [board.topic]: { rich_text: text(`About ${title}`) },
        [board.channel]: { select: { name: "Daily News" } },
      },
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources[Symbol.asyncDispose]();
  }
}

const codesOf = (log: string, event: string) =>
  log
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line): { readonly [key: string]: unknown } => JSON.parse(line))
    .filter((line) => line.event === event || line.msg === event);

test("one server keeps a library, a pipeline and a plan, and the trouble of one is its own", {
  timeout: 400_000,
}, async () => {
  await using home = await Household.open();
  await using server = home.serve();
  await server.firstLine();
  const { people, faults } = home.github;
  const planned = (title: string) => home.rows(home.ids.planning).some((row) => row.text.includes(title));

  // Each sync hears of its own.
  people.addIssue(repository, { title: "From GitHub" });
  home.addEntry("A story");
  const [book] = home.rows(home.ids.books);
  home.notion.workspace.editPage(book?.id ?? "", { properties: { Status: { select: { name: "Reading" } } } });
  await until("the issue's row", () => planned("From GitHub"));
  await until("the story's task", () => home.tasks().includes("A story"));
  const row = home.rows(home.ids.planning)[0]?.id ?? "";
  home.notion.workspace.editPage(row, { properties: { Title: { title: text("From Notion") } } });
  await until("the issue's new title", () => people.issues(repository)[0]?.title === "From Notion");
  await until("what was told of the book", () => home.inbox().length === 4);
  expect(home.inbox().map((line) => line.replace(/:.*:/, ":"))).toEqual([
    expect.stringMatching(/^github → github:/),
    expect.stringMatching(/^notion → github:/),
    expect.stringMatching(/^notion → table:/),
    expect.stringMatching(/^notion → table:/),
  ]);

  // GitHub shuts its door: planning says so, and the others go on.
  faults.add({ match: { path: "." }, effect: { kind: "status", status: 401, message: "Bad credentials" } });
  people.addIssue(repository, { title: "Behind the door" });
  await until("the alert", () => home.chat.messages.some(({ status }) => status === "firing"));
  home.addEntry("Another story");
  await until("the next task", () => home.tasks().includes("Another story"));
  const during = documentIn<StatusReport>(await home.status());
  const standing = during.pairs.map(({ sync, lastRun }) => [sync, lastRun?.status === "failed"]);
  expect(standing.toSorted()).toEqual([
    ["library-books", false],
    ["library-series", false],
    ["pipeline", false],
    ["planning", true],
  ]);
  faults.clear();
  await until("the row of what was behind the door", () => planned("Behind the door"));
  await until("the end of the alert", () => home.chat.messages.some(({ status }) => status === "resolved"));
  expect(home.chat.messages.map(({ cause, status }) => [cause, status])).toEqual([
    ["access:planning", "firing"],
    ["access:planning", "resolved"],
  ]);
  server.kill("SIGTERM");
  const ended = await server.ended;
  expect(ended.exitCode).toBe(0);
  expect(codesOf(ended.stderr, "planning.alert")).toHaveLength(1);
  expect(codesOf(ended.stderr, "pipeline.alert")).toEqual([]);
});
