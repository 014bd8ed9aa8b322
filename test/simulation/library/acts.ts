import type { ImportReport } from "../../../src/app/library-report.ts";
import type { Json } from "../../../src/core/json.ts";
import { collectionNames } from "../../../src/recipes/library/collections.ts";
import type { ShelfName } from "../../../src/recipes/library/draft.ts";
import { bookStatuses, statusNamesDefault as words } from "../../../src/recipes/library/status.ts";
import type { Act } from "../acts.ts";
import { PERSON } from "../hands.ts";
import type { LibraryActKind } from "../options.ts";
import { seriesTitle } from "./catalogue.ts";
import { command, type Ending, type Household } from "./process.ts";
import {
  bookProperties as book,
  type LibraryWorld,
  seriesProperties as series,
  shelfNames,
} from "./world.ts";

type Performer = (household: Household, act: Act) => void;

/** A person starts a command that failed or died again, this often. */
const AGAIN_MAX = 3;
const AGAIN_MS: readonly [number, number] = [5_000, 90_000];

export function performAtHome(household: Household, act: Act): void {
  const { world } = household;
  world.trace.note(world.now, `ACT ${act.kind} ${act.side} ${act.pick} ${act.token}`);
  const kind = libraryPerformers[act.kind as LibraryActKind];
  kind(household, act);
}

const libraryPerformers: Readonly<Record<LibraryActKind, Performer>> = {
  importFile(household, { pick, field }) {
    const order = { file: pick, isSynthesizing: field % 3 === 0 };
    void importAgain(household, order, AGAIN_MAX);
  },
  readBook: ({ world }, act) => choose(world, act, [words.notStarted, words.inProgress, words.finished]),
  throwAway: ({ world }, act) => choose(world, act, [words.poubelle]),
  editBook({ world }, act) {
    const id = pickPage(world, "books", act.pick, "live");
    if (id !== null) change(world, "books", id, bookEdit(act));
  },
  editSeries({ world }, act) {
    const id = pickPage(world, "series", act.pick, "live");
    const edits = [
      { [series.name]: act.token },
      { [series.finalStatus]: words[bookStatuses[act.pick % 4] ?? "finished"] },
      // What Lockstep keeps is put back.
      { [series.gaps]: act.token },
    ];
    if (id !== null) change(world, "series", id, edits[act.field % edits.length] ?? {});
  },
  shelve({ world }, act) {
    const id = pickPage(world, "books", act.pick, "live");
    const pages = world.pages("series", "live").map((page) => page.id);
    const wanted = pages.filter((_, index) => ((act.field >> index) & 1) === 1).slice(0, 2);
    if (id !== null) change(world, "books", id, { [book.series]: wanted });
  },
  binPage: ({ world }, act) => setTrashed(world, act, true),
  unbinPage: ({ world }, act) => setTrashed(world, act, false),
  makePage({ world }, act) {
    if (act.side === "left") {
      const name = act.field % 2 === 0 ? seriesTitle(act.pick % 3) : act.token;
      return add(world, "series", { [series.name]: name });
    }
    const { volumes } = world.catalogue;
    const asin = act.field % 2 === 0 ? (volumes[act.pick % volumes.length]?.asin ?? null) : null;
    add(world, "books", { [book.title]: act.token, [book.asin]: asin });
  },
  play(household, act) {
    const { volumes } = household.world.catalogue;
    const asin = volumes[act.pick % volumes.length]?.asin ?? "";
    const kind = act.field % 2 === 0 ? "started" : "finished";
    const status = act.field % 7 === 0 ? (bookStatuses[act.pick % 4] ?? null) : null;
    const at = act.field % 3 === 0 ? new Date(household.world.now).toISOString() : null;
    const tell = () =>
      void command(household, "player", (library) => library.tell({ kind, asin, status, at }));
    tell();
    // Told twice.
    if (act.field % 5 === 0) household.world.scheduler.after(20_000, tell);
  },
  recompute: (household) => void recomputeAll(household),
  cleanup: (household) => void command(household, "cleanup", (library) => library.cleanup(committed)),
  reset: (household) => void resetAll(household),
  undo: (household, { pick }) => void undoSome(household, pick),
};

const committed = { isCommitted: true, trigger: "cli" };

export interface ImportOrder {
  /** Index of the file, modulo their number. */
  readonly file: number;
  readonly isSynthesizing: boolean;
}

