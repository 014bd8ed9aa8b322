import type { Side } from "../../../src/core/two-way/mapping.ts";
import { freshMs } from "../../../src/engine/two-way/act.ts";
import { openPair, recordId } from "../../../src/engine/two-way/link.ts";
import { boardProperties as board } from "../../../src/recipes/pipeline/board.ts";
import { statuses } from "../../../src/recipes/pipeline/statuses.ts";
import { defaultMoves } from "../../../src/recipes/pipeline/transitions.ts";
import type { PairLink } from "../../../src/store/pair-store.ts";
import type { Plain } from "../fields.ts";
import type { Happening } from "../ledger.ts";
import type { ApiRequest } from "../notion/routes.ts";
import type { Watch } from "../watch.ts";
import type { World } from "../world.ts";
import { channels, meaningOf, stateIn } from "./subject.ts";
import { TaskTable } from "./task-table.ts";

type Change = Happening["fields"][string];

const peoples: readonly string[] = [board.title, board.topic, board.storyDirection, board.channel];

/** The pipeline's own rules, looked at from outside: at every write and every change, and once more at the end. */
export class BoardRules {
  readonly #world: World;
  readonly #watch: Watch;
  readonly #table: TaskTable;
  /** By page and the time of sending: the status that both sides had last agreed on when it was overwritten. */
  readonly #agreed = new Map<string, Plain>();

  constructor(world: World, watch: Watch) {
    if (!(world.table instanceof TaskTable)) throw new Error("this table has no queue");
    this.#world = world;
    this.#watch = watch;
    this.#table = world.table;
  }

  onSend(side: Side, write: unknown): void {
    if (side !== "left") return;
    const id = (write as ApiRequest).path.split("/")[3] ?? "";
    const link = this.#linkOf("left", id);
    const agreed = link === undefined ? null : baseOf(link)?.left;
    if (typeof agreed === "string") this.#agreed.set(`${id} ${this.#world.now}`, agreed);
  }

  onHappening(happening: Happening): void {
    const { side, id, by, fields } = happening;
    if (side === "right") this.#checkJobs(id);
    if (by !== "engine") return;
    const status = fields[board.status];
    if (side === "right") {
      if (status !== undefined) this.#checkTaken(happening, status);
      return;
    }
    if (happening.presence.from === "absent") return;
    for (const name of peoples) this.#checkText(happening, name);
    if (status !== undefined) this.#checkFiner(happening, status);
  }

  atEnd(): void {
    for (const { id } of this.#world.table.rows()) this.#checkJobs(id);
    for (const happening of this.#world.ledger.happenings) this.#checkTrace(happening);
  }

  /** R1: one job for each transition into pending, and never two that are open. */
  #checkJobs(id: string): void {
    const { transitions, jobs, open } = this.#table.queued(id);
    if (jobs !== transitions)
      this.#fail("R1", `became pending ${transitions} times and was queued ${jobs} times`, id);
    if (open > 1) this.#fail("R1", `has ${open} open jobs`, id);
  }

  /** A status that the sync gave to a task. */
  #checkTaken({ id, presence }: Happening, { from, to }: Change): void {
    const page = this.#table.row(id)?.marker ?? "";
    const link = this.#linkOf("right", id) ?? this.#linkOf("left", page);
    const intent =
      link &&
      openPair(link).doc.intents.findLast(({ side, fields }) => side === "right" && fields[board.status]);
    const wanted = intent?.fields[board.status]?.source;
    // A row that is made as a draft was given no status at all.
    if (presence.from === "absent" && to === "draft" && wanted === undefined) return;
    if (link === undefined || typeof wanted !== "string") {
      this.#fail("R5", `the sync moved a task from ${from} to ${to} on nobody's word`, id);
      return;
    }
    const base = baseOf(link);
    const start = typeof base?.left === "string" ? base.left : "Draft";
    if (!isMove(start, wanted))
      this.#fail("R5", `a move from ${start} to ${wanted} was taken into the table`, id);
    if (presence.from !== "absent" && base !== undefined && base.right !== from)
      this.#fail("R6", `a task that had moved from ${base.right} to ${from} was set to ${to}`, id);
    if (stateIn(to) === "draft") return;
    const seen = openPair(link).doc.seen.left?.values ?? {};
    if (!isComplete(seen)) this.#fail("R2", `an entry was let go that is not complete: ${show(seen)}`, id);
    if (!this.#wasEver(page, wanted))
      this.#fail("R2", `an entry was let go that was never complete as "${wanted}"`, id);
    if (stateIn(to) === "pending") this.#checkOnce(id, page);
  }

  /** R1: the sync queues a task no more often than people have moved its entry to Queued. */
  #checkOnce(id: string, page: string): void {
    const { ledger } = this.#world;
    const made = ledger
      .of("right", id)
      .filter(({ by, fields }) => by === "engine" && stateIn(fields[board.status]?.to ?? null) === "pending");
    const asked = ledger
      .of("left", page)
      .filter(({ by, fields }) => by === "person" && fields[board.status]?.to === "Queued");
    if (made.length > asked.length)
      this.#fail("R1", `was queued ${made.length} times, and people asked ${asked.length} times`, id);
  }

