import { isObject, type Json, type JsonObject } from "../json.ts";

/** Something Notion changed in every version at once: answers given before that day look otherwise. */
export interface Change {
  /** The first day of the new form. docs/emulator.md says how each is known. */
  readonly since: string;
  readonly what: string;
  /** One object of an answer, at whatever depth, in the form it had before. Returns the same object if it is not meant. */
  readonly before: (value: JsonObject, template: string) => JsonObject;
}

/** By day. Each is about members of its own. Only the form of answers is told, not what could be asked for at the time. */
export const changes: readonly Change[] = [
  {
    since: "2022-11-14",
    what: "`workspace_name` of bots",
    before: (value) => (isBot(value) ? without(value, ["workspace_name"]) : value),
  },
  {
    since: "2023-06-04",
    what: "`has_more` of relations",
    before: (value) =>
      value.type === "relation" && Array.isArray(value.relation) ? without(value, ["has_more"]) : value,
  },
  {
    since: "2023-06-27",
    what: "`public_url` of pages, databases and data sources",
    before: (value) => (hasAddress(value) ? without(value, ["public_url"]) : value),
  },
  {
    since: "2023-07-24",
    what: "query answers are of the type `page_or_database`, no longer `page`",
    before: (value, template) =>
      template.endsWith("/query") && value.type === "page_or_database"
        ? { ...without(value, ["page_or_database"]), type: "page", page: {} }
        : value,
  },
  {
    since: "2023-12-04",
    what: "`name` of file blocks",
    before: (value) => inContent(value, "file", ["name"]),
  },
  {
    since: "2024-04-10",
    what: "`in_trash` beside `archived`; file uploads have it later",
    before: (value) => (value.object === "file_upload" ? value : without(value, trashKey(value))),
  },
  {
    since: "2024-04-10",
    what: "`description` of options",
    before: (value) => (Array.isArray(value.options) ? { ...value, options: bare(value.options) } : value),
  },
  {
    since: "2024-12-31",
    what: "`description` of columns",
    before: (value) =>
      (value.object === "database" || value.object === "data_source") && isObject(value.properties)
        ? { ...value, properties: mapValues(value.properties, (column) => without(column, ["description"])) }
        : value,
  },
  {
    since: "2025-05-23",
    what: "`workspace_limits` of bots",
    before: (value) => (isBot(value) ? without(value, ["workspace_limits"]) : value),
  },
  {
    since: "2025-06-17",
    what: "`display_name` of comments",
    before: (value) => (value.object === "comment" ? without(value, ["display_name"]) : value),
  },
  {
    since: "2025-08-29",
    what: "`data_source_id` beside `database_id` in relation columns",
    before: (value) =>
      value.type === "relation" && isObject(value.relation)
        ? { ...value, relation: without(value.relation, ["data_source_id"]) }
        : value,
  },
  {
    since: "2025-09-03",
    what: "`database_id` beside `data_source_id` in the parents of rows",
    before: (value) => (value.type === "data_source_id" ? without(value, ["database_id"]) : value),
  },
  {
    since: "2025-09-05",
    what: "`description` of databases that hold data sources",
    before: (value) => (isContainer(value) ? without(value, ["description"]) : value),
  },
  {
    since: "2025-09-11",
    what: "`is_locked` of databases",
    before: (value) => (value.object === "database" ? without(value, ["is_locked"]) : value),
  },
  {
    since: "2025-09-16",
    what: "`is_locked` of pages",
    before: (value) => (value.object === "page" ? without(value, ["is_locked"]) : value),
  },
  {
    since: "2026-03-11",
    what: "`in_trash` of file uploads",
    before: (value) => (value.object === "file_upload" ? without(value, ["in_trash"]) : value),
  },
  {
    since: "2026-03-19",
    what: "`is_archived` of pages",
    before: (value) => (value.object === "page" ? without(value, ["is_archived"]) : value),
  },
  {
    since: "2026-03-25",
    what: "`icon` of paragraphs",
    before: (value) => inContent(value, "paragraph", ["icon"]),
  },
  { since: "2026-06-01", what: "addresses at `app.notion.com/p/`", before: oldAddress },
  {
    since: "2026-07-04",
    what: "`archived` of databases that hold data sources",
    before: (value) => (isContainer(value) ? without(value, ["archived"]) : value),
  },
  {
    since: "2026-07-04",
    what: "`email_verified` of people",
    before: (value) => (typeof value.email === "string" ? without(value, ["email_verified"]) : value),
  },
  {
    since: "2026-07-04",
    what: "`workspace_id` of bots",
    before: (value) => (isBot(value) ? without(value, ["workspace_id"]) : value),
  },
  { since: "2026-07-04", what: "404s name the connection", before: unnamed },
];

