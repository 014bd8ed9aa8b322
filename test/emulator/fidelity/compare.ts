import type { Json, JsonObject } from "../harness.ts";

/** One place where two answers differ. */
export interface Difference {
  /** Array indices are left out: `$.results[].properties.Name.id`. */
  readonly path: string;
  readonly recorded: string;
  readonly answered: string;
}

/** Recorded ids, cursors and property ids, and the emulator's for the same things. One to one. */
export class IdMap {
  readonly #toOurs = new Map<string, string>();
  readonly #toTheirs = new Map<string, string>();
  /** Apart from the ids: a recorded cursor may be the id of the next entry. */
  readonly #cursors = new Map<string, string>();

  /** Notes a pair unless one of the two is known already. */
  learn(recorded: string, answered: string): void {
    if (this.#toOurs.has(recorded) || this.#toTheirs.has(answered)) return;
    this.#toOurs.set(recorded, answered);
    this.#toTheirs.set(answered, recorded);
  }

  get(recorded: string): string | undefined {
    return this.#toOurs.get(recorded);
  }

  learnCursor(recorded: string, answered: string): void {
    this.#cursors.set(recorded, answered);
  }

  cursor(recorded: string): string {
    return this.#cursors.get(recorded) ?? this.translate(recorded);
  }

  /** Puts ours in the place of every recorded id, alone or inside a longer text. */
  translate(text: string): string {
    const whole = this.#toOurs.get(text) ?? this.#encoded(text);
    if (whole !== undefined) return whole;
    return text
      .replace(uuids, (id) => {
        const dashed = this.#toOurs.get(withDashes(id));
        if (dashed === undefined) return id;
        return id.includes("-") ? dashed : dashed.replaceAll("-", "");
      })
      .replace(/task_[0-9a-f]{32}/g, (id) => this.#toOurs.get(id) ?? id)
      .replace(/(?<=start_cursor=)[\w-]+/g, (cursor) => this.cursor(cursor));
  }

  /** Ids of properties are kept as they are and stand percent-encoded in most places. */
  #encoded(text: string): string | undefined {
    const ours = text.includes("%") ? this.#toOurs.get(decoded(text)) : undefined;
    return ours === undefined ? undefined : encodeURIComponent(ours);
  }

  /** The same for every text and key of a body. */
  translateAll(value: Json): Json {
    if (typeof value === "string") return this.translate(value);
    if (Array.isArray(value)) return value.map((each) => this.translateAll(each));
    if (value === null || typeof value !== "object") return value;
    const entries = Object.entries(value).map(([key, each]) =>
      key === "start_cursor"
        ? [key, this.cursor(String(each))]
        : [this.translate(key), this.translateAll(each)],
    );
    return Object.fromEntries(entries);
  }
}

const uuids = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/g;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const minute = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:00\.000(Z|\+00:00)$/;
const exact = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}(Z|\+00:00)$/;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function withDashes(id: string): string {
  return id.replaceAll("-", "").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Keys under which a text names something that the service numbered itself. */
const idKey = /^(id|.*_id|upload_url|complete_url)$/;
/** Keys of times; a date a person wrote stands under `start` and is compared. */
const timeKey = /^(created_time|last_edited_time|expiry_time|expires_at|imported_time|date_added)$/;

/**
 * Every place where two bodies differ. Set aside: request ids, the moments things happened (their format counts),
 * signed links, and which id a thing has (that it is the same one everywhere counts). The order of keys does not count.
 */
export function compare(recorded: JsonObject, answered: JsonObject, ids: IdMap): Difference[] {
  learn(recorded, answered, { ids, key: "", path: "$" });
  return differences(recorded, answered, { ids, key: "", path: "$" });
}

interface Place {
  readonly ids: IdMap;
  readonly key: string;
  readonly path: string;
}

function learn(recorded: Json | undefined, answered: Json | undefined, place: Place): void {
  if (Array.isArray(recorded) && Array.isArray(answered)) {
    for (const [index, each] of recorded.entries())
      learn(each, answered[index], { ...place, key: place.key });
  } else if (isRecord(recorded) && isRecord(answered)) {
    for (const [key, each] of Object.entries(recorded)) learn(each, answered[key], below(place, key));
  } else if (typeof recorded === "string" && typeof answered === "string") {
    if (place.key === "next_cursor") place.ids.learnCursor(recorded, answered);
    else if (isId(recorded, place) && uuid.test(recorded) === uuid.test(answered))
      place.ids.learn(decoded(recorded), decoded(answered));
  }
}

function isId(text: string, place: Place): boolean {
  return uuid.test(text) || idKey.test(place.key) || place.key === "option_ids";
}

function below({ ids, path }: Place, key: string): Place {
  return { ids, key, path: `${path}.${key}` };
}

function differences(recorded: Json | undefined, answered: Json | undefined, place: Place): Difference[] {
  const { path } = place;
  if (Array.isArray(recorded) && Array.isArray(answered)) {
    if (recorded.length !== answered.length)
      return [
        {
          path: `${path}[]`,
          recorded: `${recorded.length} elements`,
          answered: `${answered.length} elements`,
        },
      ];
    return recorded.flatMap((each, index) =>
      differences(each, answered[index], { ...place, path: `${path}[]` }),
    );
  }
  if (isRecord(recorded) && isRecord(answered)) {
    const keys = new Set([...Object.keys(recorded), ...Object.keys(answered)]);
    keys.delete("request_id");
    return [...keys].flatMap((key) => {
      if (isSigned(recorded) && (key === "url" || key === "expiry_time") && key in answered) return [];
      return differences(recorded[key], answered[key], below(place, key));
    });
  }
  if (isSame(recorded, answered, place)) return [];
  return [{ path, recorded: show(recorded), answered: show(answered) }];
}

function isSame(recorded: Json | undefined, answered: Json | undefined, place: Place): boolean {
  if (recorded === answered) return true;
  if (typeof recorded !== "string" || typeof answered !== "string") return false;
  // Cursors are opaque: what they look like changed and does not count.
  if (place.key === "next_cursor") return true;
  if (idKey.test(place.key) && place.ids.get(decoded(recorded)) === decoded(answered))
    return recorded === decoded(recorded) || isEncoded(answered);
  const isMoment = timeKey.test(place.key) || place.path.endsWith(".formula.date.start");
  if (isMoment && formatOf(recorded) !== null) return formatOf(recorded) === formatOf(answered);
  return place.ids.translate(recorded) === answered;
}

/** Percent-encoded, or in no need of it. */
function isEncoded(id: string): boolean {
  return encodeURIComponent(decoded(id)) === id;
}

function formatOf(text: string): string | null {
  const match = minute.exec(text) ?? exact.exec(text);
  return match === null ? null : `${minute.test(text) ? "minute" : "exact"} ${match[1]}`;
}

/** A hosted file: its link is another one at every read. */
function isSigned(value: JsonObject): boolean {
  return typeof value.url === "string" && "expiry_time" in value;
}

function isRecord(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: Json | undefined): string {
  return value === undefined ? "absent" : (JSON.stringify(value) ?? "absent").slice(0, 200);
}
