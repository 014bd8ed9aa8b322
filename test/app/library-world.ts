import { join } from "node:path";
import type { ImportOptions, ImportReport, LibraryDesk } from "../../src/app/library-report.ts";
import { initLibrary, type LibrarySetup } from "../../src/app/library-setup.ts";
import type { Lockstep } from "../../src/app/lockstep.ts";
import { openLockstep } from "../../src/app/open.ts";
import type { Config } from "../../src/config/config.ts";
import { noSecrets } from "../../src/config/environment.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import { isJsonObject, type Json } from "../../src/core/json.ts";
import { type Emulator, startEmulator, type TrueRow } from "../../src/emulator/index.ts";
import { writeExport } from "../../src/recipes/library/exports/write-export.ts";
import type { ExportedBook, SeriesPlace } from "../../src/recipes/library/model.ts";
import { parsePosition } from "../../src/recipes/library/position.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import { folderWith } from "../config/folder.ts";
import { type ManualClock, manualClock } from "../engine/manual-clock.ts";
import { createDatabase } from "../support/postgres.ts";

/** Long enough that no listing shows an edit of before again. */
const settledMs = 30 * 60_000;

type Properties = NonNullable<Parameters<Emulator["workspace"]["createPage"]>[0]["properties"]>;

/** One book of an export, known by its number. */
export function exported(n: number, fields: Partial<ExportedBook> = {}): ExportedBook {
  return {
    asin: asinOf(n),
    title: `Book ${n}`,
    subtitle: null,
    authors: ["Ann Author"],
    narrators: ["Ned Narrator"],
    lengthMinutes: 600 + n,
    released: "2020-01-02",
    purchased: "2024-05-06",
    language: "en",
    coverUrl: `https://covers.example/${n}.jpg`,
    status: null,
    series: [],
    source: "audible",
    kind: "book",
    ...fields,
  };
}

export function asinOf(n: number): string {
  return `B${String(n).padStart(9, "0")}`;
}

export function placeIn(name: string, position: string | null, asin: string | null = null): SeriesPlace {
  return { name, asin, position: parsePosition(position), origin: "audible", confidence: 1 };
}

