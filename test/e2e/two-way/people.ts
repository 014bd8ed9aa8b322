import { expect } from "vitest";
import type { Side } from "../../../src/core/two-way/mapping.ts";
import type { Random } from "../../simulation/random.ts";
import { couples } from "./audit.ts";
import type { ItemColumn } from "./user-table.ts";
import { type Page, propertiesOf, type TwoWayWorld } from "./world.ts";

/** A value that a person wrote; no two are alike. */
export interface Written {
  readonly side: Side;
  /** The page's id or the row's key. */
  readonly id: string;
  readonly column: ItemColumn;
  readonly value: string | number;
  /** A sync was running. */
  readonly isMeanwhile: boolean;
}

const columns: readonly ItemColumn[] = ["title", "note", "link", "points"];

/** People at work on both sides, who remember everything they wrote. */
export class People {
  private readonly world: TwoWayWorld;
  private readonly random: Random;
  private readonly last = new Map<string, Written>();
  private readonly thrownAway = new Set<string>();
  private count = 0;
  private isMeanwhile = false;

  constructor(world: TwoWayWorld, random: Random) {
    this.world = world;
    this.random = random;
  }

  /** The last value that was written to each field of each record, on each side. */
  get lastWritten(): readonly Written[] {
    return [...this.last.values()];
  }

  /** Ids of the pages that people put in the trash. */
  get trashed(): ReadonlySet<string> {
    return this.thrownAway;
  }

  get writes(): number {
    return this.count;
  }

  /** Mostly edits, some of them of one field on both sides; new records; now and then a deletion. */
  async act(times: number, when: "before a sync" | "meanwhile"): Promise<void> {
    this.isMeanwhile = when === "meanwhile";
    for (let each = 0; each < times; each += 1) {
      const dice = this.random.next();
      if (dice < 0.32) await this.editPage();
      else if (dice < 0.64) await this.editRow();
      else if (dice < 0.76) await this.editBoth();
      else if (dice < 0.86) await this.createPage();
      else if (dice < 0.96) await this.createRow();
      else if (dice < 0.98) await this.trashPage();
      else await this.removeRow();
    }
  }

  async createPage(): Promise<void> {
    const { dataSourceId } = this.world.pair;
    const values = this.values("left", columns);
    const properties = propertiesOf(values);
    const id = await this.world.person("createPage", { parent: { dataSourceId }, properties });
    expect(id).toEqual(expect.any(String));
    this.note("left", String(id), values);
  }

  async createRow(): Promise<void> {
    const values = this.values("right", columns);
    this.note("right", String(await this.world.pair.table.insert(values)), values);
  }

  private async editPage(): Promise<void> {
    const page = this.random.pick(await this.livePages());
    await this.writePage(page.id, this.random.pick(columns));
  }

  private async editRow(): Promise<void> {
    const row = this.random.pick(await this.liveRows());
    await this.writeRow(row.id, this.random.pick(columns));
  }

  private async editBoth(): Promise<void> {
    const { pairs } = couples(await this.livePages(), await this.liveRows());
    if (pairs.length === 0) return;
    const { page, row } = this.random.pick(pairs);
    const column = this.random.pick(columns);
    await this.writePage(page.id, column);
    await this.writeRow(row.id, column);
  }

  private async trashPage(): Promise<void> {
    const { id } = this.random.pick(await this.livePages());
    await this.world.person("trashPage", { pageId: id });
    this.thrownAway.add(id);
  }

  private async removeRow(): Promise<void> {
    await this.world.pair.table.remove(this.random.pick(await this.liveRows()).id);
  }

  private async writePage(id: string, column: ItemColumn): Promise<void> {
    const values = this.values("left", [column]);
    await this.world.person("editPage", { pageId: id, properties: propertiesOf(values) });
    this.note("left", id, values);
  }

  private async writeRow(id: number, column: ItemColumn): Promise<void> {
    const values = this.values("right", [column]);
    await this.world.pair.table.update(id, values);
    this.note("right", String(id), values);
  }

  private async livePages(): Promise<readonly Page[]> {
    return (await this.world.pages(this.world.pair)).filter(({ isDeleted }) => !isDeleted);
  }

  private async liveRows() {
    return (await this.world.pair.table.rows()).filter(({ isDeleted }) => !isDeleted);
  }

  private values(side: Side, wanted: readonly ItemColumn[]): Record<string, string | number> {
    const number = ++this.count;
    const text = `${side} ${number}.`;
    const values = {
      title: text,
      note: text,
      link: `https://example.com/${side}/${number}.`,
      points: 10_000_000 + number,
    };
    return Object.fromEntries(wanted.map((column) => [column, values[column]]));
  }

  private note(side: Side, id: string, values: Readonly<Record<string, string | number>>): void {
    for (const column of columns) {
      const value = values[column];
      if (value !== undefined)
        this.last.set(`${side} ${id} ${column}`, { side, id, column, value, isMeanwhile: this.isMeanwhile });
    }
  }
}
