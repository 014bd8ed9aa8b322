import { createHmac } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import type { ImportReport } from "../../src/app/library-report.ts";
import { isJsonObject, type Json } from "../../src/core/json.ts";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { writeExport } from "../../src/recipes/library/exports/write-export.ts";
import type { ExportedBook } from "../../src/recipes/library/model.ts";
import { asinOf, exported, placeIn } from "../app/library-world.ts";
import { folderWith } from "../config/folder.ts";
import { scriptedServer } from "../http/scripted-server.ts";
import { documentIn, type Ended, run, type Started, start } from "./cli.ts";

const clockAhead = fileURLToPath(new URL("two-way/children/clock-ahead.ts", import.meta.url));
const waitMsMax = 30_000;
const adminToken = "dummy-admin-token";
const playerSecret = "dummy-player-secret";

interface World extends AsyncDisposable {
  readonly cwd: string;
  readonly emulator: Emulator;
  /** Minutes by which both Lockstep's clock and Notion's are ahead. */
  ahead(minutes: number): void;
  env(): { readonly [name: string]: string };
  /** Titles and values of pages that are not in the trash. */
  pages(shelf: "Series" | "Books"): readonly Page[];
}

interface Page {
  readonly id: string;
  readonly title: string;
  readonly asin: string;
  readonly status: string;
  readonly series: number;
}

