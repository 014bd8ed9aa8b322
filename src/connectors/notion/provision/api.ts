import { LockstepError } from "../../../core/errors.ts";
import { isJsonObject, type Json } from "../../../core/json.ts";
import type { HttpClient, HttpRequest } from "../../../http/client.ts";
import { createNotionClient, NOTION_VERSION, PAGE_SIZE_MAX } from "../client.ts";
import { type Capability, refusal } from "../errors.ts";
import type { JsonObject } from "../page.ts";
import { resolveDataSources } from "../resolve.ts";
import { readDataSource } from "../schema.ts";
import { type CurrentDatabase, type CurrentView, currentProperties, currentView } from "./current.ts";

/** A hundred views or blocks a page: more of them than anybody keeps. */
const LIST_PAGES_MAX = 20;

/** The endpoints that making and checking databases takes. */
export interface ProvisionApi {
  readDatabase(dataSourceId: string, signal?: AbortSignal): Promise<CurrentDatabase>;
  readProperties(dataSourceId: string, signal?: AbortSignal): Promise<CurrentDatabase["properties"]>;
  /** The data sources of the databases of this title that lie directly in a page. */
  findDatabases(parentPageId: string, title: string, signal?: AbortSignal): Promise<readonly string[]>;
  /** Gives the id of its data source. */
  createDatabase(body: JsonObject, signal?: AbortSignal): Promise<string>;
  changeSchema(dataSourceId: string, body: JsonObject, signal?: AbortSignal): Promise<void>;
  createView(body: JsonObject, signal?: AbortSignal): Promise<void>;
  /** Writes that were sent. */
  writes(): number;
}

export function createProvisionApi(http: HttpClient): ProvisionApi {
  const client = createNotionClient({ http });
  const { send, writes } = createSender(http);
  const readSource = async (id: string, signal?: AbortSignal) => readDataSource(client, id, signal);
  return {
    async readDatabase(dataSourceId, signal) {
      const dataSource = await readSource(dataSourceId, signal);
      const { parent } = dataSource;
      const databaseId = isJsonObject(parent) ? String(parent.database_id) : "";
      const views = await readViews(send, dataSourceId, signal);
      return { databaseId, dataSourceId, properties: currentProperties(dataSource), views };
    },
    readProperties: async (dataSourceId, signal) => currentProperties(await readSource(dataSourceId, signal)),
    async findDatabases(parentPageId, title, signal) {
      const ids = await findChildDatabases(send, { parentPageId, title }, signal);
      const sources = await Promise.all(ids.map((id) => resolveDataSources(client, id, signal)));
      return sources.flatMap((refs) => refs.map(({ id }) => id));
    },
    async createDatabase(body, signal) {
      const made = await send({ ...creating, path: "/v1/databases", body, signal });
      const [source] = Array.isArray(made.data_sources) ? made.data_sources : [];
      if (isJsonObject(source) && typeof source.id === "string") return source.id;
      throw new LockstepError(
        "NOTION_UNEXPECTED",
        "Notion made a database and did not say which data source it has. Run the same again: it is found by its title.",
      );
    },
    async changeSchema(dataSourceId, body, signal) {
      const path = `/v1/data_sources/${encodeURIComponent(dataSourceId)}`;
      await send({
        ...changing,
        what: `to change the properties of data source ${dataSourceId}`,
        path,
        body,
        signal,
      });
    },
    async createView(body, signal) {
      await send({
        ...viewing,
        what: `to make the view "${String(body.name)}"`,
        path: "/v1/views",
        body,
        signal,
      });
    },
    writes,
  };
}

type Send = (call: Call) => Promise<JsonObject>;

/** Writes are not repeated when their fate is unclear: the next run sees what is there, and goes on from it. */
function createSender(http: HttpClient): { readonly send: Send; readonly writes: () => number } {
  let writes = 0;
  return {
    writes: () => writes,
    async send({ what, capability, hint, ...request }) {
      const isSafeRead = request.method === "GET";
      if (!isSafeRead) writes += 1;
      const headers = { "notion-version": NOTION_VERSION };
      const response = await http.request({ ...request, headers, isSafeRead });
      if (response.status >= 400) throw explained(refusal(what, response, capability), hint);
      if (isJsonObject(response.body)) return response.body;
      throw new LockstepError(
        "NOTION_UNEXPECTED",
        `Asked Notion for ${what} and got no object. Run the same again.`,
        { retry: "safe" },
      );
    },
  };
}

