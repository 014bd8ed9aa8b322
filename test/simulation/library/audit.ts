import type { CollectionRecord, CollectionVersion } from "../../../src/core/collection/record.ts";
import { collectionChainFlaw } from "../../../src/core/collection/write.ts";
import type { ShelfName } from "../../../src/recipes/library/draft.ts";
import type { BookStatus } from "../../../src/recipes/library/model.ts";
import { awaitedPage, placesIn } from "../../../src/recipes/library/places.ts";
import { statusNamesDefault as words } from "../../../src/recipes/library/status.ts";
import type { PairLink } from "../../../src/store/pair-store.ts";
import type { Store } from "../../../src/store/store.ts";
import type { Page } from "../notion/page.ts";
import { type LibraryRules, statusOf } from "./rules.ts";
import { fieldsOf, primaryOf, type ShelfWatch } from "./shelf-watch.ts";
import {
  bookProperties as book,
  type LibraryWorld,
  listOf,
  type Shown,
  seriesProperties as series,
  shelfNames,
} from "./world.ts";

export interface AtRest {
  readonly world: LibraryWorld;
  readonly watch: ShelfWatch;
  readonly rules: LibraryRules;
  readonly store: Store;
}

/** Everything that must hold once faults have ceased, people rest and time has passed. */
export async function auditLibrary(end: AtRest): Promise<void> {
  for (const shelf of shelfNames) {
    checkPairs(end, shelf);
    checkUnique(end, shelf);
    for (const record of end.watch.records[shelf].values()) await checkHistory(end, record);
  }
  for (const each of end.watch.live("series")) checkFinalStatus(end, each);
  for (const entry of end.rules.entries) checkCascade(end, entry);
}

/** I1, I4: every page has its record and every record its page, and they say the same. */
function checkPairs(end: AtRest, shelf: ShelfName): void {
  const { world, watch } = end;
  const links = watch.linksOf(shelf);
  for (const side of ["leftId", "rightId"] as const) {
    const ids = links.flatMap((link) => link[side] ?? []);
    if (new Set(ids).size < ids.length) world.fail("I4", `a record of ${shelf} is in two pairs`);
  }
  for (const page of world.pages(shelf, "live")) {
    const link = links.find(({ leftId }) => leftId === page.id);
    if (links.some(({ problem }) => problem?.includes(page.id)) || isAsked(end, link)) continue;
    const record = watch.records[shelf].get(link?.rightId ?? "");
    if (record?.status !== "live") fail(end, "I1", `${page.id} has no record (${link?.problem})`, page.id);
    else checkAgreement(end, { shelf, page, record });
  }
  for (const record of watch.live(shelf)) {
    const link = links.find(({ rightId }) => rightId === record.id);
    const presence = world.presence(shelf, link?.leftId ?? "");
    // Nothing but a sweep or a hint tells that a page has left the list.
    if (isAsked(end, link) || (presence === "trashed" && world.options.sweepEveryMs === null)) continue;
    if (presence !== "live")
      fail(
        end,
        "I1",
        `${record.id} has no page: ${link?.leftId} (${link?.status}, due ${link?.dueAt}, ${link?.problem})`,
        record.id,
      );
  }
}

/** A person is asked which is which; or it could not be seen, and nothing but a sweep looks again. */
function isAsked({ world }: AtRest, link: PairLink | undefined): boolean {
  const problem = link?.problem ?? "";
  if (problem.startsWith("AMBIGUOUS_KEY") || problem.startsWith("DUPLICATE_RECORD")) return true;
  return (
    (problem === "RECORD_MISSING" && world.options.sweepEveryMs === null) || problem.startsWith("OSCILLATION")
  );
}

function checkAgreement(
  end: AtRest,
  {
    shelf,
    page,
    record,
  }: { readonly shelf: ShelfName; readonly page: Page; readonly record: CollectionRecord },
): void {
  const { world } = end;
  for (const [name, field] of Object.entries(fieldsOf[shelf])) {
    const left = world.shown(shelf, page, name);
    const right = inWords(name, (record.fields[field] ?? null) as Shown);
    if (JSON.stringify(left) !== JSON.stringify(right))
      fail(end, "I1", `${name} is ${show(left)}, and ${show(right)} in ${record.id}`, page.id);
  }
  if (shelf === "series") return;
  const left = related(end, page);
  const right = pagesOf(end, record);
  if (left.join() !== right.join())
    fail(end, "I1", `${page.id} is in ${left.join()}, and ${record.id} in ${right.join()}`, page.id);
}

