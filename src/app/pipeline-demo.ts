import { join } from "node:path";
import type { Config, Secrets } from "../config/config.ts";
import { noSecrets } from "../config/environment.ts";
import { resolveConfig } from "../config/resolve.ts";
import { type Emulator, startEmulator } from "../emulator/index.ts";
import { boardProperties as names } from "../recipes/pipeline/board.ts";
import { openTaskDatabase } from "../recipes/pipeline/database.ts";
import { createTaskQueue, type TaskQueue } from "../recipes/pipeline/queue.ts";
import type { DemoOptions, DemoReport } from "./demo.ts";
import { openDemoFolder, playDemo, richText } from "./demo-stage.ts";
import type { LogEvent } from "./herald.ts";
import { initPipeline } from "./init-pipeline.ts";
import type { Lockstep, RunReport } from "./lockstep.ts";
import { checkPipelineDemo, viewOf } from "./pipeline-demo-checks.ts";
import { workOnNext } from "./pipeline-demo-worker.ts";
import type { PipelineSetup } from "./pipeline-setup.ts";
import { systemClock } from "./platform.ts";

/**
 * A board at work, in a temporary folder: an emulated Notion, people who plan and review, a worker, and Lockstep between
 * them. Then board, table and history are compared.
 */
export async function runPipelineDemo(options: DemoOptions): Promise<DemoReport> {
  await using folder = await openDemoFolder();
  await using emulator = await startEmulator({ ratePerMinute: null });
  const parentPage = emulator.workspace.createPage({ properties: {} });
  const secrets = { ...noSecrets, notionToken: emulator.token };
  const before = configFor(folder.path, { parentPage, links: { assets: true } });
  const setup = await setUp(before, secrets, emulator);
  const config = configFor(folder.path, { database: setup.board, links: setup.links });
  const file = join(folder.path, "tasks.db");
  return await playDemo({ config, secrets, baseUrl: emulator.url }, options, async (lockstep) => {
    await using database = openTaskDatabase(`sqlite:${file}`, systemClock);
    const queue = createTaskQueue({ database, random: Math.random });
    const demo = new PipelineDemo({ emulator, lockstep, queue, board: setup.board, options });
    const told = await demo.play(folder.path, setup);
    demo.say("Checked: board, table, queue and history", []);
    return {
      checks: await checkPipelineDemo({ emulator, lockstep, database, told, setup }),
      runs: demo.runs,
      whereabouts: [
        `The emulator answers at ${emulator.url} (token ${emulator.token}); the tasks are in ${file}.`,
      ],
    };
  });
}

function configFor(folder: string, notion: { readonly [key: string]: unknown }): Config {
  const written = { notion: { ratePerMinute: 600 }, pipeline: { notion, comments: true } };
  return resolveConfig(JSON.parse(JSON.stringify(written)), join(folder, "lockstep.config.json"));
}

async function setUp(config: Config, secrets: Secrets, emulator: Emulator): Promise<PipelineSetup> {
  const { pipeline } = config;
  if (pipeline === undefined) throw new Error("the demo's configuration has no pipeline");
  return (await initPipeline({ config, pipeline, secrets, baseUrl: emulator.url })).setup;
}

/** What the demo did, for the checks. */
export interface PipelineTold {
  /** Pages by the titles that people gave them. */
  readonly pages: Readonly<Record<string, string>>;
  /** How often each was queued, by title. */
  readonly queued: Readonly<Record<string, number>>;
  readonly events: readonly LogEvent[];
  /** What the last sync wrote, and the requests of the idle one after it. */
  readonly idle: { readonly written: number; readonly requests: number };
}

interface Parts {
  readonly emulator: Emulator;
  readonly lockstep: Lockstep;
  readonly queue: TaskQueue;
  readonly board: string;
  readonly options: DemoOptions;
}

class PipelineDemo {
  readonly runs: RunReport[] = [];
  private readonly parts: Parts;
  private readonly pages = new Map<string, string>();
  private readonly events: LogEvent[] = [];

