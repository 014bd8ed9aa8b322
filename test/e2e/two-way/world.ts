import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunReport } from "../../../src/app/lockstep.ts";
import { openStore } from "../../../src/app/stores.ts";
import { isJsonObject } from "../../../src/core/json.ts";
import { type Emulator, startEmulator, type TrueRow } from "../../../src/emulator/index.ts";
import type { Store } from "../../../src/store/store.ts";
import { folderWith } from "../../config/folder.ts";
import { createDatabase } from "../../support/postgres.ts";
import { documentIn, type Ended, type Place, run, type Started, start } from "../cli.ts";
import { postJson, titleOf } from "../world.ts";
import {
  type ItemColumn,
  openUserDatabase,
  type Product,
  type UserDatabase,
  type UserTable,
} from "./user-table.ts";

/** A Notion database and a table that are kept in agreement. */
export interface SyncedPair {
  readonly name: string;
  readonly dataSourceId: string;
  readonly table: UserTable;
}

/** One row of the Notion database, as people see it. */
export interface Page {
  readonly id: string;
  readonly values: Readonly<Record<ItemColumn, string | number | null>>;
  /** Key of the page's row, in pages that Lockstep made. */
  readonly marker: string | null;
  readonly isDeleted: boolean;
}

/** Each kind of say in a conflict: nobody, the later change, Notion, the table. */
export const fields = [
  { property: "Name", column: "title", conflict: "ask" },
  { property: "Notes", column: "note", conflict: "newest" },
  { property: "Link", column: "link", conflict: "notion" },
  { property: "Points", column: "points", conflict: "table" },
] as const satisfies readonly { property: string; column: ItemColumn; conflict: string }[];

const clockAhead = new URL("./children/clock-ahead.ts", import.meta.url).href;

/** An emulated Notion, a user's database, a store, and commands as real processes between them. */
export class TwoWayWorld implements AsyncDisposable {
  readonly emulator: Emulator;
  readonly cwd: string;
  readonly pairs: readonly SyncedPair[];
  /** Where Notion is for the commands; a test may put something in between. */
  baseUrl: string;
  private readonly env: Readonly<Record<string, string>>;
  private readonly storeUrl: string;
  private aheadMs = 0;
  private resources = new AsyncDisposableStack();

  private constructor(parts: {
    readonly emulator: Emulator;
    readonly cwd: string;
    readonly pairs: readonly SyncedPair[];
    readonly env: Readonly<Record<string, string>>;
    readonly storeUrl: string;
  }) {
    this.emulator = parts.emulator;
    this.baseUrl = parts.emulator.url;
    this.cwd = parts.cwd;
    this.pairs = parts.pairs;
    this.env = parts.env;
    this.storeUrl = parts.storeUrl;
  }

  /** Both sides are empty, and everything is installed. `more`: settings of every sync beside the usual ones. */
  static async open(options: {
    readonly product: Product;
    readonly pairs?: number;
    readonly timeoutMs?: number;
    readonly more?: Readonly<Record<string, unknown>>;
  }): Promise<TwoWayWorld> {
    const { product, pairs: count = 1 } = options;
    await using resources = new AsyncDisposableStack();
    const { path: cwd } = resources.use(await folderWith({}));
    const emulator = resources.use(await startEmulator({ ratePerMinute: null }));
    const database = resources.use(await openUserDatabase(product, join(cwd, "items.db")));
    const storeUrl =
      product === "sqlite" ? `sqlite:${join(cwd, "lockstep.db")}` : resources.use(await createDatabase()).url;
    const pairs: SyncedPair[] = [];
    for (let each = 1; each <= count; each += 1) pairs.push(await createPair(emulator, database, each));
    const store = new URL(storeUrl);
    const env = { TABLE_URL: database.url, ...(store.password === "" ? {} : { PGPASSWORD: store.password }) };
    store.password = "";
    const config = {
      store: product === "sqlite" ? storeUrl : store.href,
      notion: { ratePerMinute: 600, timeoutMs: options.timeoutMs ?? 60_000 },
      tables: pairs.map((pair) => ({ ...entryOf(pair), ...options.more })),
    };
    await writeFile(join(cwd, "lockstep.config.json"), JSON.stringify(config, null, 2));
    const world = new TwoWayWorld({ emulator, cwd, pairs, env, storeUrl });
    for (const { name } of pairs) await world.demand(["table", "install", name, "--yes"]);
    world.resources = resources.move();
    return world;
  }

  /** The only pair, where there is one. */
  get pair(): SyncedPair {
    const [pair] = this.pairs;
    if (pair === undefined) throw new Error("the world has no pair");
    return pair;
  }

  start(args: readonly string[], more: Pick<Place, "msMax"> = {}): Started {
    return start(args, { ...this.place, ...more });
  }

  lockstep(args: readonly string[]): Promise<Ended> {
    return run(args, this.place);
  }

