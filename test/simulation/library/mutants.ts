import type { Mutant } from "../mutants.ts";

const library = "src/recipes/library";

/** Bugs planted into the library's own rules. */
export const libraryMutants: readonly Mutant[] = [
  {
    name: "persons-word-unmarked",
    rule: "what was written in Notion is a person's word, which no import replaces",
    file: "src/app/library-shelf.ts",
    search: 'provenance: { origin: "person", confidence: 1 }',
    replace: 'provenance: { origin: "heuristic", confidence: 1 }',
    profile: "libraryCalm",
  },
  {
    name: "thrown-away-imported",
    rule: "what a person threw away stays in the trash, whatever is imported",
    file: `${library}/import-books.ts`,
    search: 'if (record.status === "trashed" && word?.origin === "person") {',
    replace: 'if (record.status === "live" && word?.origin === "") {',
    profile: "libraryCalm",
  },
  {
    name: "finished-follow",
    rule: "finished books stay when their series is thrown away",
    file: `${library}/cascade.ts`,
    search: "finished: false,",
    replace: "finished: true,",
    profile: "libraryCascades",
  },
  {
    name: "half-read-series-finished",
    rule: "a series with finished books and some not started is in progress",
    file: `${library}/status.ts`,
    search: '"--nf": "inProgress",',
    replace: '"--nf": "finished",',
    profile: "libraryCalm",
  },
  {
    name: "missing-volumes-counted",
    rule: "volumes that are not owned do not count for the Final Status",
    file: `${library}/status.ts`,
    search: "books.filter(({ isOwned }) => isOwned).map",
    replace: "books.map",
    profile: "libraryGaps",
  },
  {
    name: "undo-leaves-trash",
    rule: "what a run put into the trash comes back when it is taken back",
    file: `${library}/take-back.ts`,
    search: "if (status !== undefined && record.status === status.to)",
    replace: 'if (status !== undefined && record.status === "live")',
    profile: "libraryGaps",
  },
  {
    name: "days-by-zone",
    rule: "a day is the one that is written, whatever the zone",
    file: `${library}/exports/dates.ts`,
    search: "return found === null ? null : toDay(Number(found[1]), Number(found[3]), Number(found[4]));",
    replace:
      "return found === null ? null : new Date(Date.parse(text) - 7 * 3_600_000).toISOString().slice(0, 10);",
    profile: "libraryCalm",
  },
  {
    name: "series-back-unnoticed",
    rule: "the books of a series are looked at again when it goes to the trash and when it comes back",
    file: `${library}/judge.ts`,
    search: "  noteAway(draft);\n",
    replace: "",
    profile: "libraryCalm",
  },
];