async function openWorld(
  section: object = {},
  more: { readonly [name: string]: string } = {},
): Promise<World> {
  const folder = await folderWith({});
  let aheadMs = 0;
  const clock = {
    now: () => Date.now() + aheadMs,
    monotonic: () => performance.now(),
    sleep: (ms: number) => delay(ms),
  };
  const emulator = await startEmulator({ ratePerMinute: null, clock });
  const env = () => ({
    NOTION_TOKEN: emulator.token,
    NOTION_BASE_URL: emulator.url,
    LOCKSTEP_ADMIN_TOKEN: adminToken,
    LOCKSTEP_LIBRARY_WEBHOOK_SECRET: playerSecret,
    NODE_OPTIONS: `--import ${clockAhead}`,
    CLOCK_AHEAD_MS: String(aheadMs),
    ...more,
  });
  const page = emulator.workspace.createPage({ properties: {} });
  const library = { pollSeconds: 5, notion: { parentPage: page }, ...section };
  const config = JSON.stringify({ notion: { ratePerMinute: 600 }, library });
  await writeFile(join(folder.path, "lockstep.config.json"), config);
  const init = await run(["init", "--recipe", "library", "--json"], { cwd: folder.path, env: env() });
  expect(init, init.stderr).toMatchObject({ exitCode: 0 });
  const { series, books } = documentIn<{ series: string; books: string }>(init);
  return {
    cwd: folder.path,
    emulator,
    env,
    ahead(minutes) {
      aheadMs += minutes * 60_000;
    },
    pages: (shelf) =>
      emulator.workspace
        .rows(shelf === "Series" ? series : books)
        .filter(({ inTrash }) => !inTrash)
        .map(({ id, properties }) => ({
          id,
          title: plain(properties[shelf === "Series" ? "Name" : "Title"]),
          asin: plain(properties.ASIN),
          status: isJsonObject(properties.Status) ? String(properties.Status.name) : "",
          series: Array.isArray(properties.Series) ? properties.Series.length : 0,
        })),
    async [Symbol.asyncDispose]() {
      await emulator.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

function plain(value: Json | undefined): string {
  if (!Array.isArray(value)) return "";
  return value.map((part: Json) => (isJsonObject(part) ? String(part.plain_text ?? "") : "")).join("");
}

/** Six volumes in each of ten series. */
const library = Array.from({ length: 60 }, (_, n): ExportedBook => {
  const series = Math.floor(n / 6);
  return exported(n + 1, {
    title: `Saga ${series} volume ${(n % 6) + 1}`,
    series: [placeIn(`Saga ${series}`, String((n % 6) + 1))],
  });
});

async function importFile(world: World, args: readonly string[]): Promise<Ended> {
  return run(["import", "library.csv", "--json", ...args], { cwd: world.cwd, env: world.env() });
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const deadline = performance.now() + waitMsMax;
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await delay(25);
  }
}

function expectWhole(world: World): void {
  const books = world.pages("Books");
  expect(new Set(books.map(({ asin }) => asin)).size).toBe(books.length);
  expect(books.map(({ asin }) => asin).sort()).toEqual(library.map(({ asin }) => asin).sort());
  expect(
    world
      .pages("Series")
      .map(({ title }) => title)
      .sort(),
  ).toEqual(Array.from({ length: 10 }, (_, n) => `Saga ${n}`));
  expect(books.filter(({ series }) => series !== 1)).toEqual([]);
}

it("a killed import goes on where it was, makes nothing twice, and the same file then changes nothing", async () => {
  await using world = await openWorld();
  await writeFile(join(world.cwd, "library.csv"), [...writeExport(library)].join(""));
  world.emulator.faults.add({ match: { path: "^/v1/" }, effect: { kind: "delay", ms: 15 } });
  const { calls } = world.emulator;
  let landed = 0;
  for (const killAfter of [3, 9, 25, 50]) {
    const before = calls.total;
    await using importing = start(["import", "library.csv", "--commit", "--json"], {
      cwd: world.cwd,
      env: world.env(),
    });
    let isOver = false;
    importing.ended.then(() => {
      isOver = true;
    });
    await until(`${killAfter} requests`, () => isOver || calls.total - before >= killAfter);
    importing.kill("SIGKILL");
    if ((await importing.ended).exitCode === null) landed += 1;
  }
  expect(landed).toBeGreaterThan(2);
  // What was under way when it died may still take effect for a while; then it is looked for.
  world.ahead(10);
  const last = await importFile(world, ["--commit"]);
  expect(last, last.stderr).toMatchObject({ exitCode: 0 });
  expectWhole(world);
  world.ahead(10);
  const writes = () => (calls.byRoute["POST /pages"] ?? 0) + (calls.byRoute["PATCH /pages/{page_id}"] ?? 0);
  const before = { writes: writes(), calls: calls.total };
  const again = documentIn<ImportReport>(await importFile(world, ["--commit"]));
  expect(again.counts.books).toMatchObject({ create: 0, change: 0, unchanged: 60 });
  expect(writes()).toBe(before.writes);
  expect(calls.total - before.calls).toBeLessThanOrEqual(Math.ceil(70 / 100) + 4);
}, 120_000);

const headers = { authorization: `Bearer ${adminToken}` };

async function serve(world: World): Promise<{ readonly url: string; readonly server: Started }> {
  const server = start(["serve", "--port", "0", "--json"], {
    cwd: world.cwd,
    env: world.env(),
    msMax: 100_000,
  });
  const { url } = JSON.parse(await server.firstLine()) as { readonly url: string };
  return { url, server };
}

async function tell(url: string, kind: string, body: object, signature?: string): Promise<Response> {
  const text = JSON.stringify(body);
  const signed = signature ?? `sha256=${createHmac("sha256", playerSecret).update(text).digest("hex")}`;
  return fetch(`${url}/webhook/${kind}`, {
    method: "POST",
    body: text,
    headers: { "x-lockstep-signature": signed },
  });
}

it("a server takes in files and what players tell, and carries a person's throw-away through", async () => {
  await using world = await openWorld();
  await writeFile(join(world.cwd, "library.csv"), [...writeExport(library)].join(""));
  const { url, server } = await serve(world);
  await using _ = server;
  const preview = documentIn<ImportReport>(await importFile(world, ["--api-url", url]));
  expect(preview.counts.books.create).toBe(60);
  expect(world.pages("Books")).toEqual([]);
  const sent = await importFile(world, ["--api-url", url, "--commit"]);
  expect(sent, sent.stderr).toMatchObject({ exitCode: 0 });
  expectWhole(world);
  const report = documentIn<ImportReport>(sent);
  const kept: unknown = await (await fetch(`${url}/import/${report.run?.id}`, { headers })).json();
  expect(kept).toMatchObject({ ok: true, state: "done", report: { counts: { books: { create: 60 } } } });

  expect((await tell(url, "started", { asin: asinOf(1) }, "sha256=00")).status).toBe(401);
  const unknown = await tell(url, "started", { asin: "B00NOTHERE" });
  expect([unknown.status, await unknown.json()]).toMatchObject([
    404,
    { error: { code: "RECORD_NOT_FOUND", asin: "B00NOTHERE" } },
  ]);
  expect((await tell(url, "started", { title: "no asin" })).status).toBe(400);
  expect(await (await tell(url, "started", { asin: asinOf(1) })).json()).toMatchObject({
    ok: true,
    to: "inProgress",
  });
  const withToken = await fetch(`${url}/webhook/finished`, {
    method: "POST",
    body: JSON.stringify({ asin: asinOf(2) }),
    headers: { authorization: `Bearer ${playerSecret}` },
  });
  expect(withToken.status).toBe(200);
  const statusOf = (n: number) => world.pages("Books").find(({ asin }) => asin === asinOf(n))?.status;
  await until(
    "the player's words in Notion",
    () => statusOf(1) === "In progress" && statusOf(2) === "Finished",
  );

  const third = world.pages("Books").find(({ asin }) => asin === asinOf(3));
  world.emulator.workspace.editPage(third?.id ?? "", {
    properties: { Status: { select: { name: "La Poubelle" } } },
  });
  await until("the siblings in La Poubelle", () => [1, 4, 5, 6].every((n) => statusOf(n) === "La Poubelle"));
  expect([2, 7].map(statusOf)).toEqual(["Finished", "Not started"]);

  server.kill("SIGTERM");
  await server.ended;
  const next = await serve(world);
  await using __ = next.server;
  const old: unknown = await (await fetch(`${next.url}/import/${report.run?.id}`, { headers })).json();
  expect(old).toMatchObject({ state: "done", report: { counts: { books: { create: 60 } } }, progress: {} });
}, 120_000);

it("Open Library is asked for the series that an export leaves out, once for all imports", async () => {
  await using openLibrary = await scriptedServer(({ url }) => {
    if (!url.startsWith("/search.json")) return { json: { entries: [] } };
    const title = new URL(url, "http://x").searchParams.get("title");
    const work = { key: "/works/OL1W", title, author_name: ["Ann Author"], edition_count: 3 };
    return { json: { docs: [{ ...work, series_name: ["The Quiet Years"], series_position: ["2"] }] } };
  });
  const contact = { openLibrary: { contact: "mailto:me@example.org" } };
  await using world = await openWorld(contact, { OPEN_LIBRARY_BASE_URL: openLibrary.url });
  const book = exported(1, { title: "An Unplaced Title" });
  await writeFile(join(world.cwd, "library.csv"), [...writeExport([book])].join(""));
  const first = await importFile(world, ["--commit"]);
  expect(first, first.stderr).toMatchObject({ exitCode: 0 });
  expect(world.pages("Series").map(({ title }) => title)).toEqual(["The Quiet Years"]);
  const asked = openLibrary.seen.length;
  expect(asked).toBeGreaterThan(0);
  expect(documentIn<ImportReport>(await importFile(world, ["--commit"])).run).toBeNull();
  expect(openLibrary.seen.length).toBe(asked);
}, 60_000);
