import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Lockstep } from "../../src/app/lockstep.ts";
import { openLockstep } from "../../src/app/open.ts";
import type { Secrets } from "../../src/config/config.ts";
import { noSecrets } from "../../src/config/environment.ts";
import { resolveConfig } from "../../src/config/resolve.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { Json } from "../../src/core/json.ts";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { countingIds } from "../../src/store/suite/case.ts";
import { folderWith } from "../config/folder.ts";
import { type ManualClock, manualClock } from "../engine/manual-clock.ts";

type Properties = NonNullable<Parameters<Emulator["workspace"]["createPage"]>[0]["properties"]>;
type Entry = { readonly [key: string]: Json };

export interface Row {
  readonly id: number;
  readonly name: string;
  readonly email: string | null;
  readonly age: number | null;
  readonly stage: string | null;
  readonly lockstep_id: string | null;
}

export const titleOf = (text: string) => ({ title: [{ text: { content: text } }] });
export const textOf = (text: string) => ({ rich_text: [{ text: { content: text } }] });

/** An emulated Notion with a database of people, a table of people, and Lockstep between them. */
export class TableWorld implements AsyncDisposable {
  readonly clock: ManualClock;
  readonly emulator: Emulator;
  readonly folder: string;
  readonly crm: DatabaseSync;
  readonly databaseId: string;
  readonly dataSourceId: string;
  /** One for everybody, as chance would have it. */
  private readonly ids = countingIds();
  private readonly resources = new AsyncDisposableStack();

  private constructor(parts: { clock: ManualClock; emulator: Emulator; folder: string }) {
    this.clock = parts.clock;
    this.emulator = parts.emulator;
    this.folder = parts.folder;
    this.crm = this.resources.adopt(new DatabaseSync(join(parts.folder, "crm.db")), (crm) => crm.close());
    this.crm.exec(
      "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, age INTEGER CHECK (age < 150), stage TEXT, lockstep_id TEXT UNIQUE)",
    );
    const made = parts.emulator.workspace.createDatabase({
      title: "People",
      dataSources: [
        {
          name: "People",
          properties: {
            Name: { title: {} },
            Email: { rich_text: {} },
            Age: { number: {} },
            Stage: { select: { options: [{ name: "Lead" }, { name: "Customer" }] } },
            Edited: { last_edited_time: {} },
          },
        },
      ],
    });
    this.databaseId = made.databaseId;
    this.dataSourceId = made.dataSourceIds[0] ?? "";
  }

  static async open(): Promise<TableWorld> {
    await using resources = new AsyncDisposableStack();
    const folder = resources.use(await folderWith({}));
    const clock = manualClock();
    const emulator = resources.use(await startEmulator({ ratePerMinute: null, clock }));
    const world = new TableWorld({ clock, emulator, folder: folder.path });
    world.resources.use(resources.move());
    return world;
  }

  /** Opens Lockstep with this entry of `tables` changed; closed with the world. */
  async lockstep(
    changes: Entry = {},
    options: {
      readonly secrets?: Partial<Secrets>;
      readonly isReadOnly?: boolean;
      readonly clock?: Clock;
    } = {},
  ): Promise<Lockstep> {
    const entry: Entry = {
      name: "people",
      notion: { database: this.databaseId },
      table: { url: "sqlite:crm.db", name: "people", key: "id", markerColumn: "lockstep_id" },
      fields: [
        { property: "Name", column: "name" },
        { property: "Email", column: "email" },
        { property: "Age", column: "age" },
        { property: "Stage", column: "stage" },
      ],
      match: { property: "Email", column: "email" },
      ...changes,
    };
    const written: Entry = { notion: { ratePerMinute: "auto" }, tables: [entry] };
    const lockstep = await openLockstep({
      config: resolveConfig(written, join(this.folder, "lockstep.config.json")),
      secrets: { ...noSecrets, notionToken: this.emulator.token, ...options.secrets },
      baseUrl: this.emulator.url,
      clock: options.clock ?? this.clock,
      ids: this.ids,
      ...(options.isReadOnly === true ? { isReadOnly: true } : {}),
    });
    this.resources.defer(() => lockstep.close());
    return lockstep;
  }

  /** Ready to run: both sides prepared, and a person has let it write. */
  async running(changes: Entry = {}, secrets: Partial<Secrets> = {}): Promise<Lockstep> {
    const lockstep = await this.lockstep(changes, { secrets });
    await lockstep.twoWay.install("people");
    await this.run(lockstep, { isAccepted: true });
    return lockstep;
  }

  /** One run, some minutes after whatever happened before: stamps tell it apart. */
  async run(lockstep: Lockstep, options: { readonly isAccepted?: boolean; readonly isFull?: boolean } = {}) {
    this.clock.advance(180_000);
    const [report] = await lockstep.sync([], { trigger: "test", ...options });
    if (report === undefined) throw new Error("nothing was run");
    return report;
  }

  addPage(name: string, email: string, more: Properties = {}): string {
    const properties = { Name: titleOf(name), Email: textOf(email), ...more };
    return this.emulator.workspace.createPage({ parent: { dataSourceId: this.dataSourceId }, properties });
  }

  editPage(pageId: string, properties: Properties): void {
    this.emulator.workspace.editPage(pageId, { properties });
  }

  addRow(name: string, email: string): void {
    this.crm.prepare("INSERT INTO people (name, email) VALUES (?, ?)").run(name, email);
  }

  rows(): readonly Row[] {
    return this.crm.prepare("SELECT * FROM people ORDER BY id").all() as unknown as Row[];
  }

  /** Names of the pages that are not in the trash. */
  pageNames(): readonly string[] {
    return this.emulator.workspace
      .rows(this.dataSourceId)
      .filter(({ inTrash }) => !inTrash)
      .map(({ properties }) => plain(properties.Name))
      .sort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.resources.disposeAsync();
  }
}

function plain(value: Json | undefined): string {
  const parts = Array.isArray(value) ? value : [];
  return parts
    .map((part: Json) =>
      typeof part === "object" && part !== null && "plain_text" in part ? part.plain_text : "",
    )
    .join("");
}
