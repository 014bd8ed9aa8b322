import { expect, it } from "vitest";
import { openLockstep } from "../../src/app/open.ts";
import { systemIds } from "../../src/app/platform.ts";
import { noSecrets } from "../../src/config/environment.ts";
import { LibraryWorld } from "./library-world.ts";

/** As exporters write them: a prequel, halves, ranges, a box set with a hole, and none. */
const positions = ["0", "1", "2", "2.5", "3-4", "5", "", "6-7, 9"] as const;
const orders = [0, 1, 2, 2.5, 3, 5, null, 6] as const;

/** Series in the words of those who sell them, each with words of its own for its volumes. */
const sagas: readonly (readonly [name: string, words: string])[] = [
  ["Die Chroniken von Ährenfels", "Glut Asche Wind Gezeiten Nebel Frost Lied Sammelband"],
  ["Les Sœurs de l'Étoile", "Aube Rivage Orage Halte Miroir Cendre Conte Intégrale"],
  ["El Jardín de los Olvidados", "Sombra Niebla Puerta Carta Reloj Llave Cuento Trilogía"],
  ["La Città delle Maree", "Onda Vetro Ponte Lettera Torre Sale Favola Raccolta"],
  ["De Schaduwwachters", "Vonk Regen Dijk Brief Toren Zout Sprookje Verzameld"],
  ["Os Guardiões do Sertão", "Poeira Chuva Cerca Recado Serra Brasa Causo Coletânea"],
  ["風の図書館", "夜明け 旅立ち 砂漠 手紙 双子 帰郷 番外 合本"],
  ["Тихая стража", "Рассвет Дорога Пепел Письмо Мост Зима Сказка Сборник"],
  ["Kroniki Zatoki", "Świt Droga Popiół List Most Zima Baśń Zbiór"],
  ["Vindarnas Arv", "Gryning Väg Aska Brev Bro Vinter Saga Samling"],
  ["The Lamplighters, Ltd.", 'Ember Harbor Granite Letter Mirror Winter Fable "Omnibus"'],
  ["Amber & Ash", "Dawn Road Cinder Note Bridge Snow Tale Collected"],
];

const columns = ["title", "asin", "authors", "narrators", "series_title", "series_sequence"] as const;
const more = ["runtime_length_min", "is_finished", "percent_complete", "genres", "release_date"] as const;

interface Row {
  readonly asin: string;
  readonly title: string;
  readonly saga: number | null;
  readonly place: number;
}

const volumes: readonly Row[] = [
  ...sagas.flatMap(([, words], saga) =>
    words.split(" ").map((title, place) => ({ asin: asinAt(saga * 8 + place), title, saga, place })),
  ),
  ...Array.from({ length: 8 }, (_, n) => ({
    asin: asinAt(96 + n),
    title: `Allein ${"ABCDEFGH"[n]}`,
    saga: null,
    place: n,
  })),
];

function asinAt(n: number): string {
  return `B0Q${String(n).padStart(7, "0")}`;
}

/** As audible-cli writes it, saved by a spreadsheet: tabs, a byte order mark, quotes. */
function exportOf(rows: readonly Row[], changes: Readonly<Record<string, string>> = {}): string {
  const lines = rows.map(({ asin, title, saga, place }) => {
    const cells = {
      title: changes[asin] ?? title,
      asin,
      authors: saga === null ? "Ada Allein" : `Autor ${saga}, Ko-Autorin ${saga}`,
      narrators: "Nele Narrator",
      series_title: saga === null ? "" : (sagas[saga]?.[0] ?? ""),
      series_sequence: saga === null ? "" : (positions[place] ?? ""),
      runtime_length_min: "600",
      is_finished: place === 2 ? "True" : "False",
      percent_complete: place === 3 ? "12.5" : "0",
      genres: place === 7 && saga === null ? "Podcasts" : "Fantasy",
      release_date: `2020-0${1 + (place % 9)}-31T23:59:00Z`.replace(/-0([2469])-31/, "-0$1-28"),
    };
    return [...columns, ...more].map((name) => quoted(cells[name])).join("\t");
  });
  return `\uFEFF${[[...columns, ...more].join("\t"), ...lines].join("\r\n")}\r\n`;
}

