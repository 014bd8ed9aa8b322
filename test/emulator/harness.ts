import { Client, LogLevel } from "@notionhq/client";
import { type Emulator, type EmulatorOptions, startEmulator } from "../../src/emulator/index.ts";

export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** A clock that stands still until a test moves it. */
export interface TestClock {
  now(): number;
  advance(ms: number): void;
}

export const startOfTest = Date.parse("2026-11-21T07:20:31.123Z");

export function createClock(start = startOfTest): TestClock {
  let now = start;
  return {
    now: () => now,
    advance(ms) {
      now += ms;
    },
  };
}

/** An emulator without rate limit, on a clock that stands still. */
export function startQuiet(options: EmulatorOptions = {}): Promise<Emulator> {
  return startEmulator({ ratePerMinute: null, clock: createClock(), ...options });
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JsonObject;
}

export interface Request {
  /** A text is sent as it is when its type is given. */
  readonly body?: Json;
  readonly contentType?: string;
  readonly version?: string | null;
  readonly token?: string;
}

export const latest = "2026-03-11";

/** One raw request, as any client might send it. */
export async function call(emulator: Emulator, line: string, request: Request = {}): Promise<Answer> {
  const [method = "GET", path = "/"] = line.split(" ");
  const version = request.version === undefined ? latest : request.version;
  const response = await fetch(`${emulator.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${request.token ?? emulator.token}`,
      ...(version === null ? {} : { "notion-version": version }),
      ...(request.body === undefined ? {} : { "content-type": request.contentType ?? "application/json" }),
    },
    ...(request.body === undefined ? {} : { body: bodyOf(request) }),
  });
  return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
}

function bodyOf({ body, contentType }: Request): string {
  return typeof body === "string" && contentType !== undefined ? body : JSON.stringify(body);
}

export function client(emulator: Emulator, notionVersion = latest, token = emulator.token): Client {
  return new Client({
    auth: token,
    baseUrl: emulator.url,
    notionVersion,
    retry: false,
    logLevel: LogLevel.ERROR,
  });
}

export function object(value: Json | undefined): JsonObject {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new TypeError(`expected an object, got ${JSON.stringify(value)}`);
  }
  return value;
}

export function array(value: Json | undefined): Json[] {
  if (!Array.isArray(value)) throw new TypeError(`expected an array, got ${JSON.stringify(value)}`);
  return value;
}

export function text(value: Json | undefined): string {
  if (typeof value !== "string") throw new TypeError(`expected a string, got ${JSON.stringify(value)}`);
  return value;
}

/** The value under a path such as "properties.Name.title.0.plain_text". */
export function at(value: Json | undefined, path: string): Json | undefined {
  let current: Json | undefined = value;
  for (const key of path.split(".")) {
    current = Array.isArray(current) ? current[Number(key)] : object(current)[key];
  }
  return current;
}

export function title(content: string): JsonObject {
  return { title: [{ text: { content } }] };
}

/** A database with one data source, both titled "Board". */
export function createBoard(
  emulator: Emulator,
  properties: JsonObject,
): { readonly databaseId: string; readonly dataSourceId: string } {
  const made = emulator.workspace.createDatabase({
    title: "Board",
    dataSources: [{ name: "Board", properties }],
  });
  return { databaseId: made.databaseId, dataSourceId: text(made.dataSourceIds[0]) };
}
