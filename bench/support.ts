import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Config } from "../src/config/config.ts";

/** What a benchmark found, and how. */
export interface BenchResult {
  readonly name: string;
  readonly figures: readonly { readonly label: string; readonly value: number; readonly unit: string }[];
  readonly how: string;
}

export interface BenchServer extends AsyncDisposable {
  readonly url: string;
  readonly token: string;
  readonly databaseId: string;
  readonly dataSourceId: string;
}

export const machine = `Node ${process.versions.node}, ${cpus().length} cores`;

/** Starts bench/server.ts and waits until it serves. */
export function startServer(rows: number): Promise<BenchServer> {
  return startChild<BenchServer>("server.ts", [String(rows)]);
}

/** Starts a script of this folder that serves until it is disposed, and reads the JSON line it prints when it is ready. */
export async function startChild<T>(name: string, args: readonly string[]): Promise<T & AsyncDisposable> {
  const child = spawn(process.execPath, [script(name), ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const ready = JSON.parse(await firstLine(child));
  return {
    ...ready,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

/** Runs a script of this folder to its end and reads the JSON that it prints. */
export async function runScript<T>(name: string, args: readonly string[]): Promise<T> {
  const child = spawn(process.execPath, [script(name), ...args], { stdio: ["ignore", "pipe", "inherit"] });
  return JSON.parse(await firstLine(child)) as T;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error("the child has no output");
  const lines = createInterface({ input: child.stdout });
  const exited = once(child, "exit").then(([code]) => {
    throw new Error(`a bench process ended with ${String(code)} before it printed anything`);
  });
  const [line] = await Promise.race([once(lines, "line"), exited]);
  exited.catch(() => {});
  return String(line);
}

function script(name: string): string {
  return join(import.meta.dirname, name);
}

/** A folder of its own for one measurement, removed afterwards. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "lockstep-bench-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** A configuration for one database, with the limiter as good as off. */
export function benchConfig(
  folder: string,
  databaseId: string,
  fieldMappings: Config["backup"]["databases"][number]["fieldMappings"] = [],
): Config {
  const schedule = { cron: "0 3 * * *", timeZone: "UTC", isEnabled: false };
  return {
    file: join(folder, "lockstep.config.json"),
    store: `sqlite:${join(folder, "lockstep.db")}`,
    notion: { ratePerMinute: 1_000_000_000, timeoutMs: 60_000 },
    tables: [],
    backup: {
      sweepEveryHours: 0,
      guard: { deletesMax: 10, deleteShareMax: 0.1 },
      databases: [
        {
          name: "bench",
          notionId: databaseId,
          dataSource: null,
          projectScopeId: "bench",
          isEnabled: true,
          schedule,
          fieldMappings,
        },
      ],
    },
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
