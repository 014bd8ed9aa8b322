import { rowFacts } from "../../../src/recipes/planning/board.ts";
import type { Act, Performer } from "../acts.ts";
import { HUB_BOT, HUB_TOKEN } from "../github/hub.ts";
import { IssueTable } from "../github/issues.ts";
import { createOn, PERSON, pickRecord, write } from "../hands.ts";
import { listOf } from "../ledger.ts";
import type { hubActKinds } from "../options.ts";
import type { World } from "../world.ts";
import {
  namesOn,
  one,
  onHub,
  onIssue,
  onPull,
  onRow,
  pickIssue,
  placeOf,
  scopeOf,
  set,
  tamperedBody,
  toggled,
  who,
} from "./hub-hands.ts";
import {
  logins,
  managedLabels,
  otherLabels,
  priorities,
  REVIEW,
  repositoriesOf,
  SHIPPED,
  sprints,
  statusWords,
  userIds,
} from "./setup.ts";

const statuses = Object.keys(statusWords);
const labels = [...managedLabels, ...otherLabels];

const MINUTE = 60_000;

/** What people and programs do to rows, issues and pull requests. */
export const hubPerformers: Readonly<Record<(typeof hubActKinds)[number], Performer>> = {
  addRow(world, act) {
    const { token, pick, field } = act;
    createOn(world, "left", {
      Title: pick % 12 === 0 ? null : token,
      Status: pick % 3 === 0 ? (one(statuses, field) ?? null) : "Backlog",
      Labels: field % 4 === 0 ? [one(labels, pick) ?? "bug"] : [],
      Repository: field % 5 === 0 ? (one(repositoriesOf(world.options), pick) ?? null) : null,
    });
  },
  retitleRow: onRow((id, { token, field }, world) => {
    write(world, "left", id, { Title: field % 9 === 0 ? null : token });
  }),
  moveRow: onRow((id, { field }, world) => {
    write(world, "left", id, { Status: one(statuses, field) ?? null });
  }),
  tagRow: onRow((id, { field }, world) => {
    const now = [
      ...listOf(world.plain("left", id, "Labels")),
      ...listOf(world.plain("left", id, "Other labels")),
    ];
    set(world, id, "Labels", toggled(now, one(labels, field) ?? "bug"));
  }),
  chooseRow: onRow((id, { field, pick }, world) => {
    if (field % 3 === 0) set(world, id, "Priority", one([...priorities, null], pick) ?? null);
    else if (field % 3 === 1) set(world, id, "Sprint", one([...sprints, null], pick) ?? null);
    else set(world, id, "Repository", one(repositoriesOf(world.options), pick) ?? null);
  }),
  assignRow: onRow((id, { field }, world) => {
    const property = world.workspace.property("Assignees");
    const now = world.workspace.page(id)?.values[property?.id ?? ""];
    const list = Array.isArray(now) ? now.filter((each) => typeof each === "string") : [];
    set(world, id, "Assignees", toggled(list, one(userIds, field) ?? ""));
  }),
  /** Into what is kept by the sync. */
  scribbleRow: onRow((id, { field, token }, world) => {
    const [name = rowFacts.issue, value = token] =
      one(
        [
          [rowFacts.issue, null],
          [rowFacts.issueLink, `https://example.com/${token}`],
          [rowFacts.pull, token],
          [rowFacts.pullState, "Merged"],
          [rowFacts.checks, "Passing"],
        ] as const,
        field,
      ) ?? [];
    set(world, id, name, value);
  }),
  /** A new row for an issue that is there; its number may be another row's already. */
  tieRow(world, act) {
    if (!(world.table instanceof IssueTable)) return;
    const found = pickIssue(world.table, act, world);
    if (found === null) return;
    const { name, number } = found;
    const key = act.field % 2 === 0 ? `${name}#${number}` : `https://github.com/${name}/issues/${number}`;
    createOn(world, "left", { Title: act.token, Status: "Backlog", [rowFacts.issue]: key });
  },
  commentRow: onRow((id, { token }, world) => {
    world.workspace.comment(id, `${token} said on the row`, PERSON);
    world.onRowComment(id);
  }),
  trashRow: onRow((id, _act, world) => void world.workspace.change(id, { inTrash: true }, PERSON)),
  restoreRow(world, act) {
    const id = pickRecord(world, { ...act, side: "left" }, "trashed");
    if (id !== null) world.workspace.change(id, { inTrash: false }, PERSON);
  },
  moveRowAway: onRow((id, _act, world) => {
    world.workspace.change(id, { parent: world.workspace.elsewhereId }, PERSON);
  }),
  openIssue: onHub((table, act, world) => {
    const name = currentName(table, one(repositoriesOf(world.options), act.pick) ?? "");
    const { ids, repositories } = table.hub.state;
    const repository = repositories.get(ids.get(name.toLowerCase()) ?? 0);
    const text = `${act.token} text`;
    // Whoever forges knows which number comes next.
    const scope = `issue:${repository?.id}/${(repository?.lastNumber ?? 0) + 1}`;
    const body = act.field % 4 === 0 ? tamperedBody({ table, act, world }, text, scope) : text;
    const labelled = act.field % 3 === 0 ? [one(labels, act.pick) ?? "bug"] : [];
    table.hub.people.addIssue(name, { title: act.token, body, labels: labelled }, who(act));
  }),
  retitleIssue: onIssue(({ name, number }, { hub }, act) =>
    hub.people.editIssue(name, number, { title: act.token }, who(act)),
  ),
  relabel: onIssue((at, table, act) => {
    const special = [
      "status: in progress",
      "status: review",
      "status: shipping",
      "priority: High",
      "priority: Low",
    ];
    const element = one([...labels, ...special], act.field) ?? "bug";
    table.hub.people.editIssue(
      at.name,
      at.number,
      { labels: toggled(namesOn(at, table), element) },
      who(act),
    );
  }),
  closeIssue: onIssue(({ name, number }, { hub }, act) =>
    hub.people.editIssue(
      name,
      number,
      { state: "closed", reason: one(["completed", "not_planned", "duplicate"], act.field) ?? null },
      who(act),
    ),
  ),
  reopenIssue: onHub((table, act) => {
    const closed = [...table.rows()].filter(({ id }) => table.issue(id)?.state === "closed");
    const found = placeOf(table, one(closed, act.pick)?.id ?? "");
    if (found !== null) table.hub.people.editIssue(found.name, found.number, { state: "open" }, who(act));
  }),
  planIssue: onIssue(({ name, number }, { hub }, act) => {
    const title = one(sprints, act.field) ?? "";
    const repository = hub.state.repositories.get(hub.state.ids.get(name.toLowerCase()) ?? 0);
    const known = repository?.milestones.find((each) => each.title === title)?.number;
    const milestone = act.pick % 4 === 0 ? null : (known ?? hub.people.addMilestone(name, title));
    hub.people.editIssue(name, number, { milestone }, who(act));
  }),
  assignIssue: onIssue(({ name, number, issue }, { hub }, act) => {
    const login = one(logins, act.field) ?? "ann";
    hub.people.editIssue(name, number, { assignees: toggled(issue.assignees, login) }, who(act));
  }),
  writeBody: onIssue(({ name, number, issue }, { hub }, act) =>
    hub.people.editIssue(name, number, { body: `${act.token} text\n\n${issue.body ?? ""}` }, who(act)),
  ),
  tamper: onIssue(({ name, number, issue }, table, act, world) =>
    table.hub.people.editIssue(
      name,
      number,
      { body: tamperedBody({ table, act, world }, issue.body ?? "", scopeOf(table, name, number)) },
      // A token's own user edits by hand, too.
      act.pick % 3 === 0 ? HUB_BOT : who(act),
    ),
  ),
  commentIssue: onIssue(({ name, number }, { hub }, act) => {
    hub.people.comment(name, number, `${act.token} said on the issue`, who(act));
  }),
  lockIssue: onIssue(({ name, number, issue }, { hub }) =>
    hub.people.lockIssue(name, number, !issue.isLocked),
  ),
  /** Into a discussion: closed and locked is what stays. */
  convertIssue: onIssue(({ name, number }, { hub }, act) => {
    hub.people.editIssue(name, number, { state: "closed", reason: "completed" }, who(act));
    hub.people.lockIssue(name, number, true);
  }),
  deleteIssue: onIssue(({ name, number }, { hub }) => hub.people.deleteIssue(name, number)),
  transferIssue: onIssue(({ name, number }, table, act, world) => {
    const names = repositoriesOf(world.options).map((each) => currentName(table, each));
    const target = names.find((each) => each !== name);
    if (target !== undefined) table.hub.people.transferIssue(name, number, target);
    else if (act.field % 2 === 0) table.hub.people.deleteIssue(name, number);
  }),
  renameRepository: onHub((table, act, world) => {
    const [first = ""] = repositoriesOf(world.options);
    const now = currentName(table, first);
    table.hub.people.renameRepository(
      now,
      now.endsWith("2") ? first : `${first}${act.field % 2 === 0 ? "2" : "-2"}`,
    );
  }),
  push: onIssue(({ name, number }, { hub }, act, world) => {
    const repository = hub.state.repositories.get(hub.state.ids.get(name.toLowerCase()) ?? 0);
    if (repository === undefined || act.field % 5 === 0) return;
    const sha = hub.people.push(name, `${number}-work`, who(act));
    // Most of what is pushed passes, after a while.
    world.scheduler.after((1 + (act.pick % 5)) * 20_000, () => {
      hub.people.check(name, sha, { name: "ci", conclusion: act.pick % 4 === 0 ? "failure" : "success" });
      if (world.table instanceof IssueTable) world.table.mirror(null);
    });
    hub.people.check(name, sha, { name: "ci", conclusion: null });
  }),
  forcePush: onPull(({ name, issue }, { hub }, act) => {
    const branch = issue.pull?.head;
    if (branch === undefined) return;
    const sha = hub.people.forcePush(name, branch);
    if (act.field % 2 === 0) hub.people.check(name, sha, { name: "ci", conclusion: "success" });
  }),
  /** Ready, approved and passing at once, as often as not. */
  openPull: onIssue(({ name, number, issue }, table, act) => {
    const { hub } = table;
    const sha = hub.people.push(name, `${number}-work`, who(act));
    const draft = act.field % 4 === 0;
    const body = {
      title: issue.title || "work",
      head: `${number}-work`,
      base: "main",
      body: `Closes #${number}`,
      draft,
    };
    hub.askAs(who(act), "POST", `/repos/${name}/pulls`, body);
    if (act.pick % 3 === 0) return;
    hub.people.check(name, sha, { name: "ci", conclusion: "success" });
    table.mirror(null);
    const pull = [...table.pulls.values()]
      .map((moments) => moments.at(-1))
      .find((moment) => moment?.head === sha);
    if (pull !== undefined) hub.people.review(name, pull.number, "APPROVED", "zoe");
  }),
  review: onPull(({ name, number }, { hub }, act) =>
    hub.people.review(
      name,
      number,
      act.field % 3 === 0 ? "CHANGES_REQUESTED" : "APPROVED",
      act.pick % 2 === 0 ? "zoe" : "eve",
    ),
  ),
  check: onPull(({ name, issue }, { hub }, act) => {
    const conclusion = one(["success", "success", "failure", null], act.field) ?? null;
    hub.people.check(name, issue.pull?.headSha ?? "", {
      name: act.pick % 3 === 0 ? "lint" : "ci",
      conclusion,
    });
  }),
  readyPull: onPull(({ issue }) => {
    if (issue.pull !== null) issue.pull.isDraft = false;
  }),
  mergePull: onPull(({ name, number }, { hub }, act) => {
    hub.askAs(who(act), "PUT", `/repos/${name}/pulls/${number}/merge`, {});
  }),
  closePull: onPull(({ name, number, issue }, { hub }, act) =>
    hub.people.editIssue(name, number, { state: issue.state === "open" ? "closed" : "open" }, who(act)),
  ),
  /** An administrator takes the sync's right to merge, or gives it back. */
  changeRights: onHub(({ hub }, { field }) => {
    const rights = { issues: "write", pull_requests: "write", checks: "read", statuses: "read" } as const;
    const contents = field % 3 === 0 ? "write" : "read";
    hub.people.addToken(HUB_TOKEN, { login: HUB_BOT, rights: { ...rights, contents } });
  }),
  dateRow: onRow((id, act, world) => set(world, id, "Due", act.field % 6 === 0 ? null : dayOf(act))),
  dateIssue: onIssue(({ name, number, issue }, { hub }, act) => {
    const text = (issue.body ?? "").replace(/\n*Due: \d{4}-\d{2}-\d{2}/g, "");
    const line = act.field % 6 === 0 ? "" : `\n\nDue: ${dayOf(act)}`;
    hub.people.editIssue(name, number, { body: `${text}${line}` }, who(act));
  }),
  /** Everything that a merge takes, in the order in which people do it. */
  shipRow(world, act) {
    const { table } = world;
    const id = pickRecord(world, { ...act, side: "left" }, "live");
    const issueId = id === null ? undefined : world.partnerOf(id);
    if (id === null || issueId === undefined || !(table instanceof IssueTable)) return;
    const at = placeOf(table, issueId);
    if (at === null) return;
    hubPerformers.openPull(world, { ...act, pick: pickOf(world, issueId), field: 4 * act.field + 1 }, idle);
    const later = (ms: number, status: string) =>
      world.scheduler.after(ms, () => {
        if (world.presence("left", id) === "live") write(world, "left", id, { Status: status });
      });
    if (act.field % 2 === 0) later(MINUTE, REVIEW);
    later((1 + (act.pick % 4)) * MINUTE, SHIPPED);
    if (act.pick % 3 !== 0) return;
    world.scheduler.after((1 + (act.pick % 4)) * MINUTE + (act.field % 100) * 1_000 - 30_000, () => {
      const found = placeOf(table, issueId);
      if (found === null) return;
      const sha = table.hub.people.push(found.name, `${found.number}-work`);
      table.hub.people.check(found.name, sha, { name: "ci", conclusion: "success" });
      table.mirror(null);
    });
  },
};

/** Another one each time, so that the books can tell them apart. */
function dayOf({ token }: Act): string {
  return new Date(Date.UTC(2027, 0, 1 + Number(token.slice(1)))).toISOString().slice(0, 10);
}

const idle = { settle: () => {}, skew: () => {} };

/** The pick by which an issue in place is hit. */
function pickOf(world: World, issueId: string): number {
  const all = [...world.table.rows()].filter(({ id }) => world.presence("right", id) === "live");
  return Math.max(
    0,
    all.findIndex(({ id }) => id === issueId),
  );
}

/** What a repository is called now. */
function currentName({ hub }: IssueTable, name: string): string {
  const repository = hub.state.repositories.get(hub.state.ids.get(name.toLowerCase()) ?? 0);
  return repository === undefined ? name : `${repository.owner}/${repository.name}`;
}
