import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import { isJsonObject, type Json } from "../../../src/core/json.ts";

const variables = {
  dynamodb: "AWS_ENDPOINT_URL_DYNAMODB",
  notion: "NOTION_BASE_URL",
  openlibrary: "OPEN_LIBRARY_BASE_URL",
  github: "GITHUB_API_URL",
} as const;
export type ServiceName = keyof typeof variables;

/** A request of a function on its way to a service. */
export interface Passing {
  readonly function: string;
  /** Which of the function's environments sent it. */
  readonly environment: string;
  readonly service: ServiceName;
  /** Whether it changes what people, or other functions, see; taking a turn of the rate budget does not. */
  readonly isWrite: boolean;
}

/** What happens to a request: before the service has seen it, or after it has carried it out. */
export interface WireFault {
  readonly kind: "throttle" | "fail" | "hang";
  readonly when: "before" | "after";
  /** Called when it hangs: nobody answers any more. */
  readonly onHang?: () => void;
}

/** What was asked of a service, in requests; of DynamoDB also in capacity units, as it counts them itself. */
export interface Usage {
  readonly requests: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

const noUsage: Usage = { requests: 0, readUnits: 0, writeUnits: 0 };

interface Sent extends Passing {
  readonly target: string;
  readonly path: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Of DynamoDB: "Query". */
  readonly operation: string;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * The way from functions to services: every request is counted, and may be disturbed on it. Each environment has addresses of
 * its own, so that it is known who asks.
 */
export class Wires implements AsyncDisposable {
  private readonly targets: Readonly<Partial<Record<ServiceName, string>>>;
  private readonly server = createServer((incoming, outgoing) => {
    this.pass(incoming, outgoing).catch(() => outgoing.destroy());
  });
  private readonly used = new Map<string, Usage>();
  private url = "";
  /** Asked about every request. */
  disturb: (passing: Passing) => WireFault | null = () => null;

  private constructor(targets: Wires["targets"]) {
    this.targets = targets;
  }

  static async start(targets: Wires["targets"]): Promise<Wires> {
    const wires = new Wires(targets);
    wires.server.listen(0, "127.0.0.1");
    await once(wires.server, "listening");
    const address = wires.server.address();
    if (address === null || typeof address === "string") throw new Error("the wires have no port");
    wires.url = `http://127.0.0.1:${address.port}`;
    return wires;
  }

  /** Where an environment finds its services. */
  variablesOf(name: string, environment: string): Readonly<Record<string, string>> {
    const services = Object.keys(this.targets) as ServiceName[];
    return Object.fromEntries(
      services.map((service) => [variables[service], `${this.url}/${name}/${environment}/${service}`]),
    );
  }

  /** Of one function, or of all together. */
  usage(service: ServiceName, name?: string): Usage {
    const chosen = [...this.used].filter(([key]) =>
      name === undefined ? key.endsWith(` ${service}`) : key === `${name} ${service}`,
    );
    return chosen.reduce((sum, [, usage]) => together(sum, usage), noUsage);
  }

  reset(): void {
    this.used.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private async pass(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const sent = await this.read(incoming);
    const fault = this.disturb(sent);
    if (fault === null) return answerWith(outgoing, await this.forward(sent));
    if (fault.when === "after") await this.forward(sent);
    if (fault.kind === "hang") fault.onHang?.();
    else answerWith(outgoing, refusal(fault.kind, sent.service));
  }

  private async read(incoming: IncomingMessage): Promise<Sent> {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part);
    const [, name = "", environment = "", service = "", ...rest] = (incoming.url ?? "").split("/");
    if (!isService(service)) throw new Error(`there is no service ${service}`);
    const target = this.targets[service];
    if (target === undefined) throw new Error(`there is no ${service} here`);
    const { method = "GET", headers } = incoming;
    const body = Buffer.concat(parts).toString("utf8");
    const operation = String(headers["x-amz-target"] ?? "").split(".")[1] ?? "";
    const isWrite = service === "dynamodb" ? changesItems(operation, body) : changesPages(method, rest);
    const path = `/${rest.join("/")}`;
    return { function: name, environment, service, isWrite, target, path, method, headers, body, operation };
  }

