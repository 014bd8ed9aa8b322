import type { Json } from "../../../core/json.ts";
import { isJsonObject } from "../../../core/json.ts";
import type { SeriesPlace } from "../model.ts";
import { parsePosition } from "../position.ts";
import { tidy } from "../text.ts";

/** What an export says itself is Audible's own data. */
const told = { origin: "audible", confidence: 1 } as const;

/** One series with its position, as audible-cli and OpenAudible give it. `url` may hold the ASIN of the series. */
export function readSingleSeries(name: string, position: string, url: string): readonly SeriesPlace[] {
  if (tidy(name) === "") return [];
  const asin = /\/(B[0-9A-Z]{9})(?:[/?#]|$)/.exec(url)?.[1] ?? null;
  return [{ name: tidy(name), asin, position: parsePosition(position), ...told }];
}

/**
 * Libation joins all series: names by ", ", and "ORDER : NAME" by ", ". Names hold commas themselves ("Anita Blake, Vampire
 * Hunter"), so that neither can be split alone; together they can: what stands before each " : " ends in an order, and the
 * names must come out as they are listed.
 */
export function readJoinedSeries(names: string, orders: string): readonly SeriesPlace[] {
  const listed = tidy(names);
  const ordered = splitOrders(tidy(orders), listed) ?? splitByShape(tidy(orders));
  if (ordered !== null) {
    return ordered.map(({ name, position }) => ({
      name,
      asin: null,
      position: parsePosition(position),
      ...told,
    }));
  }
  return listed === "" ? [] : [{ name: listed, asin: null, position: null, ...told }];
}

/** Where the names are listed otherwise: at commas that a number and a colon follow. */
function splitByShape(orders: string): readonly Ordered[] | null {
  const entries = orders.split(/, (?=\d[\d.,–-]* : )/).map((entry) => /^(.*?)\s*: (.+)$/.exec(entry));
  const found = entries.flatMap((entry) =>
    entry === null ? [] : [{ position: entry[1] ?? "", name: entry[2] ?? "" }],
  );
  return found.length === entries.length ? found : null;
}

interface Ordered {
  readonly name: string;
  readonly position: string;
}

/** null: the text is no list of orders and names. */
function splitOrders(orders: string, names: string): readonly Ordered[] | null {
  const head = /^([^:]*?)\s*: /.exec(orders);
  if (head === null) return null;
  const rest = orders.slice(head[0].length);
  const position = head[1] ?? "";
  for (const { name, next } of splits(rest)) {
    const listed = names === "" ? name : names.slice(0, name.length);
    if (listed !== name) continue;
    const after = names.slice(name.length);
    if (next === null) {
      if (after === "") return [{ name, position }];
      continue;
    }
    if (names !== "" && !after.startsWith(", ")) continue;
    const others = splitOrders(next, after.slice(2));
    if (others !== null) return [{ name, position }, ...others];
  }
  return null;
}

/** Every way to end the first name: at the end, or at a comma that an order and a colon follow. The longest first. */
function splits(text: string): readonly { readonly name: string; readonly next: string | null }[] {
  const found: { readonly name: string; readonly next: string | null }[] = [{ name: text, next: null }];
  for (let at = text.lastIndexOf(", "); at > 0; at = text.lastIndexOf(", ", at - 1)) {
    const next = text.slice(at + 2);
    if (/^(?:[^:]{0,20}?)\s*: /.test(next)) found.push({ name: text.slice(0, at), next });
  }
  return found;
}

/** Our own export: a list of {title, position, asin}, as JSON or as its text. null: it is not that. */
export function readOwnSeries(value: Json): readonly SeriesPlace[] | null {
  const list = typeof value === "string" ? parseJson(value) : value;
  if (!Array.isArray(list)) return null;
  const places = list.map((entry): SeriesPlace | null => {
    if (!isJsonObject(entry) || typeof entry.title !== "string") return null;
    const { position = null, asin = null } = entry;
    return {
      name: entry.title,
      asin: typeof asin === "string" ? asin : null,
      position: typeof position === "string" ? parsePosition(position) : null,
      ...told,
    };
  });
  return places.every((place) => place !== null) ? places : null;
}

function parseJson(text: string): Json {
  try {
    const value: Json = JSON.parse(text.trim() === "" ? "[]" : text);
    return value;
  } catch {
    return null;
  }
}
