// Sends signed webhook deliveries at a fixed rate, whether or not the ones before were answered.
// Usage: node bench/pipeline-load.ts JSON  ->  prints one line of JSON: Load
import { createHmac, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { Agent, request } from "node:http";

export interface LoadRequest {
  readonly url: string;
  readonly secret: string;
  readonly perSecond: number;
  readonly seconds: number;
  readonly dataSourceId: string;
  readonly pages: readonly string[];
  /** Where the ids of acknowledged events go, as JSON. */
  readonly file: string;
}

export interface Load {
  readonly sent: number;
  readonly acknowledged: number;
  /** Milliseconds from when a delivery was due to when its answer was there. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

const options: LoadRequest = JSON.parse(process.argv[2] ?? "{}");
const agent = new Agent({ keepAlive: true, maxSockets: 128 });
const times: number[] = [];
const acknowledged: string[] = [];
const total = options.perSecond * options.seconds;
const begin = performance.now();
let sent = 0;
const flights: Promise<void>[] = [];
while (sent < total) {
  const due = Math.min(total, Math.floor(((performance.now() - begin) / 1_000) * options.perSecond));
  while (sent < due) {
    flights.push(deliver(begin + (sent / options.perSecond) * 1_000, sent));
    sent += 1;
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
}
await Promise.all(flights);
agent.destroy();
writeFileSync(options.file, JSON.stringify(acknowledged));
times.sort((a, b) => a - b);
const at = (share: number) =>
  Number((times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0).toFixed(2));
const load: Load = { sent, acknowledged: acknowledged.length, p50: at(0.5), p99: at(0.99), max: at(1) };
console.log(JSON.stringify(load));

function deliver(dueAt: number, number: number): Promise<void> {
  const id = randomUUID();
  const body = JSON.stringify({
    id,
    type: "page.properties_updated",
    timestamp: new Date().toISOString(),
    authors: [{ id: "ada", type: "person" }],
    entity: { id: options.pages[number % options.pages.length], type: "page" },
    data: { parent: { type: "database", data_source_id: options.dataSourceId }, updated_properties: [] },
  });
  const signature = `sha256=${createHmac("sha256", options.secret).update(body).digest("hex")}`;
  return new Promise((resolve) => {
    const sending = request(
      `${options.url}/webhook/notion`,
      {
        method: "POST",
        agent,
        headers: {
          "content-type": "application/json",
          "content-length": Buffer.byteLength(body),
          "x-notion-signature": signature,
        },
      },
      (response) => {
        response.resume();
        response.on("error", () => resolve());
        response.on("end", () => {
          if (response.statusCode === 200) {
            times.push(performance.now() - dueAt);
            acknowledged.push(id);
          }
          resolve();
        });
      },
    );
    sending.on("error", () => resolve());
    sending.end(body);
  });
}
