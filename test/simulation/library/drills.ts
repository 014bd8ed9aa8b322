import type { Run } from "../../../src/store/store.ts";
import { randomFrom } from "../random.ts";
import { type ImportOrder, importFile, resetAll, undoRun } from "./acts.ts";
import type { AtRest } from "./audit.ts";
import { command, type Ending, type Household } from "./process.ts";
import { shelfNames } from "./world.ts";

export interface LibraryDrill extends AtRest {
  readonly household: Household;
  /** Lets so much virtual time pass (ms). */
  readonly pass: (ms: number) => Promise<void>;
}

const MINUTE = 60_000;
/** Minutes that a command may take, and in which its writes settle. */
const COMMAND_MINUTES_MAX = 60;
const SETTLED_MS = 12 * MINUTE;

/** After everything has come to rest: the same file twice, and a run that is taken back. */
export async function drillLibrary(drill: LibraryDrill): Promise<void> {
  const random = randomFrom(drill.world.options.seed, "drills");
  const order = { file: random.int(0, 3), isSynthesizing: random.chance(0.5) };
  // Volumes that are missing in the first file, and bought by the time of a later one.
  if (order.isSynthesizing) await carriedOut(drill, () => importFile(drill.household, { ...order, file: 0 }));
  await importTwice(drill, order);
  if (drill.world.violations.length > 0) return;
  await takeBackOne(drill, { ...order, file: order.file + 1 }, random.pick(["import", "reset", "cleanup"]));
}

/** L2: the same file again changes nothing. L6: what it names is there once, and owned. */
async function importTwice(drill: LibraryDrill, order: ImportOrder): Promise<void> {
  const { world, watch } = drill;
  await carriedOut(drill, () => importFile(drill.household, order));
  const before = { writes: world.writes, changes: watch.changes.length };
  const again = await carriedOut(drill, () => importFile(drill.household, order));
  if (again === null) return;
  const { counts } = again;
  const planned = [counts.series, counts.books].flatMap(({ create, change, restore, trash }) => [
    create,
    change,
    restore,
    trash,
  ]);
  if (planned.some((count) => count > 0))
    world.fail("L2", `planned ${JSON.stringify(again.records).slice(0, 400)}`);
  const writes = world.writes - before.writes;
  const changes = watch.changes.length - before.changes;
  if (writes + changes > 0)
    world.fail("L2", `${writes} writes and ${changes} changes by the same file again`);
  const { files } = world.catalogue;
  for (const { asin } of files[order.file % files.length]?.rows ?? []) checkOwned(drill, asin);
}

function checkOwned({ world, watch }: LibraryDrill, asin: string): void {
  const all = [...watch.records.books.values()].filter(({ fields }) => fields.asin === asin);
  if (all.some(({ status, provenance }) => status === "trashed" && provenance.$status?.origin === "person"))
    return;
  const live = all.filter(({ status }) => status === "live");
  const [record] = live;
  if (record === undefined) {
    world.fail("L6", `${asin} was imported, and is not there`, asin);
    return;
  }
  const isPersons = record.provenance.isOwned?.origin === "person";
  if (!live.some(({ fields }) => fields.isOwned === true) && !isPersons)
    world.fail("L6", `${asin} was bought, and is not owned`, record.id);
}

/** L9: a run that is taken back leaves everything as it was before it. */
async function takeBackOne(
  drill: LibraryDrill,
  order: ImportOrder,
  what: "import" | "reset" | "cleanup",
): Promise<void> {
  const { household } = drill;
  if (hasUnseen(drill)) return;
  const before = pictureOf(drill);
  const done = await carriedOut<{ readonly run: Run | null }>(drill, () => {
    if (what === "import") return importFile(household, { ...order, isSynthesizing: false });
    if (what === "reset") return resetAll(household);
    return command(household, "cleanup", (library) => library.cleanup({ isCommitted: true, trigger: "cli" }));
  });
  const run = done?.run ?? null;
  if (run === null) return;
  await carriedOut(drill, () => undoRun(household, run.id));
  const after = pictureOf(drill);
  for (const [id, was] of before) {
    const is = after.get(id);
    if (is !== was)
      return drill.world.fail("L9", `${id} was ${was}, and after the ${what} was taken back ${is}`, id);
  }
}

/** A page was edited and thrown away, and without a sweep nobody has noticed: what it says is taken in on the way. */
function hasUnseen({ world, watch }: LibraryDrill): boolean {
  return shelfNames.some((shelf) =>
    watch
      .linksOf(shelf)
      .some(
        ({ leftId, rightId }) =>
          watch.records[shelf].get(rightId ?? "")?.status === "live" &&
          world.presence(shelf, leftId ?? "") !== "live",
      ),
  );
}

/** Everything that people can see, of pages and records that are there. */
function pictureOf({ world, watch }: LibraryDrill): ReadonlyMap<string, string> {
  const picture = new Map<string, string>();
  for (const shelf of shelfNames) {
    for (const page of world.pages(shelf, "live")) {
      const values = world.shelves[shelf].schema.map(({ name }) => [name, world.shown(shelf, page, name)]);
      picture.set(page.id, JSON.stringify(Object.fromEntries(values)));
    }
    for (const { id, fields, provenance } of watch.live(shelf)) {
      const { judged: _, away: __, unshown: ___, ...seen } = fields;
      const { $status: ____, ...vouched } = provenance;
      picture.set(`${shelf} ${id}`, JSON.stringify([seen, vouched]));
    }
  }
  return picture;
}

/** null: it failed, and the world says so. */
async function carriedOut<T>(
  { world, pass }: LibraryDrill,
  start: () => Promise<Ending<T>>,
): Promise<T | null> {
  let ending: Ending<T> | null = null;
  void start().then((value) => {
    ending = value;
  });
  const isOver = (): boolean => ending !== null || world.violations.length > 0;
  for (let minutes = 0; !isOver() && minutes < COMMAND_MINUTES_MAX; minutes += 1) await pass(MINUTE);
  await pass(SETTLED_MS);
  const ended = ending as Ending<T> | null;
  if (ended?.kind === "done") return ended.value;
  world.fail(
    "engine",
    `a command did not come to its end: ${ended?.kind === "failed" ? ended.error.message : ""}`,
  );
  return null;
}
