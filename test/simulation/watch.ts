import { isJsonObject, type Json } from "../../src/core/json.ts";
import type { Side } from "../../src/core/two-way/mapping.ts";
import { freshMs } from "../../src/engine/two-way/act.ts";
import { type Intent, isAmbiguous, openPair, recordId } from "../../src/engine/two-way/link.ts";
import type {
  PairCommit,
  PairCommitResult,
  PairConflict,
  PairLink,
  PairVersion,
} from "../../src/store/pair-store.ts";
import { markerProperty, type Plain, stages } from "./fields.ts";
import { type Happening, listOf, removed } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import type { ApiRequest } from "./notion/routes.ts";
import { canMake } from "./planning/sent.ts";
import type { SentWrite } from "./subject.ts";
import type { World } from "./world.ts";

/** Commits to this record seen by an observer who was told each time something became durable. */
export interface Durable {
  readonly links: Map<string, PairLink>;
  readonly conflicts: Map<string, PairConflict>;
  readonly versions: PairVersion[];
}

type Sent = SentWrite;

/** Looks at every write and every commit as they happen, and says what must never be. */
export class Watch {
  readonly durable: Durable = { links: new Map(), conflicts: new Map(), versions: [] };
  /** Since when each value is in a version or a conflict. */
  readonly #kept = new Map<string, number>();
  /** Who was ever paired with whom. */
  readonly #partners = new Map<string, Set<string>>();
  readonly #world: () => World;
  /** False: this process may write nothing (a changed mapping waits for a person). */
  readonly #mayWrite: (machine: Machine) => boolean;
  /** Written down somewhere else than in the pair. */
  readonly #isForeseen: (link: PairLink, sent: Sent) => boolean;
  #fence = 0;
  writes = 0;

  constructor(
    world: () => World,
    judges: {
      readonly mayWrite: (machine: Machine) => boolean;
      readonly isForeseen: (link: PairLink, sent: Sent) => boolean;
    },
  ) {
    this.#world = world;
    this.#mayWrite = judges.mayWrite;
    this.#isForeseen = judges.isForeseen;
  }

