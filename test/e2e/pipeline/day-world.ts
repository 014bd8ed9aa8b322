import { createHmac } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { runWorker } from "../../../examples/pipeline-worker/worker.ts";
import { openLockstep } from "../../../src/app/open.ts";
import { noSecrets } from "../../../src/config/environment.ts";
import { resolveConfig } from "../../../src/config/resolve.ts";
import { isJsonObject, type Json } from "../../../src/core/json.ts";
import { type Emulator, startEmulator, type TrueRow } from "../../../src/emulator/index.ts";
import { boardProperties as board } from "../../../src/recipes/pipeline/board.ts";
import {
  openTaskDatabase,
  type Product,
  type SqlRow,
  type TaskDatabase,
} from "../../../src/recipes/pipeline/database.ts";
import { createTaskQueue } from "../../../src/recipes/pipeline/queue.ts";
import { folderWith } from "../../config/folder.ts";
import { realClock } from "../../recipes/pipeline/world.ts";
import { createDatabase } from "../../support/postgres.ts";
import { documentIn, type Ended, run, type Started, start } from "../cli.ts";

const waitMsMax = 60_000;
const text = (content: string) => (content === "" ? [] : [{ type: "text", text: { content } }]);

/** A team's day: an emulated Notion with a webhook, the server as a process of its own, and the example worker. */
export class Day implements AsyncDisposable {
  readonly emulator: Emulator;
  /** What people wrote last, by page. */
  readonly wrote = new Map<string, { title: string; topic: string; story: string }>();
  private readonly cwd: string;
  private readonly env: Readonly<Record<string, string>>;
  private readonly port: number;
  private readonly database: TaskDatabase;
  private readonly storeUrl: string;
  private readonly boardId: string;
  private readonly resources: AsyncDisposableStack;
  private server: Started | null = null;
  private readonly stderr: string[] = [];

  private constructor(parts: {
    readonly emulator: Emulator;
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly port: number;
    readonly database: TaskDatabase;
    readonly storeUrl: string;
    readonly boardId: string;
    readonly resources: AsyncDisposableStack;
  }) {
    this.emulator = parts.emulator;
    this.cwd = parts.cwd;
    this.env = parts.env;
    this.port = parts.port;
    this.database = parts.database;
    this.storeUrl = parts.storeUrl;
    this.boardId = parts.boardId;
    this.resources = parts.resources;
  }

  /** `lockstep init` has run twice, and the webhook is confirmed. */
  static async open(product: Product): Promise<Day> {
    await using resources = new AsyncDisposableStack();
    const { path: cwd } = resources.use(await folderWith({}));
    await mkdir(join(cwd, "channel_configs"));
    await writeFile(join(cwd, "channel_configs/news.yaml"), "id: news\nname: Daily News\n");
    const emulator = resources.use(
      await startEmulator({ ratePerMinute: null, webhooks: { aggregationMs: 100 } }),
    );
    const storeUrl =
      product === "sqlite" ? `sqlite:${join(cwd, "lockstep.db")}` : resources.use(await createDatabase()).url;
    const port = await freePort();
    const url = `http://127.0.0.1:${port}/webhook/notion`;
    const { id, verificationToken } = emulator.workspace.addWebhook({ url });
    const store = new URL(storeUrl);
    const env = {
      NOTION_BASE_URL: emulator.url,
      NOTION_TOKEN: emulator.token,
      NOTION_WEBHOOK_SECRET: verificationToken,
      ...(store.password === "" ? {} : { PGPASSWORD: store.password }),
    };
    store.password = "";
    const parentPage = emulator.workspace.createPage({ properties: {} });
    const written = {
      store: product === "sqlite" ? storeUrl : store.href,
      notion: { ratePerMinute: 600 },
      pipeline: {
        notion: { parentPage, statusProperty: "status", links: { assets: true, videos: true } },
        ...{ pushSeconds: 5, pollSeconds: 10, heartbeatSeconds: 10 },
      },
    };
    const file = join(cwd, "lockstep.config.json");
    await writeFile(file, JSON.stringify(written));
    demand(await run(["init", "--recipe", "pipeline", "--json"], { cwd, env }));
    emulator.calls.reset();
    const again = demand(await run(["init", "--recipe", "pipeline", "--json"], { cwd, env }));
    const document = documentIn<{ writes: number; board: string; isFileChanged: boolean }>(again);
    if (document.writes !== 0 || document.isFileChanged) throw new Error("the second init changed something");
    emulator.workspace.confirmWebhook(id, verificationToken);
    const tasksUrl = product === "sqlite" ? `sqlite:${join(cwd, "tasks.db")}` : storeUrl;
    const database = resources.use(openTaskDatabase(tasksUrl, realClock));
    for (const statement of countTransitions[product]) await database.write((sql) => sql(statement));
    const moved = resources.move();
    return new Day({
      ...{ emulator, cwd, env, port, database, storeUrl },
      boardId: document.board,
      resources: moved,
    });
  }