/** An emulated Notion with Series and Books, and Lockstep with a library. */
export class LibraryWorld implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly emulator: Emulator;
  readonly setup: LibrarySetup;
  readonly config: Config;
  lockstep: Lockstep;
  private readonly resources: AsyncDisposableStack;

  private constructor(parts: {
    readonly clock: ManualClock;
    readonly emulator: Emulator;
    readonly setup: LibrarySetup;
    readonly config: Config;
    readonly lockstep: Lockstep;
    readonly resources: AsyncDisposableStack;
  }) {
    this.clock = parts.clock;
    this.emulator = parts.emulator;
    this.setup = parts.setup;
    this.config = parts.config;
    this.lockstep = parts.lockstep;
    this.resources = parts.resources;
  }

  /** `product`: where the store is; by default in a file. `openLibraryBaseUrl`: a server in the place of Open Library. */
  static async open(
    section: { readonly [key: string]: Json } = {},
    product: "sqlite" | "postgres" = "sqlite",
    openLibraryBaseUrl?: string,
  ): Promise<LibraryWorld> {
    await using resources = new AsyncDisposableStack();
    const folder = resources.use(await folderWith({}));
    const clock = manualClock();
    const emulator = resources.use(await startEmulator({ ratePerMinute: null, clock }));
    const parentPage = emulator.workspace.createPage({ properties: {} });
    const secrets = { ...noSecrets, notionToken: emulator.token };
    const database = product === "postgres" ? resources.use(await createDatabase()) : null;
    const configOf = (notion: Json): Config => {
      const written = { notion: { ratePerMinute: 600 }, library: { notion, ...section } };
      const config = resolveConfig(written, join(folder.path, "lockstep.config.json"));
      // Its password may not be in a file; here it is in no file.
      return database === null ? config : { ...config, store: database.url };
    };
    const before = configOf({ parentPage });
    if (before.library === undefined) throw new Error("no library is configured");
    const setup = await initLibrary({
      config: before,
      library: before.library,
      secrets,
      baseUrl: emulator.url,
    });
    const config = configOf({ series: setup.series, books: setup.books });
    const lockstep = await openLockstep({
      config,
      secrets,
      baseUrl: emulator.url,
      clock,
      ids: countingIds(),
      ...(openLibraryBaseUrl === undefined ? {} : { openLibraryBaseUrl }),
    });
    resources.defer(() => lockstep.close());
    return new LibraryWorld({ clock, emulator, setup, config, lockstep, resources: resources.move() });
  }

  get library(): LibraryDesk {
    const { library } = this.lockstep;
    if (library === null) throw new Error("no library is configured");
    return library;
  }

  import(
    books: readonly ExportedBook[],
    options: Partial<ImportOptions> & { companion?: Json } = {},
  ): Promise<ImportReport> {
    return this.importText([...writeExport(books)].join(""), options);
  }

  async importText(
    text: string,
    { companion = null, ...options }: Partial<ImportOptions> & { companion?: Json } = {},
  ): Promise<ImportReport> {
    const file = {
      name: "library.csv",
      companion,
      async *chunks() {
        yield Buffer.from(text);
      },
    };
    return this.library.import(file, {
      isCommitted: true,
      isSynthesizing: false,
      withPodcasts: false,
      dateOrder: null,
      trigger: "test",
      ...options,
    });
  }

  /** One run of both syncs, some time later. */
  async sync(): Promise<void> {
    this.clock.advance(settledMs);
    const reports = await this.lockstep.sync([], { trigger: "test" });
    for (const { sync, run } of reports)
      if (run.status !== "succeeded") throw new Error(`${sync} ${run.status}: ${JSON.stringify(run.errors)}`);
    this.clock.advance(settledMs);
  }

  /** Pages that are not in the trash, by their titles. */
  pages(shelf: "series" | "books"): ReadonlyMap<string, Page> {
    const rows = this.emulator.workspace.rows(this.setup[shelf]).filter(({ inTrash }) => !inTrash);
    return new Map(
      rows.map((row) => [plain(row.properties[shelf === "series" ? "Name" : "Title"]), pageOf(row)]),
    );
  }

  page(shelf: "series" | "books", title: string): Page {
    const page = this.pages(shelf).get(title);
    if (page === undefined) throw new Error(`there is no page "${title}" in ${shelf}`);
    return page;
  }

  edit(shelf: "series" | "books", title: string, properties: Properties): void {
    this.emulator.workspace.editPage(this.page(shelf, title).id, { properties });
  }

  create(shelf: "series" | "books", properties: Properties): string {
    return this.emulator.workspace.createPage({ parent: { dataSourceId: this.setup[shelf] }, properties });
  }

  /** Requests to Notion that `work` makes, by method. */
  async calls(work: () => Promise<unknown>): Promise<{ readonly reads: number; readonly writes: number }> {
    const count = () => {
      const entries = Object.entries(this.emulator.calls.byRoute);
      const sum = (isWrite: boolean) =>
        entries
          .filter(([route]) => isWriteRoute(route) === isWrite)
          .reduce((total, [, times]) => total + (times ?? 0), 0);
      return { reads: sum(false), writes: sum(true) };
    };
    const before = count();
    await work();
    const after = count();
    return { reads: after.reads - before.reads, writes: after.writes - before.writes };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.resources[Symbol.asyncDispose]();
  }
}

/** A page's properties as people read them. */
export interface Page {
  readonly id: string;
  readonly values: Readonly<Record<string, Json>>;
}

function pageOf({ id, properties }: TrueRow): Page {
  return {
    id,
    values: Object.fromEntries(Object.entries(properties).map(([name, value]) => [name, shown(value)])),
  };
}

function shown(value: Json): Json {
  if (Array.isArray(value))
    return value.some((part: Json) => isJsonObject(part) && "plain_text" in part)
      ? plain(value)
      : value.map((part: Json) => (isJsonObject(part) ? (part.id ?? null) : part));
  if (!isJsonObject(value)) return value;
  return value.name ?? value.start ?? null;
}

function plain(value: Json | undefined): string {
  if (!Array.isArray(value)) return "";
  return value.map((part: Json) => (isJsonObject(part) ? String(part.plain_text ?? "") : "")).join("");
}

function isWriteRoute(route: string): boolean {
  return /^(PATCH|DELETE|POST \/pages|POST \/databases)/.test(route);
}