  /** True when the value (or list element) is in a version or a conflict, and was by then (ms). */
  keeps(side: Side, field: string, value: Plain, by = Number.POSITIVE_INFINITY): boolean {
    return (this.#kept.get(keptKey(side, field, value)) ?? Number.POSITIVE_INFINITY) < by;
  }

  partnersOf(side: Side, id: string): ReadonlySet<string> {
    return this.#partners.get(`${side} ${id}`) ?? new Set();
  }

  onDurable(name: string, argument: unknown, result: unknown): void {
    if (name !== "commit") return;
    const commit = argument as PairCommit;
    if (commit.syncId !== this.#world().subject.syncId) return;
    const { stale, taken } = result as PairCommitResult;
    if (stale.length > 0 || taken.length > 0) {
      const world = this.#world();
      world.trace.note(world.now, `REFUSED ${JSON.stringify({ stale, taken })}`);
      return;
    }
    if (commit.fence < this.#fence)
      this.#fail("I10", `a commit under fence ${commit.fence}, after one under ${this.#fence}`);
    this.#fence = Math.max(this.#fence, commit.fence);
    for (const link of commit.links) {
      this.#checkBase(link);
      this.durable.links.set(link.id, link);
      this.#pair(link);
      this.#checkIntents(link);
    }
    for (const conflict of commit.conflicts) {
      this.durable.conflicts.set(conflict.id, conflict);
      this.#keep("left", conflict.field, conflict.left);
      this.#keep("right", conflict.field, conflict.right);
    }
    for (const version of commit.versions) {
      this.durable.versions.push(version);
      for (const values of [version.fields, version.prior])
        for (const [field, value] of Object.entries(values)) this.#keep(version.side, field, value);
    }
    this.#note(commit);
  }

  /** The store was lost: what becomes durable from now on has nothing to do with what was. */
  forget(): void {
    this.durable.links.clear();
    this.durable.conflicts.clear();
    this.#fence = 0;
  }

  /** A person settles a conflict: from then on its field may be written. */
  onSettled(id: string, winner: Side): void {
    const conflict = this.durable.conflicts.get(id);
    if (conflict !== undefined) this.durable.conflicts.set(id, { ...conflict, winner });
  }

  onSend(side: Side, machine: Machine, write: unknown): void {
    this.writes += 1;
    const world = this.#world();
    const sent = side === "left" ? sentPage(write as ApiRequest, world) : world.subject.sentRight(write);
    if (sent === null) return;
    if (!this.#mayWrite(machine))
      this.#fail("I20", `a ${sent.kind} on the ${side} under a mapping that nobody has accepted`, sent.id);
    const link = this.#linkOf(sent);
    if (link === undefined) {
      if (sent.kind !== "trash")
        this.#fail("I13", `a ${sent.kind} on the ${side} that belongs to no pair`, sent.id);
      return;
    }
    if (isAmbiguous(link))
      this.#fail("I17", `a ${sent.kind} on the ${side} for a record that a person has to match`, sent.id);
    const intent = this.#intentFor(link, sent);
    if (intent === undefined && !this.#isExtra(link, sent) && !this.#isForeseen(link, sent))
      this.#fail(
        "I13",
        `a ${sent.kind} of ${sent.fields ?? sent.members} on the ${side} without a written intent`,
        sent.id,
      );
    const written = sent.fields ?? Object.keys(intent?.fields ?? {});
    for (const conflict of this.durable.conflicts.values()) {
      if (conflict.linkId !== link.id || conflict.closedAt !== null || conflict.winner !== null) continue;
      if (written.includes(conflict.field))
        this.#fail("I25", `${conflict.field} is written on the ${side} while its conflict is open`, sent.id);
    }
  }

  onHappening(happening: Happening): void {
    if (happening.by !== "engine") return;
    this.#checkDuplicate(happening);
    if (happening.presence.from === "absent") return;
    for (const [name, change] of Object.entries(happening.fields)) this.#checkField(happening, name, change);
  }

  #checkField(
    happening: Happening,
    name: string,
    change: { readonly from: Plain; readonly to: Plain },
  ): void {
    const { side, id } = happening;
    const { ledger, fields } = this.#world();
    const field = fields.find((each) => each.name === name);
    // What a recipe makes of other fields, its own rules judge.
    if (field === undefined || !["text", "stage", "tags", "refs"].includes(field.kind)) return;
    if (field.owner === side)
      this.#fail("I18", `${name} is owned by the ${side} and was written there: ${show(change)}`, id);
    const other = side === "left" ? "right" : "left";
    const { from, to } = change;
    if (field.kind === "stage") {
      const isFiner = from !== null && to !== null && stages[String(from)] === stages[String(to)];
      if (side === "left" && isFiner && !this.#isBlind(happening, name, String(from)))
        this.#fail(
          "I6",
          `the finer ${name} was overwritten with one of the same meaning: ${show(change)}`,
          id,
        );
      return;
    }
    if (field.kind !== "text") {
      for (const element of removed(change))
        if (!this.#wasRemovedByPerson(name, element) && !this.#isBlind(happening, name, element))
          this.#fail("I9", `"${element}" went from ${name}, and nobody took it out`, id);
      for (const element of removed({ from: to, to: from }))
        if (!ledger.hasHeld(other, name, element))
          this.#fail("I9", `"${element}" came into ${name} from nowhere`, id);
      return;
    }
    // What its owner never filled is empty there, too.
    if (to === null && field.owner !== other && !this.#wasClearedByPerson(name))
      this.#fail("I9", `${name} was cleared, and nobody cleared it: ${show(change)}`, id);
    if (to !== null && !ledger.hasHeld(other, name, to))
      this.#fail("I8", `${name} was set to ${show(change)}, which the ${other} never held`, id);
  }

  #checkDuplicate({ side, id, presence, marker }: Happening): void {
    if (presence.from !== "absent" || marker === null) return;
    const { workspace, ledger } = this.#world();
    if (side !== "left") return;
    for (const page of workspace.pages()) {
      if (page.id === id || page.createdBy !== workspace.botId) continue;
      // What has left the data source since, or could not be seen, cannot be found by its marker.
      if (this.#world().presence("left", page.id) !== "live" || this.#world().wasPassedOver(page.id))
        continue;
      const isSame = ledger.of("left", page.id)[0]?.marker === marker;
      if (isSame) this.#fail("I3", `${id} was made for ${marker}, which has ${page.id} already`, id);
    }
  }

  /** The base of a side is something that this side has really held. */
  #checkBase(link: PairLink): void {
    const { doc } = openPair(link);
    const before = this.durable.links.get(link.id);
    const previous = before === undefined ? {} : openPair(before).doc.base;
    const { ledger, fields } = this.#world();
    const known = new Set(fields.map(({ name }) => name));
    for (const [name, base] of Object.entries(doc.base)) {
      if (previous[name] === base || !known.has(name)) continue;
      for (const side of ["left", "right"] as const) {
        const value = base[side];
        if (typeof value === "string" && !ledger.hasHeld(side, name, value))
          this.#fail(
            "I8",
            `the base of ${name} on the ${side} became "${value}", which it never held`,
            recordId(link, side),
          );
      }
    }
  }

  #checkIntents(link: PairLink): void {
    const { intents } = openPair(link).doc;
    for (const side of ["left", "right"] as const) {
      const armed = intents.filter((intent) => intent.side === side && intent.state === "sending");
      if (armed.length > 1)
        this.#fail(
          "I10",
          `${armed.length} writes under way for one record on the ${side}`,
          recordId(link, side),
        );
    }
  }

  #linkOf({ side, id, marker }: Sent): PairLink | undefined {
    const other = side === "left" ? "right" : "left";
    return this.durable.links.values().find((link) => {
      if (id !== null) return recordId(link, side) === id || this.#isExtraOf(link, side, id);
      return link.id === marker || recordId(link, other) === marker;
    });
  }