  async serve(): Promise<void> {
    this.server = start(["serve", "--port", String(this.port)], {
      cwd: this.cwd,
      env: this.env,
      msMax: 180_000,
    });
    await this.server.firstLine();
  }

  /** Without a word of warning. */
  async kill(): Promise<void> {
    this.server?.kill("SIGKILL");
    const ended = await this.server?.ended;
    this.stderr.push(ended?.stderr ?? "");
    this.server = null;
  }

  /** What the server has logged in all its lives; only once it was stopped. */
  log(): readonly { readonly [key: string]: Json }[] {
    return this.stderr
      .join("")
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .flatMap((line) => {
        const entry: Json = JSON.parse(line);
        return isJsonObject(entry) ? [entry] : [];
      });
  }

  /** The example worker, in this process, until disposed. */
  work() {
    const stop = new AbortController();
    const working = runWorker({
      // As long before another try as it may be: the board has to show it meanwhile, also on a machine that is busy.
      queue: createTaskQueue({ database: this.database, random: () => 0.999 }),
      name: "day",
      pause: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }),
      stepMs: 150,
      isOnce: false,
      log: () => {},
      signal: stop.signal,
    });
    return {
      async [Symbol.asyncDispose]() {
        stop.abort();
        await working.catch(() => {});
      },
    };
  }

  /** Sends a signed delivery of a person's edit; true: the server has acknowledged it. */
  async deliver(eventId: string, pageId: string): Promise<boolean> {
    const body = JSON.stringify({
      id: eventId,
      type: "page.properties_updated",
      timestamp: new Date().toISOString(),
      authors: [{ id: "ada", type: "person" }],
      entity: { id: pageId, type: "page" },
      data: { parent: { type: "database", data_source_id: this.boardId } },
    });
    const key = this.env.NOTION_WEBHOOK_SECRET ?? "";
    const signature = `sha256=${createHmac("sha256", key).update(body).digest("hex")}`;
    const headers = { "content-type": "application/json", "x-notion-signature": signature };
    return fetch(`http://127.0.0.1:${this.port}/webhook/notion`, { method: "POST", headers, body }).then(
      async (response) => {
        await response.arrayBuffer();
        return response.ok;
      },
      () => false,
    );
  }

  /** Every stored delivery, past the program: its id, and whether it was dealt with. */
  async inbox(): Promise<readonly SqlRow[]> {
    const sql = "SELECT event_id, handled_at FROM pair_inbox ORDER BY event_id";
    if (!this.storeUrl.startsWith("sqlite:"))
      return this.run(sql.replace("pair_inbox", "lockstep.pair_inbox"));
    await using store = openTaskDatabase(this.storeUrl, realClock);
    return await store.write((statement) => statement(sql, []));
  }

  add(title: string, entry: { readonly topic?: string; readonly status?: string } = {}): string {
    const { topic = `About ${title}`, status } = entry;
    const id = this.emulator.workspace.createPage({
      parent: { dataSourceId: this.boardId },
      properties: {
        [board.title]: { title: text(title) },
        [board.topic]: { rich_text: text(topic) },
        [board.channel]: { select: { name: "Daily News" } },
        ...(status === undefined ? {} : { [board.status]: { status: { name: status } } }),
      },
    });
    this.wrote.set(id, { title, topic, story: "" });
    return id;
  }

  move(id: string, status: string): void {
    this.emulator.workspace.editPage(id, { properties: { [board.status]: { status: { name: status } } } });
  }

  tell(id: string, story: string): void {
    const properties = { [board.storyDirection]: { rich_text: text(story) } };
    this.emulator.workspace.editPage(id, { properties });
    const before = this.wrote.get(id);
    if (before !== undefined) this.wrote.set(id, { ...before, story });
  }

  renameOption(from: string, to: string): void {
    this.emulator.workspace.renameOption(this.boardId, board.status, { from, to });
  }

  statusOn(id: string): string {
    return plain(this.pages().find((page) => page.id === id)?.properties[board.status] ?? null);
  }

  pages(): readonly TrueRow[] {
    return this.emulator.workspace.rows(this.boardId);
  }

  run(sql: string, values: readonly (string | number | null)[] = []): Promise<readonly SqlRow[]> {
    return this.database.write((statement) => statement(sql, values));
  }

  async row(id: string): Promise<SqlRow | undefined> {
    return (await this.run("SELECT * FROM tasks WHERE notion_page_id = $1", [id]))[0];
  }

  async until(what: string, isTrue: () => boolean | Promise<boolean>): Promise<void> {
    const end = Date.now() + waitMsMax;
    while (Date.now() < end) {
      if (await isTrue()) return;
      await delay(100);
    }
    const rows = await this.run("SELECT title, status, stage FROM tasks ORDER BY title");
    const pages = this.pages().map(
      ({ id, properties }) => `${plain(properties[board.title])}: ${this.statusOn(id)}`,
    );
    throw new Error(`it did not come to pass that ${what}: ${JSON.stringify(rows)} ${JSON.stringify(pages)}`);
  }

  /** The history of an entry as the store has it, once the server is down. */
  async historyOf(id: string) {
    const written: Json = JSON.parse(await readFile(join(this.cwd, "lockstep.config.json"), "utf8"));
    const config = {
      ...resolveConfig(written, join(this.cwd, "lockstep.config.json")),
      store: this.storeUrl,
    };
    const lockstep = await openLockstep({
      config,
      secrets: { ...noSecrets, notionToken: this.emulator.token },
      baseUrl: this.emulator.url,
    });
    try {
      return await lockstep.twoWay.history(id, 10_000);
    } finally {
      await lockstep.close();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.resources.disposeAsync();
  }
}

