import { isJsonObject, type Json } from "../../../src/core/json.ts";
import {
  type Members,
  minuteText,
  type Page,
  type Property,
  renderPage,
  renderText,
  renderValue,
} from "./page.ts";
import type { Queries } from "./query.ts";
import { invalid, notFound, Refusal } from "./refusal.ts";
import type { PageComment, Workspace } from "./workspace.ts";
import { readProperties } from "./write.ts";

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Members;
}

/** `text`: the body as JSON. */
export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
  /** The page that a write made or changed. */
  readonly page: Page | null;
}

/** What the connection can see at the moment. */
export interface Sight {
  readonly canSee: (page: Page) => boolean;
  readonly canSeeDataSource: () => boolean;
  /** Notion lists nothing, and says that all is well. */
  readonly listsNothing: (body: Members) => boolean;
}

/** https://developers.notion.com/reference/patch-page */
const TRASHED = "Can't edit block that is archived. You must unarchive the block before editing.";

/** The routes of Notion's API that a connector uses, over one workspace. No time passes in here. */
export class Api {
  readonly #workspace: Workspace;
  readonly #queries: Queries;
  readonly #sight: Sight;
  readonly #rendered = new WeakMap<Page, { readonly schemaVersion: number; readonly text: string }>();

  constructor(workspace: Workspace, queries: Queries, sight: Sight) {
    this.#workspace = workspace;
    this.#queries = queries;
    this.#sight = sight;
  }

  answer(request: ApiRequest): ApiAnswer {
    try {
      return this.#route(request);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: error.status, text: JSON.stringify(error.body), page: null };
    }
  }

