import type { Issue } from "../../../src/emulator/github/state.ts";
import type { Act, Performer } from "../acts.ts";
import { IssueTable } from "../github/issues.ts";
import { PERSON, pickRecord } from "../hands.ts";
import { listOf } from "../ledger.ts";
import type { World } from "../world.ts";
import { logins } from "./setup.ts";

type HubPerformer = (hub: IssueTable, act: Act, world: World) => void;

/** Who does it: whoever is next. */
export function who({ field }: Act): string {
  return logins[field % logins.length] ?? "ann";
}

export function one<T>(all: readonly T[], index: number): T | undefined {
  return all[index % Math.max(1, all.length)];
}

/** Something that somebody does on GitHub. */
export function onHub(perform: HubPerformer): Performer {
  return (world, act) => {
    if (!(world.table instanceof IssueTable)) return;
    perform(world.table, act, world);
    world.table.mirror(null);
  };
}

/** An issue in place, by the act's pick, its repository's name and its number. */
export function pickIssue(
  table: IssueTable,
  act: Act,
  world: World,
): { name: string; number: number; issue: Issue } | null {
  const id = pickRecord(world, { ...act, side: "right" }, "live");
  return id === null ? null : placeOf(table, id);
}

export function placeOf(
  table: IssueTable,
  id: string,
): { name: string; number: number; issue: Issue } | null {
  const issue = table.issue(id);
  const repository = table.hub.state.repositories.get(Number(id.split("/")[0]));
  if (issue === null || repository === undefined) return null;
  return { name: `${repository.owner}/${repository.name}`, number: issue.number, issue };
}

export function onIssue(
  perform: (
    at: { name: string; number: number; issue: Issue },
    table: IssueTable,
    act: Act,
    world: World,
  ) => void,
): Performer {
  return onHub((table, act, world) => {
    const found = pickIssue(table, act, world);
    if (found !== null) perform(found, table, act, world);
  });
}

/** A pull request, by the act's pick. */
export function onPull(
  perform: (at: { name: string; number: number; issue: Issue }, table: IssueTable, act: Act) => void,
): Performer {
  return onHub((table, act) => {
    const id = one([...table.pulls.keys()], act.pick);
    const found = id === undefined ? null : placeOf(table, id);
    if (found !== null) perform(found, table, act);
  });
}

export function onRow(perform: (id: string, act: Act, world: World) => void): Performer {
  return (world, act) => {
    const id = pickRecord(world, { ...act, side: "left" }, "live");
    if (id !== null) perform(id, act, world);
  };
}

export function set(
  world: World,
  id: string,
  property: string,
  value: string | readonly string[] | null,
): void {
  const column = world.workspace.property(property);
  if (column === undefined) return;
  const optionOf = (word: string) => world.workspace.optionId(column.id, word);
  const stored =
    column.type === "select"
      ? typeof value === "string"
        ? optionOf(value)
        : null
      : column.type === "multi_select"
        ? listOf(value).map(optionOf)
        : typeof value === "object" && value !== null
          ? [...value]
          : value;
  world.workspace.change(id, { values: { [column.id]: stored } }, PERSON);
}

/** Puts an element in, or takes it out. */
export function toggled(list: readonly string[], element: string): readonly string[] {
  return list.includes(element) ? list.filter((each) => each !== element) : [...list, element];
}

export function namesOn(
  { name, number }: { name: string; number: number },
  { hub }: IssueTable,
): readonly string[] {
  return hub.people.labelsOf(name, number);
}

/** What stands in a body that was made by hand, was cut, or comes from elsewhere. */
export function tamperedBody(
  { table, act, world }: { readonly table: IssueTable; readonly act: Act; readonly world: World },
  body: string,
  scope: string,
): string {
  const others = [...table.hub.state.repositories.values()].flatMap(({ issues }) => [...issues.values()]);
  const marked = others.filter((other) => other.body?.includes("<!-- lockstep:1") === true);
  const [seal = ""] = /<!-- lockstep:1[^>]*-->/.exec(one(marked, act.field)?.body ?? "") ?? [];
  const page = one([...world.workspace.pages()], act.pick)?.id ?? "";
  const forged = `<!-- lockstep:1 id=${page} in=${scope} at=${Math.floor(world.now / 1_000)} sig=${"0".repeat(32)} -->`;
  const bare = body.replace(/<!-- lockstep:[^>]*-->/g, "").trim();
  switch (act.field % 6) {
    case 0:
      return bare;
    case 1:
      return body.replace("sig=", "sig=f");
    case 2:
      return `${bare}\n\n${seal}`;
    case 3:
      return `${seal}\n\n${body}`;
    case 4:
      return `${bare}\n\n${forged}`;
    default:
      return `${body}\n\n${act.token}`;
  }
}

export function scopeOf({ hub }: IssueTable, name: string, number: number): string {
  return `issue:${hub.state.ids.get(name.toLowerCase())}/${number}`;
}