  constructor(parts: Parts) {
    this.parts = parts;
    parts.lockstep.twoWay.listen((event) => this.events.push(event));
  }

  async play(folder: string, { writes }: PipelineSetup): Promise<PipelineTold> {
    this.say("A board and a table", [
      `Like \`lockstep init --recipe pipeline\`: ${writes} writes made the board with its views in an emulated Notion,`,
      `and a table of tasks with its queue in ${folder}.`,
    ]);
    await this.plan();
    await this.work();
    await this.review();
    return this.rest();
  }

  private async plan(): Promise<void> {
    this.add("Bees", { status: "Queued", topic: "How bees dance", priority: "High" });
    this.add("Wasps", { status: "Queued", topic: "Why wasps" });
    this.add("Ants", { status: "Queued", topic: "Ant roads", channel: null });
    this.add("Moths", { status: "Draft", topic: "Moths and light" });
    this.say("People plan", [
      'Three entries are queued, one of them with high priority. "Ants" has no channel.',
      "It is put back to Draft, with the reason on its page.",
    ]);
    await this.sync();
  }

  private async work(): Promise<void> {
    const { queue } = this.parts;
    this.say("A worker takes the first job: the one with high priority", []);
    await workOnNext(queue, { onStage: (stage) => (stage === "Audio Generating" ? this.sync() : undefined) });
    this.say("It is done, and the next one fails at its first attempt", []);
    await workOnNext(queue, { fails: true });
    await this.sync();
    this.move("Wasps", "Queued");
    this.say('Somebody does not want to wait, and queues "Wasps" again', []);
    await this.sync();
    await workOnNext(queue, {});
    await this.sync();
  }

  private async review(): Promise<void> {
    this.move("Bees", "Review Approved");
    this.move("Wasps", "Review Rejected");
    this.move("Moths", "Uploading");
    this.say("Review, and a move that nobody may make", [
      'One is approved, one is rejected. Somebody drags "Moths" to "Uploading": the table knows better.',
    ]);
    await this.sync();
  }

  private async rest(): Promise<PipelineTold> {
    await this.sync(false);
    const written = this.countWritten(await this.sync(false));
    const { calls } = this.parts.emulator;
    calls.reset();
    await this.sync(false);
    return {
      pages: Object.fromEntries(this.pages),
      queued: { Bees: 1, Wasps: 2, Ants: 0, Moths: 0 },
      events: this.events,
      idle: { written, requests: calls.total },
    };
  }

  private countWritten(reports: readonly RunReport[]): number {
    return reports.reduce((sum, { run }) => sum + run.counts.created + run.counts.updated, 0);
  }

  /** What `lockstep serve` does by itself, whenever something is told or due. */
  private async sync(isShown = true): Promise<readonly RunReport[]> {
    const { lockstep, emulator, board, options } = this.parts;
    const reports = await lockstep.sync([], { trigger: "demo", signal: options.signal });
    this.runs.push(...reports);
    if (isShown) options.onEvent({ kind: "board", columns: viewOf(emulator, board) });
    return reports;
  }

  private add(
    title: string,
    entry: {
      readonly status: string;
      readonly topic: string;
      readonly priority?: string;
      readonly channel?: null;
    },
  ): void {
    const { emulator, board } = this.parts;
    const page = emulator.workspace.createPage({
      parent: { dataSourceId: board },
      properties: {
        [names.title]: { title: richText(title) },
        [names.topic]: { rich_text: richText(entry.topic) },
        [names.status]: { select: { name: entry.status } },
        ...(entry.channel === null ? {} : { [names.channel]: { select: { name: "Main" } } }),
        ...(entry.priority === undefined ? {} : { [names.priority]: { select: { name: entry.priority } } }),
      },
    });
    this.pages.set(title, page);
  }

  private move(title: string, status: string): void {
    const properties = { [names.status]: { select: { name: status } } };
    this.parts.emulator.workspace.editPage(this.pages.get(title) ?? "", { properties });
  }

  say(title: string, lines: readonly string[]): void {
    this.parts.options.onEvent({ kind: "heading", title, lines });
  }
}
