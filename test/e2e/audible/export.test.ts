import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { AudibleExportReport } from "../../../src/app/audible-export.ts";
import { readCompanion } from "../../../src/recipes/library/companion.ts";
import { readExport } from "../../../src/recipes/library/exports/read-export.ts";
import { placeBooks } from "../../../src/recipes/library/place-books.ts";
import { folderWith } from "../../config/folder.ts";
import { sampleLibrary } from "../../support/audible/recorded.ts";
import { AudibleServer } from "../../support/audible/server.ts";
import { lockstepAt, signIn } from "../../support/audible/signed-in.ts";
import { documentIn, start } from "../cli.ts";

type Exported = AudibleExportReport & { readonly ok: boolean };

describe.concurrent("lockstep audible", () => {
  it("signs in by browser in two steps, exports, and the files are read back as the same books", async () => {
    await using server = await AudibleServer.start({ items: sampleLibrary() });
    await using folder = await folderWith({});
    const lockstep = lockstepAt(server, folder.path);

    const signedIn = await signIn(lockstep);
    expect(signedIn).toMatchObject({ exitCode: 0, stderr: "" });
    expect(signedIn.stdout).toContain("Signed in to Audible (us)");

    const ended = await lockstep(["audible", "export", "--json"]);
    const report = documentIn<Exported>(ended);
    expect(ended).toMatchObject({ exitCode: 0, stderr: "" });
    expect(report).toMatchObject({ ok: true, books: 7, podcasts: 2, series: 7, problems: [] });
    expect(report.files.library).toMatch(/downloads\/audible-library-[\dTZ-]+\.csv$/);

    const read = await readExport(createReadStream(report.files.library));
    expect(read).toMatchObject({ format: "lockstep", rows: 7, problems: [] });
    const companion = readCompanion(JSON.parse(await readFile(report.files.series, "utf8")));
    expect(companion.problems).toEqual([]);
    const potter = companion.series.find(({ asin }) => asin === "B0FJMLG5DN");
    expect(potter?.owned.map(({ position }) => position?.raw)).toEqual(["2"]);
    expect(potter?.missing.map(({ position, released }) => [position?.raw, released])).toEqual([
      ["3", "2026-01-13"],
      ["4", "2026-02-10"],
      ["5", "2026-03-10"],
      ["6", "2026-04-14"],
      ["7", "2026-05-12"],
    ]);
    const books = placeBooks(read.books, { companion: companion.series, openLibrary: new Map() });
    const guards = books.find(({ asin }) => asin === "B000TWOSER");
    expect(guards).toMatchObject({
      title: 'Guards! Guards!, the "best" one',
      narrators: ["Jon Culshaw", "King, Jr."],
      status: "finished",
      purchased: "2024-02-29",
      released: "2022-04-28",
    });
    expect(guards?.series.map(({ name, asin, position }) => [name, asin, position?.raw])).toEqual([
      ["Discworld", "B000DISCWO", "8"],
      ["City Watch", "B000CITYWA", "1"],
    ]);
    expect(books.find(({ asin }) => asin === "B0BLZNZ47B")?.status).toBe("inProgress");
    expect(books.find(({ asin }) => asin === "B000NOSERI")).toMatchObject({ series: [], language: "german" });
  });

  it("keeps credentials to their owner, never shows them, and signs out for good", async () => {
    await using server = await AudibleServer.start({ items: sampleLibrary() });
    await using folder = await folderWith({});
    const lockstep = lockstepAt(server, folder.path);
    await signIn(lockstep, "de");
    const path = join(folder.path, ".auth/audible_credentials.json");
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readFile(join(folder.path, ".auth/.gitignore"), "utf8")).toBe("*\n");
    expect(await readdir(join(folder.path, ".auth"))).toEqual([".gitignore", "audible_credentials.json"]);
    const { adpToken, refreshToken, accessToken } = JSON.parse(await readFile(path, "utf8"));

    const shown = await lockstep(["audible", "export"], { LOCKSTEP_DEBUG: "1" });
    expect(shown.exitCode).toBe(0);
    for (const secret of [adpToken, refreshToken, accessToken, "PRIVATE KEY"]) {
      expect(shown.stdout + shown.stderr).not.toContain(secret);
    }
    expect(server.devicesRegistered).toBe(1);
    expect(await lockstep(["audible", "sign-out"])).toMatchObject({ exitCode: 0 });
    expect(server.devicesRegistered).toBe(0);
    expect(await readdir(join(folder.path, ".auth"))).toEqual([".gitignore"]);

    const after = await lockstep(["audible", "export", "--json"]);
    expect(after.exitCode).toBe(1);
    expect(documentIn(after)).toMatchObject({ ok: false, error: { code: "AUDIBLE_SIGN_IN_NEEDED" } });
  });

  it("reads a library of many pages through limits, outages and broken connections", async () => {
    const [first] = sampleLibrary();
    const items = Array.from({ length: 450 }, (_, at) => ({
      ...first,
      asin: `B${String(at).padStart(9, "0")}`,
      title: `Book ${at}`,
    }));
    await using server = await AudibleServer.start({
      items,
      fault: ({ path }, count) => {
        if (path !== "/1.0/library") return null;
        if (count === 1) return { status: 429, headers: { "retry-after": "1" } };
        if (count === 3) return "drop";
        return count === 4 ? "cut" : null;
      },
    });
    await using folder = await folderWith({});
    const lockstep = lockstepAt(server, folder.path);
    await signIn(lockstep);
    const report = documentIn<Exported>(await lockstep(["audible", "export", "--json"]));
    expect(report).toMatchObject({ ok: true, books: 450, series: 1, problems: [] });
  });

  it("writes nothing when the library cannot be read to its end", async () => {
    await using server = await AudibleServer.start({
      items: sampleLibrary(),
      fault: ({ path }) => (path === "/1.0/library" ? { status: 503 } : null),
    });
    await using folder = await folderWith({});
    const lockstep = lockstepAt(server, folder.path);
    await signIn(lockstep);
    const ended = await lockstep(["audible", "export", "--json"]);
    expect(ended.exitCode).toBe(1);
    expect(documentIn(ended)).toMatchObject({ ok: false, error: { code: "UPSTREAM_FAILED" } });
    expect(await readdir(folder.path)).not.toContain("downloads");
  });

  it("goes on after it was killed, and asks Audible for nothing twice", async () => {
    const reached = Promise.withResolvers<void>();
    let isStuck = true;
    await using server = await AudibleServer.start({
      items: sampleLibrary(),
      fault: ({ path }) => {
        if (!isStuck || !path.endsWith("/B000DISCWO")) return null;
        reached.resolve();
        return { status: 429, headers: { "retry-after": "30" } };
      },
    });
    await using folder = await folderWith({});
    const lockstep = lockstepAt(server, folder.path);
    await signIn(lockstep);
    await using killed = start(["audible", "export"], {
      cwd: folder.path,
      env: { AUDIBLE_BASE_URL: server.url },
    });
    await reached.promise;
    killed.kill("SIGKILL");
    await killed.ended;
    expect(await readdir(join(folder.path, "downloads"))).toEqual([".audible-export-us.partial"]);
    isStuck = false;
    const before = server.seen.length;
    const report = documentIn<Exported>(await lockstep(["audible", "export", "--json"]));
    expect(report).toMatchObject({ ok: true, books: 7, podcasts: 2, series: 7, problems: [] });
    expect(report.remembered).toBeGreaterThan(1);
    const [again, first] = [server.seen.slice(before), server.seen.slice(0, before)];
    const asked = first.filter(({ path }) => !path.endsWith("/B000DISCWO")).map(({ path }) => path);
    const twice = again.filter(({ path, query }) => asked.includes(path) && !query.has("asins"));
    expect(twice.map(({ path }) => path)).toEqual([]);
    expect(await readdir(join(folder.path, "downloads"))).toHaveLength(2);
  });

  it("names a series that could not be asked for, writes the rest, and says that it is not all", async () => {
    await using server = await AudibleServer.start({
      items: sampleLibrary(),
      fault: ({ path }) => (path.endsWith("/B000DISCWO") ? { status: 500 } : null),
    });
    await using folder = await folderWith({});
    const lockstep = lockstepAt(server, folder.path);
    await signIn(lockstep);
    const ended = await lockstep(["audible", "export", "--output", "out"]);
    expect(ended.exitCode).toBe(1);
    expect(ended.stdout).toContain("7 books from Audible (us)");
    expect(ended.stdout).toMatch(/the files lack this[^\n]*\n {2}Discworld \(B000DISCWO\): Audible answered/);
    expect(await readdir(join(folder.path, "out"))).toHaveLength(2);
  });
});