  /** Whether the page ever was complete while it had this status. */
  #wasEver(page: string, status: string): boolean {
    const values: Record<string, Plain> = {};
    return this.#world.ledger.of("left", page).some(({ fields }) => {
      for (const [name, { to }] of Object.entries(fields)) values[name] = to;
      return values[board.status] === status && isComplete(values);
    });
  }

  /** R3: what people wrote is not overwritten, but by what came in the moment between a look and a write. */
  #checkText(happening: Happening, name: string): void {
    const change = happening.fields[name];
    if (change === undefined || change.from === null) return;
    if (!this.#valuesSeen(happening, name).includes(null))
      this.#fail("R3", `${name} belongs to people and was overwritten: ${show(change)}`, happening.id);
  }

  /** R4: a finer status that means the same is left alone, unless a worker wants to show another. */
  #checkFiner(happening: Happening, { from, to }: Change): void {
    if (from === null || meaningOf(from) !== meaningOf(to)) return;
    const seen = this.#valuesSeen(happening, board.status);
    if (seen.some((status) => meaningOf(status) !== meaningOf(to))) return;
    const rows = [...this.#watch.partnersOf("left", happening.id)];
    const step = `${meaningOf(to)}:${String(to)}`;
    const isStage = rows.some((row) =>
      this.#world.ledger.of("right", row).some(({ fields }) => fields[board.status]?.to === step),
    );
    if (!isStage) this.#fail("R4", `${from} means what ${to} means, and was overwritten`, happening.id);
  }

  /** R7: a status that people chose and the sync overwrote is in history, where they were free to choose at all. */
  #checkTrace(happening: Happening): void {
    const chosen = happening.fields[board.status]?.to;
    if (happening.by !== "person" || happening.side !== "left" || typeof chosen !== "string") return;
    const { ledger } = this.#world;
    const next = ledger
      .of("left", happening.id)
      .find(({ seq, fields }) => seq > happening.seq && fields[board.status] !== undefined);
    if (next?.by !== "engine" || this.#watch.keeps("left", board.status, chosen)) return;
    if (happening.at >= (next.sentAt ?? 0) - freshMs) return;
    const agreed = this.#agreed.get(`${happening.id} ${next.sentAt}`) ?? null;
    const state = meaningOf(agreed);
    const isFree = statuses.some(({ name, state: each }) => each === state && movesFrom(name).length > 0);
    if (agreed === null || isFree)
      this.#fail("R7", `${chosen}, chosen on ${agreed}, was overwritten without a trace`, happening.id);
  }

  /** Whatever stood there in the moments in which the writer can have looked: a write of unknown fate may land much later. */
  #valuesSeen({ side, id, seq, sentAt }: Happening, name: string): readonly Plain[] {
    const until = sentAt ?? 0;
    const changes = this.#world.ledger
      .of(side, id)
      .filter((each) => each.seq < seq && each.at <= until && each.fields[name] !== undefined);
    const first = changes.findLastIndex(({ at }) => at < until - freshMs);
    const seen = changes.slice(Math.max(0, first)).map(({ fields }) => fields[name]?.to ?? null);
    return first === -1 ? [null, ...seen] : seen;
  }

  #linkOf(side: Side, id: string): PairLink | undefined {
    return this.#watch.durable.links.values().find((link) => recordId(link, side) === id);
  }

  #fail(rule: string, message: string, id: string): void {
    this.#world.fail(rule, message, id);
  }
}

function baseOf(link: PairLink) {
  return openPair(link).doc.base[board.status];
}

function movesFrom(status: string): readonly string[] {
  return Object.entries(defaultMoves).find(([from]) => from === status)?.[1] ?? [];
}

function isMove(from: string, to: string): boolean {
  return movesFrom(from).includes(to) || (from === "Draft" && to === "Draft");
}

/** What an entry has to have before it may leave Draft. */
function isComplete(values: Readonly<Record<string, unknown>>): boolean {
  const fits = (name: string, most: number) => {
    const value = values[name];
    return typeof value === "string" && value !== "" && value.length <= most;
  };
  const isOpen = channels.some(({ name, isEnabled }) => isEnabled && name === values[board.channel]);
  return fits(board.title, 255) && fits(board.topic, 1_000) && isOpen;
}

function show(value: unknown): string {
  return JSON.stringify(value).slice(0, 300);
}
