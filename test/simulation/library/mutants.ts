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
    name: "series-known-by-id-only",
    rule: "a series that was known by its name is the same one when its ASIN turns up",
    file: `${library}/series-registry.ts`,
    search: "const known = this.find(place.asin, name);",
    replace: 'const known = this.find(place.asin, place.asin === null ? name : "");',
    profile: "libraryCalm",
  },
  {
    name: "volume-stays-missing",
    rule: "a missing volume that was bought is owned",
    file: `${library}/import-books.ts`,
    search: "isOwned: { value: book.isOwned, provenance: audible },",
    replace: 'isOwned: { value: book.isOwned, provenance: { origin: "heuristic", confidence: 0 } },',
    profile: "libraryGaps",
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
    name: "second-series-cascades",
    rule: "a book is moved by its primary series alone",
    file: `${library}/cascade.ts`,
    search: "const cause = place === null ? undefined : causeBySeries.get(seriesId(place));",
    replace:
      "const cause = book.series.map((each) => causeBySeries.get(seriesId(each))).find((each) => each);",
    profile: "libraryCascades",
  },
  {
    name: "cascade-forgotten",
    rule: "a book counts as looked at when what follows from it is carried through, and not before",
    file: `${library}/import-books.ts`,
    search:
      'return status === undefined || status.value === "poubelle" ? {} : { judged: unsaid(status.value) };',
    replace: 'return { judged: unsaid(status?.value ?? "poubelle") };',
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
    name: "cleanup-takes-all",
    rule: "a cleanup takes the volumes that an import made up, and no others",
    file: `${library}/tidy.ts`,
    search: "if (book.fields.isSynthetic !== true || book.fields.isOwned === true) continue;",
    replace: "if (book.fields.isOwned === true) continue;",
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
    name: "unknown-page-is-none",
    rule: "while a series has no page, nothing follows for the relation of its books",
    file: `${library}/series-field.ts`,
    search: "if (places === undefined || found.includes(undefined))",
    replace: "if (places === undefined)",
    profile: "libraryKills",
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
