import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { isJsonObject, type Json } from "../../src/core/json.ts";
import { hasSql, type StageSettings } from "./settings.ts";

const here = import.meta.dirname;
const handlersFolder = join(here, "handlers");

/** Functions that run every recipe; the others know the library alone. */
const withEveryRecipe: ReadonlySet<string> = new Set(["sync", "queue", "api-webhook"]);

/** What no function needs: stores that are not DynamoDB, and looking at all of it. */
const leftOutAlways = /\/src\/(store\/(sqlite|postgres|threaded)|app\/(store-thread|doctor)\.ts$)/;
/** What only syncs with a SQL database need: its drivers. */
const leftOutWithoutSql = /\/src\/(connectors\/sql|recipes\/pipeline\/database\.ts$|app\/captures\.ts$)/;
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

/** Where a pipeline's channels are in a bundle. */
export const channelsFolder = "channel_configs";

/** One folder for each handler, each with all it needs and nothing else; its configuration is without a secret. */
export async function bundleAll(
  outFolder: string,
  { written, config }: Pick<StageSettings, "written" | "config">,
): Promise<readonly Bundle[]> {
  await rm(outFolder, { recursive: true, force: true });
  const names = await handlerNames();
  const sql = hasSql(config) ? [] : [leftOutWithoutSql];
  const everything = {
    names: names.filter((name) => withEveryRecipe.has(name)),
    without: [leftOutAlways, ...sql],
  };
  const library = {
    names: names.filter((name) => !withEveryRecipe.has(name)),
    without: [leftOutAlways, leftOutWithoutSql, leftOutOfLibrary],
  };
  const [all, steps] = await Promise.all([
    bundleGroup(everything, outFolder),
    bundleGroup(library, outFolder),
  ]);
  for (const { name, folder } of [...all, ...steps])
    await writeFile(join(folder, "lockstep.config.json"), JSON.stringify(configFor(name, written), null, 2));
  if (config.pipeline !== undefined) {
    const { channelsFolder: channels } = config.pipeline;
    for (const { folder } of all) await cp(channels, join(folder, channelsFolder), { recursive: true });
  }
  return [...all, ...steps];
}

/**
 * A stage's configuration as it lies beside a handler: with a pipeline's channels where they are in a bundle, and without the
 * recipes that functions of the library know nothing of.
 */
export function configFor(name: string, written: Json): Json {
  if (!isJsonObject(written)) return written;
  const { tables: _, pipeline, planning: __, backup: ___, ...library } = written;
  if (!withEveryRecipe.has(name)) return library;
  return isJsonObject(pipeline)
    ? { ...written, pipeline: { ...pipeline, channels: channelsFolder } }
    : written;
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
    // Some packages are CommonJS and ask for Node's own modules by `require`. The minifier knows nothing of the banner and gives
    // names of a few letters: none of those may be in it.
    banner: {
      js: 'import*as nodeModules from"node:module";const require=nodeModules.createRequire(import.meta.url);',
    },
    // Not installed, and asked for only by those who want it.
    external: ["pg-native"],
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
