import { access, readFile } from "node:fs/promises";
import { registerHooks } from "node:module";
import { basename, dirname, extname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { LockstepError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { Config } from "./config.ts";
import { applyEnvironment, type Environment, readEnvironment, withDatabaseUrls } from "./environment.ts";
import { findJsonFlaw } from "./json-syntax.ts";
import { configInvalid } from "./problem.ts";
import { resolveConfig } from "./resolve.ts";
import { maskSecrets } from "./secrets.ts";

/** Looked for in this order in the working directory, then in each directory above it. */
export const configFileNames = [
  "lockstep.config.json",
  "lockstep.config.ts",
  "lockstep.config.js",
  "lockstep.config.mjs",
] as const;

export interface LoadRequest {
  /** Absolute. */
  readonly cwd: string;
  /** The file named with `--config`, relative to `cwd`; null: look for one. */
  readonly file: string | null;
  readonly env: { readonly [name: string]: string | undefined };
}

/** Finds, reads and checks the configuration. Throws CONFIG_NOT_FOUND or CONFIG_INVALID. */
export async function loadConfig(
  request: LoadRequest,
): Promise<{ config: Config; environment: Environment }> {
  const environment = readEnvironment(request.env);
  const file = await locate(request);
  const written = await readConfigFile(file);
  const config = applyEnvironment(resolveConfig(written, file), environment);
  const secrets = withDatabaseUrls(environment.secrets, config, request.env);
  return { config, environment: { ...environment, secrets } };
}

/** What is written in a configuration file of any kind. Throws CONFIG_INVALID. */
export function readConfigFile(file: string): Promise<Json> {
  return file.endsWith(".json") ? readJson(file) : importDefault(file);
}

async function locate({ cwd, file }: LoadRequest): Promise<string> {
  if (file !== null) {
    const named = resolve(cwd, file);
    if (await isReadable(named)) return named;
    throw new LockstepError(
      "CONFIG_NOT_FOUND",
      `Cannot read the configuration file ${named} named with --config.`,
    );
  }
  for (let directory = resolve(cwd); ; directory = dirname(directory)) {
    for (const name of configFileNames) {
      if (await isReadable(join(directory, name))) return join(directory, name);
    }
    if (dirname(directory) === directory) break;
  }
  throw new LockstepError(
    "CONFIG_NOT_FOUND",
    `Looked for ${configFileNames.join(", ")} in ${resolve(cwd)} and every directory above it and found none.`,
  );
}

async function isReadable(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function readJson(file: string): Promise<Json> {
  const text = (await readFile(file, "utf8")).replace(/^\uFEFF/, "");
  const flaw = findJsonFlaw(text);
  if (flaw === null) return JSON.parse(text);
  throw configInvalid(file, [{ path: `line ${flaw.line}, column ${flaw.column}`, message: flaw.problem }]);
}

/** What `import { defineConfig } from "lockstep"` means in a configuration: the program that reads it, however installed. */
const ownDefineConfig = new URL(`./define-config${extname(import.meta.url)}`, import.meta.url).href;

async function importDefault(file: string): Promise<Json> {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      specifier === "lockstep" ? { url: ownDefineConfig, shortCircuit: true } : next(specifier, context),
  });
  const importing = import(pathToFileURL(file).href).finally(() => hooks.deregister());
  const module = await importing.catch((cause: unknown) => {
    // Only the first line: what follows may quote the file, and a file may hold what must not be printed.
    const reason = maskSecrets(String(cause instanceof Error ? cause.message : cause).split("\n")[0] ?? "");
    throw configInvalid(file, [{ path: "", message: `running it failed: ${reason}` }]);
  });
  if (module.default === undefined) {
    throw configInvalid(file, [
      { path: "", message: `expected "export default defineConfig({ … })" in ${basename(file)}` },
    ]);
  }
  return plainData(module.default, file);
}

/** What a program exports may hold anything; a configuration is JSON. */
function plainData(value: unknown, file: string): Json {
  try {
    return JSON.parse(JSON.stringify(value, refuseFunctions));
  } catch {
    throw configInvalid(file, [
      { path: "", message: "expected plain data (texts, numbers, lists, objects) as its default export" },
    ]);
  }
}

function refuseFunctions(_key: string, value: unknown): unknown {
  if (typeof value === "function" || typeof value === "symbol") throw new TypeError("not data");
  return value;
}
