import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import type { Json } from "../../src/core/json.ts";

const here = import.meta.dirname;
const handlersFolder = join(here, "handlers");

/** Functions that run every recipe; the others know the library alone. */
const withEveryRecipe: ReadonlySet<string> = new Set(["sync", "queue", "api-webhook"]);

/** What no function needs: databases that are not DynamoDB, with their drivers, and looking at all of it. */
const leftOutAlways =
  /\/src\/(store\/(sqlite|postgres|threaded)|connectors\/sql|recipes\/pipeline\/database\.ts$|app\/(store-thread|captures|doctor)\.ts$)/;
/** What only GitHub needs. */
const leftOutOfLibrary = /\/src\/(connectors\/github\/|app\/(github-access|planning)\.ts$)/;
/** How imports of these may be written: few others are asked about, because each question costs. */
const suspects =
  /^\..*\/(sqlite|postgres|threaded|sql|github|database|store-thread|captures|doctor|github-access|planning)(\/[^/]*)?\.ts$/;

export interface Bundle {
  readonly name: string;
  /** What Lambda takes: the handler, its source map, and the configuration. */
  readonly folder: string;
  /** Of the code, without its source map. */
  readonly bytes: number;
  /** Every module in it, relative to this folder. */
  readonly inputs: readonly string[];
}

export async function handlerNames(): Promise<readonly string[]> {
  const files = await readdir(handlersFolder);
  return files.map((file) => basename(file, ".ts")).sort();
}

/** One folder for each handler, each with all it needs and nothing else. `config`: of the stage, without a secret. */
export async function bundleAll(outFolder: string, config: Json): Promise<readonly Bundle[]> {
  await rm(outFolder, { recursive: true, force: true });
  const names = await handlerNames();
  const groups = [
    { names: names.filter((name) => withEveryRecipe.has(name)), without: [leftOutAlways] },
    { names: names.filter((name) => !withEveryRecipe.has(name)), without: [leftOutAlways, leftOutOfLibrary] },
  ];
  const bundles = await Promise.all(groups.map((group) => bundleGroup(group, outFolder)));
  for (const { folder } of bundles.flat())
    await writeFile(join(folder, "lockstep.config.json"), JSON.stringify(config, null, 2));
  return bundles.flat();
}

interface Group {
  readonly names: readonly string[];
  /** Modules that its handlers do without. */
  readonly without: readonly RegExp[];
}

/** In one go, because most of what they need is the same; each bundle is whole by itself. */
async function bundleGroup({ names, without }: Group, outFolder: string): Promise<readonly Bundle[]> {
  const { metafile } = await build({
    entryPoints: names.map((name) => ({ in: join(handlersFolder, `${name}.ts`), out: join(name, "index") })),
    outdir: outFolder,
    outExtension: { ".js": ".mjs" },
    absWorkingDir: here,
    bundle: true,
    minify: true,
    keepNames: true,
    platform: "node",
    mainFields: ["module", "main"],
    target: "node24",
    format: "esm",
    sourcemap: "linked",
    sourcesContent: false,
    metafile: true,
    logLevel: "error",
    // Some packages are CommonJS and ask for Node's own modules by `require`.
    banner: { js: 'import{createRequire as __r}from"node:module";const require=__r(import.meta.url);' },
    plugins: [leaveOut(without)],
  });
  return names.map((name) => ({ name, folder: join(outFolder, name), ...partOf(metafile, name) }));
}

function partOf({ outputs }: Metafile, name: string): Pick<Bundle, "bytes" | "inputs"> {
  const found = Object.entries(outputs).find(([file]) => file.endsWith(`/${name}/index.mjs`));
  if (found === undefined) throw new Error(`there is no bundle of ${name}`);
  const [, { bytes, inputs }] = found;
  return { bytes, inputs: Object.keys(inputs) };
}

/** Puts something into the place of a module that says what is missing when it is used, and costs nothing until then. */
function leaveOut(patterns: readonly RegExp[]): Plugin {
  return {
    name: "leave-out",
    setup(bundling) {
      bundling.onResolve({ filter: suspects }, ({ path, resolveDir }) => {
        const file = resolve(resolveDir, path);
        return patterns.some((pattern) => pattern.test(file)) ? { path: file, namespace: "left-out" } : null;
      });
      bundling.onLoad({ filter: /.*/, namespace: "left-out" }, async ({ path }) => {
        const message = `${path.slice(path.indexOf("/src/") + 1)} is not part of this function`;
        return { loader: "js", contents: standInFor(await readFile(path, "utf8"), message) };
      });
    },
  };
}

/** What the module exports, by name; each says that it is missing. */
function standInFor(source: string, message: string): string {
  const exported = source.matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm);
  const missing = `function missing() { throw new Error(${JSON.stringify(message)}); }`;
  const names = [...exported].map(([, name]) => `export const ${name} = missing;`);
  return [missing, ...names].join("\n");
}
