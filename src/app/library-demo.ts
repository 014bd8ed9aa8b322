import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { noSecrets } from "../config/environment.ts";
import { resolveConfig } from "../config/resolve.ts";
import type { Json } from "../core/json.ts";
import { type Emulator, startEmulator } from "../emulator/index.ts";
import { bookProperties as names, seriesProperties as seriesNames } from "../recipes/library/databases.ts";
import { sampleExport } from "../recipes/library/sample.ts";
import type { DemoOptions, DemoReport } from "./demo.ts";
import type { Check } from "./demo-checks.ts";
import { openDemoFolder, plainText, playDemo, richText } from "./demo-stage.ts";
import type { ImportReport, LibraryDesk } from "./library-report.ts";
import { initLibrary, type LibrarySetup } from "./library-setup.ts";
import type { Lockstep, RunReport } from "./lockstep.ts";
import type { BoardColumn } from "./pipeline-demo-checks.ts";

/**
 * A library at work, in a temporary folder: an emulated Notion, an export that is imported twice, a person who edits and
 * throws away in between. Then Notion is compared with what should be there.
 */
export async function runLibraryDemo(options: DemoOptions): Promise<DemoReport> {
  await using folder = await openDemoFolder();
  await using emulator = await startEmulator({ ratePerMinute: null });
  const parentPage = emulator.workspace.createPage({ properties: {} });
  const secrets = { ...noSecrets, notionToken: emulator.token };
  const before = configFor(folder.path, { parentPage });
  if (before.library === undefined) throw new Error("the demo's configuration has no library");
  const request = { config: before, library: before.library, secrets, baseUrl: emulator.url };
  const setup = await initLibrary(request);
  const config = configFor(folder.path, { series: setup.series, books: setup.books });
  return await playDemo({ config, secrets, baseUrl: emulator.url }, options, async (lockstep) => {
    const demo = new LibraryDemo({ emulator, lockstep, setup, options });
    const checks = await demo.play();
    const store = join(folder.path, "lockstep.db");
    return {
      checks,
      runs: demo.runs,
      whereabouts: [
        `The emulator answers at ${emulator.url} (token ${emulator.token}); the store is ${store}.`,
      ],
    };
  });
}

function configFor(folder: string, notion: { readonly [key: string]: Json }): Config {
  const written = { notion: { ratePerMinute: 600 }, library: { notion } };
  return resolveConfig(written, join(folder, "lockstep.config.json"));
}

interface Parts {
  readonly emulator: Emulator;
  readonly lockstep: Lockstep;
  readonly setup: LibrarySetup;
  readonly options: DemoOptions;
}

class LibraryDemo {
  readonly runs: RunReport[] = [];
  private readonly parts: Parts;

  constructor(parts: Parts) {
    this.parts = parts;
  }

  async play(): Promise<readonly Check[]> {
    this.say("Two databases, Series and Books", [
      `Like \`lockstep init --recipe library\`: ${this.parts.setup.writes} writes made them in an emulated Notion.`,
      "An export of four audiobooks is there; it does not tell which series they are in.",
    ]);
    const preview = await this.import(false);
    this.say("lockstep import library.csv", [
      countsOf(preview),
      "Nothing was written: that is for --commit.",
    ]);
    const first = await this.import(true);
    this.say("lockstep import library.csv --commit", [countsOf(first)]);
    this.show();
    const calls = await this.callsOf(() => this.import(true));
    this.say("The same file again", [`Nothing to do, found out with ${calls} requests.`]);

    this.edit("Harry Potter and the Sorcerer's Stone", {
      [names.title]: { title: richText("Harry Potter 1") },
    });
    this.edit("The Two Towers", { [names.status]: { select: { name: "La Poubelle" } } });
    this.edit("Harry Potter 1", { [names.status]: { select: { name: "La Poubelle" } } });
    this.say("A person edits in Notion", [
      'One title is shortened, and "The Two Towers" and "Harry Potter 1" are thrown away: into La Poubelle.',
      "What was not finished follows, and so do the series. What was finished stays.",
    ]);
    await this.sync();
    this.show();
    const kept = await this.import(true);
    this.say("The file once more", [
      `What it says of ${kept.kept.map(({ field }) => field).join(", ")} does not count: a person has said otherwise.`,
    ]);

    const cascade = (await this.parts.lockstep.runs({ limit: 20 })).find(
      ({ run }) => run.source === "cascade",
    );
    await this.library().undo(cascade?.run.id ?? "", { isCommitted: true, trigger: "demo" });
    this.say(`lockstep undo ${cascade?.run.id ?? ""} --yes`, [
      "What had followed is back; what a person threw away stays.",
    ]);
    this.show();
    this.say("Checked: Notion against what should be there", []);
    return this.check(first, calls, kept);
  }