async function importAgain(household: Household, order: ImportOrder, tries: number): Promise<void> {
  const { world } = household;
  const ending = await importFile(household, order);
  if (ending.kind === "done" || tries <= 1 || !world.isFaulty) return;
  world.scheduler.after(
    world.tape.int("again", ...AGAIN_MS),
    () => void importAgain(household, order, tries - 1),
  );
}

/** `lockstep import FILE --commit`. */
export function importFile(
  household: Household,
  { file, isSynthesizing }: ImportOrder,
): Promise<Ending<ImportReport>> {
  const { files } = household.world.catalogue;
  const chosen = files[file % files.length];
  if (chosen === undefined) throw new RangeError("there is nothing to import");
  const text = Buffer.from(JSON.stringify(chosen.rows));
  const { name, companion } = chosen;
  async function* chunks() {
    yield text;
  }
  return command(household, "import", (library) =>
    library.import(
      { name, companion, chunks },
      { isCommitted: true, isSynthesizing, withPodcasts: false, dateOrder: null, trigger: "cli" },
    ),
  );
}

export function recomputeAll(household: Household) {
  return command(household, "recompute", (library) =>
    library.recompute({ ...committed, allowCascade: 1_000 }),
  );
}

/** Somebody types the number that was shown to them. */
export async function resetAll(household: Household) {
  const { store, config } = household;
  const names = collectionNames(config.library?.name ?? "");
  const totals = await Promise.all(
    shelfNames.map((shelf) => store.collections.getCollectionTotals(names[shelf])),
  );
  const count = totals.reduce((sum, { live }) => sum + live, 0);
  return command(household, "reset", (library) => library.reset({ ...committed, count }));
}

export function undoRun(household: Household, runId: string) {
  return command(household, "undo", (library) => library.undo(runId, committed));
}

async function undoSome(household: Household, pick: number): Promise<void> {
  const { store, config } = household;
  const runs = await store.listRuns({ syncId: `library:${config.library?.name}`, limit: 20 });
  const run = runs[pick % Math.max(1, runs.length)];
  if (run !== undefined) await undoRun(household, run.id);
}

function bookEdit({ field, pick, token }: Act): Readonly<Record<string, Json>> {
  const day = `2019-0${1 + (pick % 9)}-1${pick % 10}`;
  const edits: readonly Readonly<Record<string, Json>>[] = [
    { [book.title]: token },
    { [book.authors]: token },
    { [book.narrators]: pick % 3 === 0 ? null : token },
    { [book.order]: pick % 20 },
    { [book.released]: day },
    { [book.purchased]: day },
    { [book.isOwned]: pick % 2 === 0 },
    { [book.length]: pick },
  ];
  return edits[field % edits.length] ?? {};
}

function choose(world: LibraryWorld, act: Act, names: readonly string[]): void {
  const id = pickPage(world, "books", act.pick, "live");
  if (id !== null) change(world, "books", id, { [book.status]: names[act.field % names.length] ?? null });
}

function setTrashed(world: LibraryWorld, { side, pick }: Act, inTrash: boolean): void {
  const shelf = side === "left" ? "series" : "books";
  const id = pickPage(world, shelf, pick, inTrash ? "live" : "trashed");
  if (id !== null) world.shelves[shelf].change(id, { inTrash }, PERSON);
}

function pickPage(
  world: LibraryWorld,
  shelf: ShelfName,
  pick: number,
  presence: "live" | "trashed",
): string | null {
  const pages = world.pages(shelf, presence);
  return pages[pick % Math.max(1, pages.length)]?.id ?? null;
}

function change(
  world: LibraryWorld,
  shelf: ShelfName,
  id: string,
  values: Readonly<Record<string, Json>>,
): void {
  world.shelves[shelf].change(id, { values: pageValues(world, shelf, values) }, PERSON);
}

function add(world: LibraryWorld, shelf: ShelfName, values: Readonly<Record<string, Json>>): void {
  world.shelves[shelf].add(pageValues(world, shelf, values), PERSON);
}

/** By property id; options by theirs. */
function pageValues(world: LibraryWorld, shelf: ShelfName, values: Readonly<Record<string, Json>>) {
  const workspace = world.shelves[shelf];
  const page: Record<string, Json> = {};
  for (const [name, value] of Object.entries(values)) {
    const property = workspace.property(name);
    if (property === undefined) throw new RangeError(`${shelf} have no ${name}`);
    const isOption = property.type === "select" && typeof value === "string";
    page[property.id] = isOption ? workspace.optionId(property.id, value) : value;
  }
  return page;
}
