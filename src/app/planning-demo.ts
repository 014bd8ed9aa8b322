import { join } from "node:path";
import type { Config, Secrets } from "../config/config.ts";
import { noSecrets } from "../config/environment.ts";
import { resolveConfig } from "../config/resolve.ts";
import { type GitHubEmulator, startGitHubEmulator } from "../emulator/github/github.ts";
import { type Emulator, startEmulator } from "../emulator/index.ts";
import type { DemoOptions, DemoReport } from "./demo.ts";
import { openDemoFolder, playDemo, richText } from "./demo-stage.ts";
import type { LogEvent } from "./herald.ts";
import type { Lockstep, RunReport } from "./lockstep.ts";
import { boardOf, checkPlanningDemo } from "./planning-demo-checks.ts";
import { initPlanning, type PlanningSetup } from "./planning-setup.ts";

const repository = "acme/app";

/**
 * A team's week, in a temporary folder: an emulated Notion in which it plans, an emulated GitHub in which it works, and
 * Lockstep between them. Then both sides and the history are compared.
 */
export async function runPlanningDemo(options: DemoOptions): Promise<DemoReport> {
  await using folder = await openDemoFolder();
  await using notion = await startEmulator({ ratePerMinute: null });
  await using github = await startGitHubEmulator();
  github.people.addRepository(repository);
  const parentPage = notion.workspace.createPage({ properties: {} });
  const secrets: Secrets = {
    ...noSecrets,
    notionToken: notion.token,
    github: { ...noSecrets.github, auth: { kind: "token", token: github.token } },
  };
  const setup = await setUp(configFor(folder.path, { parentPage }), secrets, { notion, github });
  const config = configFor(folder.path, { database: setup.database });
  const opening = { config, secrets, baseUrl: notion.url, githubUrl: github.url };
  return await playDemo(opening, options, async (lockstep) => {
    const demo = new PlanningDemo({ notion, github, lockstep, setup, options });
    const told = await demo.play();
    demo.say("Checked: rows, issues, pull requests and history", []);
    return {
      checks: await checkPlanningDemo({ notion, github, lockstep, setup, told }),
      runs: demo.runs,
      whereabouts: [
        `Notion answers at ${notion.url} (token ${notion.token}), GitHub at ${github.url} (token ${github.token}).`,
      ],
    };
  });
}

function configFor(folder: string, notion: { readonly [key: string]: string }): Config {
  const planning = { notion, repositories: [repository], comments: "notion", conflictComments: true };
  return resolveConfig({ notion: { ratePerMinute: 600 }, planning }, join(folder, "lockstep.config.json"));
}

async function setUp(
  config: Config,
  secrets: Secrets,
  { notion, github }: { readonly notion: Emulator; readonly github: GitHubEmulator },
): Promise<PlanningSetup> {
  const { planning } = config;
  if (planning === undefined) throw new Error("the demo's configuration has no planning");
  return initPlanning({ config, planning, secrets, baseUrl: notion.url, githubUrl: github.url });
}

/** What the demo did, for the checks. */
export interface PlanningTold {
  /** Rows by the titles they were given. */
  readonly rows: ReadonlyMap<string, string>;
  /** The pull request of each title that has one, by number. */
  readonly pulls: ReadonlyMap<string, number>;
  readonly events: readonly LogEvent[];
  readonly idle: { readonly written: number; readonly notion: number; readonly github: number };
}

interface Parts {
  readonly notion: Emulator;
  readonly github: GitHubEmulator;
  readonly lockstep: Lockstep;
  readonly setup: PlanningSetup;
  readonly options: DemoOptions;
}

class PlanningDemo {
  readonly runs: RunReport[] = [];
  private readonly parts: Parts;
  private readonly rows = new Map<string, string>();
  private readonly pulls = new Map<string, number>();
  private readonly events: LogEvent[] = [];

  constructor(parts: Parts) {
    this.parts = parts;
    parts.lockstep.twoWay.listen((event) => this.events.push(event));
  }

  async play(): Promise<PlanningTold> {
    const { writes, labels } = this.parts.setup;
    this.say("A planning database and a repository", [
      `Like \`lockstep init --recipe planning\`: ${writes} writes made the database in an emulated Notion, and`,
      `${labels.length} labels say on GitHub what the statuses say in Notion.`,
    ]);
    await this.monday();
    await this.tuesday();
    await this.wednesday();
    await this.thursday();
    await this.friday();
    return this.rest();
  }

  private async monday(): Promise<void> {
    const { people } = this.parts.github;
    people.addIssue(repository, { title: "Login fails on Safari", labels: ["bug"] }, "ada");
    this.add("Dark mode", { Status: "Backlog", Priority: "High" });
    this.add("fixes #1 for @acme/everyone", { Status: "Backlog" });
    this.say("Monday: the team plans", [
      "Two rows become issues, an issue becomes a row. One title would close an issue and call everyone:",
      "on GitHub it is only words.",
    ]);
    await this.sync();
  }

  private async tuesday(): Promise<void> {
    const { people } = this.parts.github;
    const number = this.issueOf("Dark mode");
    people.push(repository, `${number}-dark-mode`, "ada");
    this.move("Dark mode", "Ready for Review");
    this.move("Login fails on Safari", "Ready for Review");
    this.say("Tuesday: two are ready for review", [
      '"Dark mode" has a branch: a draft is opened. The other has none, and its row says so.',
    ]);
    await this.sync();
  }

