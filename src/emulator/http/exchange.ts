import type { IncomingMessage, ServerResponse } from "node:http";
import { isObject, type Json, type JsonObject } from "../json.ts";
import { ApiError } from "./errors.ts";

/** https://developers.notion.com/reference/request-limits */
const bodyBytesMax = 500_000;

/** A part of a file and what surrounds it. https://developers.notion.com/guides/data-apis/working-with-files-and-media */
const formBytesMax = 21_000_000;

async function readBytes(request: IncomingMessage, bytesMax: number): Promise<Buffer> {
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
  return Buffer.concat(chunks);
}

/** Reads a JSON body; an empty one counts as {}. */
export async function readBody(request: IncomingMessage, bytesMax = bodyBytesMax): Promise<JsonObject> {
  const bytes = await readBytes(request, bytesMax);
  if (bytes.length === 0) return {};
  const body = parseJson(bytes.toString("utf8"));
  if (!isObject(body)) throw new ApiError(400, "invalid_json", "Error parsing JSON body.");
  return body;
}

/** A body of the type multipart/form-data, taken apart. */
export interface Form {
  readonly fields: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<
    string,
    {
      readonly bytes: Uint8Array;
      readonly filename: string | null;
      readonly contentType: string | null;
    }
  >;
}

export async function readForm(request: IncomingMessage): Promise<Form> {
  const bytes = await readBytes(request, formBytesMax);
  const headers = { "content-type": request.headers["content-type"] ?? "" };
  const parsed = await new Response(new Uint8Array(bytes), { headers }).formData().catch(() => {
    throw new ApiError(400, "validation_error", "The request body should be multipart/form-data.");
  });
  const fields = new Map<string, string>();
  const files = new Map<string, { bytes: Uint8Array; filename: string | null; contentType: string | null }>();
  for (const [name, part] of parsed) {
    if (typeof part === "string") fields.set(name, part);
    else {
      const content = new Uint8Array(await part.arrayBuffer());
      files.set(name, { bytes: content, filename: part.name || null, contentType: part.type || null });
    }
  }
  return { fields, files };
}

/** Deeper than any request needs to be, and within what recursion bears. */
const nestingMax = 1000;

/** Counts brackets outside of texts. */
function isTooDeep(text: string): boolean {
  if (text.length <= 2 * nestingMax) return false;
  let depth = 0;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (token === "[" || token === "{") depth++;
    else if (token === "]" || token === "}") depth--;
    if (depth > nestingMax) return true;
  }
  return false;
}

function parseJson(text: string): Json {
  if (isTooDeep(text)) throw new ApiError(400, "invalid_json", "Error parsing JSON body.");
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
