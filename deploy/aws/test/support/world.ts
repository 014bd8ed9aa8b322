import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "vitest";
import { openLockstep } from "../../../../src/app/open.ts";
import { noSecrets } from "../../../../src/config/environment.ts";
import { resolveConfig } from "../../../../src/config/resolve.ts";
import { isJsonObject, type Json } from "../../../../src/core/json.ts";
import { type Execution, execute, type LocalMachineOptions } from "../../local/machine.ts";
import { type LocalStage, openLocalStage, type StageOptions } from "../../local/stage.ts";
import { templateOf } from "../../local/synthesise.ts";
import { Template } from "../../local/template.ts";
import { makeApp } from "../../synth.ts";

export const playerSecret = "player_dummy";
export const webhookSecret = "webhook_dummy";
export const githubWebhookSecret = "github_webhook_dummy";
export const adminToken = "admin_dummy";

/** The stage of these tests, as its template declares it: by default the one that `cdk.json` calls "dev". */
export function openStage(options: Partial<StageOptions> = {}): Promise<LocalStage> {
  return openLocalStage({
    template: new Template(JSON.parse(inject("template"))),
    bundlesFolder: inject("bundlesFolder"),
    ...options,
    secrets: {
      LOCKSTEP_ADMIN_TOKEN: adminToken,
      NOTION_WEBHOOK_SECRET: webhookSecret,
      GITHUB_WEBHOOK_SECRET: githubWebhookSecret,
      LOCKSTEP_LIBRARY_WEBHOOK_SECRET: playerSecret,
      ...options.secrets,
    },
  });
}

/** The template of a stage "dev" that `cdk.json` might have, over the bundles that are there: it may have no SQL database. */
export async function declareStage(dev: Json): Promise<Template> {
  await using resources = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "lockstep-declared-"));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const context = { stage: "dev", stages: { dev } };
  return templateOf(makeApp({ context, outdir: folder }), inject("bundlesFolder"));
}

/** Runs the synthesised machine over a file. */
export function importInSteps(
  { template, host }: LocalStage,
  {
    name,
    text,
    invoke,
  }: { readonly name: string; readonly text: string } & Pick<LocalMachineOptions, "invoke">,
): Promise<Execution> {
  const input = { name: "x.csv", text };
  const how = { machine: template.machine(), host, ...(invoke === undefined ? {} : { invoke }) };
  return execute(how, { name, input });
}

/** The same recipe on one machine, with a store of its own in a file. */
export async function importOnOneMachine(
  { config: written, emulator, folder }: LocalStage,
  { text, openLibraryBaseUrl }: { readonly text: string; readonly openLibraryBaseUrl?: string },
): Promise<void> {
  const config = resolveConfig({ ...written, store: "sqlite:one.db" }, join(folder, "lockstep.config.json"));
  const lockstep = await openLockstep({
    config,
    secrets: { ...noSecrets, notionToken: emulator.token },
    baseUrl: emulator.url,
    ...(openLibraryBaseUrl === undefined ? {} : { openLibraryBaseUrl }),
  });
  try {
    await lockstep.library?.import(fileOf(text), importOptions);
  } finally {
    await lockstep.close();
  }
}

/** Requests to Notion that `work` makes. */
export async function requestsOf({ emulator }: LocalStage, work: () => Promise<unknown>) {
  const counts = () => {
    const routes = Object.entries(emulator.calls.byRoute);
    const writes = routes.filter(([route]) => /^(PATCH|DELETE|POST \/pages|POST \/databases)/.test(route));
    return { all: emulator.calls.total, writes: writes.reduce((sum, [, times]) => sum + (times ?? 0), 0) };
  };
  const before = counts();
  await work();
  const after = counts();
  return { all: after.all - before.all, writes: after.writes - before.writes };
}

/** What people see of both databases, without ids. */
export function shownIn({ emulator, setup }: LocalStage): {
  readonly series: readonly string[];
  readonly books: readonly string[];
} {
  const series = emulator.workspace.rows(setup.series).filter(({ inTrash }) => !inTrash);
  const names = new Map(series.map(({ id, properties }) => [id, plain(properties.Name)]));
  const lines = (rows: typeof series) => rows.map(({ properties }) => lineOf(properties, names)).sort();
  return {
    series: lines(series),
    books: lines(emulator.workspace.rows(setup.books).filter(({ inTrash }) => !inTrash)),
  };
}

const importOptions = {
  isCommitted: true,
  isSynthesizing: false,
  withPodcasts: false,
  dateOrder: null,
  trigger: "test",
} as const;

function fileOf(text: string) {
  return {
    name: "x.csv",
    companion: null,
    async *chunks() {
      yield Buffer.from(text);
    },
  };
}

/** Of a page: its properties in words; relations by names, and none that is only an id. */
function lineOf(properties: Readonly<Record<string, Json>>, names: ReadonlyMap<string, string>): string {
  const shown = Object.entries(properties).flatMap(([name, value]): [string, Json][] => {
    if (name === "Lockstep ID") return [];
    if (name === "Books") return [[name, Array.isArray(value) ? value.length : 0]];
    if (name === "Series")
      return [[name, Array.isArray(value) ? value.map((part: Json) => names.get(idOf(part)) ?? "?") : null]];
    return [[name, wordOf(value)]];
  });
  return JSON.stringify(Object.fromEntries(shown.sort(([a], [b]) => (a < b ? -1 : 1))));
}

function idOf(value: Json): string {
  return isJsonObject(value) ? String(value.id) : "";
}

function wordOf(value: Json): Json {
  if (Array.isArray(value)) return plain(value);
  if (!isJsonObject(value)) return value;
  return value.name ?? value.start ?? null;
}

function plain(value: Json | undefined): string {
  if (!Array.isArray(value)) return "";
  return value
    .map((part: Json) => (isJsonObject(part) ? String(part.plain_text ?? part.id ?? "") : ""))
    .join("");
}
