import type { LibraryConfig, LibraryPairConfig, PairConfig } from "../../config/config.ts";
import { notionIdIn } from "../../config/notion-id.ts";
import { type ConfigProblem, pathText } from "../../config/problem.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { timeZoneDefault } from "./day.ts";
import type { WrittenLibrary } from "./schema.ts";
import { bookStatuses, statusNamesDefault } from "./status.ts";

const defaultName = "library";

/** What the schema alone cannot see. Reads the section as it came. `taken`: names of other syncs. */
export function libraryProblems(
  section: Json | undefined,
  { taken }: { readonly taken: readonly string[] },
): readonly ConfigProblem[] {
  if (!isJsonObject(section)) return [];
  const problems: ConfigProblem[] = [];
  const add = (path: readonly string[], message: string) =>
    problems.push({ path: pathText(["library", ...path]), message });
  for (const sync of librarySyncs(section.name))
    if (taken.includes(sync)) add(["name"], `the name "${sync}" is already used by another sync`);
  const { notion } = section;
  if (isJsonObject(notion)) {
    const hasPlace =
      (notion.series !== undefined && notion.books !== undefined) || notion.parentPage !== undefined;
    if (!hasPlace)
      add(["notion"], "expected series and books, or parentPage for `lockstep init` to make them in");
    if (notion.series !== undefined && notion.series === notion.books)
      add(["notion", "books"], "series and books are two databases, and these are one");
  }
  const names = namesIn(section.statuses);
  if (new Set(names.map((each) => each.toLowerCase())).size < names.length)
    add(["statuses"], "two statuses have one name; Notion tells options apart by their names, ignoring case");
  return problems;
}

/** What its syncs are called, by the name as it was written. */
export function librarySyncs(name: Json | undefined): readonly string[] {
  const library = typeof name === "string" ? name : defaultName;
  return [`${library}-series`, `${library}-books`];
}

function namesIn(statuses: Json | undefined): readonly string[] {
  const written = isJsonObject(statuses) ? statuses : {};
  return bookStatuses.map((status) => {
    const name = written[status];
    return typeof name === "string" ? name : statusNamesDefault[status];
  });
}

/** Fills in every default. */
export function resolveLibrary(written: WrittenLibrary): LibraryConfig {
  const { notion, statuses, recompute } = written;
  return {
    name: written.name ?? defaultName,
    notion: {
      seriesId: notionIdIn(notion.series),
      booksId: notionIdIn(notion.books),
      parentPageId: notionIdIn(notion.parentPage),
    },
    statusNames: {
      notStarted: statuses?.notStarted ?? statusNamesDefault.notStarted,
      inProgress: statuses?.inProgress ?? statusNamesDefault.inProgress,
      finished: statuses?.finished ?? statusNamesDefault.finished,
      poubelle: statuses?.poubelle ?? statusNamesDefault.poubelle,
    },
    openLibraryContact: written.openLibrary?.contact ?? null,
    timeZone: written.timeZone ?? timeZoneDefault,
    recompute: { cron: recompute?.cron ?? "15 4 * * *", isEnabled: recompute?.syncEnabled ?? true },
    cascadeMax: written.cascadeMax ?? 50,
    pollSeconds: written.pollSeconds ?? 60,
    sweepEveryHours: written.sweepEveryHours ?? 24,
    isEnabled: written.syncEnabled ?? true,
    isFollowed: true,
  };
}

/**
 * The two-way syncs of the library, series first: a book is sent with the page of its series. None before `init` has made
 * both databases.
 */
export function libraryPairs(library: LibraryConfig): readonly LibraryPairConfig[] {
  const { name, notion } = library;
  const { seriesId, booksId } = notion;
  if (seriesId === null || booksId === null) return [];
  const common: Omit<PairConfig, "name" | "notion"> = {
    guard,
    pollSeconds: library.pollSeconds,
    sweepEveryHours: library.sweepEveryHours,
    isEnabled: library.isEnabled,
    isFollowed: library.isFollowed,
  };
  const sideOf = (id: string) => ({
    id,
    dataSource: null,
    idProperty: "Lockstep ID",
    isProvisioningOptions: true,
  });
  return [
    { ...common, name: `${name}-series`, notion: sideOf(seriesId), shelf: "series", library },
    { ...common, name: `${name}-books`, notion: sideOf(booksId), shelf: "books", library },
  ];
}

/** Whole imports change everything; what is deleted in numbers is asked about. */
const guard = { deletesMax: 10, deleteShareMax: 0.1, clearShareMax: 0.2, changeShareMax: 1 };
