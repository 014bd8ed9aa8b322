import type { Json } from "../../../src/core/json.ts";
import { type Random, randomFrom } from "../random.ts";

/** A volume that Audible sells. */
export interface Volume {
  readonly asin: string;
  readonly title: string;
  /** Places in series, the primary one first, by the index of the series. */
  readonly places: readonly { readonly series: number; readonly position: string | null }[];
  readonly released: string;
  readonly purchased: string;
}

/** What a person may import, as it was exported one day. */
export interface ExportFile {
  readonly name: string;
  readonly rows: readonly ExportRow[];
  /** The companion file; null: there is none beside it. */
  readonly companion: Json;
}

export interface ExportRow {
  readonly asin: string;
  readonly [column: string]: Json;
}

/** What there is to buy, and what a person's exports of it say, the older first. */
export interface Catalogue {
  readonly volumes: readonly Volume[];
  readonly files: readonly ExportFile[];
  /** Of a series, by its index. */
  readonly seriesAsins: readonly string[];
}

const FILES = 4;

/** Made up from the seed: some series, some volumes in two of them, some in none, and a library that grows. */
export function drawCatalogue(seed: number): Catalogue {
  const random = randomFrom(seed, "catalogue");
  const series = random.int(2, 3);
  const seriesAsins = Array.from({ length: series }, (_, index) => `S00000000${index + 1}`);
  const volumes = [
    ...seriesAsins.flatMap((_, index) => drawSeries(random, index, series)),
    ...Array.from({ length: random.int(0, 2) }, (_, index) => drawVolume(random, `9${index}`, [])),
  ];
  const owned = new Set<string>();
  const files = Array.from({ length: FILES }, (_, index) => {
    for (const { asin, released } of volumes)
      if (released < "2026-11" && random.chance(index === 0 ? 0.5 : 0.3)) owned.add(asin);
    return drawFile(random, { index, volumes, seriesAsins, owned });
  });
  return { volumes, files, seriesAsins };
}

function drawSeries(random: Random, index: number, count: number): readonly Volume[] {
  return Array.from({ length: random.int(2, 4) }, (_, at) => {
    const position = random.pick([String(at + 1), String(at + 1), String(at + 1), `${at + 1}.5`, null]);
    const second = { series: (index + 1) % count, position: random.pick([String(10 + at), null]) };
    const places = [{ series: index, position }, ...(random.chance(0.2) ? [second] : [])];
    return drawVolume(random, `${index}${at}`, places);
  });
}

function drawVolume(random: Random, number: string, places: Volume["places"]): Volume {
  const day = (from: number, to: number) =>
    `${random.int(from, to)}-${String(random.int(1, 12)).padStart(2, "0")}-${String(random.int(1, 28)).padStart(2, "0")}`;
  return {
    asin: `B0000000${number}`,
    title: `Tale of ${["Ash", "Birch", "Cedar", "Elm", "Fir", "Hazel", "Oak"][random.int(0, 6)]} and ${number}`,
    places,
    released: random.chance(0.15) ? day(2027, 2028) : day(2015, 2025),
    purchased: day(2024, 2025),
  };
}

interface Drawing {
  readonly index: number;
  readonly volumes: readonly Volume[];
  readonly seriesAsins: readonly string[];
  readonly owned: ReadonlySet<string>;
}

function drawFile(random: Random, { index, volumes, seriesAsins, owned }: Drawing): ExportFile {
  const hasAsins = random.chance(0.8);
  const rows = volumes
    .filter(({ asin }) => owned.has(asin))
    .map((volume): ExportRow => {
      const { asin, title, places, released, purchased } = volume;
      // An instant late in the day elsewhere: the day is the one that is written.
      const hour = random.pick(["", "", "T23:30:00Z", "T00:30:00+09:00"]);
      return {
        asin,
        title: random.chance(0.15) ? `${title}, edition ${index}` : title,
        authors: "Ann Author",
        narrators: random.chance(0.2) ? `Narrator ${index}` : "Ned Narrator",
        series: places.map(({ series, position }) => ({
          title: seriesTitle(series),
          position,
          asin: hasAsins ? (seriesAsins[series] ?? null) : null,
        })),
        length_minutes: 600,
        released: `${released}${hour}`,
        purchased: `${purchased}${hour}`,
        status: random.pick(["", "", "", "finished", "inProgress"]),
        language: "english",
        cover_url: `https://covers.example/${asin}.jpg`,
        kind: "book",
        source: "audible",
      };
    });
  return {
    name: `export-${index}.json`,
    rows,
    companion: random.chance(0.7) ? companionOf({ index, volumes, seriesAsins, owned }) : null,
  };
}

export function seriesTitle(index: number): string {
  return ["The Northern Cycle", "Southern Winds", "Eastern Roads"][index] ?? "";
}

function companionOf({ volumes, seriesAsins, owned }: Drawing): Json {
  return {
    series: seriesAsins.map((asin, index) => {
      const listed = volumes.flatMap((volume) => {
        const place = volume.places.find(({ series }) => series === index);
        if (place === undefined) return [];
        const { asin: book, title, released } = volume;
        return [{ asin: book, title, position: place.position, released }];
      });
      return {
        asin,
        title: seriesTitle(index),
        owned: listed.filter((each) => owned.has(each.asin)),
        missing: listed.filter((each) => !owned.has(each.asin)),
      };
    }),
  };
}