/** An answer to a request of that route as it would have been on a day (`2023-05-01`); null: as it is today. */
export function answerAsOf(
  answer: JsonObject,
  { day, template }: { readonly day: string | null; readonly template: string },
): JsonObject {
  const later = changes.filter(({ since }) => day !== null && since > day);
  if (later.length === 0) return answer;
  const shown = (value: JsonObject): JsonObject =>
    mapValues(
      later.reduce((object, change) => change.before(object, template), value),
      shown,
    );
  return shown(answer);
}

/** The same for every object that is a member, or an element of one. */
function mapValues(value: JsonObject, map: (each: JsonObject) => JsonObject): JsonObject {
  const mapped: JsonObject = Object.create(null);
  for (const [key, each] of Object.entries(value)) mapped[key] = mapNested(each, map);
  return mapped;
}

function mapNested(value: Json, map: (each: JsonObject) => JsonObject): Json {
  if (Array.isArray(value)) return value.map((each) => mapNested(each, map));
  return isObject(value) ? map(value) : value;
}

function without(value: JsonObject, keys: readonly string[]): JsonObject {
  if (!keys.some((key) => key in value)) return value;
  const left: JsonObject = Object.create(null);
  for (const [key, each] of Object.entries(value)) if (!keys.includes(key)) left[key] = each;
  return left;
}

/** Only things of the workspace have the member; a column may be called the same. */
function trashKey({ object }: JsonObject): readonly string[] {
  return typeof object === "string" ? ["in_trash"] : [];
}

function hasAddress({ object }: JsonObject): boolean {
  return object === "page" || object === "database" || object === "data_source";
}

/** What a bot says of its workspace. */
function isBot({ owner }: JsonObject): boolean {
  return owner !== undefined && isObject(owner) && owner.type === "workspace";
}

function isContainer(value: JsonObject): boolean {
  return value.object === "database" && Array.isArray(value.data_sources);
}

function bare(options: readonly Json[]): Json[] {
  return options.map((option) => (isObject(option) ? without(option, ["description"]) : option));
}

/** A block of the type without members of its content. */
function inContent(value: JsonObject, type: string, keys: readonly string[]): JsonObject {
  const content = value[type];
  const isMeant = value.object === "block" && value.type === type && content !== undefined;
  return isMeant && isObject(content) ? { ...value, [type]: without(content, keys) } : value;
}

function oldAddress(value: JsonObject): JsonObject {
  const key = value.type === "mention" ? "href" : "url";
  const isMeant = key === "href" || hasAddress(value) || value.object === "view";
  const address = value[key];
  if (!isMeant || typeof address !== "string") return value;
  return { ...value, [key]: address.replace(/^https:\/\/app\.notion\.com\/p\//, "https://www.notion.so/") };
}

function unnamed(value: JsonObject): JsonObject {
  if (value.object !== "error" || value.code !== "object_not_found") return value;
  const message = String(value.message).replace(/ integration "[^"]*"\.$/, " integration.");
  return { ...without(value, ["additional_data"]), message };
}
