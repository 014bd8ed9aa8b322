import { expect, test } from "vitest";
import { createRandom } from "../../../src/emulator/state/random.ts";
import { app, Team, web } from "./team.ts";

const days = 10;
const editsADay = 20;
const statuses = ["Backlog", "In Progress", "Ready for Review", "Dropped"] as const;
const openStatuses: readonly string[] = ["Backlog", "In Progress", "Ready for Review"];
const shipping = "status: shipping";

/** What the team does, one thing at a time, drawn from a seed. */
class Script {
  private readonly team: Team;
  /** The issue that goes its own way. */
  private readonly spared: string;
  private readonly random = createRandom(7);
  private count = 0;

  constructor(team: Team, spared: string) {
    this.team = team;
    this.spared = spared;
  }

  edit(): void {
    this.count += 1;
    const kind = this.random.integer() % 10;
    if (kind === 0) this.addRow();
    else if (kind === 1) this.addIssue();
    else if (kind <= 3) this.renameRow();
    else if (kind <= 5) this.renameIssue();
    else if (kind <= 7) this.moveRow();
    else this.labelIssue();
  }

  private addRow(): void {
    const words = this.count % 3 === 0 ? `fixes #1 @acme/all ${this.count}` : `Row ${this.count}`;
    this.team.addRow(words, this.count % 2 === 0 ? { Repository: web } : {});
  }

  private addIssue(): void {
    this.team.github.people.addIssue(this.count % 2 === 0 ? app : web, {
      title: `Issue ${this.count}`,
      labels: ["bug"],
    });
  }

  private renameRow(): void {
    const row = this.aRow();
    if (row !== undefined) this.team.rename(row.id, `Row ${this.count}`);
  }

  private renameIssue(): void {
    const { people } = this.team.github;
    const [repository, issue] = this.anIssue();
    if (issue !== undefined) people.editIssue(repository, issue.number, { title: `Issue ${this.count}` });
  }

  /** There, and now and then back again at once. */
  private moveRow(): void {
    const row = this.aRow();
    if (row === undefined) return;
    this.team.choose(row.id, {
      Status: this.pick(statuses) ?? "Backlog",
      Priority: this.pick(["High", "Low"]) ?? "Low",
    });
    if (this.count % 4 === 0) this.team.choose(row.id, { Status: "Backlog" });
  }

  private labelIssue(): void {
    const { people } = this.team.github;
    const [repository, issue] = this.anIssue();
    if (issue === undefined) return;
    const kept = people.labelsOf(repository, issue.number).filter((label) => label !== "docs");
    people.editIssue(repository, issue.number, { labels: this.count % 2 === 0 ? [...kept, "docs"] : kept });
  }

  private aRow() {
    return this.pick(this.team.rows().filter((row) => row["GitHub Issue #"] !== this.spared));
  }

  private anIssue() {
    const repository = this.count % 2 === 0 ? app : web;
    const all = this.team.github.people.issues(repository);
    return [
      repository,
      this.pick(all.filter(({ number }) => `${repository}#${number}` !== this.spared)),
    ] as const;
  }

  private pick<T>(all: readonly T[]): T | undefined {
    return all[this.random.integer() % Math.max(1, all.length)];
  }
}

/** Its issue was transferred, or it was dropped before it had one. */
function isAlone(row: ReturnType<Team["rows"]>[number]): boolean {
  const isDropped = row["GitHub Issue #"] === "" && !openStatuses.includes(row.Status ?? "");
  return isDropped || row["GitHub Note"]?.startsWith("Its issue is gone") === true;
}

/** Why the two sides do not say the same; null: they do. */
function difference(team: Team): string | null {
  const { people } = team.github;
  const issues = [app, web].flatMap((repository) =>
    people
      .issues(repository)
      .map((issue) => ({ ...issue, name: `${repository}#${issue.number}`, repository })),
  );
  const rows = team.rows().filter((row) => !isAlone(row));
  if (rows.length !== issues.length) {
    const named = new Set(issues.map(({ name }) => name));
    const extra = rows.filter((row) => !named.has(row["GitHub Issue #"] ?? ""));
    return `${rows.length} rows and ${issues.length} issues; ${JSON.stringify(extra)}`;
  }
  for (const issue of issues) {
    const row = rows.find((each) => each["GitHub Issue #"] === issue.name);
    if (row === undefined) return `${issue.name} has no row`;
    if (row.Title !== issue.title.replaceAll("\u2060", "")) return `${row.Title} is called ${issue.title}`;
    const isOpen = openStatuses.includes(row.Status ?? "");
    const labels = people.labelsOf(issue.repository, issue.number);
    const waits = row.Status === "Done" && issue.state === "open" && labels.includes(shipping);
    if (!waits && isOpen !== (issue.state === "open"))
      return `${issue.name} is ${issue.state}, and its row ${row.Status}`;
    const free = labels.filter((label) => !/^(status|priority): /.test(label)).toSorted();
    if (
      free.join() !==
      (row.Labels ?? "")
        .split(",")
        .filter((label) => label !== "")
        .toSorted()
        .join()
    )
      return `${issue.name} has ${free.join()}, and its row ${row.Labels}`;
    const priority = labels.find((label) => label.startsWith("priority: "))?.slice("priority: ".length) ?? "";
    if (priority !== (row.Priority ?? ""))
      return `${issue.name} has priority ${priority}, and its row ${row.Priority}`;
  }
  return null;
}

