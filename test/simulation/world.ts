import { LockstepError } from "../../src/core/errors.ts";
import type { Side } from "../../src/core/two-way/mapping.ts";
import { type Field, markerProperty, type Plain } from "./fields.ts";
import { IssueTable } from "./github/issues.ts";
import { type HubExchange, type HubOutage, HubTransport } from "./github/transport.ts";
import { type Happening, Ledger, type Presence } from "./ledger.ts";
import type { Machine } from "./machine.ts";
import type { Page } from "./notion/page.ts";
import { Queries } from "./notion/query.ts";
import { Api } from "./notion/routes.ts";
import { type Exchange, Transport } from "./notion/transport.ts";
import { Workspace } from "./notion/workspace.ts";
import { faultClasses, type Options, type Rates } from "./options.ts";
import { Tape } from "./random.ts";
import { Scheduler } from "./scheduler.ts";
import type { Subject } from "./subject.ts";
import { subjectOf } from "./subjects.ts";
import type { Row, Table, TableLine } from "./table.ts";
import { Trace } from "./trace.ts";

export const START = Date.parse("2026-11-21T10:00:20.000Z");

/** What a run found wrong. */
export interface Violation {
  /** "I7" …; "engine": it threw what it must never throw. */
  readonly invariant: string;
  readonly message: string;
  readonly at: number;
  /** A record that it concerns. */
  readonly recordId: string | null;
}

export interface WorldHooks {
  /** A write is about to leave its process, for either side. */
  readonly onSend: (side: Side, machine: Machine, write: unknown) => void;
  readonly onHappening: (happening: Happening) => void;
  /** A person has commented on a page. */
  readonly onRowComment: (pageId: string) => void;
  /** Something of ours was said on a page. */
  readonly onComment: (pageId: string, text: string) => void;
  /** The record that a page is paired with, as far as anybody was told. */
  readonly partnerOf: (pageId: string) => string | undefined;
}

/** What GitHub's connector allows for. */
const LISTED_MS = 55_000;
const noFaults = Object.fromEntries(faultClasses.map((fault) => [fault, 0])) as Rates;

/** Both sides, everybody's clock, and the truth about what happened. */
export class World {
  readonly options: Options;
  readonly subject: Subject;
  readonly tape: Tape;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly ledger = new Ledger();
  readonly workspace: Workspace;
  readonly table: Table;
  readonly transport: Transport;
  /** The way to GitHub; null: there is a table instead. */
  readonly hub: HubTransport | null;
  readonly violations: Violation[] = [];
  readonly calls = { left: 0, right: 0 };
  readonly #hooks: WorldHooks;
  readonly #hidden = new Map<string, number>();
  readonly #blockedUntil = new WeakMap<Machine, number>();
  readonly #hubBlockedUntil = new WeakMap<Machine, number>();
  readonly #passedOver = new Set<string>();
  #outage: { readonly until: number; readonly isSilent: boolean } = { until: 0, isSilent: false };
  #hubOutage: { readonly until: number; readonly kind: HubOutage } = { until: 0, kind: "hidden" };
  #isFaulty = true;
  /** Names of the first properties, as they were in the beginning. */
  readonly #columns: readonly string[];
  /** How long processes rest between polls (ms). */
  pollEveryMs: number;
  /** The engine's write that takes effect right now. */
  #sentAt: number | null = null;

