import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { LogEvent } from "../../src/app/herald.ts";
import type { Lockstep, RunReport } from "../../src/app/lockstep.ts";
import { openLockstep } from "../../src/app/open.ts";
import { initPlanning, type PlanningSetup } from "../../src/app/planning-setup.ts";
import type { Config, Secrets } from "../../src/config/config.ts";
import { noSecrets } from "../../src/config/environment.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { isJsonObject, type Json } from "../../src/core/json.ts";
import { type GitHubEmulator, startGitHubEmulator } from "../../src/emulator/github/github.ts";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import { folderWith } from "../config/folder.ts";
import { type ManualClock, manualClock } from "../engine/manual-clock.ts";
import { realClock } from "../recipes/pipeline/world.ts";

export const repository = "acme/app";
type Properties = NonNullable<Parameters<Emulator["workspace"]["createPage"]>[0]["properties"]>;

export interface PlanningOptions {
  /** Of the section `planning`, beside where it is. */
  readonly section?: { readonly [key: string]: Json };
  readonly repositories?: readonly string[];
  readonly secrets?: Partial<Secrets>;
  readonly hasGraphql?: boolean;
  /** Default: a SQLite file in the folder. */
  readonly store?: string;
}

const text = (content: string) => (content === "" ? [] : [{ type: "text", text: { content } }]);
export const titleOf = (content: string) => ({ title: text(content) });
export const textOf = (content: string) => ({ rich_text: text(content) });
export const select = (name: string) => ({ select: { name } });

