import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { createServer as createSocket } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { DynamoDBClient, TransactWriteItemsCommand } from "@aws-sdk/client-dynamodb";
import { systemIds } from "../src/app/platform.ts";
import { migrateStore } from "../src/app/store-copy.ts";
import { openStore } from "../src/app/stores.ts";
import { LibraryBench } from "./library-import.ts";
import { type BenchResult, machine, median } from "./support.ts";

/** Capacity units of an import into an empty library and of the same once more, and what a commit costs in time. */
export async function measureDynamo(books = 300, series = 60): Promise<BenchResult> {
  await using server = await startServer();
  await using meter = await meteredServer(server.endpoint);
  const url = `dynamodb:bench?endpoint=${encodeURIComponent(meter.endpoint)}`;
  await migrateStore(url);
  await using bench = await LibraryBench.open({ books, series, ratePerMinute: null, speed: 1, store: url });
  const imports = [];
  for (const name of ["first", "second"]) {
    meter.reset();
    await bench.import();
    imports.push({ name, ...meter.used() });
    bench.skip(30);
  }
  const commit = await measureCommits(url, meter);
  return {
    name: `dynamodb: ${books} titles in ${series} series`,
    figures: [
      ...imports.flatMap(({ name, readUnits, writeUnits, requests }) => [
        { label: `write units a book, ${name} import`, value: writeUnits / books, unit: "units" },
        { label: `read units a book, ${name} import`, value: readUnits / books, unit: "units" },
        { label: `requests a book, ${name} import`, value: requests / books, unit: "requests" },
      ]),
      { label: "one record committed, median", value: commit.ms, unit: "ms" },
      { label: "write units of it", value: commit.writeUnits, unit: "units" },
      { label: "floor: the same TransactWriteItems alone, median", value: commit.floorMs, unit: "ms" },
    ],
    how: `${machine}; the recipe with Notion's emulator; units as dynoxide counts them (ReturnConsumedCapacity: TOTAL); time through a counting proxy`,
  };
}

const commitsMeasured = 60;

async function measureCommits(url: string, meter: Meter) {
  await using store = await openStore(url, { ids: systemIds, isReadOnly: false });
  const at = "2026-01-01T00:00:00.000Z";
  const fields = { title: "A title of some length", author: "Author", length: 300, released: "2020-01-02" };
  const times: number[] = [];
  meter.reset();
  for (let n = 0; n < commitsMeasured; n += 1) {
    const write = { collection: "bench", id: `B${n}`, expected: 0, fields, reason: "read" };
    const started = performance.now();
    await store.collections.commitRecords({ by: "bench", runId: "bench", at, writes: [write] });
    times.push(performance.now() - started);
  }
  const { writeUnits } = meter.used();
  const floors = await measureFloor(meter);
  return { ms: median(times), writeUnits: writeUnits / commitsMeasured, floorMs: median(floors) };
}

/** The last transaction that was sent, again and again, without its conditions. */
async function measureFloor(meter: Meter): Promise<number[]> {
  const client = new DynamoDBClient({
    endpoint: meter.endpoint,
    region: "local",
    credentials: { accessKeyId: "dummy", secretAccessKey: "dummy" },
  });
  const sent = JSON.parse(meter.lastTransaction()) as { TransactItems: Record<string, object>[] };
  const items = sent.TransactItems.map((part) =>
    Object.fromEntries(Object.entries(part).map(([kind, write]) => [kind, unconditional(write)])),
  );
  const times: number[] = [];
  for (let n = 0; n < commitsMeasured; n += 1) {
    const started = performance.now();
    await client.send(new TransactWriteItemsCommand({ TransactItems: items }));
    times.push(performance.now() - started);
  }
  client.destroy();
  return times;
}

