import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export interface RunningDynamo {
  readonly endpoint: string;
  stop(): Promise<void>;
}

const triesMax = 400;

/** A DynamoDB in memory, on a free port. */
export async function startDynamo(): Promise<RunningDynamo> {
  const port = await freePort();
  const { resolve } = createRequire(import.meta.url);
  const binary = join(dirname(resolve("@dynoxide/linux-x64/package.json")), "dynoxide");
  const server = spawn(binary, ["--port", String(port)], { stdio: "ignore" });
  const endpoint = `http://127.0.0.1:${port}`;
  const stop = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return;
    const exit = once(server, "exit");
    server.kill("SIGTERM");
    await exit;
  };
  for (let n = 0; n < triesMax && server.exitCode === null; n += 1) {
    if ((await fetch(endpoint).catch(() => null)) !== null) return { endpoint, stop };
    await delay(25);
  }
  await stop();
  throw new Error("dynoxide did not start");
}

function freePort(): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address();
    server.close(() =>
      address === null || typeof address === "string" ? reject(new Error("no port")) : resolve(address.port),
    );
  });
  return promise;
}