  constructor(setup: { options: Options; tapeLimit: number; isTraced: boolean; hooks: WorldHooks }) {
    const { options, tapeLimit, isTraced, hooks } = setup;
    this.options = options;
    this.subject = subjectOf(options);
    this.pollEveryMs = options.pollEveryMs;
    this.#hooks = hooks;
    this.trace = new Trace(isTraced);
    this.tape = new Tape(options.seed, tapeLimit);
    this.scheduler = new Scheduler(this.tape, START);
    const now = () => this.scheduler.now;
    const columns = this.fields.filter(
      ({ property }, index) =>
        this.fields.findIndex((each) => each.property.name === property.name) === index,
    );
    this.#columns = columns.map(({ property }) => property.name);
    this.workspace = new Workspace({
      now,
      indexLagMs: () => this.tape.int("lag", 0, this.#isFaulty ? options.indexLagMs : 0),
      onChange: (page, before) => this.#pageChanged(page, before),
      onComment: ({ pageId, text, by }) => {
        if (by === this.workspace.botId) this.#hooks.onComment(pageId, text);
      },
      properties: [
        ...columns.map((field) => ({ ...field.property, options: this.subject.optionsOf(field) })),
        { name: markerProperty, type: "rich_text" },
        ...this.subject.otherProperties,
      ],
    });
    this.table = this.subject.openTable(
      { now, onChange: (row, before) => this.#rowChanged(row, before) },
      {
        options,
        lagMs: () =>
          this.tape.int("hub lag", 0, this.#isFaulty ? Math.min(options.indexLagMs, LISTED_MS) : 0),
      },
    );
    this.hub = this.table instanceof IssueTable ? this.#hubTransport(this.table) : null;
    const queries = new Queries(this.workspace, options);
    const api = new Api(this.workspace, queries, {
      canSee: (page) => this.canSee(page),
      canSeeDataSource: () => !this.isOut(),
      listsNothing: (body) => (this.isOut() && this.#outage.isSilent) || this.#listsNothing(body.filter),
    });
    this.transport = new Transport(
      { api, scheduler: this.scheduler, tape: this.tape, options },
      {
        onSend: (exchange) => this.#sent(exchange),
        onEffect: (exchange, effect) => this.#during(exchange.sentAt, effect),
        onLimited: (machine, until) => this.#blockedUntil.set(machine, until),
        isFaulty: () => this.#isFaulty,
      },
    );
  }

  get fields(): readonly Field[] {
    return this.subject.fields;
  }

  get now(): number {
    return this.scheduler.now;
  }

  /** What strikes right now. */
  get rates(): Rates {
    return this.#isFaulty ? this.options.rates : noFaults;
  }

  get isFaulty(): boolean {
    return this.#isFaulty;
  }

  /** Faults cease, and what was hidden can be seen again. */
  heal(): void {
    this.#isFaulty = false;
    this.#outage = { until: 0, isSilent: false };
    this.#hubOutage = { until: 0, kind: "hidden" };
    this.#hidden.clear();
    this.table.isAccessible = true;
  }

  onRowComment(pageId: string): void {
    this.#hooks.onRowComment(pageId);
  }

  partnerOf(pageId: string): string | undefined {
    return this.#hooks.partnerOf(pageId);
  }

  fail(invariant: string, message: string, recordId: string | null = null): void {
    this.violations.push({ invariant, message, at: this.now, recordId });
    this.trace.note(this.now, `VIOLATION ${invariant} ${message}`);
  }

  isOut(): boolean {
    return this.#outage.until > this.now;
  }

  canSee(page: Page): boolean {
    if (this.isHidden(page.id)) this.#passedOver.add(page.id);
    return !this.isOut() && !this.isHidden(page.id);
  }

  /** Somebody looked for it while it could not be seen: that it is there cannot be known. */
  wasPassedOver(pageId: string): boolean {
    return this.#passedOver.has(pageId);
  }

  /** One page that may not be seen, while the others can. */
  isHidden(pageId: string): boolean {
    return (this.#hidden.get(pageId) ?? 0) > this.now;
  }

  takeAccess(ms: number, isSilent: boolean): void {
    this.#outage = { until: this.now + ms, isSilent };
    this.trace.note(this.now, `OUTAGE ${ms} ${isSilent ? "silent" : "404"}`);
  }

  takeHubAccess(ms: number, kind: HubOutage): void {
    this.#hubOutage = { until: this.now + ms, kind };
    this.trace.note(this.now, `HUB OUTAGE ${ms} ${kind}`);
  }

  hide(pageId: string, ms: number): void {
    this.#hidden.set(pageId, this.now + ms);
    this.trace.note(this.now, `HIDDEN ${pageId} ${ms}`);
  }

  /** The value of a field as it truly is. */
  plain(side: Side, id: string, field: string): Plain {
    const known = this.fields.find(({ name }) => name === field);
    if (known === undefined) return null;
    if (side === "right") return this.subject.plainInRow(known, this.table.row(id)?.values ?? {});
    const page = this.workspace.page(id);
    const property = this.propertyOf(field);
    return page === undefined || property === undefined
      ? null
      : this.subject.plainInPage(known, page.values, property);
  }

  /** A field's column in Notion, whatever it is called by now. */
  propertyOf(field: string) {
    const name = this.fields.find((each) => each.name === field)?.property.name ?? "";
    return this.workspace.schema[this.#columns.indexOf(name)];
  }

  presence(side: Side, id: string): Presence {
    if (side === "left") return presenceOfPage(this.workspace, this.workspace.page(id) ?? null);
    return presenceOfRow(this.table.row(id) ?? null);
  }

  lineFor(machine: Machine): TableLine {
    const travels = () => this.#travels(machine);
    const call = () => {
      this.calls.right += 1;
    };
    return {
      read: async (perform) => {
        call();
        await travels();
        if (this.tape.chance("tableDown", this.rates.tableDown))
          throw new LockstepError("UPSTREAM_FAILED", "The table could not be reached.", { retry: "safe" });
        const result = perform();
        await travels();
        return result;
      },
      monotonic: () => machine.clock.monotonic(),
      write: async (write, perform) => {
        call();
        const sentAt = this.now;
        this.#hooks.onSend("right", machine, write);
        await travels();
        if (this.tape.chance("tableDown", this.rates.tableDown)) return "unsent";
        const isLost = this.tape.chance("tableLost", this.rates.tableLost);
        if (isLost && this.tape.chance("tableLost", 0.3)) return "unknown";
        const result = this.#during(sentAt, perform);
        await travels();
        return isLost ? "unknown" : result;
      },
    };
  }

  #hubTransport(issues: IssueTable): HubTransport {
    const { hub } = issues;
    return new HubTransport(
      { hub, scheduler: this.scheduler, tape: this.tape },
      {
        rates: () => this.rates,
        outage: () => (this.#hubOutage.until > this.now ? this.#hubOutage.kind : null),
        onLimited: (machine, until) => this.#hubBlockedUntil.set(machine, until),
        onSend: (exchange) => this.#sentToHub(exchange),
        onEffect: (exchange, effect) =>
          this.#during(exchange.sentAt, () => {
            const answer = effect();
            if (exchange.isWrite) issues.mirror(exchange.sentAt);
            return answer;
          }),
      },
    );
  }

  #sentToHub({ request, machine, isWrite }: HubExchange): void {
    this.calls.right += 1;
    const until = this.#hubBlockedUntil.get(machine) ?? 0;
    if (until > this.now)
      this.fail("I14", `GitHub was asked again ${until - this.now} ms before it was time`);
    this.trace.note(this.now, `${machine.name} ${request.method} ${request.path} ${request.body}`);
    if (isWrite) this.#hooks.onSend("right", machine, request);
  }

  #travels(machine: Machine): Promise<void> {
    return new Promise((resolve) => machine.after(this.tape.int("table", 0, 4), resolve));
  }

  #listsNothing(filter: unknown): boolean {
    // An index that has lost its rows for a moment. A search by marker has no witness, so it is left out of this fault.
    const text = JSON.stringify(filter ?? null);
    const isSearch = text.includes('"property"');
    if (isSearch) this.#passOverTrash(text);
    return !isSearch && this.tape.chance("emptyList", this.rates.emptyList);
  }

  /** What is in the trash while it is looked for by its marker is on no list, even if a person takes it out again a moment later. */
  #passOverTrash(filter: string): void {
    for (const page of this.workspace.pages()) {
      const marker = page.values[this.workspace.property(markerProperty)?.id ?? ""];
      if (page.inTrash && filter.includes(`"equals":${JSON.stringify(marker)}`))
        this.#passedOver.add(page.id);
    }
  }

