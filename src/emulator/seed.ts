import { isObject, type Json, type JsonObject } from "./json.ts";
import { instantOf } from "./values/dates.ts";
import { typeIn } from "./values/schema.ts";

/** A workspace to start with, as JSON. Property schemas and values are spelled as the API answers them. */
export interface WorkspaceSeed {
  /** What the file is and where its content comes from; not read. */
  readonly about?: string;
  readonly name?: string;
  readonly people?: readonly {
    readonly id?: string;
    readonly name: string;
    readonly email?: string;
    readonly avatarUrl?: string;
  }[];
  readonly databases?: readonly SeedDatabase[];
  readonly pages?: readonly SeedPage[];
}

export interface SeedDatabase {
  readonly id?: string;
  readonly title: string;
  readonly icon?: Json;
  readonly dataSources: readonly {
    readonly id?: string;
    readonly name: string;
    readonly properties: JsonObject;
    readonly rows?: readonly SeedPage[];
  }[];
}

export interface SeedPage {
  /** Where the row comes from; not read. */
  readonly about?: string;
  readonly id?: string;
  readonly properties: JsonObject;
  readonly createdTime?: string;
  readonly lastEditedTime?: string;
  readonly createdBy?: string;
  readonly lastEditedBy?: string;
  readonly inTrash?: boolean;
  readonly isArchived?: boolean;
  readonly icon?: Json;
  readonly cover?: Json;
  readonly children?: Json;
}

/**
 * Checks that a document is a seed and returns it; the error names the place in the document that is wrong.
 * Property values are checked later, against their schema, when the seed is planted.
 */
export function parseSeed(document: unknown): WorkspaceSeed {
  const root = objectAt(document, "seed");
  optionalText(root.name, "seed.name");
  for (const [person, path] of each(root.people, "seed.people"))
    textAt(objectAt(person, path).name, `${path}.name`);
  for (const [entry, path] of each(root.databases, "seed.databases")) {
    const database = objectAt(entry, path);
    textAt(database.title, `${path}.title`);
    const sources = each(database.dataSources, `${path}.dataSources`);
    if (sources.length === 0)
      fail(`${path}.dataSources`, "an array with at least one data source", database.dataSources);
    for (const [source, place] of sources) {
      const dataSource = objectAt(source, place);
      textAt(dataSource.name, `${place}.name`);
      checkSchema(dataSource.properties, `${place}.properties`);
      for (const [row, rowPath] of each(dataSource.rows, `${place}.rows`)) checkPage(row, rowPath);
    }
  }
  for (const [page, path] of each(root.pages, "seed.pages")) checkPage(page, path);
  return document as WorkspaceSeed;
}

function checkSchema(input: unknown, path: string): void {
  for (const [name, entry] of Object.entries(objectAt(input, path))) {
    if (typeIn(objectAt(entry, `${path}.${name}`)) === null)
      fail(`${path}.${name}`, "a property schema with a type", entry);
  }
}

function checkPage(input: unknown, path: string): void {
  const page = objectAt(input, path);
  objectAt(page.properties, `${path}.properties`);
  for (const key of ["createdTime", "lastEditedTime"]) {
    const text = page[key];
    if (text !== undefined && (typeof text !== "string" || instantOf(text) === null))
      fail(`${path}.${key}`, "an ISO 8601 time", text);
  }
}

function each(input: Json | undefined, path: string): [Json, string][] {
  if (input === undefined) return [];
  if (!Array.isArray(input)) fail(path, "an array", input);
  return input.map((entry, index) => [entry, `${path}[${index}]`]);
}

function objectAt(input: unknown, path: string): JsonObject {
  return isObject(input) ? input : fail(path, "an object", input);
}

function textAt(input: unknown, path: string): void {
  if (typeof input !== "string") fail(path, "a string", input);
}

function optionalText(input: unknown, path: string): void {
  if (input !== undefined) textAt(input, path);
}

function fail(path: string, expected: string, got: unknown): never {
  throw new TypeError(
    `Cannot read the workspace seed: ${path} should be ${expected}, got ${JSON.stringify(got)?.slice(0, 80)}.`,
  );
}