  /** A command that has to succeed; its JSON document. */
  async demand<T>(args: readonly string[]): Promise<T> {
    const ended = await this.lockstep([...args, "--json"]);
    if (ended.exitCode !== 0) throw new Error(`lockstep ${args.join(" ")}: ${ended.stdout} ${ended.stderr}`);
    return documentIn<T>(ended);
  }

  /** `sync --yes`, and what it says of the first sync. */
  async sync(args: readonly string[] = []) {
    const ended = await this.lockstep(["sync", "--yes", "--json", ...args]);
    const [report] = documentIn<{ readonly runs: readonly RunReport[] }>(ended).runs;
    if (report === undefined) throw new Error(`no run is reported: ${ended.stdout} ${ended.stderr}`);
    return { exitCode: ended.exitCode, run: report.run, open: report.open };
  }

  /** So much time passes, for Notion and for every process that is started from now on. */
  async timePasses(ms: number): Promise<void> {
    this.aheadMs += ms;
    await postJson(`${this.emulator.url}/_emulator/clock`, { advanceMs: ms });
  }

  /** Somebody does something in Notion. Returns what it made, if anything. */
  async person(action: string, input: { readonly [key: string]: unknown }): Promise<unknown> {
    const answer = await postJson(`${this.emulator.url}/_emulator/person`, { action, ...input });
    return (answer as { readonly result: unknown }).result;
  }

  async pages({ dataSourceId }: Pick<SyncedPair, "dataSourceId">): Promise<readonly Page[]> {
    return this.emulator.workspace.rows(dataSourceId).map(pageOf);
  }

  /** The store as it is now, beside whatever process works on it. */
  async withStore<T>(look: (store: Store) => Promise<T>): Promise<T> {
    const store = await openStore(this.storeUrl, {
      ids: { next: randomUUID, random: Math.random },
      isReadOnly: false,
    });
    try {
      return await look(store);
    } finally {
      await store.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.resources.disposeAsync();
  }

  private get place() {
    const ahead =
      this.aheadMs === 0
        ? {}
        : { CLOCK_AHEAD_MS: String(this.aheadMs), NODE_OPTIONS: `--import=${clockAhead}` };
    const notion = { NOTION_BASE_URL: this.baseUrl, NOTION_TOKEN: this.emulator.token };
    return { cwd: this.cwd, env: { ...this.env, ...notion, ...ahead } };
  }
}

async function createPair(emulator: Emulator, database: UserDatabase, number: number): Promise<SyncedPair> {
  const { dataSourceIds } = emulator.workspace.createDatabase({
    title: `Items ${number}`,
    dataSources: [
      {
        name: `Items ${number}`,
        properties: {
          Name: { title: {} },
          Notes: { rich_text: {} },
          Link: { url: {} },
          Points: { number: {} },
        },
      },
    ],
  });
  const table = await database.createTable(`items_${number}`);
  return { name: `items-${number}`, dataSourceId: dataSourceIds[0] ?? "", table };
}

function entryOf({ name, dataSourceId, table }: SyncedPair) {
  return {
    name,
    notion: { database: dataSourceId },
    table: {
      url: { env: "TABLE_URL" },
      name: table.name,
      key: "id",
      markerColumn: "lockstep_id",
      softDelete: { column: "deleted_at", kind: "timestamp" },
    },
    fields,
    onDelete: "propagate",
    onDeleteEdit: "edit",
    guard: { deletesMax: 1_000, deleteShareMax: 1, clearShareMax: 1, changeShareMax: 1 },
    sweepEveryHours: 0,
    pollSeconds: 5,
  };
}

/** The values as Notion's API takes them. */
export function propertiesOf(values: Readonly<Partial<Record<ItemColumn, string | number | null>>>) {
  const { title, note, link, points } = values;
  const text = (value: unknown) => ({ rich_text: [{ type: "text", text: { content: String(value) } }] });
  return {
    ...(title === undefined ? {} : { Name: titleOf(String(title)) }),
    ...(note === undefined ? {} : { Notes: text(note) }),
    ...(link === undefined ? {} : { Link: { url: link } }),
    ...(points === undefined ? {} : { Points: { number: points } }),
  };
}

function pageOf({ id, inTrash, isDeletedForGood, properties }: TrueRow): Page {
  const { Name, Notes, Link, Points } = properties;
  return {
    id,
    values: {
      title: plainText(Name),
      note: plainText(Notes),
      link: typeof Link === "string" ? Link : null,
      points: typeof Points === "number" ? Points : null,
    },
    marker: plainText(properties["Lockstep ID"]),
    isDeleted: inTrash || isDeletedForGood,
  };
}

/** The plain text of a title or text as the emulator's truth spells it; null: empty. */
function plainText(value: unknown): string | null {
  const parts = Array.isArray(value) ? value : [];
  return parts.map((part) => (isJsonObject(part) ? String(part.plain_text) : "")).join("") || null;
}
