import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { noSecrets } from "../config/environment.ts";
import { type Emulator, startEmulator } from "../emulator/index.ts";
import { type Check, checkAgainstTruth, type Told } from "./demo-checks.ts";
import { openDemoFolder, type Played, playDemo, richText } from "./demo-stage.ts";
import type { DiffReport, HistoryReport, Lockstep, RunReport } from "./lockstep.ts";
import type { BoardColumn } from "./pipeline-demo-checks.ts";

/** What the demo shows, in order; faces turn it into text. */
export type DemoEvent =
  | { readonly kind: "heading"; readonly title: string; readonly lines: readonly string[] }
  | { readonly kind: "runs"; readonly reports: readonly RunReport[] }
  | { readonly kind: "history"; readonly report: HistoryReport }
  | { readonly kind: "diff"; readonly report: DiffReport }
  | { readonly kind: "board"; readonly columns: readonly BoardColumn[] }
  | { readonly kind: "calls"; readonly calls: readonly DemoCalls[] }
  | { readonly kind: "checks"; readonly checks: readonly Check[] };

/** Requests of one visit to Notion, counted by the emulator itself. */
export interface DemoCalls {
  readonly visit: string;
  readonly byRoute: { readonly [route: string]: number };
}

export interface DemoReport {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  readonly runs: readonly RunReport[];
}

export interface DemoOptions {
  /** End when everything was shown; otherwise stay up until the signal, to look around. */
  readonly isOnce: boolean;
  readonly onEvent: (event: DemoEvent) => void;
  readonly signal: AbortSignal;
}

const seedFile = new URL("../emulator/seeds/demo.json", import.meta.url);
const agent = "mcp:demo-agent";

/**
 * The whole path in a temporary folder: an emulated Notion with a recorded workspace, backed up; people and an agent
 * at work; backed up again. Then everything the store says is compared with what the emulator knows to be true.
 */
export async function runDemo(options: DemoOptions): Promise<DemoReport> {
  await using folder = await openDemoFolder();
  await using emulator = await startEmulator({ seed: JSON.parse(await readFile(seedFile, "utf8")) });
  const opening = {
    config: demoConfig(folder.path, emulator),
    secrets: { ...noSecrets, notionToken: emulator.token },
    baseUrl: emulator.url,
  };
  return await playDemo(opening, options, (lockstep) =>
    new Demo(emulator, lockstep, options).play(folder.path),
  );
}

class Demo {
  private readonly emulator: Emulator;
  private readonly lockstep: Lockstep;
  private readonly options: DemoOptions;
  private readonly runs: RunReport[] = [];
  private readonly calls: DemoCalls[] = [];
  private readonly tasks: string;

  constructor(emulator: Emulator, lockstep: Lockstep, options: DemoOptions) {
    this.emulator = emulator;
    this.lockstep = lockstep;
    this.options = options;
    this.tasks = dataSourceCalled(emulator, "Tasks");
  }

  async play(folder: string): Promise<Played> {
    const { emulator } = this;
    const contacts = dataSourceCalled(emulator, "Contacts");
    const rows = emulator.workspace.rows(this.tasks).length + emulator.workspace.rows(contacts).length;
    this.say("A Notion workspace", [
      `An emulator of Notion's API serves pages that were recorded from the real one, at ${emulator.url}.`,
      `Two databases, Tasks and Contacts, ${rows} rows. The backup goes into one SQLite file in ${folder}.`,
    ]);
    await this.visit("First backup: everything is read");
    const told = await this.act();
    await this.visit("Second backup: only what changed is read, then a sweep certifies the deletion");
    this.recover(told);
    await this.visit(
      "Third backup: the trashed row is back, the deleted one cannot be told from an unshared one",
    );
    await this.visit("Fourth backup: nothing has changed, and nothing is written");
    await this.look(told);
    const checks = await checkAgainstTruth({
      emulator,
      lockstep: this.lockstep,
      dataSources: [this.tasks, contacts],
      told,
      runs: this.runs,
      calls: this.calls,
    });
    const { url, token } = emulator;
    return {
      checks,
      runs: this.runs,
      whereabouts: [
        `The emulator answers at ${url} (token ${token}); the store is ${join(folder, "lockstep.db")}.`,
        `Try: curl -s ${url}/_emulator/calls`,
      ],
    };
  }

  private async visit(title: string): Promise<void> {
    this.say(title, []);
    this.emulator.calls.reset();
    const reports = await this.lockstep.sync([], { trigger: "demo", signal: this.options.signal });
    this.runs.push(...reports);
    this.calls.push({ visit: title.split(":")[0] ?? title, byRoute: { ...this.emulator.calls.byRoute } });
    this.show({ kind: "runs", reports });
  }

