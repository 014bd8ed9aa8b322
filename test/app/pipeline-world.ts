import { createHmac } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LogEvent } from "../../src/app/herald.ts";
import { initPipeline } from "../../src/app/init-pipeline.ts";
import type { Lockstep, RunReport } from "../../src/app/lockstep.ts";
import { openLockstep } from "../../src/app/open.ts";
import type { PipelineSetup } from "../../src/app/pipeline-setup.ts";
import type { Config, Secrets } from "../../src/config/config.ts";
import { noSecrets } from "../../src/config/environment.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { isJsonObject, type Json } from "../../src/core/json.ts";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { boardProperties as board } from "../../src/recipes/pipeline/board.ts";
import {
  openTaskDatabase,
  type Product,
  type SqlRow,
  type TaskDatabase,
} from "../../src/recipes/pipeline/database.ts";
import { createTaskQueue, type TaskQueue } from "../../src/recipes/pipeline/queue.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import { folderWith } from "../config/folder.ts";
import { type ManualClock, manualClock, settle } from "../engine/manual-clock.ts";
import { realClock } from "../recipes/pipeline/world.ts";
import { createDatabase } from "../support/postgres.ts";

export const secret = "dummy-webhook-secret";

type Properties = NonNullable<Parameters<Emulator["workspace"]["createPage"]>[0]["properties"]>;

export interface PipelineOptions {
  readonly product?: Product;
  /** Of the section `pipeline`, beside where it is. */
  readonly section?: { readonly [key: string]: Json };
  readonly statusProperty?: "select" | "status";
  readonly links?: { readonly [kind: string]: true };
  readonly secrets?: Partial<Secrets>;
}

const text = (content: string) => (content === "" ? [] : [{ type: "text", text: { content } }]);
export const titleOf = (content: string) => ({ title: text(content) });
export const textOf = (content: string) => ({ rich_text: text(content) });

