import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import packaged from "@sparticuz/chromium";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";

const modules = resolve(import.meta.dirname, "../../node_modules");

/** A page in a context of its own, and what went on in it. */
export interface OpenPage extends AsyncDisposable {
  readonly page: Page;
  /** Every URL the page asked for, its own included. */
  readonly requests: readonly string[];
  /** Script errors, what the page's security policy refused, and whatever else the console says is wrong. */
  readonly problems: readonly string[];
}

export type Open = (url: string, options?: BrowserContextOptions) => Promise<OpenPage>;

/**
 * A real browser for the tests of one file: started before the first, closed after the last. Returns how to open a
 * page in it.
 */
export function useBrowser(): Open {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser?.close());
  return async (url, options) => {
    if (browser === undefined) throw new Error("The browser is there only while tests run.");
    return openPage(browser, url, options);
  };
}

/** Texts that stand out too little from what is behind them, with their contrast. */
export async function faintTexts(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(await readFile(join(import.meta.dirname, "faint-texts.js"), "utf8"));
}

async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  const requests: string[] = [];
  const problems: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") problems.push(message.text());
  });
  await page.goto(url);
  return { page, requests, problems, [Symbol.asyncDispose]: () => context.close() };
}

/** The browser of the npm package; where that does not start, `LOCKSTEP_CHROMIUM` or the system's Chromium. */
async function launchBrowser(): Promise<Browser> {
  const failures: string[] = [];
  for (const find of [packagedBrowser, otherBrowser]) {
    try {
      return await chromium.launch({ ...(await find()), args });
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
      process.emitWarning(`A browser for the tests did not start: ${failures.at(-1)}`);
    }
  }
  throw new Error(
    "No browser for the tests starts: neither that of @sparticuz/chromium nor another. " +
      `Set LOCKSTEP_CHROMIUM to the path of a Chromium.\n${failures.join("\n")}`,
  );
}

interface Program {
  readonly executablePath: string;
  readonly env?: Record<string, string>;
}

/**
 * Of the package's arguments those are left out that weaken what pages are held to or make the browser one process: the
 * tests shall see what a person's browser does. Drawing without a graphics card's stand-in is faster.
 */
const leftOut =
  /^--(single-process|headless|disable-web-security|allow-running-insecure-content|disable-site-isolation|(use|enable|ignore|in)-.*(gl|shader|gpu))/;
const args = [
  ...packaged.args.filter((each) => !leftOut.test(each)),
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** Unpacked once per version, with the libraries and fonts that a bare machine lacks. */
async function packagedBrowser(): Promise<Program> {
  const { version } = JSON.parse(await readFile(join(modules, "@sparticuz/chromium/package.json"), "utf8"));
  const folder = join(modules, ".cache", `chromium-${version}`);
  if (!existsSync(folder)) await unpackInto(folder);
  return {
    executablePath: join(folder, "chromium"),
    env: {
      HOME: folder,
      LD_LIBRARY_PATH: join(folder, "al2023/lib"),
      FONTCONFIG_FILE: join(folder, "fonts.conf"),
    },
  };
}

/** The package unpacks into the temporary folder; several test files may do so at once, and a rename is all or nothing. */
async function unpackInto(folder: string): Promise<void> {
  await mkdir(join(folder, ".."), { recursive: true });
  const fresh = await mkdtemp(`${folder}-`);
  try {
    const unpack = `import chromium from "@sparticuz/chromium"; await chromium.executablePath();`;
    await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", unpack], {
      cwd: modules,
      // The second makes the package unpack its libraries too.
      env: { ...process.env, TMPDIR: fresh, AWS_LAMBDA_JS_RUNTIME: "nodejs24.x" },
    });
    await writeFile(join(fresh, "fonts.conf"), fontsIn(join(folder, "fonts")));
    await rename(fresh, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
}

function fontsIn(folder: string): string {
  return `<?xml version="1.0"?><fontconfig><dir>${folder}</dir><cachedir>${folder}-cache</cachedir></fontconfig>`;
}

async function otherBrowser(): Promise<Program> {
  return { executablePath: process.env.LOCKSTEP_CHROMIUM ?? "/usr/bin/chromium" };
}
