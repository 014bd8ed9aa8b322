import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { isJsonObject, type Json } from "../../../src/core/json.ts";

/** What a stand-in was told, in order. */
export interface SentMessage {
  readonly queue: string;
  readonly group: string;
  readonly deduplication: string;
  readonly body: Json;
}

export interface StartedExecution {
  readonly machine: string;
  readonly name: string;
  readonly input: Json;
}

/** Secrets Manager, SQS and Step Functions, as far as the functions speak with them. Real HTTP, and the real SDK before it. */
export class Amazon implements AsyncDisposable {
  readonly messages: SentMessage[] = [];
  readonly executions: StartedExecution[] = [];
  private readonly secrets: Readonly<Record<string, string>>;
  private readonly server: Server;
  /** Services that answer 500, by target: "AmazonSQS". */
  readonly broken = new Set<string>();
  url = "";

  private constructor(secrets: Readonly<Record<string, string>>) {
    this.secrets = secrets;
    this.server = createServer((request, response) => {
      this.answer(request).then(
        ({ status, body }) => {
          response.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
          response.end(JSON.stringify(body));
        },
        (error: unknown) =>
          response.writeHead(500).end(JSON.stringify({ __type: "InternalError", message: String(error) })),
      );
    });
  }

  /** `secrets`: values by their names. */
  static async start(secrets: Readonly<Record<string, string>>): Promise<Amazon> {
    const amazon = new Amazon(secrets);
    amazon.server.listen(0, "127.0.0.1");
    await once(amazon.server, "listening");
    const address = amazon.server.address();
    if (address === null || typeof address === "string") throw new Error("the stand-in has no port");
    amazon.url = `http://127.0.0.1:${address.port}`;
    return amazon;
  }

  /** What functions need in their environment to find it. */
  get variables(): Readonly<Record<string, string>> {
    return {
      AWS_ACCESS_KEY_ID: "dummy",
      AWS_SECRET_ACCESS_KEY: "dummy",
      AWS_ENDPOINT_URL_SECRETS_MANAGER: this.url,
      AWS_ENDPOINT_URL_SQS: this.url,
      AWS_ENDPOINT_URL_SFN: this.url,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }

  private async answer(request: IncomingMessage): Promise<{ readonly status: number; readonly body: Json }> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const input: Json = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const [service = "", action = ""] = String(request.headers["x-amz-target"]).split(".");
    if (!isJsonObject(input)) return { status: 400, body: { __type: "ValidationException" } };
    if (this.broken.has(service)) return { status: 500, body: { __type: "InternalFailure" } };
    const text = (name: string) => String(input[name] ?? "");
    switch (action) {
      case "GetSecretValue": {
        const value = this.secrets[text("SecretId")];
        if (value === undefined) return { status: 400, body: { __type: "ResourceNotFoundException" } };
        return { status: 200, body: { Name: text("SecretId"), SecretString: value } };
      }
      case "SendMessage": {
        const body = text("MessageBody");
        const [group, deduplication] = [text("MessageGroupId"), text("MessageDeduplicationId")];
        this.messages.push({ queue: text("QueueUrl"), group, deduplication, body: JSON.parse(body) });
        const md5 = createHash("md5").update(body).digest("hex");
        return { status: 200, body: { MessageId: String(this.messages.length), MD5OfMessageBody: md5 } };
      }
      case "StartExecution": {
        const [machine, name] = [text("stateMachineArn"), text("name")];
        this.executions.push({ machine, name, input: JSON.parse(text("input")) });
        return { status: 200, body: { executionArn: `${machine}:${name}`, startDate: Date.now() / 1_000 } };
      }
      default:
        return { status: 400, body: { __type: "UnknownOperationException", message: action } };
    }
  }
}