  /** People edit, add and trash; an agent edits the same task as a person. */
  private async act(): Promise<Told> {
    const { workspace } = this.emulator;
    const edited = this.rowCalled("Write the release notes");
    const disputed = this.rowCalled("Renew the domain");
    const trashed = this.rowCalled("Sketch the onboarding page");
    const deletedForGood = this.rowCalled("Order new name badges");
    workspace.editPage(edited, {
      properties: { Status: { status: { name: "Done" } }, Summary: text("Written, and read by two people.") },
    });
    const task = await this.lockstep.tasks.get(disputed);
    await this.lockstep.tasks.update({
      taskId: task.id,
      changes: {
        title: "Renew the domain (the agent's title)",
        description: "The registrar wants a new card.",
      },
      baseVersionNum: task.current.versionNum,
      by: agent,
      reason: "noted while reading mail",
    });
    workspace.editPage(disputed, { properties: { Title: text("Renew the domain before Friday", "title") } });
    const added = workspace.createPage({
      parent: { dataSourceId: this.tasks },
      properties: { Title: text("Say thank you", "title"), Status: { status: { name: "Backlog" } } },
    });
    workspace.trashPage(trashed);
    this.say("People and an agent at work", [
      'Somebody sets "Write the release notes" to Done and writes a summary.',
      'An agent edits the task of "Renew the domain"; a person changes the same title in Notion.',
      'Somebody adds "Say thank you", and moves "Sketch the onboarding page" to the trash.',
      "All of it within the same minute, which is all that Notion's time stamps tell.",
    ]);
    return { edited, disputed, added, trashed, deletedForGood };
  }

  private recover({ trashed, deletedForGood }: Told): void {
    this.emulator.workspace.restorePage(trashed);
    this.emulator.workspace.deletePage(deletedForGood);
    this.say("Second thoughts", [
      '"Sketch the onboarding page" is taken back out of the trash.',
      '"Order new name badges" is deleted for good: Notion now answers 404, as it would if it were no longer shared.',
    ]);
  }

  private async look({ trashed, disputed }: Told): Promise<void> {
    const page = { fromVersion: 1, limit: 20 };
    this.say("The history of a record: nothing is ever overwritten", []);
    this.show({ kind: "history", report: await this.lockstep.history(trashed, page) });
    this.say("A conflict: Notion wins the title, the agent's description stays", []);
    this.show({ kind: "history", report: await this.lockstep.history(disputed, page) });
    this.say("What changed between two versions", []);
    this.show({ kind: "diff", report: await this.lockstep.diff(disputed, 2, 3) });
    this.say("Requests to Notion, counted by the emulator", []);
    this.show({ kind: "calls", calls: this.calls });
    this.say("Checked against the emulator's own truth", []);
  }

  private rowCalled(title: string): string {
    const row = this.emulator.workspace
      .rows(this.tasks)
      .find((each) => JSON.stringify(each.properties.Title).includes(title));
    if (row === undefined) throw new Error(`the demo's workspace has no row "${title}"`);
    return row.id;
  }

  private say(title: string, lines: readonly string[]): void {
    this.show({ kind: "heading", title, lines });
  }

  private show(event: DemoEvent): void {
    this.options.onEvent(event);
  }
}

function text(content: string, type: "rich_text" | "title" = "rich_text") {
  return { [type]: richText(content) };
}

function dataSourceCalled(emulator: Emulator, name: string): string {
  const found = emulator.workspace.dataSources().find((each) => each.name === name);
  if (found === undefined) throw new Error(`the demo's workspace has no data source "${name}"`);
  return found.id;
}

function demoConfig(folder: string, emulator: Emulator): Config {
  const schedule = { cron: "0 3 * * *", timeZone: "UTC", isEnabled: true };
  const database = (name: string, fieldMappings: Config["backup"]["databases"][number]["fieldMappings"]) => ({
    name: name.toLowerCase(),
    notionId: dataSourceCalled(emulator, name),
    dataSource: null,
    projectScopeId: "demo",
    isEnabled: true,
    schedule,
    fieldMappings,
  });
  return {
    file: join(folder, "lockstep.config.json"),
    store: `sqlite:${join(folder, "lockstep.db")}`,
    notion: { ratePerMinute: 180, timeoutMs: 60_000 },
    tables: [],
    backup: {
      sweepEveryHours: 0,
      guard: { deletesMax: 10, deleteShareMax: 0.1 },
      databases: [
        database("Tasks", [
          { property: "Summary", field: "description" },
          { property: "Status", field: "status" },
          { property: "Priority", field: "metadata.priority" },
          { property: "Tags", field: "metadata.tags" },
        ]),
        database("Contacts", [{ property: "Count", field: "metadata.count" }]),
      ],
    },
  };
}