/** Lists give stubs only, so each is read by itself. */
async function readViews(
  send: Send,
  dataSourceId: string,
  signal: AbortSignal | undefined,
): Promise<readonly CurrentView[]> {
  const query = { data_source_id: dataSourceId };
  const stubs = await listAll(send, { what: "the views of the database", path: "/v1/views", query, signal });
  const views: CurrentView[] = [];
  for (const { id } of stubs.filter(isJsonObject)) {
    const path = `/v1/views/${encodeURIComponent(String(id))}`;
    views.push(currentView(await send({ ...reading, what: `view ${String(id)}`, path, signal })));
  }
  return views;
}

async function findChildDatabases(
  send: Send,
  { parentPageId, title }: { readonly parentPageId: string; readonly title: string },
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const path = `/v1/blocks/${encodeURIComponent(parentPageId)}/children`;
  const blocks = await listAll(send, { what: `what lies in page ${parentPageId}`, path, query: {}, signal });
  return blocks.filter(isJsonObject).flatMap(({ id, type, child_database: child, in_trash: inTrash }) => {
    const isWanted = type === "child_database" && isJsonObject(child) && child.title === title;
    return isWanted && inTrash !== true && typeof id === "string" ? [id] : [];
  });
}

interface Call extends Omit<HttpRequest, "isSafeRead" | "headers" | "priority"> {
  /** "Asked Notion …", for messages. */
  readonly what: string;
  readonly capability: Capability;
  /** What to do about a refusal, by how it shows. */
  readonly hint: (said: string, status: number) => string;
}

const reading = { method: "GET", capability: "Read content", hint: () => "" } as const;

const trashed = /\barchived\b|\bin trash\b/i;

const creating = {
  method: "POST",
  what: "to make a database",
  capability: "Insert content",
  hint: (said, status) => {
    if (status === 404) return "Share the page that the database is to lie in with the connection.";
    if (trashed.test(said))
      return "The page that it is to lie in is in the trash: restore it, or choose another.";
    return /status/i.test(said) ? "If it is the status property, choose a select for it instead." : "";
  },
} as const satisfies Partial<Call>;

const changing = {
  method: "PATCH",
  capability: "Update content",
  hint: (said, status) => {
    if (status === 404)
      return "A relation can only lead to a database that is shared with the connection, too.";
    if (trashed.test(said)) return "The database is in the trash: restore it in Notion.";
    if (/size|too large|exceed/i.test(said))
      return "The database has too many properties or options: remove some in Notion.";
    return "";
  },
} as const satisfies Partial<Call>;

const viewing = {
  method: "POST",
  capability: "Insert content",
  hint: (said) =>
    trashed.test(said)
      ? "The database is in the trash: restore it in Notion."
      : "Make the view by hand if it stays so.",
} as const satisfies Partial<Call>;

function explained(error: LockstepError, hint: Call["hint"]): LockstepError {
  const { code, message, cause, retry, details } = error;
  const advice = hint(message, Number(details.status));
  return advice === "" ? error : new LockstepError(code, `${message} ${advice}`, { cause, retry, details });
}

async function listAll(
  send: Send,
  call: Omit<Call, "method" | "capability" | "hint">,
): Promise<readonly Json[]> {
  const found: Json[] = [];
  let cursor: string | null = null;
  for (let page = 1; page <= LIST_PAGES_MAX; page += 1) {
    const query: Record<string, string> = { ...call.query, page_size: String(PAGE_SIZE_MAX) };
    if (cursor !== null) query.start_cursor = cursor;
    const { results, has_more: hasMore, next_cursor: next } = await send({ ...call, ...reading, query });
    if (Array.isArray(results)) found.push(...results);
    if (hasMore !== true || typeof next !== "string") return found;
    cursor = next;
  }
  throw new LockstepError("NOTION_UNEXPECTED", `Asked Notion for ${call.what}, and the list does not end.`);
}
