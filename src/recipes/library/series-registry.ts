import { statusField } from "../../core/collection/write.ts";
import type { SeriesList } from "./companion.ts";
import type { Draft, Drafted } from "./draft.ts";
import { originRank, type SeriesPlace } from "./model.ts";
import { seriesKey } from "./series/key.ts";
import { textIn, volumesJson } from "./shelf-book.ts";

/**
 * Which record a series has. Once given, an id stays: a series that was known by its name only and whose ASIN turns up
 * later is still the same one.
 */
export class SeriesRegistry {
  private readonly draft: Draft;
  private readonly byAsin = new Map<string, string>();
  private readonly byKey = new Map<string, string>();
  private readonly byName = new Map<string, string>();

  constructor(draft: Draft) {
    this.draft = draft;
    // Those in the trash come last: a live one of the same name goes first.
    const all = draft.all("series");
    for (const series of [...all.filter(isLive), ...all.filter((each) => !isLive(each))]) this.know(series);
  }

  /** The series' record, made when there is none. null: the name says nothing. */
  place(place: Pick<SeriesPlace, "name" | "asin" | "origin" | "confidence">): string | null {
    const name = seriesKey(place.name);
    const known = this.find(place.asin, name);
    const id = known ?? place.asin ?? name;
    if (id === "") return null;
    if (known === null) {
      this.draft.create("series", id);
      this.draft.set("series", id, { key: { value: id, provenance: null } }, "new");
    }
    this.bringBack(id);
    this.tell(id, place);
    const series = this.draft.get("series", id);
    if (series !== null) this.know(series);
    return id;
  }

  /** What Audible lists in a series that some book is in. */
  list(list: SeriesList): void {
    const id = this.byAsin.get(list.asin);
    if (id === undefined) return;
    const audible = { origin: "audible", confidence: 1 } as const;
    const value = volumesJson([...list.owned, ...list.missing].sort((a, b) => (a.asin < b.asin ? -1 : 1)));
    this.draft.set("series", id, { volumes: { value, provenance: audible } }, "Audible's list");
  }

  private find(asin: string | null, name: string): string | null {
    if (asin !== null) {
      const same = this.byAsin.get(asin) ?? this.byKey.get(asin);
      if (same !== undefined) return same;
    }
    const named = this.byKey.get(name) ?? this.byName.get(name);
    if (named === undefined) return null;
    // Two series may have one name; their ASINs tell them apart.
    const knownAsin = textIn(this.draft.get("series", named)?.fields.asin);
    return asin === null || knownAsin === null || knownAsin === asin ? named : null;
  }

  private tell(id: string, { name, asin, origin, confidence }: Parameters<SeriesRegistry["place"]>[0]): void {
    const series = this.draft.get("series", id);
    const word = { origin, confidence };
    if (asin !== null && textIn(series?.fields.asin) === null)
      this.draft.set("series", id, { asin: { value: asin, provenance: word } }, `from ${origin}`);
    const known = series?.provenance.name;
    const isBetter = known === undefined || originRank(origin) < originRank(known.origin);
    if (textIn(series?.fields.name) === null || (isBetter && known !== undefined))
      this.draft.set("series", id, { name: { value: name, provenance: word } }, `from ${origin}`);
  }

  /** What a rule has put into the trash is taken up again; what a person has, stays there. */
  private bringBack(id: string): void {
    const series = this.draft.get("series", id);
    if (series?.status !== "trashed" || series.provenance[statusField]?.origin === "person") return;
    this.draft.setStatus("series", id, "live", { origin: "heuristic", confidence: 1 });
  }

  private know(series: Drafted): void {
    const { id, fields } = series;
    const note = (map: Map<string, string>, key: string | null) => {
      if (key !== null && key !== "" && !map.has(key)) map.set(key, id);
    };
    note(this.byKey, id);
    note(this.byKey, textIn(fields.key));
    note(this.byAsin, textIn(fields.asin));
    note(this.byName, seriesKey(textIn(fields.name) ?? ""));
  }
}

function isLive({ status }: Drafted): boolean {
  return status === "live";
}