  private async wednesday(): Promise<void> {
    const { people } = this.parts.github;
    const pull = this.pullOf("Dark mode");
    this.move("Dark mode", "In Progress");
    await this.sync(false);
    this.move("Dark mode", "Ready for Review");
    this.say("Wednesday: back to work, and ready once more", ["The draft is marked ready."]);
    await this.sync();
    people.check(repository, this.headOf(pull), { name: "build", conclusion: "failure" });
    this.move("Dark mode", "Done");
    this.say("Somebody is too early", [
      '"Dark mode" is set to Done while its build fails. Nothing is merged.',
    ]);
    await this.sync();
  }

  private async thursday(): Promise<void> {
    const { people } = this.parts.github;
    const pull = this.pullOf("Dark mode");
    people.check(repository, this.headOf(pull), { name: "build", conclusion: "success" });
    people.review(repository, pull, "APPROVED", "grace");
    this.say("Thursday: the build passes", ["The pull request is merged, and its issue closed."]);
    await this.sync();
  }

  private async friday(): Promise<void> {
    const { people } = this.parts.github;
    const number = this.issueOf("Login fails on Safari");
    people.editIssue(repository, number, { title: "Login fails on Safari 19" }, "ada");
    this.edit("Login fails on Safari", { Title: { title: richText("Login fails everywhere") } });
    people.comment(repository, number, "Seen on iOS, too.", "grace");
    this.say("Friday: two people rename one thing", [
      "Both titles stay where they are until somebody decides; the row shows both in a comment.",
    ]);
    await this.sync();
    await this.settle();
    await this.sync();
  }

  private async settle(): Promise<void> {
    const { conflicts } = await this.parts.lockstep.twoWay.questions({ limit: 10 });
    for (const { id } of conflicts) {
      await this.parts.lockstep.twoWay.settle({ id, take: "github", by: "demo" });
    }
    this.say("Somebody takes GitHub's", []);
  }

  private async rest(): Promise<PlanningTold> {
    await this.sync(false);
    const reports = await this.sync(false);
    const written = reports.reduce((sum, { run }) => sum + run.counts.created + run.counts.updated, 0);
    const { notion, github } = this.parts;
    notion.calls.reset();
    github.calls.reset();
    await this.sync(false);
    const idle = { written, notion: notion.calls.total, github: github.calls.total };
    return { rows: this.rows, pulls: this.pulls, events: this.events, idle };
  }

  /** What `lockstep serve` does by itself, whenever something is told or due. */
  private async sync(isShown = true): Promise<readonly RunReport[]> {
    const { lockstep, notion, setup, options } = this.parts;
    const reports = await lockstep.sync([], { trigger: "demo", isAccepted: true, signal: options.signal });
    this.runs.push(...reports);
    if (isShown) options.onEvent({ kind: "board", columns: boardOf(notion, setup.database) });
    return reports;
  }

  private add(
    title: string,
    { Status, Priority }: { readonly Status: string; readonly Priority?: string },
  ): void {
    const page = this.parts.notion.workspace.createPage({
      parent: { dataSourceId: this.parts.setup.database },
      properties: {
        Title: { title: richText(title) },
        Status: { select: { name: Status } },
        ...(Priority === undefined ? {} : { Priority: { select: { name: Priority } } }),
      },
    });
    this.rows.set(title, page);
  }

  private move(title: string, status: string): void {
    this.edit(title, { Status: { select: { name: status } } });
  }

  private edit(
    title: string,
    properties: Parameters<Emulator["workspace"]["editPage"]>[1]["properties"],
  ): void {
    this.parts.notion.workspace.editPage(this.rowOf(title), properties === undefined ? {} : { properties });
  }

  private rowOf(title: string): string {
    const known = this.rows.get(title);
    if (known !== undefined) return known;
    const { notion, setup } = this.parts;
    const row = notion.workspace
      .rows(setup.database)
      .find((each) => JSON.stringify(each.properties).includes(title));
    if (row === undefined) throw new Error(`the demo has no row "${title}"`);
    this.rows.set(title, row.id);
    return row.id;
  }

  private issueOf(title: string): number {
    const issue = this.parts.github.people.issues(repository).find((each) => each.title === title);
    if (issue === undefined) throw new Error(`the demo has no issue "${title}"`);
    return issue.number;
  }

  private pullOf(title: string): number {
    const known = this.pulls.get(title);
    if (known !== undefined) return known;
    const issue = this.issueOf(title);
    const { people } = this.parts.github;
    for (let number = issue + 1; number < issue + 20; number += 1) {
      const found = people.issue(repository, number);
      if (found?.pull == null || found.body?.includes(`#${issue}`) !== true) continue;
      this.pulls.set(title, number);
      return number;
    }
    throw new Error(`the demo has no pull request for "${title}"`);
  }

  private headOf(pull: number): string {
    return this.parts.github.people.issue(repository, pull)?.pull?.headSha ?? "";
  }

  say(title: string, lines: readonly string[]): void {
    this.parts.options.onEvent({ kind: "heading", title, lines });
  }
}
