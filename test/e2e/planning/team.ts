import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { isJsonObject, type Json } from "../../../src/core/json.ts";
import { type GitHubEmulator, startGitHubEmulator } from "../../../src/emulator/github/github.ts";
import { type Emulator, startEmulator } from "../../../src/emulator/index.ts";
import { folderWith } from "../../config/folder.ts";
import { documentIn, type Ended, run, type Started, start } from "../cli.ts";

export const [app, web] = ["acme/app", "acme/web"] as const;
const githubSecret = "dummy-github-webhook-secret";
const waitMsMax = 90_000;
const text = (content: string) => (content === "" ? [] : [{ type: "text", text: { content } }]);

/** A team at work: both emulators with webhooks, and the server as a process of its own that is killed now and then. */
export class Team implements AsyncDisposable {
  readonly notion: Emulator;
  readonly github: GitHubEmulator;
  private readonly cwd: string;
  private readonly env: Readonly<Record<string, string>>;
  private readonly port: number;
  private readonly database: string;
  private readonly resources: AsyncDisposableStack;
  private server: Started | null = null;

  private constructor(parts: {
    readonly notion: Emulator;
    readonly github: GitHubEmulator;
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly port: number;
    readonly database: string;
    readonly resources: AsyncDisposableStack;
  }) {
    this.notion = parts.notion;
    this.github = parts.github;
    this.cwd = parts.cwd;
    this.env = parts.env;
    this.port = parts.port;
    this.database = parts.database;
    this.resources = parts.resources;
  }

  /** `lockstep init` and a first, accepted sync have run. */
  static async open(): Promise<Team> {
    await using resources = new AsyncDisposableStack();
    const { path: cwd } = resources.use(await folderWith({}));
    const notion = resources.use(
      await startEmulator({ ratePerMinute: null, webhooks: { aggregationMs: 100 } }),
    );
    const github = resources.use(await startGitHubEmulator());
    for (const name of [app, web]) github.people.addRepository(name);
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
    };
    const planning = {
      notion: { parentPage: notion.workspace.createPage({ properties: {} }) },
      repositories: [app, web],
      pollSeconds: 5,
      fields: {
        title: { conflict: "newest" },
        status: { conflict: "github" },
        priority: { conflict: "notion" },
        sprint: { conflict: "newest" },
      },
    };
    const file = join(cwd, "lockstep.config.json");
    await writeFile(file, JSON.stringify({ notion: { ratePerMinute: 600 }, planning }));
    const made = demand(await run(["init", "--recipe", "planning", "--json"], { cwd, env }));
    const again = documentIn<{ writes: number; isFileChanged: boolean }>(
      demand(await run(["init", "--recipe", "planning", "--json"], { cwd, env })),
    );
    if (again.writes !== 0 || again.isFileChanged) throw new Error("the second init changed something");
    demand(await run(["sync", "--yes", "--json"], { cwd, env }));
    notion.workspace.confirmWebhook(id, verificationToken);
    github.webhooks.add({ url: `http://127.0.0.1:${port}/webhook/github`, secret: githubSecret });
    const { database } = documentIn<{ database: string }>(made);
    return new Team({ notion, github, cwd, env, port, database, resources: resources.move() });
  }

  async serve(): Promise<void> {
    this.server = start(["serve", "--port", String(this.port)], {
      cwd: this.cwd,
      env: this.env,
      msMax: 300_000,
    });
    await this.server.firstLine();
  }

  /** Without a word of warning. */
  async kill(): Promise<void> {
    this.server?.kill("SIGKILL");
    await this.server?.ended;
    this.server = null;
  }

  command(args: readonly string[]): Promise<Ended> {
    return run(args, { cwd: this.cwd, env: this.env });
  }

  addRow(title: string, values: { readonly [name: string]: string } = {}): string {
    return this.notion.workspace.createPage({
      parent: { dataSourceId: this.database },
      properties: { Title: { title: text(title) }, ...selects({ Status: "Backlog", ...values }) },
    });
  }

  rename(row: string, title: string): void {
    this.notion.workspace.editPage(row, { properties: { Title: { title: text(title) } } });
  }

  choose(row: string, values: { readonly [name: string]: string }): void {
    this.notion.workspace.editPage(row, { properties: selects(values) });
  }

  rows(): readonly (Readonly<Record<string, string>> & { readonly id: string })[] {
    return this.notion.workspace
      .rows(this.database)
      .filter(({ inTrash }) => !inTrash)
      .map(({ id, properties }) => ({
        ...Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, plain(value)])),
        id,
      }));
  }

  /** Waits until it holds, or says what was the case last. */
  async until(what: string, holds: () => string | null): Promise<void> {
    const start = Date.now();
    for (let last = holds(); last !== null; last = holds()) {
      if (Date.now() - start > waitMsMax) throw new Error(`${what}: ${last}`);
      await delay(200);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.resources[Symbol.asyncDispose]();
  }
}

function selects(values: { readonly [name: string]: string }) {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, { select: { name: value } }]),
  );
}

function plain(value: Json | undefined): string {
  if (Array.isArray(value)) {
    const parts = value.map((part: Json) =>
      isJsonObject(part) ? String(part.plain_text ?? part.name ?? "") : "",
    );
    return parts.join(value.every((part: Json) => isJsonObject(part) && "plain_text" in part) ? "" : ",");
  }
  if (isJsonObject(value)) return typeof value.name === "string" ? value.name : "";
  return typeof value === "string" ? value : "";
}

function demand(ended: Ended): Ended {
  if (ended.exitCode === 0) return ended;
  throw new Error(`a command ended with ${ended.exitCode}: ${ended.stdout}${ended.stderr}`);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise<void>((resolve) => server.close(() => resolve()));
  if (typeof address !== "object" || address === null) throw new Error("no port is free");
  return address.port;
}
