import type { Json } from "../../../src/core/json.ts";
import {
  bookProperties,
  libraryDatabases,
  seriesProperties,
} from "../../../src/recipes/library/databases.ts";
import type { ShelfName } from "../../../src/recipes/library/draft.ts";
import { statusNamesDefault } from "../../../src/recipes/library/status.ts";
import type { Machine } from "../machine.ts";
import { idsIn, type Page, type Property } from "../notion/page.ts";
import { Queries } from "../notion/query.ts";
import { Api, type ApiAnswer, type ApiRequest } from "../notion/routes.ts";
import { type Exchange, Transport } from "../notion/transport.ts";
import { Workspace } from "../notion/workspace.ts";
import { faultClasses, type Options, type Rates } from "../options.ts";
import { Tape } from "../random.ts";
import { Scheduler } from "../scheduler.ts";
import { Trace } from "../trace.ts";
import { START, type Violation } from "../world.ts";
import { type Catalogue, drawCatalogue } from "./catalogue.ts";

export const shelfNames: readonly ShelfName[] = ["series", "books"];

/** What a page holds in a property, as people read it: an option by its name, a relation as sorted ids. */
export type Shown = string | number | boolean | readonly string[] | null;

type Presence = "absent" | "live" | "trashed";

/** Something that truly happened to a page. */
export interface PageChange {
  /** Its place in the list. */
  readonly seq: number;
  readonly at: number;
  readonly shelf: ShelfName;
  readonly id: string;
  readonly by: "person" | "engine";
  /** By the property's name. */
  readonly fields: Readonly<Record<string, { readonly from: Shown; readonly to: Shown }>>;
  readonly presence: { readonly from: Presence; readonly to: Presence };
  /** When the request left its process; null for people. */
  readonly sentAt: number | null;
}

export interface LibraryHooks {
  readonly onPage: (change: PageChange) => void;
}

const noFaults = Object.fromEntries(faultClasses.map((fault) => [fault, 0])) as Rates;
const specs = libraryDatabases(statusNamesDefault);

/** Two databases of Notion, everybody's clock, and the truth about what happened. */
export class LibraryWorld {
  readonly options: Options;
  readonly catalogue: Catalogue;
  readonly tape: Tape;
  readonly scheduler: Scheduler;
  readonly trace: Trace;
  readonly shelves: Readonly<Record<ShelfName, Workspace>>;
  readonly transport: Transport;
  readonly violations: Violation[] = [];
  readonly changes: PageChange[] = [];
  calls = 0;
  writes = 0;
  readonly #hooks: LibraryHooks;
  readonly #apis: Readonly<Record<ShelfName, Api>>;
  readonly #ofPage = new Map<string, PageChange[]>();
  readonly #hidden = new Map<string, number>();
  readonly #blockedUntil = new WeakMap<Machine, number>();
  #outage: { readonly until: number; readonly isSilent: boolean } = { until: 0, isSilent: false };
  #isFaulty = true;
  #sentAt: number | null = null;