function quoted(cell: string): string {
  return /["\t]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

async function reopen(world: LibraryWorld): Promise<void> {
  await world.lockstep.close();
  const { clock, config, emulator } = world;
  const secrets = { ...noSecrets, notionToken: emulator.token };
  world.lockstep = await openLockstep({ config, secrets, baseUrl: emulator.url, clock, ids: systemIds });
}

function checkWhole(world: LibraryWorld): void {
  const pages = [...world.pages("books").values()];
  expect(pages).toHaveLength(103);
  expect(new Set(pages.map(({ values }) => values.ASIN)).size).toBe(103);
  expect([...world.pages("series").keys()].sort()).toEqual(sagas.map(([name]) => name).sort());
  for (const { title, saga, place } of volumes.filter(({ saga: its }) => its !== null)) {
    const { values } = world.page("books", title);
    expect([title, values["Series Order"]]).toEqual([title, orders[place]]);
    const series = world.page("series", sagas[saga ?? 0]?.[0] ?? "");
    expect([title, values.Series]).toEqual([title, [series.id]]);
    expect(String(values.Released)).toMatch(/^2020-0\d-(28|31)$/);
  }
  for (const [name] of sagas)
    expect([name, world.page("series", name).values]).toMatchObject([
      name,
      { Gaps: "8", "Owned/Total": "11/12" },
    ]);
}

it("a library of 104 titles in many languages is imported, killed half-way and resumed, edited, cascaded and taken back", async () => {
  await using world = await LibraryWorld.open();
  const preview = await world.importText(exportOf(volumes), { isCommitted: false });
  expect(preview).toMatchObject({ format: "audible-cli", rows: 104, podcasts: 1, problems: [] });
  expect(preview.counts).toMatchObject({ series: { create: 12 }, books: { create: 103 } });

  const stop = new AbortController();
  const made = () => world.pages("books").size + world.pages("series").size;
  const stopped = world.importText(exportOf(volumes), {
    signal: stop.signal,
    onProgress: () => {
      if (made() >= 50) stop.abort();
    },
  });
  await stopped.catch((error: unknown) => expect(error).toMatchObject({ code: "CANCELLED" }));
  expect(made()).toBeGreaterThanOrEqual(50);
  expect(made()).toBeLessThan(115);
  await reopen(world);
  await world.importText(exportOf(volumes));
  checkWhole(world);
  const again = await world.calls(async () => {
    expect((await world.importText(exportOf(volumes))).run).toBeNull();
  });
  expect(again.writes).toBe(0);
  expect(again.reads).toBeLessThanOrEqual(Math.ceil(115 / 100) + 4);

  await world.sync();
  const words = (content: string) => [{ type: "text", text: { content } }];
  world.edit("books", "夜明け", { Title: { title: words("夜明け（再読）") } });
  world.edit("books", "Lied", { "Series Order": { number: 5.5 } });
  world.edit("books", "Wind", { Status: { select: { name: "In progress" } } });
  await world.sync();
  const newer = exportOf(volumes, { [asinAt(48)]: "夜明け 新装版", [asinAt(0)]: "Glut (Neuausgabe)" });
  const second = await world.importText(newer);
  expect(second.counts.books).toMatchObject({ create: 0, change: 1 });
  expect(second.kept.map(({ field, kept }) => [field, kept])).toContainEqual(["title", "夜明け（再読）"]);
  expect(world.page("books", "夜明け（再読）").values.ASIN).toBe(asinAt(48));
  expect(world.page("books", "Lied").values["Series Order"]).toBe(5.5);
  expect(world.page("books", "Wind").values.Status).toBe("In progress");

  world.edit("books", "Asche", { Status: { select: { name: "La Poubelle" } } });
  await world.sync();
  const statusOf = (title: string) => world.page("books", title).values.Status;
  const chronicles = [
    "Glut (Neuausgabe)",
    "Asche",
    "Wind",
    "Gezeiten",
    "Nebel",
    "Frost",
    "Lied",
    "Sammelband",
  ];
  expect(chronicles.map(statusOf)).toEqual(chronicles.map(() => "La Poubelle"));
  expect(world.page("series", sagas[0]?.[0] ?? "").values["Final Status"]).toBe("La Poubelle");
  expect(statusOf("Rivage")).toBe("Not started");
  world.edit("books", "Rivage", { Status: { select: { name: "La Poubelle" } } });
  await world.sync();
  expect(["Orage", "Halte", "Aube"].map(statusOf)).toEqual(["Finished", "La Poubelle", "La Poubelle"]);

  const cascades = (await world.lockstep.runs({ limit: 100 })).filter(({ run }) => run.source === "cascade");
  const last = cascades.find(({ run }) => run.counts.updated > 2);
  await world.library.undo(last?.run.id ?? "", { isCommitted: true, trigger: "test" });
  expect(["Rivage", "Orage", "Halte", "Aube"].map(statusOf)).toEqual([
    "La Poubelle",
    "Finished",
    "In progress",
    "Not started",
  ]);
  await world.sync();
  expect(await world.calls(() => world.sync())).toMatchObject({ writes: 0 });
}, 180_000);
