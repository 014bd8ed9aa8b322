import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export interface RunningDynamo {
  /** http://127.0.0.1:PORT */
  readonly endpoint: string;
  stop(): Promise<void>;
}

const triesMax = 200;

/** DynamoDB for tests: dynoxide, in memory, on a port of its own. */
export async function startDynamo(port: number): Promise<RunningDynamo> {
  const { resolve } = createRequire(import.meta.url);
  const binary = join(dirname(resolve("@dynoxide/linux-x64/package.json")), "dynoxide");
  const server = spawn(binary, ["--port", String(port)], { stdio: ["ignore", "pipe", "pipe"] });
  const log: string[] = [];
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => log.push(text));
  }
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = () => stopServer(server);
  for (let n = 0; n < triesMax; n += 1) {
    if (server.exitCode !== null) break;
    const answer = await fetch(endpoint).catch(() => null);
    if (answer !== null) return { endpoint, stop };
    await delay(25);
  }
  await stop();
  throw new Error(`dynoxide did not start:\n${log.join("")}`);
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = once(server, "exit");
  server.kill("SIGTERM");
  await exit;
}