  constructor(setup: { options: Options; tapeLimit: number; isTraced: boolean; hooks: LibraryHooks }) {
    const { options, tapeLimit, isTraced, hooks } = setup;
    this.options = options;
    this.catalogue = drawCatalogue(options.seed);
    this.#hooks = hooks;
    this.trace = new Trace(isTraced);
    this.tape = new Tape(options.seed, tapeLimit);
    this.scheduler = new Scheduler(this.tape, START);
    this.shelves = { series: this.#workspace("series", 0), books: this.#workspace("books", 1) };
    this.#apis = { series: this.#api(this.shelves.series), books: this.#api(this.shelves.books) };
    this.transport = new Transport(
      {
        api: { answer: (request) => this.#answer(request) },
        scheduler: this.scheduler,
        tape: this.tape,
        options,
      },
      {
        onSend: (exchange) => this.#sent(exchange),
        onEffect: ({ sentAt }, effect) => this.#during(sentAt, effect),
        onLimited: (machine, until) => this.#blockedUntil.set(machine, until),
        isFaulty: () => this.#isFaulty,
      },
    );
  }

  get now(): number {
    return this.scheduler.now;
  }

  get rates(): Rates {
    return this.#isFaulty ? this.options.rates : noFaults;
  }

  get isFaulty(): boolean {
    return this.#isFaulty;
  }

  heal(): void {
    this.#isFaulty = false;
    this.#outage = { until: 0, isSilent: false };
    this.#hidden.clear();
  }

  fail(invariant: string, message: string, recordId: string | null = null): void {
    this.violations.push({ invariant, message, at: this.now, recordId });
    this.trace.note(this.now, `VIOLATION ${invariant} ${message}`);
  }

  takeAccess(ms: number, isSilent: boolean): void {
    this.#outage = { until: this.now + ms, isSilent };
    this.trace.note(this.now, `OUTAGE ${ms} ${isSilent ? "silent" : "404"}`);
  }

  hide(pageId: string, ms: number): void {
    this.#hidden.set(pageId, this.now + ms);
    this.trace.note(this.now, `HIDDEN ${pageId} ${ms}`);
  }

  /** Everything that happened to a page, in order. */
  of(pageId: string): readonly PageChange[] {
    return this.#ofPage.get(pageId) ?? [];
  }

  pages(shelf: ShelfName, presence: Presence): readonly Page[] {
    return [...this.shelves[shelf].pages()].filter((page) => presenceOf(page) === presence);
  }

  presence(shelf: ShelfName, id: string): Presence {
    return presenceOf(this.shelves[shelf].page(id) ?? null);
  }

  shown(shelf: ShelfName, page: Page, name: string): Shown {
    const property = this.shelves[shelf].property(name);
    return property === undefined ? null : shownIn(page, property);
  }

  #workspace(shelf: ShelfName, place: number): Workspace {
    const listed = Object.entries(specs[shelf]?.properties ?? {});
    return new Workspace({
      now: () => this.scheduler.now,
      indexLagMs: () => this.tape.int("lag", 0, this.#isFaulty ? this.options.indexLagMs : 0),
      onChange: (page, before) => this.#changed(shelf, page, before),
      place,
      properties: listed.map(([name, spec]) => {
        const { type } = spec;
        if (!isKnown(type)) throw new Error(`a page cannot hold ${type}`);
        return { name, type, options: "options" in spec ? spec.options.map((option) => option.name) : [] };
      }),
    });
  }

  #api(workspace: Workspace): Api {
    const isOut = () => this.#outage.until > this.now;
    return new Api(workspace, new Queries(workspace, this.options), {
      canSee: ({ id }) => !isOut() && (this.#hidden.get(id) ?? 0) <= this.now,
      canSeeDataSource: () => !isOut(),
      listsNothing: ({ filter }) => {
        const isSearch = JSON.stringify(filter ?? null).includes('"property"');
        const isLost = !isSearch && this.tape.chance("emptyList", this.rates.emptyList);
        return (isOut() && this.#outage.isSilent) || isLost;
      },
    });
  }

  /** Whoever has what the request is about. */
  #answer(request: ApiRequest): ApiAnswer {
    const about = `${request.path} ${JSON.stringify(request.body.parent ?? null)}`;
    const isBooks =
      about.includes(this.shelves.books.dataSourceId) ||
      [...about.matchAll(/[0-9a-f-]{36}/g)].some(([id]) => this.shelves.books.page(id) !== undefined);
    return this.#apis[isBooks ? "books" : "series"].answer(request);
  }

  #sent({ request, machine, isWrite }: Exchange): void {
    this.calls += 1;
    if (isWrite) this.writes += 1;
    const until = this.#blockedUntil.get(machine) ?? 0;
    if (until > this.now) this.fail("I14", `asked again ${until - this.now} ms before Retry-After was over`);
    // L8: nothing is ever erased.
    if (request.method === "DELETE") this.fail("L8", `${request.path} was to be deleted`);
    const { method, path, body } = request;
    this.trace.note(this.now, `${machine.name} ${method} ${path} ${JSON.stringify(body)}`);
  }

  #during<T>(sentAt: number, effect: () => T): T {
    this.#sentAt = sentAt;
    try {
      return effect();
    } finally {
      this.#sentAt = null;
    }
  }

  #changed(shelf: ShelfName, page: Page, before: Page | null): void {
    const fields: Record<string, { from: Shown; to: Shown }> = {};
    for (const property of this.shelves[shelf].schema) {
      const from = before === null ? null : shownIn(before, property);
      const to = shownIn(page, property);
      if (JSON.stringify(from) !== JSON.stringify(to)) fields[property.name] = { from, to };
    }
    const isOurs = page.editedBy === this.shelves[shelf].botId;
    const change: PageChange = {
      seq: this.changes.length,
      at: this.now,
      shelf,
      id: page.id,
      by: isOurs ? "engine" : "person",
      fields,
      presence: { from: presenceOf(before), to: presenceOf(page) },
      sentAt: isOurs ? (this.#sentAt ?? this.now) : null,
    };
    this.changes.push(change);
    this.#ofPage.set(page.id, [...this.of(page.id), change]);
    const { from, to } = change.presence;
    const moved = from === to ? "" : `${from}->${to} `;
    this.trace.note(this.now, `${change.by} ${shelf} ${page.id} ${moved}${JSON.stringify(fields)}`);
    this.#hooks.onPage(change);
  }
}

function isKnown(type: string): type is Property["type"] {
  return ["title", "rich_text", "number", "select", "relation", "checkbox", "date", "url"].includes(type);
}

function presenceOf(page: Page | null): Presence {
  if (page === null) return "absent";
  return page.inTrash ? "trashed" : "live";
}

function shownIn({ values }: Page, { id, type, options }: Property): Shown {
  const value: Json = values[id] ?? null;
  if (type === "relation") return idsIn(value).length === 0 ? null : [...new Set(idsIn(value))].sort();
  if (type === "checkbox") return value === true;
  if (type === "select") return options.find((option) => option.id === value)?.name ?? null;
  if (typeof value === "number") return value;
  return typeof value === "string" && value !== "" ? value : null;
}

export function listOf(value: Shown): readonly string[] {
  return typeof value === "object" && value !== null ? value : [];
}

export { bookProperties, seriesProperties };
