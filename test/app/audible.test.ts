import { createReadStream } from "node:fs";
import { appendFile, chmod, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Audible, openAudible } from "../../src/app/audible.ts";
import { AudibleWork } from "../../src/app/audible-work.ts";
import { readLibraryItem } from "../../src/recipes/library/audible/read-item.ts";
import { timeZoneDefault } from "../../src/recipes/library/day.ts";
import { readExport } from "../../src/recipes/library/exports/read-export.ts";
import { folderWith } from "../config/folder.ts";
import { virtualClock } from "../http/virtual-clock.ts";
import { type Item, itemLike, sampleLibrary } from "../support/audible/recorded.ts";
import { AudibleServer, type AudibleServerOptions, account } from "../support/audible/server.ts";
import type { Challenge } from "../support/audible/sign-in-pages.ts";
import { signInAsPerson } from "../support/audible/signed-in.ts";

/** Audible over real HTTP, with a clock that costs no time. */
class World implements AsyncDisposable {
  readonly server: AudibleServer;
  readonly audible: Audible;
  readonly folder: Awaited<ReturnType<typeof folderWith>>;

  private constructor(server: AudibleServer, folder: World["folder"]) {
    this.server = server;
    this.folder = folder;
    let at = 0;
    const ids = { next: () => `id-${++at}`, random: () => 0.5 };
    this.audible = openAudible({ folder: folder.path, baseUrl: server.url, clock: virtualClock(), ids });
  }

  static async open(options: Partial<AudibleServerOptions> = {}): Promise<World> {
    const server = await AudibleServer.start({ items: sampleLibrary(), ...options });
    return new World(server, await folderWith({}));
  }

  async signIn(): Promise<void> {
    const { link } = await this.audible.beginSignIn("us");
    await this.audible.finishSignIn(await signInAsPerson(link));
  }

  export(locale: string | null = null) {
    return this.audible.exportLibrary({ output: join(this.folder.path, "out"), locale });
  }

