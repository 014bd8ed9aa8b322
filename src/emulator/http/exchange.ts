import type { IncomingMessage, ServerResponse } from "node:http";
import { isObject, type Json, type JsonObject } from "../json.ts";
import { ApiError } from "./errors.ts";

/** https://developers.notion.com/reference/request-limits */
const bodyBytesMax = 500_000;

/** Reads a JSON body; an empty one counts as {}. */
export async function readBody(request: IncomingMessage, bytesMax = bodyBytesMax): Promise<JsonObject> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    const buffer: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    bytes += buffer.length;
    if (bytes <= bytesMax) chunks.push(buffer);
  }
  if (bytes > bytesMax)
    throw new ApiError(
      400,
      "validation_error",
      `The request body is too large: ${bytes} bytes, at most ${bytesMax}.`,
    );
  if (bytes === 0) return {};
  const body = parseJson(Buffer.concat(chunks).toString("utf8"));
  if (!isObject(body)) throw new ApiError(400, "invalid_json", "Error parsing JSON body.");
  return body;
}

function parseJson(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, "invalid_json", "Error parsing JSON body.");
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly text: string;
}

export function send(response: ServerResponse, answer: Answer): void {
  const bytes = Buffer.from(answer.text, "utf8");
  response.sendDate = false;
  response.writeHead(answer.status, { ...answer.headers, "content-length": String(bytes.length) });
  response.end(bytes);
}

/** Promises a length and breaks off in the middle of it. */
export function sendTruncated(response: ServerResponse, answer: Answer): void {
  const bytes = Buffer.from(answer.text, "utf8");
  response.sendDate = false;
  response.writeHead(answer.status, { ...answer.headers, "content-length": String(bytes.length) });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.destroy());
}