/** Counts what becomes pending, past everything that is tested. */
const countTransitions: Readonly<Record<Product, readonly string[]>> = {
  sqlite: [
    "CREATE TABLE counted (task_id TEXT)",
    "CREATE TRIGGER counted_new AFTER INSERT ON tasks WHEN NEW.status = 'pending' BEGIN INSERT INTO counted VALUES (NEW.id); END",
    "CREATE TRIGGER counted AFTER UPDATE ON tasks WHEN NEW.status = 'pending' AND OLD.status <> 'pending' BEGIN INSERT INTO counted VALUES (NEW.id); END",
  ],
  postgres: [
    "CREATE TABLE counted (task_id uuid)",
    "CREATE FUNCTION count_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.status = 'pending' AND (TG_OP = 'INSERT' OR OLD.status <> 'pending') THEN INSERT INTO counted VALUES (NEW.id); END IF; RETURN NULL; END $$",
    "CREATE TRIGGER counted AFTER INSERT OR UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION count_it()",
  ],
};

export function plain(value: Json | undefined): string {
  if (Array.isArray(value))
    return value.map((part: Json) => (isJsonObject(part) ? String(part.plain_text ?? "") : "")).join("");
  if (isJsonObject(value)) return typeof value.name === "string" ? value.name : "";
  return typeof value === "string" ? value : "";
}

function demand(ended: Ended): Ended {
  if (ended.exitCode !== 0) throw new Error(`${ended.stdout} ${ended.stderr}`);
  return ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return address.port;
}