test("a fortnight of a team ends with both sides the same, whatever was lost, doubled or killed", {
  timeout: 280_000,
}, async () => {
  await using team = await Team.open();
  const { people, faults } = team.github;
  for (let number = 1; number <= 6; number += 1) team.addRow(`Start ${number}`);
  for (let number = 1; number <= 6; number += 1)
    people.addIssue(app, { title: `Older ${number}`, labels: ["bug"] });
  await team.serve();
  await team.until("the first day", () => difference(team));

  // One goes the whole way: a failing build, a force push, and a merge.
  const shipped = team.rows().find(({ Title }) => Title === "Start 1");
  const name = shipped?.["GitHub Issue #"] ?? "";
  const script = new Script(team, name);
  const [repository = app, number = 0] = [name.split("#")[0], Number(name.split("#")[1])];
  people.push(repository, `${number}-start`);
  team.choose(shipped?.id ?? "", { Status: "Ready for Review" });
  const rowOf = () => team.rows().find(({ id }) => id === shipped?.id);
  await team.until("a draft", () => (rowOf()?.["PR State"] === "Draft" ? null : JSON.stringify(rowOf())));
  team.choose(shipped?.id ?? "", { Status: "In Progress" });
  await team.until("work", () =>
    people.labelsOf(repository, number).includes("status: in progress") ? null : "not yet",
  );
  team.choose(shipped?.id ?? "", { Status: "Ready for Review" });
  await team.until("marked ready", () => (rowOf()?.["PR State"] === "Open" ? null : JSON.stringify(rowOf())));
  const pull = Number(rowOf()?.["GitHub PR #"]?.split("#")[1]);
  const head = () => people.issue(repository, pull)?.pull?.headSha ?? "";
  people.check(repository, head(), { name: "build", conclusion: "failure" });
  team.choose(shipped?.id ?? "", { Status: "Done" });
  await team.until("told", () =>
    /build/.test(rowOf()?.["GitHub Note"] ?? "") ? null : JSON.stringify(rowOf()),
  );

  for (let day = 0; day < days; day += 1) {
    if (day % 3 === 1) {
      for (const kind of ["lost", "duplicate"] as const) {
        faults.add({ match: { event: ".", times: 4 }, effect: { kind } });
        team.notion.faults.add({ match: { event: ".", times: 4 }, effect: { kind } });
      }
      faults.add({ match: { method: "PATCH", times: 1 }, effect: { kind: "drop", when: "after" } });
      team.notion.faults.add({
        match: { method: "PATCH", times: 1 },
        effect: { kind: "drop", when: "after" },
      });
    }
    if (day === 4) people.transferIssue(app, people.issues(app)[0]?.number ?? 0, "acme/web");
    if (day % 4 === 2) await team.kill();
    for (let edit = 0; edit < editsADay; edit += 1) {
      script.edit();
      if (edit % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (day % 4 === 2) await team.serve();
  }
  people.forcePush(repository, `${number}-start`);
  people.check(repository, head(), { name: "build", conclusion: "success" });
  await team.until("moved", () =>
    /moved since/.test(rowOf()?.["GitHub Note"] ?? "") ? null : JSON.stringify(rowOf()),
  );
  team.choose(shipped?.id ?? "", { Status: "In Progress" });
  await team.until("work again", () =>
    people.labelsOf(repository, number).includes("status: in progress") ? null : "not yet",
  );
  team.choose(shipped?.id ?? "", { Status: "Done" });
  await team.until("merged", () => (rowOf()?.["PR State"] === "Merged" ? null : JSON.stringify(rowOf())));
  expect(people.isMerged(repository, head())).toBe(true);
  await team.until("the end", () => difference(team));
  await team.kill();
  const swept = await team.command(["sync", "--full", "--json"]);
  expect(swept.exitCode, swept.stdout.slice(0, 2_000)).toBe(0);
  expect(difference(team)).toBeNull();
  const titles = [app, web].flatMap((each) =>
    people.issues(each).map(({ title, body }) => `${title} ${body}`),
  );
  expect(titles.filter((words) => /fixes #1|@acme/.test(words))).toEqual([]);
});