  get credentialsPath(): string {
    return join(this.folder.path, ".auth/audible_credentials.json");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}

/** So many titles, with so many ASINs, and nothing else. */
function plainItems(count: number, asins = count): readonly Item[] {
  return Array.from({ length: count }, (_, at) => ({
    asin: `B${String(at % asins).padStart(9, "0")}`,
    title: `Title ${at}`,
  }));
}

describe("a sign-in by browser", () => {
  it("is finished once: the code and what was begun are used up", async () => {
    await using world = await World.open();
    const { link } = await world.audible.beginSignIn("uk");
    const landed = await signInAsPerson(link);
    expect(await world.audible.finishSignIn(landed)).toEqual({ locale: "uk" });
    expect(await world.audible.signedInto()).toBe("uk");
    await expect(world.audible.finishSignIn(landed)).rejects.toMatchObject({
      code: "AUDIBLE_SIGN_IN_FAILED",
    });
  });

  it("takes no code that another sign-in was given, and keeps what it had", async () => {
    await using world = await World.open();
    await world.signIn();
    const before = await readFile(world.credentialsPath, "utf8");
    const { link } = await world.audible.beginSignIn("us");
    const landed = await signInAsPerson(link);
    await world.audible.beginSignIn("us");
    await expect(world.audible.finishSignIn(landed)).rejects.toThrow(
      /expected 200 with tokens, got 400 InvalidValue/,
    );
    expect(await readFile(world.credentialsPath, "utf8")).toBe(before);
  });

  it.each([
    ["the link itself, before signing in", (link: string) => link],
    ["no address", () => "12345"],
    ["holds no code", () => "https://www.amazon.com/ap/maplanding?openid.mode=cancel"],
  ])("says that the address is %s", async (what, landed) => {
    await using world = await World.open();
    const { link } = await world.audible.beginSignIn("us");
    await expect(world.audible.finishSignIn(landed(link))).rejects.toThrow(what);
    await expect(world.audible.finishSignIn(await signInAsPerson(link))).resolves.toEqual({ locale: "us" });
  });

  it("knows the marketplaces, and names them when asked for another", async () => {
    await using world = await World.open();
    for (const locale of ["us", "uk", "de", "fr", "ca", "it", "au", "in", "jp", "es", "br", "BR"]) {
      expect(await world.audible.beginSignIn(locale)).toMatchObject({ locale: locale.toLowerCase() });
    }
    await expect(world.audible.beginSignIn("se")).rejects.toThrow(/us, uk, de, .*, br; got "se"/);
  });
});

describe("a sign-in by password", () => {
  const me = { locale: "us", ...account };

  it("passes where Amazon asks for no more", async () => {
    await using world = await World.open();
    expect(await world.audible.signInWithPassword(me)).toEqual({ locale: "us" });
    expect((await world.export()).books).toBe(7);
    expect(await readFile(world.credentialsPath, "utf8")).not.toContain(account.password);
  });

  it.each([
    ["captcha", "a CAPTCHA"],
    ["code", "a code of two-step verification"],
    ["message", "a code that it sent by e-mail or text message"],
    ["approval", "an approval on another device"],
  ] as const)(
    "says what Amazon asks for besides (%s), and changes nothing",
    async (challenge: Challenge, what) => {
      await using world = await World.open();
      world.server.challenge = challenge;
      expect(await world.audible.signInWithPassword(me)).toEqual({ challenge: what });
      expect(await world.audible.signedInto()).toBeNull();
    },
  );

  it("fails with a wrong password, and shows it nowhere", async () => {
    await using world = await World.open();
    const error = await world.audible
      .signInWithPassword({ ...me, password: "hunter2" })
      .catch((thrown) => thrown);
    expect(error).toMatchObject({ code: "AUDIBLE_SIGN_IN_FAILED" });
    expect(error.message).not.toContain("hunter2");
  });

  it("takes a password to no other server", async () => {
    await using other = await World.open();
    await using world = await World.open({
      fault: ({ path }) =>
        path === "/ap/signin"
          ? { status: 302, headers: { location: `${other.server.url}/ap/signin` } }
          : null,
    });
    await expect(world.audible.signInWithPassword(me)).rejects.toThrow(/another server/);
    expect(other.server.seen).toEqual([]);
  });
});

describe("credentials", () => {
  it("sign calls; where signatures are refused a renewed token is taken, and kept", async () => {
    await using world = await World.open();
    await world.signIn();
    await world.export();
    expect(world.server.calls("/auth/token")).toBe(0);
    world.server.takesSignatures = false;
    world.server.expireAccessTokens();
    const before = await readFile(world.credentialsPath, "utf8");
    expect((await world.export()).books).toBe(7);
    expect(world.server.calls("/auth/token")).toBe(1);
    expect(await readFile(world.credentialsPath, "utf8")).not.toBe(before);
    expect((await stat(world.credentialsPath)).mode & 0o777).toBe(0o600);
  });

  it("are renewed again when the token runs out on the way", async () => {
    let library = 0;
    await using world = await World.open({
      items: plainItems(401),
      fault: ({ path }) => {
        library += path === "/1.0/library" ? 1 : 0;
        if (path === "/1.0/library" && library === 3) world.server.expireAccessTokens();
        return null;
      },
    });
    await world.signIn();
    world.server.takesSignatures = false;
    expect((await world.export()).books).toBe(401);
    expect(world.server.calls("/auth/token")).toBe(2);
  });

  it("that Audible no longer accepts ask for a new sign-in", async () => {
    await using world = await World.open();
    await world.signIn();
    world.server.forgetDevices();
    await expect(world.export()).rejects.toMatchObject({ code: "AUDIBLE_SIGN_IN_NEEDED" });
  });

  it("that others could read are closed to them; broken ones ask for a new sign-in", async () => {
    await using world = await World.open();
    await world.signIn();
    await chmod(world.credentialsPath, 0o644);
    expect(await world.audible.signedInto()).toBe("us");
    expect((await stat(world.credentialsPath)).mode & 0o777).toBe(0o600);
    const whole = JSON.parse(await readFile(world.credentialsPath, "utf8"));
    for (const broken of [
      '{"locale":"us"',
      "[]",
      JSON.stringify({ ...whole, privateKey: "-----BEGIN X-----" }),
    ]) {
      await writeFile(world.credentialsPath, broken);
      await expect(world.export()).rejects.toMatchObject({ code: "AUDIBLE_SIGN_IN_NEEDED" });
    }
  });
});

describe("an export", () => {
  it("holds exactly what Audible told of each book", async () => {
    await using world = await World.open();
    await world.signIn();
    const { files } = await world.export();
    const read = await readExport(createReadStream(files.library));
    const told = sampleLibrary().flatMap((item) => readLibraryItem(item, timeZoneDefault) ?? []);
    expect(read.books).toEqual(told.filter(({ kind }) => kind === "book"));
    expect(read.problems).toEqual([]);
  });

  for (const isPagingByToken of [false, true])
    it(`goes on where it was cut off, and asks for nothing twice (${isPagingByToken ? "by tokens" : "by numbers"})`, async () => {
      let isDown = true;
      const items = [...sampleLibrary(), ...plainItems(500)];
      await using world = await World.open({
        items,
        isPagingByToken,
        fault: ({ path }, count) => {
          const isThird = path === "/1.0/library" && count === 3;
          return isDown && (isThird || path.endsWith("/B000DISCWO")) ? { status: 400 } : null;
        },
      });
      await world.signIn();
      await expect(world.export()).rejects.toMatchObject({ code: "UPSTREAM_FAILED" });
      const [partial = ""] = await readdir(join(world.folder.path, "out"));
      const path = join(world.folder.path, "out", partial);
      expect(partial).toBe(".audible-export-us.partial");
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      // The process died while it wrote a line.
      await appendFile(path, '["page 3",{"items":[{"asi');
      isDown = false;
      const before = world.server.calls("/1.0/library");
      const report = await world.export();
      expect(report).toMatchObject({ problems: [], remembered: 2 });
      const asked = world.server.seen.filter((each) => each.path === "/1.0/library").slice(before);
      expect(asked.some(({ query }) => query.get("page") === "1")).toBe(false);
      const files = await readdir(join(world.folder.path, "out"));
      expect(files.toSorted()).toEqual(
        [basename(report.files.library), basename(report.files.series)].sort(),
      );
      expect((await readExport(createReadStream(report.files.library))).books).toHaveLength(report.books);
      expect(report.books).toBe(items.length - 2);
    });

  it("begins anew when the library has changed since it was cut off, after a day, and for somebody else", async () => {
    let isDown = true;
    await using world = await World.open({
      items: plainItems(500),
      fault: ({ path, query }) =>
        isDown && path === "/1.0/library" && query.get("page") === "3" ? { status: 400 } : null,
    });
    await world.signIn();
    await expect(world.export()).rejects.toMatchObject({ code: "UPSTREAM_FAILED" });
    isDown = false;
    world.server.items = plainItems(501);
    expect(await world.export()).toMatchObject({ books: 501, problems: [] });

    const folder = join(world.folder.path, "out");
    const credentials = { serial: "one" };
    const now = Date.parse("2026-11-21T10:00:00.000Z");
    const open = (changes: object) =>
      AudibleWork.open({ folder, credentials, locale: "us", now, ...changes });
    const work = await open({});
    await work.put([["series S1", null]]);
    await work.close();
    expect((await open({ now: now + 23 * 3_600_000 })).found).toBe(1);
    expect((await open({ now: now + 25 * 3_600_000 })).found).toBe(0);
    expect((await open({ credentials: { serial: "two" } })).found).toBe(0);
    expect((await open({ locale: "de" })).found).toBe(0);
  });

  it("reads to the end by tokens where Audible gives them, and each title once", async () => {
    const items = plainItems(10_450, 10_440);
    await using world = await World.open({ items, isPagingByToken: true });
    await world.signIn();
    const report = await world.export();
    expect(report.books).toBe(10_440);
    expect(report.problems).toEqual(["Audible counts 10450 titles, and gave 10440"]);
  });

  it("is none when Audible counts no further than a part of the library", async () => {
    const items = plainItems(10_450);
    await using world = await World.open({ items });
    await world.signIn();
    await expect(world.export()).rejects.toThrow(/still has more/);
  });

  it("leaves podcasts out unless asked, and names items that are no titles", async () => {
    await using world = await World.open({
      items: [...sampleLibrary(), itemLike({ asin: "B00NOTITLE", title: null })],
    });
    await world.signIn();
    const report = await world.audible.exportLibrary({
      output: world.folder.path,
      locale: null,
      withPodcasts: true,
    });
    expect(report).toMatchObject({
      books: 9,
      podcasts: 0,
      problems: ["an item without a title: B00NOTITLE"],
    });
  });

  it("asks for missing volumes fifty at a time, and counts a volume in two series once", async () => {
    const volume = (at: number) =>
      itemLike({
        asin: `M${String(at).padStart(9, "0")}`,
        title: `Volume ${at}`,
        series: [
          { asin: "B0BM43PT68", title: "Azarinth Healer", sequence: String(at) },
          { asin: "B000SECOND", title: "Another", sequence: null },
        ],
      });
    await using world = await World.open({
      items: [
        itemLike({
          series: [volume(1), volume(2)].flatMap(({ series }) => (Array.isArray(series) ? series : [])),
        }),
      ],
      products: Array.from({ length: 60 }, (_, at) => volume(at + 2)),
    });
    await world.signIn();
    expect(await world.export()).toMatchObject({ books: 1, series: 2, missing: 60, problems: [] });
    expect(world.server.calls("/1.0/catalog/products")).toBe(2);
  });

  const inSeries = (count: number) =>
    Array.from({ length: count }, (_, at) => ({
      asin: `B${String(at).padStart(9, "0")}`,
      title: `Title ${at}`,
      series: [{ asin: `S${String(at).padStart(9, "0")}`, title: `Series ${at}`, sequence: "1" }],
    }));
  const asksSeries = (path: string, from: number, to: number) => {
    const number = Number(/products\/S(\d+)$/.exec(path)?.[1] ?? Number.NaN);
    return number >= from && number < to;
  };

  it("goes on after series that always fail, however many stand in a row", async () => {
    await using world = await World.open({
      items: inSeries(12),
      fault: ({ path }) => (asksSeries(path, 2, 7) ? { status: 500 } : null),
    });
    await world.signIn();
    const report = await world.export();
    expect(report).toMatchObject({ books: 12, series: 7 });
    expect(report.problems.map((problem) => problem.slice(0, 8))).toEqual(
      [2, 3, 4, 5, 6].map((number) => `Series ${number}`),
    );
  });

  it("gives up on series in the end when Audible is down, and keeps the library", async () => {
    await using world = await World.open({
      items: inSeries(60),
      fault: ({ path }) => (asksSeries(path, 0, 60) ? "drop" : null),
    });
    await world.signIn();
    const report = await world.export();
    expect(report).toMatchObject({ books: 60, series: 0 });
    expect(report.problems).toHaveLength(60);
    expect(world.server.seen.length).toBeLessThan(30);
  });

  it("does not wait out a limit of hours: what is left is named", async () => {
    await using world = await World.open({
      items: inSeries(20),
      fault: ({ path }) =>
        asksSeries(path, 3, 20) ? { status: 429, headers: { "retry-after": "7200" } } : null,
    });
    await world.signIn();
    const report = await world.export();
    expect(report).toMatchObject({ books: 20, series: 3 });
    expect(report.problems).toHaveLength(17);
    expect(report.calls).toBeLessThan(8);
  });

  it("leaves out a series of which Audible lists nothing, and one of which it showed a part", async () => {
    const item = (asin: string, ...series: readonly string[]) => ({
      asin,
      title: asin,
      series: series.map((each) => ({ asin: each, title: each, sequence: "1" })),
    });
    await using world = await World.open({
      items: [item("B000000001", "B0SERIES01"), item("B000000002", "B0SERIES02")],
      products: Array.from({ length: 60 }, (_, at) => item(`M${String(at).padStart(9, "0")}`, "B0SERIES02")),
      fault: ({ path }, count) => {
        if (path === "/1.0/catalog/products" && count > 1) return { status: 400, text: "{}" };
        return path.endsWith("/B0SERIES01")
          ? { status: 200, text: '{"product":{"asin":"B0SERIES01"}}' }
          : null;
      },
    });
    await world.signIn();
    const report = await world.export();
    expect(report).toMatchObject({ books: 2, series: 0, missing: 0, unlisted: 1 });
    expect(report.problems).toEqual([
      expect.stringContaining("missing volumes: Asked Audible for GET"),
      "B0SERIES02 (B0SERIES02): only a part of its volumes came",
    ]);
  });
});
