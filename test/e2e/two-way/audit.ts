import { proveHistory } from "../../../src/engine/two-way/history.ts";
import { openPair } from "../../../src/engine/two-way/link.ts";
import type { PairConflict, PairLink, PairVersion } from "../../../src/store/pair-store.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Written } from "./people.ts";
import type { Item, ItemColumn } from "./user-table.ts";
import { fields, type Page, type TwoWayWorld } from "./world.ts";

export interface Couple {
  readonly page: Page;
  readonly row: Item;
}

/**
 * Pages and rows by what each says of the other, without asking Lockstep. `lone`: those that are not one of two. One that
 * was deleted before its counterpart was made needs none.
 */
export function couples(
  pages: readonly Page[],
  rows: readonly Item[],
): { readonly pairs: readonly Couple[]; readonly lone: readonly string[] } {
  const pairs = rows.flatMap((row) =>
    pages
      .filter((page) => row.lockstepId === page.id || page.marker === String(row.id))
      .map((page) => ({ page, row })),
  );
  const isLone = (isDeleted: boolean, count: number) => count > 1 || (count === 0 && !isDeleted);
  const pagesOf = Map.groupBy(pairs, ({ row }) => row.id);
  const rowsOf = Map.groupBy(pairs, ({ page }) => page.id);
  const lone = [
    ...pages.flatMap(({ id, isDeleted }) =>
      isLone(isDeleted, rowsOf.get(id)?.length ?? 0) ? [`page ${id}`] : [],
    ),
    ...rows.flatMap(({ id, isDeleted }) =>
      isLone(isDeleted, pagesOf.get(id)?.length ?? 0) ? [`row ${id}`] : [],
    ),
  ];
  return { pairs, lone };
}

/**
 * Pages without those that a person put in the trash before any run knew that they had been made, because the answer was
 * lost: no list of Notion's shows them, so their rows were given another page.
 */
export function withoutUnseen(
  pages: readonly Page[],
  trashed: ReadonlySet<string>,
  { links }: Known,
): readonly Page[] {
  const linked = new Set(links.map(({ leftId }) => leftId));
  const isElsewhere = (marker: string) =>
    links.some((link) => link.rightId === marker && link.leftId !== null);
  return pages.filter(
    ({ id, marker }) => linked.has(id) || !trashed.has(id) || marker === null || !isElsewhere(marker),
  );
}

/** Everything that a sync's store knows, to be compared with both sides. */
export interface Known {
  readonly links: readonly PairLink[];
  readonly conflicts: readonly PairConflict[];
  readonly versions: readonly PairVersion[];
}

/** Of the only sync that has run. */
export async function knownIn(world: TwoWayWorld): Promise<Known> {
  return world.withStore(async (store) => {
    const syncId = await syncIn(store);
    if (syncId === null) throw new Error("no sync has run");
    const links: PairLink[] = [];
    for await (const link of store.pairs.iterateLinks(syncId)) links.push(link);
    const conflicts = await store.pairs.listConflicts({ syncId, limit: 100_000 });
    const versions: PairVersion[] = [];
    for (const { id } of links)
      versions.push(...(await store.pairs.listVersions(id, { after: 0, limit: 100_000 })));
    return { links, conflicts, versions };
  });
}

/** null: none was begun. */
async function syncIn(store: Store): Promise<string | null> {
  const [run] = await store.listRuns({ limit: 1 });
  return run?.syncId ?? null;
}

/**
 * What is wrong in the store, which must be nothing at any time, also right after a kill: every history is whole and
 * ends where its link says.
 */
export async function storeFlaws(world: TwoWayWorld): Promise<readonly unknown[]> {
  return world.withStore(async (store) => {
    const syncId = await syncIn(store);
    return syncId === null ? [] : (await proveHistory(store, syncId, () => {})).flaws;
  });
}

/** What is not as it should be between two sides that had time to agree, in words; an open conflict excuses its field. */
export function disagreements(
  pages: readonly Page[],
  rows: readonly Item[],
  { links, conflicts }: Known,
): readonly string[] {
  const { pairs, lone } = couples(pages, rows);
  const open = conflicts.filter(({ closedAt }) => closedAt === null);
  const isOpen = (page: Page, field: string) =>
    open.some(
      (conflict) =>
        conflict.field === field &&
        links.some(({ id, leftId }) => id === conflict.linkId && leftId === page.id),
    );
  const wrong = pairs.flatMap(({ page, row }) => {
    if (page.isDeleted !== row.isDeleted)
      return isOpen(page, "$presence") ? [] : [`page ${page.id} and row ${row.id}: one of them is deleted`];
    if (page.isDeleted) return [];
    return fields.flatMap(({ property, column }) =>
      page.values[column] === row[column] || isOpen(page, property)
        ? []
        : [`page ${page.id} and row ${row.id}: ${property} is ${page.values[column]} and ${row[column]}`],
    );
  });
  return [...lone.map((each) => `${each} is not one of two`), ...wrong];
}

/** Values that people wrote last and that are neither on both sides nor in history nor in a conflict. */
export function lostValues(
  written: readonly Written[],
  sides: { readonly pages: readonly Page[]; readonly rows: readonly Item[] },
  known: Known,
): readonly Written[] {
  const { pairs } = couples(sides.pages, sides.rows);
  const remembered = rememberedBy(known);
  return written.filter(({ side, id, column, value }) => {
    const couple = pairs.find(({ page, row }) => (side === "left" ? page.id : String(row.id)) === id);
    const isOnBoth = couple?.page.values[column] === value && couple.row[column] === value;
    const link = known.links.find(({ leftId, rightId }) => (side === "left" ? leftId : rightId) === id);
    // Never seen by any run: deleted before.
    if (link === undefined) return sideOf(sides, side, id)?.isDeleted !== true;
    return !isOnBoth && !remembered(link.id, column, value);
  });
}

function sideOf({ pages, rows }: Parameters<typeof lostValues>[1], side: Written["side"], id: string) {
  return side === "left" ? pages.find((page) => page.id === id) : rows.find((row) => String(row.id) === id);
}

/** Whether a link's history or conflicts hold a value, in whatever form a side gives it. */
function rememberedBy({
  versions,
  conflicts,
}: Known): (linkId: string, column: ItemColumn, value: string | number) => boolean {
  const texts = new Map<string, string>();
  const add = (linkId: string, told: unknown) =>
    texts.set(linkId, `${texts.get(linkId) ?? ""} ${JSON.stringify(told)}`);
  const told = ({ fields, prior }: PairVersion) => [fields, prior];
  for (const version of versions)
    for (const values of told(version))
      for (const [field, value] of Object.entries(values)) add(`${version.linkId} ${field}`, value);
  for (const { linkId, field, base, left, right } of conflicts)
    add(`${linkId} ${field}`, [base, left, right]);
  const propertyOf = new Map<string, string>(fields.map(({ column, property }) => [column, property]));
  return (linkId, column, value) =>
    texts.get(`${linkId} ${propertyOf.get(column)}`)?.includes(String(value)) ?? false;
}

/** Writes whose fate is not known yet, and what else keeps links from resting, in words. */
export function unrest({ links }: Known): readonly string[] {
  return links.flatMap((link) => {
    const { intents, extras } = openPair(link).doc;
    const isAtRest =
      link.dueAt === null &&
      link.problem === null &&
      intents.length === 0 &&
      Object.values(extras).flat().length === 0;
    return isAtRest
      ? []
      : [
          `${link.id} (${link.leftId}, ${link.rightId}): due ${link.dueAt}, ${link.problem}, ${intents.length} intents`,
        ];
  });
}