  #sent({ request, machine, isWrite }: Exchange): void {
    this.calls.left += 1;
    const until = this.#blockedUntil.get(machine) ?? 0;
    if (until > this.now) this.fail("I14", `asked again ${until - this.now} ms before Retry-After was over`);
    this.trace.note(
      this.now,
      `${machine.name} ${request.method} ${request.path} ${JSON.stringify(request.body)}`,
    );
    if (isWrite) this.#hooks.onSend("left", machine, request);
  }

  #during<T>(sentAt: number, effect: () => T): T {
    this.#sentAt = sentAt;
    try {
      return effect();
    } finally {
      this.#sentAt = null;
    }
  }

  #pageChanged(page: Page, before: Page | null): void {
    const marker = page.values[this.workspace.property(markerProperty)?.id ?? ""];
    const changes: Record<string, { from: Plain; to: Plain }> = {};
    for (const field of this.fields) {
      const { name } = field;
      const property = this.propertyOf(name);
      if (property === undefined) continue;
      const from = before === null ? null : this.subject.plainInPage(field, before.values, property);
      const to = this.subject.plainInPage(field, page.values, property);
      if (JSON.stringify(from) !== JSON.stringify(to)) changes[name] = { from, to };
    }
    const from = presenceOfPage(this.workspace, before);
    const to = presenceOfPage(this.workspace, page);
    const isOurs = page.editedBy === this.workspace.botId;
    this.#happened("left", page.id, isOurs, {
      fields: changes,
      presence: { from, to },
      marker: typeof marker === "string" ? marker : null,
    });
  }

  #rowChanged(row: Row, before: Row | null): void {
    const changes: Record<string, { from: Plain; to: Plain }> = {};
    for (const field of this.fields) {
      const from = before === null ? null : this.subject.plainInRow(field, before.values);
      const to = this.subject.plainInRow(field, row.values);
      if (JSON.stringify(from) !== JSON.stringify(to)) changes[field.name] = { from, to };
    }
    const presence = { from: presenceOfRow(before), to: presenceOfRow(row) };
    this.#happened("right", row.id, row.editedBy === "lockstep", {
      fields: changes,
      presence,
      marker: row.marker,
    });
  }

  #happened(
    side: Side,
    id: string,
    isOurs: boolean,
    what: Pick<Happening, "fields" | "presence" | "marker">,
  ): void {
    const happening = this.ledger.add({
      at: this.now,
      side,
      id,
      by: isOurs ? "engine" : "person",
      sentAt: isOurs ? (this.#sentAt ?? this.now) : null,
      ...what,
    });
    const { from, to } = happening.presence;
    this.trace.note(
      this.now,
      `${happening.by} ${side} ${id} ${from === to ? "" : `${from}->${to} `}${JSON.stringify(what.fields)}`,
    );
    this.#hooks.onHappening(happening);
  }
}

function presenceOfPage(workspace: Workspace, page: Page | null): Presence {
  if (page === null) return "absent";
  if (page.inTrash) return "trashed";
  return page.isArchived || page.parent !== workspace.dataSourceId ? "out" : "live";
}

function presenceOfRow(row: Row | null): Presence {
  if (row === null) return "absent";
  if (row.isOut) return "out";
  return row.isDeleted ? "trashed" : "live";
}
