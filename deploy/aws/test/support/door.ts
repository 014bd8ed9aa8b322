import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { isJsonObject, type Json } from "../../../../src/core/json.ts";
import type { LocalStage } from "../../local/stage.ts";

export interface DoorRequest {
  /** With its query string. */
  readonly path: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function sign(secret: string, body: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}

/** Sends a request as API Gateway hands it to the function of its route. */
export async function knock(
  { host, template }: LocalStage,
  { path, body, headers = {} }: DoorRequest,
): Promise<{ readonly status: Json; readonly body: Json }> {
  const [route = "", query = ""] = path.split("?");
  const event = {
    version: "2.0",
    rawPath: route,
    rawQueryString: query,
    headers: { "content-type": "application/json", ...headers },
    requestContext: { domainName: "api.example", http: { method: "POST" } },
    body: Buffer.from(body).toString("base64"),
    isBase64Encoded: true,
  };
  const answer = await host.invoke(template.routes().get(`POST ${route}`) ?? "no route", event);
  if (!isJsonObject(answer)) throw new Error("no answer");
  return { status: answer.statusCode ?? null, body: JSON.parse(String(answer.body)) };
}

/** An address on this machine whose requests go to the functions, as API Gateway's do; goes with the stage. */
export async function openDoor(stage: LocalStage): Promise<string> {
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const body = Buffer.concat(parts).toString("utf8");
    const answer = await knock(stage, { path: request.url ?? "/", body, headers }).catch(() => null);
    response.writeHead(Number(answer?.status ?? 500)).end(JSON.stringify(answer?.body ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  stage.resources.defer(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the door has no port");
  return `http://127.0.0.1:${address.port}`;
}

/** What EventBridge does when a schedule that is on says so: "PollPlanning". */
export async function tick({ host, template }: LocalStage, name: string): Promise<Json> {
  const schedule = template.schedules().find((each) => each.name === name && each.isEnabled);
  if (schedule === undefined) throw new Error(`no schedule ${name} is on`);
  return host.invoke(schedule.function, schedule.event);
}

/** Hands the queue's messages from the nth on to their function, as SQS does: those of one group in their order. */
export async function deliverQueue({ amazon, host }: LocalStage, from: number): Promise<Json> {
  const Records = amazon.messages
    .slice(from)
    .map(({ body }, at) => ({ messageId: String(from + at), body: JSON.stringify(body) }));
  return host.invoke("queue", { Records });
}