  #route({ method, path, query, body }: ApiRequest): ApiAnswer {
    const [, , kind = "", id = "", part, partId] = path.split("/");
    if (method === "GET" && kind === "users") return ok(this.#me());
    if (method === "GET" && kind === "data_sources") return ok(this.#dataSource(id));
    if (method === "POST" && kind === "data_sources" && part === "query") return this.#query(id, body);
    if (method === "POST" && kind === "pages") return this.#create(body);
    if (kind === "pages" && part === "properties" && partId !== undefined)
      return ok(this.#propertyItems(this.#pageOf(id), decodeURIComponent(partId), query));
    if (method === "GET" && kind === "pages") return this.#shown(this.#pageOf(id));
    if (method === "PATCH" && kind === "pages") return this.#patch(this.#pageOf(id), body);
    if (method === "GET" && kind === "comments")
      return ok(this.#comments(this.#pageOf(query.get("block_id") ?? "")));
    if (method === "POST" && kind === "comments") return this.#postComment(body);
    throw new Refusal(400, "invalid_request_url", `Invalid request URL: ${method} ${path}`);
  }

  #me(): Json {
    return { object: "user", id: this.#workspace.botId, name: "Lockstep", type: "bot", bot: {} };
  }

  #dataSource(id: string): Json {
    if (id !== this.#workspace.dataSourceId || !this.#sight.canSeeDataSource())
      throw notFound("database", id);
    const { schema } = this.#workspace;
    return {
      object: "data_source",
      id,
      title: [renderText("Tasks")],
      created_time: minuteText(0),
      properties: Object.fromEntries(schema.map((property) => [property.name, renderColumn(property)])),
      in_trash: false,
    };
  }

  #query(id: string, body: Members): ApiAnswer {
    if (id !== this.#workspace.dataSourceId) throw notFound("database", id);
    const isBlind = this.#sight.listsNothing(body);
    if (!isBlind && !this.#sight.canSeeDataSource()) throw notFound("database", id);
    const listed = isBlind ? { pages: [], nextCursor: null, isCapped: false } : this.#queries.list(body);
    const rows = listed.pages.filter((page) => this.#sight.canSee(page)).map((page) => this.#textOf(page));
    const status = listed.isCapped
      ? ',"request_status":{"type":"incomplete","incomplete_reason":"query_result_limit_reached"}'
      : "";
    const more = `"next_cursor":${JSON.stringify(listed.nextCursor)},"has_more":${listed.nextCursor !== null}`;
    const type = '"type":"page_or_data_source","page_or_data_source":{}';
    return {
      status: 200,
      text: `{"object":"list","results":[${rows.join(",")}],${more},${type}${status}}`,
      page: null,
    };
  }

  #create(body: Members): ApiAnswer {
    if (!this.#sight.canSeeDataSource()) throw notFound("database", this.#workspace.dataSourceId);
    const values = readProperties(body.properties, this.#workspace);
    const page = this.#workspace.add(values, this.#workspace.botId);
    return { ...this.#shown(page), page };
  }

  #patch(before: Page, body: Members): ApiAnswer {
    const inTrash = typeof body.in_trash === "boolean" ? body.in_trash : undefined;
    if (before.inTrash && inTrash !== false) throw invalid(TRASHED);
    const values = readProperties(body.properties, this.#workspace);
    const change = { values, ...(inTrash === undefined ? {} : { inTrash }) };
    const page = this.#workspace.change(before.id, change, this.#workspace.botId);
    return { ...this.#shown(page), page };
  }

  #comments({ id }: Page): Json {
    const results = this.#workspace.commentsOn(id).map(renderComment);
    return { object: "list", results, next_cursor: null, has_more: false, type: "comment", comment: {} };
  }

  #postComment({ parent, rich_text: items }: Members): ApiAnswer {
    const page = this.#pageOf(isJsonObject(parent) ? String(parent.page_id) : "");
    if (page.inTrash) throw invalid(TRASHED);
    const comment = this.#workspace.comment(page.id, textIn(items), this.#workspace.botId);
    return { status: 200, text: JSON.stringify(renderComment(comment)), page: null };
  }

  #propertyItems(page: Page, propertyId: string, query: URLSearchParams): Json {
    const property = this.#workspace.property(propertyId);
    if (property === undefined) throw invalid(`Could not find property with name or id: ${propertyId}`);
    const { id, type } = property;
    const value = renderValue(page.values[id], property);
    if (!Array.isArray(value) || type === "multi_select")
      return { object: "property_item", type, id, [type]: value };
    const start = Number(query.get("start_cursor") ?? 0);
    const end = start + Number(query.get("page_size") ?? 100);
    const hasMore = end < value.length;
    return {
      object: "list",
      results: value.slice(start, end).map((each) => ({ object: "property_item", type, id, [type]: each })),
      next_cursor: hasMore ? String(end) : null,
      has_more: hasMore,
      type: "property_item",
      property_item: { id, next_url: null, type, [type]: {} },
    };
  }

  #pageOf(id: string): Page {
    const page = this.#workspace.page(id);
    if (page === undefined || !this.#sight.canSee(page)) throw notFound("page", id);
    return page;
  }

  #shown(page: Page): ApiAnswer {
    return { status: 200, text: this.#textOf(page), page: null };
  }

  /** Rendered once per version of a page: lists show the same rows again and again. */
  #textOf(page: Page): string {
    const { schema, schemaVersion } = this.#workspace;
    const known = this.#rendered.get(page);
    if (known?.schemaVersion === schemaVersion) return known.text;
    const text = JSON.stringify(renderPage(page, schema));
    this.#rendered.set(page, { schemaVersion, text });
    return text;
  }
}

function ok(body: Json): ApiAnswer {
  return { status: 200, text: JSON.stringify(body), page: null };
}

function textIn(items: Json | undefined): string {
  const parts = Array.isArray(items) ? items.filter(isJsonObject) : [];
  return parts.map(({ text }) => (isJsonObject(text) ? String(text.content) : "")).join("");
}

function renderComment({ id, pageId, text, by, at }: PageComment): Json {
  return {
    object: "comment",
    id,
    parent: { type: "page_id", page_id: pageId },
    created_time: minuteText(at),
    created_by: { object: "user", id: by },
    rich_text: [renderText(text)],
  };
}

function renderColumn({ id, name, type, options }: Property): Json {
  const hasOptions = type === "select" || type === "multi_select";
  const shown = options.map((option) => ({ ...option, color: "default", description: null }));
  return { id, name, description: null, type, [type]: hasOptions ? { options: shown } : {} };
}
