import { openLockstep } from "../src/app/open.ts";
import { initPlanning } from "../src/app/planning-setup.ts";
import { systemClock } from "../src/app/platform.ts";
import type { Config, Secrets } from "../src/config/config.ts";
import { noSecrets } from "../src/config/environment.ts";
import { resolveConfig } from "../src/config/resolve.ts";
import { type GitHubEmulator, startGitHubEmulator } from "../src/emulator/github/github.ts";
import { type Emulator, startEmulator } from "../src/emulator/index.ts";
import { type BenchResult, machine, temporaryFolder } from "./support.ts";

const minuteMs = 60_000;
const pageSize = 100;
const repository = "acme/app";

/** Requests of planning runs to each side, counted by the emulators: issues that are there become rows, then little changes. */
export async function measurePlanningCalls(issues = 120, changed = 5): Promise<BenchResult> {
  const cold = await measureColdRows(issues);
  using folder = temporaryFolder();
  await using bench = await PlanningBench.open(folder.path);
  bench.addIssues(issues);
  const pages = Math.ceil(issues / pageSize);
  await bench.measure(`first run: ${issues} issues become rows`, {
    notion: `${issues} creates`,
    github: `${pages} pages of issues`,
  });
  await bench.measure("the run after it, which lists its own writes once more", { notion: "-", github: "-" });
  await bench.rest();
  await bench.measure("nothing changed", { notion: "2", github: "2" });
  for (const conflict of ["ask", "github"] as const) {
    bench.editIssues(changed);
    const aim = { notion: `${changed} + 2`, github: "2" };
    await bench.measure(`${changed} issues changed, conflicts: ${conflict}`, aim, conflict);
    await bench.rest();
  }
  for (const conflict of ["ask", "notion"] as const) {
    bench.editRows(changed);
    const aim = { notion: "2", github: `${changed} + 2, and 1 that reads before them` };
    await bench.measure(`${changed} rows changed, conflicts: ${conflict}`, aim, conflict);
    await bench.rest();
  }
  return {
    name: `planning-calls: ${issues} issues`,
    figures: [...cold, ...bench.figures],
    how:
      `${machine}; counted by the emulators. In brackets the aim for each side. Each run is a process's first: beside the aim it ` +
      "asks who it is, and for the columns before it writes. Pull requests are followed, which lists the open ones once in each run.",
  };
}

/** The other way round: rows that become issues. */
async function measureColdRows(rows: number): Promise<BenchResult["figures"]> {
  using folder = temporaryFolder();
  await using bench = await PlanningBench.open(folder.path);
  bench.addRows(rows);
  await bench.measure(`first run: ${rows} rows become issues`, {
    notion: `${Math.ceil(rows / pageSize)} pages of rows, ${rows} numbers and links`,
    github: `${rows} creates`,
  });
  return bench.figures;
}

class PlanningBench implements AsyncDisposable {
  readonly figures: { readonly label: string; readonly value: number; readonly unit: string }[] = [];
  private readonly notion: Emulator;
  private readonly github: GitHubEmulator;
  private readonly configWith: (conflict: string) => Config;
  private readonly secrets: Secrets;
  private readonly database: string;
  private readonly clock: { nowMs: number };
  private edits = 0;

  private constructor(parts: {
    readonly notion: Emulator;
    readonly github: GitHubEmulator;
    readonly configWith: (conflict: string) => Config;
    readonly secrets: Secrets;
    readonly database: string;
    readonly clock: { nowMs: number };
  }) {
    this.notion = parts.notion;
    this.github = parts.github;
    this.configWith = parts.configWith;
    this.secrets = parts.secrets;
    this.database = parts.database;
    this.clock = parts.clock;
  }

  static async open(folder: string): Promise<PlanningBench> {
    const clock = { nowMs: Date.UTC(2026, 6, 1) };
    const now = () => clock.nowMs;
    const notion = await startEmulator({ clock: { now }, ratePerMinute: null });
    const github = await startGitHubEmulator({ clock: { now } });
    github.people.addRepository(repository);
    const secrets: Secrets = {
      ...noSecrets,
      notionToken: notion.token,
      github: { ...noSecrets.github, auth: { kind: "token", token: github.token } },
    };
    const configOf = (place: { readonly [key: string]: string }, conflict: string) =>
      resolveConfig(
        {
          notion: { ratePerMinute: 600 },
          planning: { notion: place, repositories: [repository], fields: { title: { conflict } } },
        },
        `${folder}/lockstep.config.json`,
      );
    const before = configOf({ parentPage: notion.workspace.createPage({ properties: {} }) }, "ask");
    if (before.planning === undefined) throw new Error("no planning is configured");
    const setup = await initPlanning({
      config: before,
      planning: before.planning,
      secrets,
      baseUrl: notion.url,
      githubUrl: github.url,
    });
    const { database } = setup;
    clock.nowMs += 10 * minuteMs;
    const configWith = (conflict: string) => configOf({ database }, conflict);
    return new PlanningBench({ notion, github, configWith, secrets, database, clock });
  }

  async measure(
    label: string,
    aim: { readonly notion: string; readonly github: string },
    conflict = "ask",
  ): Promise<void> {
    const calls = await this.run(conflict);
    this.figures.push({ label: `${label}: Notion (${aim.notion})`, value: calls.notion, unit: "calls" });
    this.figures.push({ label: `${label}: GitHub (${aim.github})`, value: calls.github, unit: "calls" });
  }

  /** A run that lists what the one before has written, so that the next need not. */
  async rest(): Promise<void> {
    await this.run();
  }

  addIssues(count: number): void {
    for (let index = 1; index <= count; index += 1) {
      this.github.people.addIssue(repository, { title: `Issue ${index}`, labels: ["bug"] });
      this.clock.nowMs += 1_000;
    }
    this.clock.nowMs += 10 * minuteMs;
  }

  addRows(count: number): void {
    const parent = { dataSourceId: this.database };
    for (let index = 1; index <= count; index += 1) {
      const title = [{ type: "text", text: { content: `Row ${index}` } }];
      this.notion.workspace.createPage({
        parent,
        properties: { Title: { title }, Status: { select: { name: "Backlog" } } },
      });
    }
  }

  editIssues(count: number): void {
    this.edits += 1;
    for (const { number } of this.github.people.issues(repository).slice(0, count))
      this.github.people.editIssue(repository, number, { title: `Changed ${this.edits} ${number}` });
  }

  editRows(count: number): void {
    this.edits += 1;
    for (const { id } of this.notion.workspace.rows(this.database).slice(-count)) {
      const title = [{ type: "text", text: { content: `Changed ${this.edits} ${id}` } }];
      this.notion.workspace.editPage(id, { properties: { Title: { title } } });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.notion.close();
    await this.github.close();
  }

  private async run(conflict = "ask"): Promise<{ readonly notion: number; readonly github: number }> {
    const lockstep = await openLockstep({
      config: this.configWith(conflict),
      secrets: this.secrets,
      baseUrl: this.notion.url,
      githubUrl: this.github.url,
      clock: { ...systemClock, now: () => this.clock.nowMs },
    });
    this.notion.calls.reset();
    this.github.calls.reset();
    const [report] = await lockstep.sync([], { trigger: "bench", isAccepted: true });
    await lockstep.close();
    if (report?.run.status !== "succeeded") throw new Error(JSON.stringify(report?.run.errors));
    this.clock.nowMs += 10 * minuteMs;
    return { notion: this.notion.calls.total, github: this.github.calls.total };
  }
}