function inWords(name: string, value: Shown): Shown {
  if (name === book.isOwned) return value === true;
  if (name !== book.status && name !== series.finalStatus) return value;
  return Object.entries(words).find(([status]) => status === value)?.[1] ?? null;
}

/** Pages of series that are in the trash are nowhere. */
function related({ world }: AtRest, page: Page): readonly string[] {
  const shown = world.shown("books", page, book.series);
  return listOf(shown).filter((id) => world.presence("series", id) === "live");
}

function pagesOf({ world, watch }: AtRest, { fields }: CollectionRecord): readonly string[] {
  const links = watch.linksOf("series");
  const pages = placesIn(fields.series).flatMap(
    // Where a person has yet to say which series a page is, its books wait for it.
    ({ id }) => awaitedPage(id) ?? links.find(({ rightId }) => rightId === id)?.leftId ?? [],
  );
  return pages.filter((id) => world.presence("series", id) === "live").sort();
}

/** L1: one page for each key, unless a person has made another, or is told of the second one, on which somebody has written. */
function checkUnique(end: AtRest, shelf: ShelfName): void {
  const { world, watch } = end;
  const isTold = (pageId: string) => watch.linksOf(shelf).some(({ problem }) => problem?.includes(pageId));
  const name = shelf === "books" ? book.asin : series.key;
  const ours = world
    .pages(shelf, "live")
    .filter(({ id, createdBy }) => createdBy === world.shelves[shelf].botId && !isTold(id))
    .map((page) => ({ page, key: world.shown(shelf, page, name) }));
  for (const { page, key } of ours)
    if (key !== null && ours.some((other) => other.page.id !== page.id && other.key === key))
      fail(end, "L1", `there are two pages of ours for ${show(key)}`, page.id);
}

/** I15: the history of each record is whole. */
async function checkHistory(end: AtRest, { collection, id, head }: CollectionRecord): Promise<void> {
  const page = { after: 0, limit: 10_000 };
  const versions: readonly CollectionVersion[] = await end.store.collections.listRecordVersions(
    collection,
    id,
    page,
  );
  const flaw = collectionChainFlaw(versions, head);
  if (flaw !== null) fail(end, "I15", `${id}: ${flaw}`, id);
}

/** L5: by the table in docs/library.md, unless a person has said otherwise. */
function checkFinalStatus(end: AtRest, record: CollectionRecord): void {
  if (record.provenance.finalStatus?.origin === "person") return;
  const owned = end.watch
    .live("books")
    .filter(
      ({ fields }) => fields.isOwned === true && placesIn(fields.series).some(({ id }) => id === record.id),
    );
  const wanted = documented(new Set(owned.map(statusOf)));
  if (record.fields.finalStatus !== wanted)
    fail(
      end,
      "L5",
      `${record.id} is ${String(record.fields.finalStatus)}, and its books say ${wanted}`,
      record.id,
    );
}

function documented(among: ReadonlySet<BookStatus>): BookStatus {
  if (among.has("poubelle")) return "poubelle";
  if (among.has("inProgress")) return "inProgress";
  if (among.has("notStarted")) return among.has("finished") ? "inProgress" : "notStarted";
  return among.has("finished") ? "finished" : "notStarted";
}

/** L4: whoever came into La Poubelle and has been left there since took the siblings along that were left alone, too. */
function checkCascade(
  { ...end }: AtRest,
  { bookId, seriesId, revision }: LibraryRules["entries"][number],
): void {
  const { watch } = end;
  const leader = watch.records.books.get(bookId);
  if (leader?.status !== "live" || watch.touchedAt("books", bookId) !== revision) return;
  for (const sibling of watch.live("books")) {
    if (primaryOf(sibling) !== seriesId || watch.touchedAt("books", sibling.id) > revision) continue;
    const status = statusOf(sibling);
    if (status === "notStarted" || status === "inProgress")
      fail(end, "L4", `${sibling.id} did not follow ${bookId} into La Poubelle: ${status}`, sibling.id);
  }
  const home = watch.records.series.get(seriesId);
  if (home?.status !== "live" || home.fields.finalStatus === "poubelle") return;
  const isSaid = home.provenance.finalStatus?.origin === "person";
  const isUndone = watch.changes.some(({ by, after }) => by === "undo" && after.id === seriesId);
  if (!isSaid && !isUndone)
    fail(
      end,
      "L4",
      `${seriesId} is ${String(home.fields.finalStatus)}, and ${bookId} is in La Poubelle`,
      seriesId,
    );
}

function fail({ world }: AtRest, rule: string, message: string, id: string): void {
  world.fail(rule, message, id);
}

function show(value: Shown): string {
  return JSON.stringify(value);
}