  private async forward(sent: Sent): Promise<Answer> {
    const isMetered = meteredOperations.test(sent.operation);
    const body = isMetered
      ? JSON.stringify({ ...JSON.parse(sent.body), ReturnConsumedCapacity: "TOTAL" })
      : sent.body;
    const { host: _, "content-length": __, "transfer-encoding": ___, ...headers } = sent.headers;
    const outgoing = request(new URL(sent.path, sent.target), {
      method: sent.method,
      headers: { ...headers, ...(body === "" ? {} : { "content-length": Buffer.byteLength(body) }) },
    });
    outgoing.end(body);
    const [response]: IncomingMessage[] = await once(outgoing, "response");
    if (response === undefined) throw new Error("no answer");
    const parts: Buffer[] = [];
    for await (const part of response) parts.push(part);
    const answer = {
      status: response.statusCode ?? 500,
      headers: response.headers,
      body: Buffer.concat(parts),
    };
    this.note(sent, isMetered ? unitsIn(answer.body.toString("utf8")) : 0);
    return answer;
  }

  private note({ function: name, service, operation }: Sent, units: number): void {
    const key = `${name} ${service}`;
    const isRead = readOperations.test(operation);
    const usage = { requests: 1, readUnits: isRead ? units : 0, writeUnits: isRead ? 0 : units };
    this.used.set(key, together(this.used.get(key) ?? noUsage, usage));
  }
}

const readOperations = /^(?:Get|BatchGet|Query|Scan)/;
const meteredOperations =
  /^(?:(?:Get|Put|Update|Delete)Item|BatchGetItem|BatchWriteItem|Query|TransactWriteItems)$/;

function isService(name: string): name is ServiceName {
  return name in variables;
}

function changesItems(operation: string, body: string): boolean {
  return /^(?:Put|Update|Delete|BatchWrite|TransactWrite)/.test(operation) && !body.includes('"budget#');
}

function changesPages(method: string, [, kind = "", , action = ""]: readonly string[]): boolean {
  return method !== "GET" && !(method === "POST" && (kind === "search" || action.startsWith("query")));
}

function answerWith(outgoing: ServerResponse, { status, headers, body }: Answer): void {
  const { "transfer-encoding": _, connection: __, "content-length": ___, ...kept } = headers;
  outgoing.writeHead(status, { ...kept, "content-length": body.length }).end(body);
}

/** As the services put it. */
function refusal(kind: "throttle" | "fail", service: ServiceName): Answer {
  const isThrottled = kind === "throttle";
  const [status, body]: [number, Json] =
    service === "dynamodb"
      ? isThrottled
        ? [400, { __type: "com.amazonaws.dynamodb.v20120810#ThrottlingException", message: "Slow down." }]
        : [500, { __type: "com.amazonaws.dynamodb.v20120810#InternalServerError", message: "Internal." }]
      : isThrottled
        ? [429, { object: "error", status: 429, code: "rate_limited", message: "Slow down." }]
        : [502, { object: "error", status: 502, code: "bad_gateway", message: "Bad gateway." }];
  const retryAfter = isThrottled && service !== "dynamodb" ? { "retry-after": "1" } : {};
  const headers = { "content-type": "application/json", date: new Date().toUTCString(), ...retryAfter };
  return { status, headers, body: Buffer.from(JSON.stringify(body)) };
}

function unitsIn(text: string): number {
  const answer: Json = JSON.parse(text);
  const used = isJsonObject(answer) ? (answer.ConsumedCapacity ?? []) : [];
  const units = (Array.isArray(used) ? used : [used]).map((each: Json) =>
    isJsonObject(each) ? Number(each.CapacityUnits ?? 0) : 0,
  );
  return units.reduce((sum, each) => sum + each, 0);
}

function together(one: Usage, other: Usage): Usage {
  return {
    requests: one.requests + other.requests,
    readUnits: one.readUnits + other.readUnits,
    writeUnits: one.writeUnits + other.writeUnits,
  };
}
