import { isJsonObject, type Json } from "../../core/json.ts";
import type { QueryPage } from "./client.ts";
import { CONDITIONS_MAX, type Condition } from "./filter.ts";
import { type PageProperty, readProperty } from "./page.ts";
import { canonicalText } from "./rich-text.ts";
import { type Source, walkQuery } from "./walk.ts";

/** Queries spent on one minute; each lists thousands of rows. */
const QUERIES_MAX = 500;
/** Titles looked at to find a text that about half of them contain. */
const TITLES_MAX = 2_000;
const TEXT_LENGTH_MAX = 3;
const OLDEST_FIRST = { timestamp: "created_time", direction: "ascending" };

export interface PartitionEnd {
  readonly pages: number;
  readonly rows: number;
  /** Why rows are missing, null when none is. */
  readonly problem: string | null;
}

type Partitioned = AsyncGenerator<QueryPage, PartitionEnd, void>;

/**
 * The rows of a query that Notion caps, by way of queries that it does not cap: along the numbers of a unique id when
 * rows have one, otherwise by what their titles contain. Rows may be given twice.
 */
export async function* walkPartitions(source: Source, conditions: readonly Condition[]): Partitioned {
  const sample = await firstRows(source, conditions);
  const numbered = sample.map((row) => propertyOf(row, "unique_id")).find((property) => property !== null);
  return yield* numbered === undefined
    ? walkByTitle(source, conditions, sample)
    : walkByNumber(source, conditions, numbered.id);
}

async function firstRows(source: Source, conditions: readonly Condition[]): Promise<readonly Json[]> {
  const walking = walkQuery(source, { conditions, sort: OLDEST_FIRST, onPage: () => true });
  const first = await walking.next();
  await walking.return({ how: "complete", pages: 1, rows: 0 });
  return first.done ? [] : first.value.rows;
}

/** Unique ids never change and never repeat: each query begins with the last number that was listed, so none is empty. */
async function* walkByNumber(
  source: Source,
  conditions: readonly Condition[],
  propertyId: string,
): Partitioned {
  const count = { pages: 0, rows: 0 };
  let last: number | null = null;
  for (let query = 0; query < QUERIES_MAX; query += 1) {
    const start: number | null = last;
    const after: Condition[] =
      start === null ? [] : [{ property: propertyId, unique_id: { greater_than_or_equal_to: start } }];
    const end = yield* walkQuery(source, {
      conditions: [...conditions, ...after],
      sort: { property: propertyId, direction: "ascending" },
      onPage: ({ rows }) => {
        last = Math.max(last ?? 0, ...rows.map((row) => numberOf(row) ?? 0));
        return false;
      },
    });
    count.pages += end.pages;
    count.rows += end.rows;
    if (end.how === "complete" && end.rows > 0) return { ...count, problem: null };
    if (end.how === "complete") return { ...count, problem: "the last of them were not listed again" };
    if (last === start) return { ...count, problem: "their unique ids do not tell them apart" };
  }
  return { ...count, problem: `${QUERIES_MAX} queries were not enough for them` };
}

/** One part of the rows, and the texts that were used to tell it from the others. */
interface Part {
  readonly conditions: readonly Condition[];
  readonly texts: readonly string[];
}

/** `contains X` and `does_not_contain X` are exact complements: together they list every row, whatever X is. */
async function* walkByTitle(
  source: Source,
  conditions: readonly Condition[],
  sample: readonly Json[],
): Partitioned {
  const count = { pages: 0, rows: 0 };
  const parts: Part[] = [];
  const all: Part = { conditions, texts: [] };
  // A sample that is all alike may just be unlucky: then as many rows as Notion lists are looked at.
  if (split(parts, all, sample) !== null) parts.push(all);
  let problem: string | null = null;
  for (let query = 0; query < QUERIES_MAX; query += 1) {
    const part = parts.pop();
    if (part === undefined) return { ...count, problem };
    const listed: Json[] = [];
    const end = yield* walkQuery(source, {
      conditions: part.conditions,
      sort: OLDEST_FIRST,
      onPage: ({ rows }) => {
        if (listed.length < TITLES_MAX) listed.push(...rows);
        return false;
      },
    });
    count.pages += end.pages;
    count.rows += end.rows;
    if (end.how === "cut") parts.push(part);
    if (end.how === "capped") problem = split(parts, part, listed) ?? problem;
  }
  return { ...count, problem: `${QUERIES_MAX} queries were not enough for them` };
}

/** Adds the two halves of a part, or says why it has none. */
function split(parts: Part[], part: Part, rows: readonly Json[]): string | null {
  const title = rows.map((row) => propertyOf(row, "title")).find((property) => property !== null);
  const text = halvingText(rows.map(titleOf), part.texts);
  if (text === null || title === undefined) return "their titles do not tell them apart";
  if (part.conditions.length >= CONDITIONS_MAX) return `${CONDITIONS_MAX} conditions do not tell them apart`;
  for (const operator of ["does_not_contain", "contains"]) {
    const condition = { property: title.id, title: { [operator]: text } };
    parts.push({ conditions: [...part.conditions, condition], texts: [...part.texts, text] });
  }
  return null;
}

/** A short text that about half of the titles contain; null when every text is in all of them or in none. */
function halvingText(titles: readonly string[], used: readonly string[]): string | null {
  const counts = new Map<string, number>();
  for (const title of titles) {
    for (const text of textsIn(title)) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  let best: string | null = null;
  let distanceMin = Number.POSITIVE_INFINITY;
  for (const [text, count] of counts) {
    const distance = Math.abs(count - titles.length / 2);
    if (count === titles.length || used.includes(text) || distance >= distanceMin) continue;
    [best, distanceMin] = [text, distance];
  }
  return best;
}

/** Runs of up to three characters, lower case (Notion ignores case), without spaces (which it may trim). */
function textsIn(title: string): Set<string> {
  const characters = [...title.toLowerCase()];
  const texts = new Set<string>();
  for (let start = 0; start < characters.length; start += 1) {
    for (let length = 1; length <= TEXT_LENGTH_MAX && start + length <= characters.length; length += 1) {
      const text = characters.slice(start, start + length).join("");
      if (/\s/.test(text)) break;
      texts.add(text);
    }
  }
  return texts;
}

function propertyOf(row: Json, type: string): PageProperty | null {
  if (!isJsonObject(row) || !isJsonObject(row.properties)) return null;
  for (const name of Object.keys(row.properties)) {
    const property = readProperty(name, row.properties[name]);
    if (property?.type === type) return property;
  }
  return null;
}

function titleOf(row: Json): string {
  return canonicalText(propertyOf(row, "title")?.value)?.plain ?? "";
}

function numberOf(row: Json): number | null {
  const value = propertyOf(row, "unique_id")?.value;
  return isJsonObject(value) && typeof value.number === "number" ? value.number : null;
}