/** An emulated Notion, a folder with channels, a database for the tasks, and Lockstep between them. */
export class PipelineWorld implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly emulator: Emulator;
  readonly folder: string;
  private readonly options: PipelineOptions;
  private readonly parentPageId: string;
  private readonly storeUrl: string;
  private readonly ids = countingIds();
  private readonly resources = new AsyncDisposableStack();
  private setup: PipelineSetup | null = null;
  private database: TaskDatabase | null = null;

  private constructor(parts: {
    readonly clock: ManualClock;
    readonly emulator: Emulator;
    readonly folder: string;
    readonly storeUrl: string;
    readonly options: PipelineOptions;
  }) {
    this.clock = parts.clock;
    this.emulator = parts.emulator;
    this.folder = parts.folder;
    this.storeUrl = parts.storeUrl;
    this.options = parts.options;
    this.parentPageId = parts.emulator.workspace.createPage({ properties: {} });
  }

  static async open(options: PipelineOptions = {}): Promise<PipelineWorld> {
    await using resources = new AsyncDisposableStack();
    const folder = resources.use(
      await folderWith({ "channel_configs/news.yaml": "id: news\nname: Daily News\n" }),
    );
    const clock = manualClock();
    const emulator = resources.use(await startEmulator({ ratePerMinute: null, clock }));
    const isPostgres = options.product === "postgres";
    const storeUrl = isPostgres ? resources.use(await createDatabase()).url : "sqlite:lockstep.db";
    const world = new PipelineWorld({ clock, emulator, folder: folder.path, storeUrl, options });
    world.resources.use(resources.move());
    return world;
  }

  /** The configuration, with the ids that the last `init` found. */
  config(): Config {
    const { section = {}, statusProperty, links } = this.options;
    const { setup } = this;
    const pipeline = {
      notion: {
        parentPage: this.parentPageId,
        statusProperty: statusProperty ?? "select",
        ...(setup === null ? {} : { database: setup.board }),
        ...(links === undefined ? {} : { links: { ...links, ...setup?.links } }),
      },
      ...section,
    };
    const isPostgres = this.options.product === "postgres";
    const written = {
      notion: { ratePerMinute: 600 },
      pipeline: { ...pipeline, ...(isPostgres ? { table: { url: { env: "TASKS_URL" } } } : {}) },
    };
    const config = resolveConfig(written as Json, join(this.folder, "lockstep.config.json"));
    // Its password may not be in a file; here it is in no file.
    return isPostgres ? { ...config, store: this.storeUrl } : config;
  }

  async init(): Promise<PipelineSetup> {
    const config = this.config();
    if (config.pipeline === undefined) throw new Error("no pipeline is configured");
    const { setup } = await initPipeline({
      config,
      pipeline: config.pipeline,
      secrets: this.secrets,
      baseUrl: this.emulator.url,
    });
    this.setup = setup;
    return setup;
  }

  /** Opened as configured; closed with the world. */
  async lockstep(secrets: Partial<Secrets> = {}): Promise<Lockstep> {
    const lockstep = await openLockstep({
      config: this.config(),
      secrets: { ...this.secrets, ...secrets },
      baseUrl: this.emulator.url,
      clock: this.clock,
      ids: this.ids,
    });
    this.resources.defer(() => lockstep.close());
    return lockstep;
  }

  /** Everything is made, and both sides were read for the first time. */
  async running(secrets: Partial<Secrets> = {}): Promise<Lockstep> {
    await this.init();
    const lockstep = await this.lockstep(secrets);
    await this.sync(lockstep);
    return lockstep;
  }

  /** Some minutes later, everything is brought to agree. Gives how many records were written. */
  async sync(lockstep: Lockstep): Promise<number> {
    this.clock.advance(300_000);
    await this.visible();
    const reports = await lockstep.sync([], { trigger: "test" });
    const errors = reports.flatMap(({ run }) => run.errors);
    if (errors.length > 0) throw new Error(JSON.stringify(errors));
    return reports.reduce((sum, { run }) => sum + run.counts.created + run.counts.updated, 0);
  }

  /** Follows until disposed. */
  follow(lockstep: Lockstep) {
    const stopping = new AbortController();
    const runs: RunReport[] = [];
    const events: LogEvent[] = [];
    lockstep.twoWay.listen((event) => events.push(event));
    const following = lockstep.twoWay.follow(stopping.signal, (report) => runs.push(report));
    following.catch(() => {});
    return {
      runs,
      events,
      /** Of the board's sync. */
      triggers: () =>
        runs.filter(({ sync }) => sync === "pipeline").map(({ run }) => `${run.trigger} ${run.status}`),
      named: (event: string) => events.filter((each) => each.event === event).map(({ fields }) => fields),
      async [Symbol.asyncDispose]() {
        stopping.abort();
        await following.catch(() => {});
      },
    };
  }

  get dataSourceId(): string {
    if (this.setup === null) throw new Error("init has not run");
    return this.setup.board;
  }

  get tasksUrl(): string {
    const url = this.config().pipeline?.table.url;
    return url !== undefined && "url" in url ? url.url : this.storeUrl;
  }

  /** Another program's statement. */
  run(sql: string, values: readonly (string | number | null)[] = []): Promise<readonly SqlRow[]> {
    return this.tasks.write((statement) => statement(sql, values));
  }

  /** Does this inside a transaction. */
  hold(work: () => Promise<void>): Promise<void> {
    return this.tasks.write(work);
  }

  queue(): TaskQueue {
    return createTaskQueue({ database: this.tasks, random: () => 0 });
  }

  /** State, stage and correlation of the row of a page. */
  async row(pageId: string): Promise<SqlRow | null> {
    const [row] = await this.run("SELECT * FROM tasks WHERE notion_page_id = $1", [pageId]);
    return row ?? null;
  }

  addEntry(more: Properties = {}): string {
    return this.emulator.workspace.createPage({
      parent: { dataSourceId: this.dataSourceId },
      properties: {
        [board.title]: titleOf("Bees"),
        [board.topic]: textOf("How bees dance"),
        [board.channel]: { select: { name: "Daily News" } },
        ...more,
      },
    });
  }

  edit(pageId: string, properties: Properties): void {
    this.emulator.workspace.editPage(pageId, { properties });
  }

  status(name: string): Properties {
    return { [board.status]: { [this.options.statusProperty ?? "select"]: { name } } };
  }

  /** Values on the board as people read them. */
  page(pageId: string): Readonly<Record<string, string | null>> {
    const row = this.emulator.workspace.rows(this.dataSourceId).find(({ id }) => id === pageId);
    if (row === undefined) throw new Error(`page ${pageId} is not on the board`);
    return Object.fromEntries(Object.entries(row.properties).map(([name, value]) => [name, plain(value)]));
  }

  pages() {
    return this.emulator.workspace.rows(this.dataSourceId).filter(({ inTrash }) => !inTrash);
  }

  /** Sends a signed delivery to Lockstep, past the network. */
  tell(lockstep: Lockstep, pageId: string, event: { readonly id: string; readonly type?: string }) {
    const body = Buffer.from(
      JSON.stringify({
        type: "page.properties_updated",
        timestamp: new Date(this.clock.now()).toISOString(),
        authors: [{ id: "ada", type: "person" }],
        entity: { id: pageId, type: "page" },
        data: { parent: { type: "database", data_source_id: this.dataSourceId } },
        ...event,
      }),
    );
    const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
    return lockstep.twoWay.receive({ body, signature });
  }

  /** What was committed may be read: on Postgres, once every transaction before it is over. */
  async visible(): Promise<void> {
    if (this.options.product !== "postgres") return;
    const [own] = await this.run("SELECT pg_current_xact_id()::text AS id");
    for (;;) {
      const oldest = "SELECT pg_snapshot_xmin(pg_current_snapshot()) > $1::xid8 AS is_over";
      const [row] = await this.run(oldest, [String(own?.id)]);
      if (row?.is_over === true) return;
      await realClock.sleep(5);
    }
  }

  async writeChannel(file: string, content: string): Promise<void> {
    await writeFile(join(this.folder, "channel_configs", file), content);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.resources.disposeAsync();
  }

  private get secrets(): Secrets {
    const databaseUrls = { TASKS_URL: this.storeUrl };
    return { ...noSecrets, notionToken: this.emulator.token, databaseUrls, ...this.options.secrets };
  }

  private get tasks(): TaskDatabase {
    this.database ??= this.resources.use(openTaskDatabase(this.tasksUrl, realClock));
    return this.database;
  }
}

/** The clock stands still: whatever happens, happens because it was told or is due. Real sockets take real time. */
export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 2_000; looks += 1) {
    if (await isTrue()) return;
    await settle(5);
    if (looks > 200) await realClock.sleep(5);
  }
  throw new Error("it did not come to pass");
}

/** Long enough for whatever was about to happen. */
export const quiet = (): Promise<void> => settle(300);

function plain(value: Json): string | null {
  if (Array.isArray(value)) {
    return value.map((part: Json) => (isJsonObject(part) ? String(part.plain_text ?? part.id) : "")).join("");
  }
  if (isJsonObject(value)) return typeof value.name === "string" ? value.name : JSON.stringify(value);
  return value === null ? null : String(value);
}
