import { Agent, request } from "node:http";
import { type BenchResult, machine, median, startChild } from "./support.ts";

interface Server {
  readonly url: string;
}

interface Workspace extends Server {
  readonly token: string;
  readonly dataSourceId: string;
}

interface Answer {
  readonly results?: readonly { readonly id: string }[];
  readonly next_cursor?: string | null;
}

const connections = 16;
const pageSize = 100;

/** How long the emulator takes to start, to give a page of a long query, and to carry out page updates, beside their floors. */
export async function measureEmulator(rows = 250_000, updates = 20_000): Promise<BenchResult> {
  const startupMs = await measureStartup("server.ts", ["0"]);
  const floorStartupMs = await measureStartup("empty-server.ts", ["100"]);
  await using workspace = await startChild<Workspace>("server.ts", [String(rows), String(rows)]);
  const { firstMs, laterMs, ids, bytes } = await readAll(workspace);
  const updatesPerSecond = await measureUpdates(workspace, ids, updates);
  await using floor = await startChild<Server>("empty-server.ts", [String(bytes)]);
  const answersPerSecond = await measureUpdates({ ...workspace, ...floor }, ids, updates);
  const sorted = laterMs.toSorted((left, right) => left - right);
  return {
    name: `emulator: ${rows.toLocaleString("en")} rows`,
    figures: [
      { label: "start-up of the process until it serves", value: startupMs, unit: "ms" },
      { label: "floor: start-up of an empty server", value: floorStartupMs, unit: "ms" },
      { label: "first page of a query", value: firstMs, unit: "ms" },
      { label: "every later page of 100, median", value: median(laterMs), unit: "ms" },
      {
        label: "the slowest in a hundred of them",
        value: sorted[Math.floor(sorted.length * 0.99)] ?? 0,
        unit: "ms",
      },
      { label: "page updates", value: updatesPerSecond, unit: "per s" },
      { label: "floor: answers of an empty handler", value: answersPerSecond, unit: "per s" },
    ],
    how: `${machine}; server in a process of its own, ${connections} connections for updates, one for the query`,
  };
}

async function measureStartup(script: string, args: readonly string[]): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 5; round++) {
    const started = performance.now();
    await using _server = await startChild<Server>(script, args);
    times.push(performance.now() - started);
  }
  return median(times);
}

/** Pages through the whole data source; `bytes` is about what one row takes in an answer. */
async function readAll(workspace: Workspace): Promise<{
  readonly firstMs: number;
  readonly laterMs: readonly number[];
  readonly ids: readonly string[];
  readonly bytes: number;
}> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  const ids: string[] = [];
  let cursor: string | null = null;
  let bytes = 0;
  do {
    const started = performance.now();
    const text = await send(agent, workspace, {
      method: "POST",
      path: `/v1/data_sources/${workspace.dataSourceId}/query`,
      body: JSON.stringify({ page_size: pageSize, ...(cursor === null ? {} : { start_cursor: cursor }) }),
    });
    times.push(performance.now() - started);
    const answer: Answer = JSON.parse(text);
    for (const { id } of answer.results ?? []) ids.push(id);
    cursor = answer.next_cursor ?? null;
    bytes = Math.round(text.length / pageSize);
  } while (cursor !== null);
  agent.destroy();
  const [firstMs = Number.NaN, ...laterMs] = times;
  return { firstMs, laterMs, ids, bytes };
}

async function measureUpdates(workspace: Workspace, ids: readonly string[], count: number): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  let next = 0;
  const work = async (until: number): Promise<void> => {
    while (next < until) {
      const index = next++;
      const body = JSON.stringify({ properties: { Estimate: { number: index } } });
      await send(agent, workspace, { method: "PATCH", path: `/v1/pages/${ids[index % ids.length]}`, body });
    }
  };
  const workAll = (until: number): Promise<unknown> =>
    Promise.all(Array.from({ length: connections }, () => work(until)));
  // Both sides compile what they run often before the clock starts.
  await workAll(Math.floor(count / 10));
  const warm = next;
  const started = performance.now();
  await workAll(warm + count);
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  return count / seconds;
}

interface Line {
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

/** One request over a kept connection; rejects when the answer is not 200. */
function send(agent: Agent, { url, token }: Workspace, { method, path, body }: Line): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      "notion-version": "2026-03-11",
      "content-type": "application/json",
      "content-length": Buffer.byteLength(body),
    };
    const sent = request(`${url}${path}`, { agent, method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        if (response.statusCode === 200) resolve(text);
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 200)}`));
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}
