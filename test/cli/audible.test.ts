import { describe, expect, it } from "vitest";
import type { Audible } from "../../src/app/audible.ts";
import { LockstepError } from "../../src/core/errors.ts";
import { fakeLockstep } from "./fake-lockstep.ts";
import { type RunOptions, run } from "./harness.ts";

/** An Audible that writes down what is asked of it; signed in once something has signed in. */
function fakeAudible({ challenge }: { readonly challenge?: string } = {}) {
  const asked: unknown[] = [];
  let locale: string | null = null;
  const audible: Audible = {
    signedInto: async () => locale,
    async beginSignIn(wanted) {
      asked.push(["begin", wanted]);
      return { locale: wanted, link: "https://www.amazon.com/ap/signin?x=1" };
    },
    async finishSignIn(landed) {
      asked.push(["finish", landed]);
      locale = "us";
      return { locale };
    },
    async signInWithPassword(account) {
      asked.push(["password", account]);
      if (challenge !== undefined) return { challenge };
      locale = account.locale;
      return { locale };
    },
    signOut: async () => ({ locale }),
    async exportLibrary(options) {
      if (locale === null) throw new LockstepError("AUDIBLE_SIGN_IN_NEEDED", "nobody");
      asked.push(["export", options.locale, options.timeZone ?? null, options.withPodcasts ?? false]);
      const files = { library: `${options.output}/a.csv`, series: `${options.output}/b.json` };
      const counts = { books: 2, podcasts: 1, series: 1, missing: 3, unlisted: 0, remembered: 0, calls: 4 };
      return { locale, ...counts, files, problems: [] };
    },
  };
  return { audible, asked };
}

async function lockstep(argv: readonly string[], audible: Audible, options: RunOptions = {}) {
  return run(await fakeLockstep(), ["audible", ...argv], {
    ...options,
    deps: { openAudible: async () => audible },
  });
}

const landed = "https://www.amazon.com/ap/maplanding?openid.oa2.authorization_code=x";

describe("lockstep audible export", () => {
  it("shows the link and asks for the address, then exports", async () => {
    const { audible, asked } = fakeAudible();
    const ran = await lockstep(["export"], audible, { answers: [landed] });
    expect(ran.stderr).toContain("\n\nhttps://www.amazon.com/ap/signin?x=1\n\n");
    expect(ran).toMatchObject({ exitCode: 0 });
    expect(ran.stdout.split("\n").slice(0, 4)).toEqual([
      "2 books from Audible (us); 1 podcasts left out",
      "  downloads/a.csv",
      "1 series, 3 volumes of them not in your library",
      "  downloads/b.json",
    ]);
    expect(asked).toEqual([
      ["begin", "us"],
      ["finish", landed],
      ["export", null, null, false],
    ]);
  });

  it("asks for nothing when somebody is signed in", async () => {
    const { audible, asked } = fakeAudible();
    await audible.finishSignIn(landed);
    await lockstep(["export", "--locale", "de", "--time-zone", "Europe/Berlin", "--podcasts"], audible);
    expect(asked.slice(1)).toEqual([["export", "de", "Europe/Berlin", true]]);
  });

  it("says what to do where nobody is there to answer", async () => {
    const ran = await lockstep(["export", "--json"], fakeAudible().audible);
    expect(ran.exitCode).toBe(1);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      error: { code: "AUDIBLE_SIGN_IN_NEEDED", nextStep: "sign in: `lockstep audible sign-in`" },
    });
  });

  it("knows a time zone from other words", async () => {
    const ran = await lockstep(["export", "--time-zone", "Denver"], fakeAudible().audible);
    expect(ran).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('"America/Denver", got "Denver"'),
    });
  });
});

describe("lockstep audible sign-in", () => {
  const email = "me@example.org";
  const account = (password: string) => ["password", { locale: "us", email, password }];

  it("leaves the rest to a second call where nobody is there", async () => {
    const { audible, asked } = fakeAudible();
    const begun = await lockstep(["sign-in", "--locale", "jp"], audible);
    expect(begun.stdout).toContain("lockstep audible sign-in --landed 'ADDRESS'");
    const finished = await lockstep(["sign-in", "--landed", landed], audible);
    expect(finished.stdout).toContain("Signed in to Audible (us)");
    expect(asked).toEqual([
      ["begin", "jp"],
      ["finish", landed],
    ]);
  });

  it("takes the password from the environment, without a word", async () => {
    const { audible, asked } = fakeAudible();
    const ran = await lockstep(["sign-in", "--email", email], audible, {
      env: { AUDIBLE_PASSWORD: "dummy" },
    });
    expect(ran).toMatchObject({ exitCode: 0, stderr: "" });
    expect(asked).toEqual([account("dummy")]);
  });

  it("takes it from the command line with a warning, and does not repeat it", async () => {
    const { audible, asked } = fakeAudible();
    const ran = await lockstep(["sign-in", "--email", email, "--password", "dummy-word"], audible);
    expect(ran.stderr).toContain("warning: a password on the command line");
    expect(ran.stderr + ran.stdout).not.toContain("dummy-word");
    expect(asked).toEqual([account("dummy-word")]);
  });

  it("asks for it where somebody is there, and shows nothing of it", async () => {
    const { audible, asked } = fakeAudible();
    await lockstep(["sign-in", "--email", email], audible, { secrets: ["typed"] });
    expect(asked).toEqual([account("typed")]);
  });

  it("fails without one", async () => {
    const { audible, asked } = fakeAudible();
    const ran = await lockstep(["sign-in", "--email", email], audible);
    expect(ran).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("AUDIBLE_PASSWORD") });
    expect(asked).toEqual([]);
  });

  it("goes on with the link when Amazon wants to see a person", async () => {
    const { audible, asked } = fakeAudible({ challenge: "a CAPTCHA" });
    const env = { AUDIBLE_PASSWORD: "dummy" };
    const ran = await lockstep(["sign-in", "--email", email], audible, { env, answers: [landed] });
    expect(ran.stderr).toContain("Amazon asks for a CAPTCHA");
    expect(asked).toEqual([account("dummy"), ["begin", "us"], ["finish", landed]]);
  });
});

it("lockstep audible sign-out says what it did", async () => {
  const { audible } = fakeAudible();
  expect((await lockstep(["sign-out"], audible)).stdout).toBe("Nobody was signed in to Audible.\n");
  await audible.finishSignIn(landed);
  expect((await lockstep(["sign-out"], audible)).stdout).toContain("Signed out of Audible (us)");
});