  private async check(first: ImportReport, calls: number, kept: ImportReport): Promise<readonly Check[]> {
    const books = this.books();
    const statusOf = (title: string) => books.find((book) => book.title === title)?.status;
    const statuses = books.map(({ status }) => status).join(", ");
    const again = await this.callsOf(async () => this.sync());
    return [
      {
        name: "four books in two series, by their titles alone",
        ok:
          books.length === 4 && books.every(({ series }) => series === 1) && first.counts.series.create === 2,
        detail: this.series().join(", "),
      },
      { name: "importing again writes nothing", ok: calls <= 5, detail: `${calls} requests` },
      {
        name: "a person's words stand",
        ok: statusOf("Harry Potter 1") === "La Poubelle" && kept.kept.length > 0,
        detail: kept.kept.map(({ field }) => field).join(", "),
      },
      {
        name: "what was taken along is back, what was finished was never touched",
        ok:
          statusOf("The Fellowship of the Ring") === "Finished" &&
          statusOf("Harry Potter and the Chamber of Secrets") === "Not started" &&
          statusOf("The Two Towers") === "La Poubelle",
        detail: statuses,
      },
      { name: "rest is rest", ok: again <= 4, detail: `${again} requests` },
    ];
  }

  private async import(isCommitted: boolean): Promise<ImportReport> {
    const report = await this.library().import(
      {
        name: "library.csv",
        companion: null,
        async *chunks() {
          yield Buffer.from(sampleExport);
        },
      },
      { isCommitted, isSynthesizing: false, withPodcasts: false, dateOrder: null, trigger: "demo" },
    );
    this.runs.push(...report.syncs);
    return report;
  }

  private library(): LibraryDesk {
    const { library } = this.parts.lockstep;
    if (library === null) throw new Error("the demo's configuration has no library");
    return library;
  }

  private async sync(): Promise<void> {
    const { lockstep, options } = this.parts;
    this.runs.push(...(await lockstep.sync([], { trigger: "demo", signal: options.signal })));
  }

  private async callsOf(work: () => Promise<unknown>): Promise<number> {
    const { calls } = this.parts.emulator;
    const before = calls.total;
    await work();
    return calls.total - before;
  }

  private edit(
    title: string,
    properties: Parameters<Emulator["workspace"]["editPage"]>[1]["properties"],
  ): void {
    const page = this.books().find((book) => book.title === title);
    this.parts.emulator.workspace.editPage(page?.id ?? "", properties === undefined ? {} : { properties });
  }

  private books() {
    const { emulator, setup } = this.parts;
    return emulator.workspace.rows(setup.books).map(({ id, properties }) => ({
      id,
      title: plainText(properties[names.title]),
      status: plainText(properties[names.status]),
      series: Array.isArray(properties[names.series])
        ? (properties[names.series] as readonly Json[]).length
        : 0,
    }));
  }

  private series(): readonly string[] {
    const { emulator, setup } = this.parts;
    const rows = emulator.workspace.rows(setup.series);
    return rows.map(({ properties }) => {
      const [name, status, owned] = [seriesNames.name, seriesNames.finalStatus, seriesNames.ownedTotal].map(
        (each) => plainText(properties[each]),
      );
      return `${name} (${status}, ${owned})`;
    });
  }

  private show(): void {
    const books = this.books();
    const column = (status: string): BoardColumn => ({
      status,
      entries: books.filter((book) => book.status === status).map(({ title }) => title),
    });
    const columns = ["Not started", "In progress", "Finished", "La Poubelle"].map(column);
    this.parts.options.onEvent({
      kind: "board",
      columns: columns.filter(({ entries }) => entries.length > 0),
    });
    this.say("Series", this.series());
  }

  private say(title: string, lines: readonly string[]): void {
    this.parts.options.onEvent({ kind: "heading", title, lines });
  }
}

function countsOf({ counts }: ImportReport): string {
  const { series, books } = counts;
  return `${series.create} series and ${books.create} books are new, ${books.change} books change, ${books.unchanged} stay.`;
}
