import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Emulator, startEmulator } from "../src/emulator/index.ts";
import type { Load, LoadRequest } from "./pipeline-load.ts";
import { runScript } from "./support.ts";

export const secret = "bench-webhook-secret";

export interface Server extends AsyncDisposable {
  readonly url: string;
  /** As a power cut would. */
  kill(): Promise<void>;
}

/** A board in an emulator, its table, and a server to follow them: as a user has them. */
export interface World extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly dataSourceId: string;
  readonly pages: readonly string[];
  readonly storeUrl: string;
  readonly syncId: string;
  readonly cwd: string;
  start(): Promise<Server>;
}

export interface WorldOptions {
  /** null: SQLite. */
  readonly postgres: string | null;
  readonly pages: number;
  readonly pipeline?: object;
}

export async function openWorld({ postgres, pages: count, pipeline = {} }: WorldOptions): Promise<World> {
  const cwd = await mkdtemp(join(tmpdir(), "lockstep-bench-"));
  await mkdir(join(cwd, "channel_configs"));
  await writeFile(join(cwd, "channel_configs/news.yaml"), "id: news\nname: Daily News\n");
  const emulator = await startEmulator({ ratePerMinute: null });
  const storeUrl = postgres ?? `sqlite:${join(cwd, "lockstep.db")}`;
  const parentPage = emulator.workspace.createPage({ properties: {} });
  const { store, env } = withoutPassword(storeUrl);
  const config = { store, notion: { ratePerMinute: 600 }, pipeline: { notion: { parentPage }, ...pipeline } };
  await writeFile(join(cwd, "lockstep.config.json"), JSON.stringify(config));
  const launch = launcher(cwd, {
    ...env,
    NOTION_BASE_URL: emulator.url,
    NOTION_TOKEN: emulator.token,
    NOTION_WEBHOOK_SECRET: secret,
  });
  const { board } = JSON.parse(await lineOf(launch(["init", "--recipe", "pipeline", "--json"])));
  const pages = Array.from({ length: count }, (_, index) =>
    emulator.workspace.createPage({
      parent: { dataSourceId: board },
      properties: {
        Title: { title: text(`Entry ${index}`) },
        Topic: { rich_text: text("A topic") },
        Channel: { select: { name: "Daily News" } },
      },
    }),
  );
  await once(launch(["sync"]), "exit");
  return {
    ...{ emulator, dataSourceId: board, pages, storeUrl, cwd },
    syncId: `table:${board}:tasks`,
    start: () => startServer(() => launch(["serve", "--port", "0", "--json"])),
    async [Symbol.asyncDispose]() {
      await emulator.close();
      await rm(cwd, { recursive: true, force: true });
    },
  };
}

function text(content: string) {
  return [{ type: "text" as const, text: { content } }];
}

async function startServer(launch: () => ChildProcess): Promise<Server> {
  const child = launch();
  const { url } = JSON.parse(await lineOf(child));
  const end = async (signal: "SIGKILL" | "SIGTERM") => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  };
  return { url, kill: () => end("SIGKILL"), [Symbol.asyncDispose]: () => end("SIGTERM") };
}

function launcher(cwd: string, env: Readonly<Record<string, string>>) {
  const entry = join(import.meta.dirname, "../src/cli/main.ts");
  const more = (process.env.BENCH_NODE_OPTIONS ?? "").split(" ").filter((option) => option !== "");
  return (args: readonly string[]) =>
    spawn(process.execPath, [...more, entry, ...args], {
      cwd,
      env: { PATH: process.env.PATH, ...env },
      stdio: ["ignore", "pipe", "ignore"],
    });
}

async function lineOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the child has no output");
  return String((await once(createInterface({ input: child.stdout }), "line"))[0]);
}

/** A configuration holds no password. */
function withoutPassword(url: string): {
  readonly store: string;
  readonly env: Readonly<Record<string, string>>;
} {
  if (url.startsWith("sqlite:")) return { store: url, env: {} };
  const address = new URL(url);
  const password = decodeURIComponent(address.password);
  address.password = "";
  return { store: address.href, env: { PGPASSWORD: password } };
}

/** Sends deliveries about the world's pages in turn, at a fixed rate. */
export function load(
  { dataSourceId, pages, cwd }: World,
  request: Pick<LoadRequest, "url" | "perSecond" | "seconds"> & { readonly file?: string },
): Promise<Load> {
  const whole = { secret, dataSourceId, pages, file: join(cwd, "acknowledged.json"), ...request };
  return runScript<Load>("pipeline-load.ts", [JSON.stringify(whole)]);
}
