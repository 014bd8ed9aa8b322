import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Json, JsonObject } from "./harness.ts";
import { object, text } from "./harness.ts";

const fixtures = join(import.meta.dirname, "../fixtures/notion");

/** One recorded request with its answer. */
export interface RecordedCall {
  readonly file: string;
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly version: string;
  readonly contentType: string;
  /** Text when it was no JSON. */
  readonly body: Json;
  readonly status: number;
  readonly answer: JsonObject;
}

/** The recorded calls of a folder, by cassette, in the order they were made. */
export function readCassettes(folder: string): Map<string, RecordedCall[]> {
  const cassettes = new Map<string, RecordedCall[]>();
  for (const cassette of readdirSync(join(fixtures, folder)).sort()) {
    const files = readdirSync(join(fixtures, folder, cassette)).sort();
    cassettes.set(
      cassette,
      files.map((file) => readCall(join(folder, cassette, file))),
    );
  }
  return cassettes;
}

export function readCall(file: string): RecordedCall {
  const { request, response } = JSON.parse(readFileSync(join(fixtures, file), "utf8"));
  return {
    file,
    method: text(request.method),
    path: text(request.path),
    query: request.query ?? [],
    version: text(object(request.headers)["notion-version"]),
    contentType: request.headers["content-type"] ?? "application/json",
    body: request.body ?? null,
    status: response.status,
    answer: typeof response.body === "object" && response.body !== null ? response.body : {},
  };
}

export function readSchema(name: string): JsonObject {
  return JSON.parse(readFileSync(join(fixtures, "schemas", `${name}.schema.json`), "utf8"));
}