/** An emulated Notion, an emulated GitHub, and Lockstep between them. Time stands still until it is moved. */
export class PlanningWorld implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly notion: Emulator;
  readonly github: GitHubEmulator;
  readonly folder: string;
  readonly events: LogEvent[] = [];
  private options: PlanningOptions;
  private readonly parentPageId: string;
  private readonly ids = countingIds();
  private readonly resources: AsyncDisposableStack;
  private setup: PlanningSetup | null = null;
  private opened: Lockstep | null = null;

  private constructor(parts: {
    readonly clock: ManualClock;
    readonly notion: Emulator;
    readonly github: GitHubEmulator;
    readonly folder: string;
    readonly options: PlanningOptions;
    readonly resources: AsyncDisposableStack;
  }) {
    this.clock = parts.clock;
    this.notion = parts.notion;
    this.github = parts.github;
    this.folder = parts.folder;
    this.options = parts.options;
    this.resources = parts.resources;
    this.parentPageId = parts.notion.workspace.createPage({ properties: {} });
  }

  static async open(options: PlanningOptions = {}): Promise<PlanningWorld> {
    await using resources = new AsyncDisposableStack();
    const folder = resources.use(await folderWith({}));
    const clock = manualClock();
    const notion = resources.use(await startEmulator({ ratePerMinute: null, clock }));
    const { hasGraphql = true } = options;
    const github = resources.use(await startGitHubEmulator({ clock, hasGraphql }));
    for (const name of options.repositories ?? [repository]) github.people.addRepository(name);
    return new PlanningWorld({
      clock,
      notion,
      github,
      folder: folder.path,
      options,
      resources: resources.move(),
    });
  }

  /** The database, and what sees both sides. */
  async init(): Promise<PlanningSetup> {
    const config = this.configWith({ parentPage: this.parentPageId });
    const { planning } = config;
    if (planning === undefined) throw new Error("no planning is configured");
    this.setup = await initPlanning({
      config,
      planning,
      secrets: this.secrets,
      baseUrl: this.notion.url,
      githubUrl: this.github.url,
    });
    return this.setup;
  }

  get database(): string {
    if (this.setup === null) throw new Error("init was not run");
    return this.setup.database;
  }

  get config(): Config {
    return this.configWith({ database: this.database });
  }

  get secrets(): Secrets {
    return {
      ...noSecrets,
      notionToken: this.notion.token,
      github: { ...noSecrets.github, auth: { kind: "token", token: this.github.token } },
      ...this.options.secrets,
    };
  }

  async lockstep(): Promise<Lockstep> {
    this.opened ??= await openLockstep({
      config: this.config,
      secrets: this.secrets,
      baseUrl: this.notion.url,
      githubUrl: this.github.url,
      // What is sent is really sent, so that its time limits are real time's.
      clock: { ...realClock, now: () => this.clock.now() },
      ids: this.ids,
    });
    this.opened.twoWay.listen((event) => this.events.push(event));
    return this.opened;
  }

  /** Another configuration from the next start on. */
  change(section: { readonly [key: string]: Json }): void {
    this.options = { ...this.options, section: { ...this.options.section, ...section } };
  }

  /** Deliveries that are signed with these are taken from the next start on. */
  expectWebhooks(github: readonly string[], notion: readonly string[] = []): void {
    const token = { kind: "token", token: this.github.token } as const;
    const secrets = {
      ...this.options.secrets,
      github: { ...noSecrets.github, auth: token, webhookSecrets: github },
      webhookSecrets: notion,
    };
    this.options = { ...this.options, secrets };
  }

  /** GitHub is spoken to with this token from the next start on. */
  useToken(token: string, more: Partial<Secrets> = {}): void {
    const github = { ...noSecrets.github, auth: { kind: "token", token } as const };
    this.options = { ...this.options, secrets: { ...this.options.secrets, ...more, github } };
  }

  /** As after a restart: what was only in memory is gone. */
  async restart(): Promise<void> {
    await this.opened?.close();
    this.opened = null;
  }

  /** The store is gone; the configuration and both sides stay. */
  async forget(): Promise<void> {
    await this.restart();
    for (const end of ["", "-shm", "-wal"]) await rm(join(this.folder, `lockstep.db${end}`), { force: true });
  }

  async sync(options: { readonly isFull?: boolean } = {}): Promise<RunReport> {
    // Neither side's stamps tell apart what happens at once.
    await this.clock.advance(60_000);
    const lockstep = await this.lockstep();
    const [report] = await lockstep.sync([], { trigger: "test", isAccepted: true, ...options });
    if (report === undefined) throw new Error("nothing was synced");
    await this.clock.advance(60_000);
    return report;
  }

  addRow(title: string, properties: Properties = {}): string {
    return this.notion.workspace.createPage({
      parent: { dataSourceId: this.database },
      properties: { Title: titleOf(title), ...properties },
    });
  }

  editRow(id: string, properties: Properties): void {
    this.notion.workspace.editPage(id, { properties });
  }

  /** A row's properties as people read them, by name. */
  row(id: string): Readonly<Record<string, unknown>> {
    const found = this.rows().find((row) => row.id === id);
    if (found === undefined) throw new Error(`there is no row ${id}`);
    return found;
  }

  rows(): readonly (Readonly<Record<string, unknown>> & { readonly id: string })[] {
    const rows = this.notion.workspace.rows(this.database).filter(({ inTrash }) => !inTrash);
    return rows.map((row) => ({ ...plain(row.properties), id: row.id }));
  }

  /** Texts of the open comments on a row. */
  async comments(id: string): Promise<readonly string[]> {
    const answer = await this.ask(`/v1/comments?block_id=${id}`);
    const results = answer.results as readonly { rich_text: { plain_text: string }[] }[];
    return results.map((comment) => comment.rich_text.map((part) => part.plain_text).join(""));
  }

  /** What stands on a row's page. */
  async markdown(id: string): Promise<string> {
    return (await this.ask(`/v1/pages/${id}/markdown`)).markdown as string;
  }

  /** Somebody writes on a row's page. */
  async write(id: string, change: (before: string) => string): Promise<void> {
    const body = { type: "replace_content", replace_content: { new_str: change(await this.markdown(id)) } };
    await this.ask(`/v1/pages/${id}/markdown`, { method: "PATCH", body: JSON.stringify(body) });
  }

  private async ask(path: string, init: RequestInit = {}): Promise<{ readonly [key: string]: unknown }> {
    const headers = {
      authorization: `Bearer ${this.notion.token}`,
      "notion-version": "2026-03-11",
      "content-type": "application/json",
    };
    const answer = await fetch(`${this.notion.url}${path}`, { ...init, headers });
    return (await answer.json()) as { readonly [key: string]: unknown };
  }

  /** The configuration as a file holds it. */
  get written(): Json {
    return this.writtenWith({ database: this.database });
  }

  private configWith(notion: { readonly [key: string]: Json }): Config {
    const config = resolveConfig(this.writtenWith(notion), join(this.folder, "lockstep.config.json"));
    // Its password may not be in a file; here it is in no file.
    return { ...config, store: this.options.store ?? config.store };
  }

  private writtenWith(notion: { readonly [key: string]: Json }): Json {
    const repositories = [...(this.options.repositories ?? [repository])];
    const { section } = this.options;
    return {
      notion: { ratePerMinute: 600 },
      planning: { notion, repositories, ...section },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.restart();
    await this.resources[Symbol.asyncDispose]();
  }
}

function plain(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, shown(value as Json)]));
}

function shown(value: Json): unknown {
  if (Array.isArray(value)) {
    const texts = value.map((item: Json) => (isJsonObject(item) ? item.plain_text : undefined));
    if (value.length > 0 && texts.every((text) => typeof text === "string")) return texts.join("");
    return value.map((item: Json) => (isJsonObject(item) ? (item.name ?? item.id) : item));
  }
  return isJsonObject(value) ? (value.name ?? value.start ?? value) : value;
}