  #isExtraOf(link: PairLink, side: Side, id: string): boolean {
    return (openPair(link).doc.extras[side] ?? []).includes(id);
  }

  #isExtra(link: PairLink, { side, id, kind }: Sent): boolean {
    return kind === "trash" && id !== null && this.#isExtraOf(link, side, id);
  }

  #intentFor(link: PairLink, sent: Sent): Intent | undefined {
    return openPair(link).doc.intents.find((intent) => {
      const kind = intent.kind === "restore" ? "update" : intent.kind;
      // `doubt`: its process was given up, and sends all the same; the horizon allows for that.
      if (intent.side !== sent.side || kind !== sent.kind) return false;
      if (sent.fields === undefined) return canMake(intent, sent.members ?? []);
      return Object.keys(intent.fields).sort().join() === [...sent.fields].sort().join();
    });
  }

  #wasRemovedByPerson(field: string, element: string): boolean {
    const { ledger } = this.#world();
    const people = ledger.happenings.filter(({ by }) => by === "person");
    // Whoever moves a record away leaves behind what is not known where it goes.
    const moved = people.filter(({ presence }) => presence.to === "out" && presence.from === "live");
    const held = moved.flatMap(({ side, id }) =>
      ledger.of(side, id).flatMap(({ fields }) => fields[field] ?? []),
    );
    return (
      held.some(({ to }) => listOf(to).includes(element)) ||
      people.some(
        ({ fields: { [field]: change } }) => change !== undefined && removed(change).includes(element),
      )
    );
  }

  /**
   * Put in after the engine had looked: Notion takes whole lists, and knows no preconditions. By a person, or by a newer write
   * of ours which one that took effect late has run over: the end of the run tells whether that was mended.
   */
  #isBlind({ side, id, sentAt }: Happening, field: string, element: string): boolean {
    if (side === "right" && this.#world().subject.hasPreconditions) return false;
    const came = this.#world()
      .ledger.of(side, id)
      .findLast(({ fields: changed }) => {
        const change = changed[field];
        if (change === undefined) return false;
        return change.to === element || removed({ from: change.to, to: change.from }).includes(element);
      });
    return came !== undefined && came.at >= (sentAt ?? 0) - freshMs;
  }

  #wasClearedByPerson(field: string): boolean {
    return this.#world().ledger.happenings.some(
      ({ by, fields: changed }) => by === "person" && changed[field]?.to === null,
    );
  }

  #pair({ leftId, rightId }: PairLink): void {
    if (leftId === null || rightId === null) return;
    for (const [key, partner] of [
      [`left ${leftId}`, rightId],
      [`right ${rightId}`, leftId],
    ] as const)
      this.#partners.set(key, (this.#partners.get(key) ?? new Set()).add(partner));
  }

  #keep(side: Side, field: string, value: Json): void {
    const plain = Array.isArray(value) || typeof value === "string" ? (value as Plain) : null;
    for (const each of [plain, ...listOf(plain)]) {
      const key = keptKey(side, field, each);
      if (!this.#kept.has(key)) this.#kept.set(key, this.#world().now);
    }
  }

  #note({ fence, links, versions, state }: PairCommit): void {
    const world = this.#world();
    const about = links.map(
      ({ id, status, dueAt, problem }) =>
        `${id} ${status} ${dueAt === null ? "-" : dueAt - world.now} ${problem ?? ""}`,
    );
    world.trace.note(
      world.now,
      `COMMIT ${fence} ${about.join("; ")} +${versions.length}${state === undefined ? "" : " state"}`,
    );
  }

  #fail(invariant: string, message: string, recordId: string | null = null): void {
    this.#world().fail(invariant, message, recordId);
  }
}

function sentPage({ method, path, body }: ApiRequest, world: World): Sent {
  const properties = isJsonObject(body.properties) ? body.properties : {};
  const nameOf = (key: string) => {
    const property = world.workspace.property(key);
    return property === undefined
      ? key
      : (world.fields.find(({ name }) => world.propertyOf(name) === property)?.name ?? property.name);
  };
  const names = Object.keys(properties).map(nameOf);
  const marker = Object.entries(properties).find(([key]) => nameOf(key) === markerProperty)?.[1];
  return {
    side: "left",
    kind: method === "POST" ? "create" : body.in_trash === true ? "trash" : "update",
    id: method === "POST" ? null : (path.split("/")[3] ?? ""),
    marker: /"content":"([^"]*)"/.exec(JSON.stringify(marker ?? null))?.[1] ?? null,
    fields: names.filter((name) => name !== markerProperty),
  };
}

function keptKey(side: Side, field: string, value: Plain): string {
  return `${side} ${field} ${JSON.stringify(value)}`;
}

function show({ from, to }: { readonly from: Plain; readonly to: Plain }): string {
  return `${JSON.stringify(from)} -> ${JSON.stringify(to)}`;
}