function unconditional(write: object): object {
  const { ConditionExpression: _, ...rest } = write as Record<string, unknown>;
  if (!("UpdateExpression" in rest)) {
    const { ExpressionAttributeNames: __, ExpressionAttributeValues: ___, ...put } = rest;
    return put;
  }
  // A name that only the condition used would be refused.
  return {
    ...rest,
    ConditionExpression: "attribute_not_exists(#pending)",
    ExpressionAttributeValues: valuesOf(rest),
  };
}

function valuesOf(update: Readonly<Record<string, unknown>>): object {
  const values = update.ExpressionAttributeValues as Readonly<Record<string, object>>;
  return Object.fromEntries(Object.entries(values).filter(([name]) => name !== ":read"));
}

interface Meter extends AsyncDisposable {
  readonly endpoint: string;
  reset(): void;
  used(): { readonly readUnits: number; readonly writeUnits: number; readonly requests: number };
  /** The body of the last TransactWriteItems. */
  lastTransaction(): string;
}

/** Stands before the server, asks it for what each request uses, and adds that up. */
async function meteredServer(target: string): Promise<Meter> {
  let [readUnits, writeUnits, requests, last] = [0, 0, 0, ""];
  const server = createServer((incoming, outgoing) => {
    void pass(target, incoming, outgoing, (operation, body, units) => {
      requests += 1;
      if (operation === "TransactWriteItems") last = body;
      if (/^(?:Get|BatchGet|Query|Scan)/.test(operation)) readUnits += units;
      else writeUnits += units;
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    endpoint: `http://127.0.0.1:${portOf(server.address())}`,
    reset: () => {
      [readUnits, writeUnits, requests] = [0, 0, 0];
    },
    used: () => ({ readUnits, writeUnits, requests }),
    lastTransaction: () => last,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}

const metered =
  /^(?:Get|Put|Update|Delete)Item$|^BatchGetItem$|^BatchWriteItem$|^Query$|^TransactWriteItems$/;

async function pass(
  target: string,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  note: (operation: string, body: string, units: number) => void,
): Promise<void> {
  const operation = String(incoming.headers["x-amz-target"] ?? "").split(".")[1] ?? "";
  const body = (await readAll(incoming)).toString();
  const asked = metered.test(operation)
    ? JSON.stringify({ ...(JSON.parse(body) as object), ReturnConsumedCapacity: "TOTAL" })
    : body;
  const { "content-length": _, ...headers } = incoming.headers;
  const upstream = request(target, { method: incoming.method, headers }, (response) => {
    void readAll(response).then((content) => {
      if (metered.test(operation)) note(operation, body, unitsIn(content.toString()));
      outgoing.writeHead(response.statusCode ?? 500, response.headers).end(content);
    });
  });
  upstream.on("error", () => outgoing.destroy());
  upstream.end(asked);
}

function unitsIn(text: string): number {
  const { ConsumedCapacity: used = [] } = JSON.parse(text) as { ConsumedCapacity?: unknown };
  const all: readonly { readonly CapacityUnits?: number }[] = Array.isArray(used) ? used : [used];
  return all.reduce((sum, { CapacityUnits: units = 0 }) => sum + units, 0);
}

async function startServer(): Promise<AsyncDisposable & { readonly endpoint: string }> {
  const socket = createSocket().listen(0, "127.0.0.1");
  await once(socket, "listening");
  const port = portOf(socket.address());
  socket.close();
  await once(socket, "close");
  const { resolve } = createRequire(import.meta.url);
  const binary = join(dirname(resolve("@dynoxide/linux-x64/package.json")), "dynoxide");
  const child: ChildProcess = spawn(binary, ["--port", String(port)], { stdio: "ignore" });
  const endpoint = `http://127.0.0.1:${port}`;
  for (let n = 0; n < 200 && (await fetch(endpoint).catch(() => null)) === null; n += 1) await delay(25);
  return {
    endpoint,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

async function readAll(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(Buffer.from(part));
  return Buffer.concat(parts);
}

function portOf(address: ReturnType<ReturnType<typeof createServer>["address"]>): number {
  return typeof address === "object" && address !== null ? address.port : 0;
}
