import type { Emulator } from "../../../src/emulator/index.ts";
import { array, call, createBoard, type Json, type JsonObject, object, text, title } from "../harness.ts";

/** A small workspace with one of everything, and the ids of it all. */
export interface Things {
  readonly pageId: string;
  readonly rowId: string;
  readonly blockId: string;
  readonly audioId: string;
  readonly databaseId: string;
  readonly dataSourceId: string;
  readonly userId: string;
  readonly uploadId: string;
  readonly commentId: string;
  readonly viewId: string;
  readonly propertyId: string;
}

const words = (content: string): JsonObject[] => [{ text: { content } }];

export async function fillWorkspace(emulator: Emulator): Promise<Things> {
  const ask = async (line: string, body?: Json): Promise<JsonObject> => {
    const answer = await call(emulator, line, body === undefined ? {} : { body });
    if (answer.status !== 200) throw new Error(`${line}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  };
  const pageId = emulator.workspace.createPage({ properties: { title: title("Home") } });
  const { databaseId, dataSourceId } = createBoard(emulator, {
    Name: { title: {} },
    Text: { rich_text: {} },
    Count: { number: {} },
    Kind: { select: { options: [{ name: "Bug" }] } },
    Tags: { multi_select: {} },
    State: { status: {} },
    Due: { date: {} },
    Who: { people: {} },
    Files: { files: {} },
    Done: { checkbox: {} },
    Link: { url: {} },
    Sum: { formula: { expression: 'prop("Count") + 1' } },
    Number: { unique_id: {} },
    Checked: { verification: {} },
    Place: { place: {} },
  });
  emulator.workspace.addProperty(dataSourceId, "Next", {
    relation: { data_source_id: dataSourceId, dual_property: {} },
  });
  const row = await ask("POST /v1/pages", {
    parent: { data_source_id: dataSourceId },
    properties: rowValues(null),
  });
  const children = [
    { toggle: { rich_text: words("open"), children: [{ paragraph: { rich_text: words("in") } }] } },
  ];
  const appended = await ask(`PATCH /v1/blocks/${pageId}/children`, { children });
  const audio = { audio: { external: { url: "https://example.com/a.mp3" } } };
  const added = await ask(`PATCH /v1/blocks/${pageId}/children`, { children: [audio] });
  const upload = await ask("POST /v1/file_uploads", { filename: "a.txt", content_type: "text/plain" });
  const comment = await ask("POST /v1/comments", { parent: { page_id: pageId }, rich_text: words("hm") });
  const views = await ask(`GET /v1/views?data_source_id=${dataSourceId}`);
  const [user] = array((await ask("GET /v1/users")).results);
  return {
    pageId,
    rowId: text(row.id),
    blockId: text(object(array(appended.results)[0] ?? null).id),
    audioId: text(object(array(added.results)[0] ?? null).id),
    databaseId,
    dataSourceId,
    userId: text(object(user ?? null).id),
    uploadId: text(upload.id),
    commentId: text(comment.id),
    viewId: text(object(array(views.results)[0] ?? null).id),
    propertyId: text(object(object(row.properties).Text).id),
  };
}

function rowValues(things: Things | null): JsonObject {
  return {
    Name: title("row"),
    Text: {
      rich_text: [
        { text: { content: "x", link: { url: "https://example.com" } }, annotations: { bold: true } },
      ],
    },
    Count: { number: 3 },
    Kind: { select: { name: "Bug" } },
    Tags: { multi_select: [{ name: "one" }, { name: "two" }] },
    State: { status: { name: "Done" } },
    Due: { date: { start: "2026-11-21", end: null } },
    Files: { files: [{ name: "f", external: { url: "https://example.com/f" } }] },
    Done: { checkbox: true },
    Link: { url: "https://example.com" },
    Checked: { verification: { state: "verified" } },
    Place: { place: { lat: 1, lon: 2, name: "here" } },
    ...(things === null
      ? {}
      : { Who: { people: [{ id: things.userId }] }, Next: { relation: [{ id: things.rowId }] } }),
  };
}

const blocks: JsonObject[] = [
  { paragraph: { rich_text: [{ equation: { expression: "x" } }] } },
  { table: { table_width: 1, children: [{ table_row: { cells: [words("cell")] } }] } },
  { callout: { rich_text: words("!"), icon: { emoji: "💡" } } },
  { image: { external: { url: "https://example.com/a.png" } } },
  {
    column_list: {
      children: [{ column: { children: [{ divider: {} }] } }, { column: { children: [{ divider: {} }] } }],
    },
  },
];

const filter: JsonObject = {
  and: [
    { property: "Count", number: { greater_than: 1 } },
    {
      or: [
        { property: "Kind", select: { equals: "Bug" } },
        { property: "Sum", formula: { number: { equals: 4 } } },
      ],
    },
    { timestamp: "created_time", created_time: { on_or_after: "2026-01-01" } },
  ],
};
const sorts: JsonObject[] = [{ property: "Count", direction: "descending" }, { timestamp: "created_time" }];
const columns: JsonObject = {
  Name: { title: {} },
  Level: { select: { options: [{ name: "low", color: "red" }] } },
  Stage: { status: { options: [{ name: "open" }] } },
  Price: { number: { format: "euro" } },
  Twice: { formula: { expression: 'prop("Price")' } },
};

/** A body that each endpoint accepts, to be broken somewhere. Endpoints that take none stand for themselves. */
export function bodyFor(route: string, things: Things): Json {
  const bodies: { readonly [route: string]: Json } = {
    "POST /search": {
      query: "row",
      filter: { property: "object", value: "page" },
      sort: { timestamp: "last_edited_time", direction: "ascending" },
      page_size: 5,
    },
    "POST /databases": {
      parent: { page_id: things.pageId },
      title: words("t"),
      description: words("d"),
      icon: { emoji: "🧪" },
      initial_data_source: { properties: columns },
      properties: columns,
    },
    "PATCH /databases/{database_id}": {
      title: words("t"),
      is_inline: true,
      icon: { emoji: "🧪" },
      cover: { external: { url: "https://example.com/c.png" } },
    },
    "POST /databases/{database_id}/query": { filter, sorts, page_size: 2 },
    "POST /data_sources": {
      parent: { database_id: things.databaseId },
      title: words("t"),
      properties: columns,
    },
    "PATCH /data_sources/{data_source_id}": {
      title: words("t"),
      properties: {
        Count: { name: "Counted", number: { format: "dollar" } },
        Kind: { select: { options: [{ name: "Bug" }, { name: "New" }] } },
        Extra: { rich_text: {} },
        Total: {
          rollup: { relation_property_name: "Next", rollup_property_name: "Done", function: "checked" },
        },
        Link: null,
      },
    },
    "POST /data_sources/{data_source_id}/query": {
      filter,
      sorts,
      page_size: 2,
      is_archived: false,
      result_type: "page",
    },
    "POST /pages": {
      parent: { data_source_id: things.dataSourceId },
      properties: rowValues(things),
      children: blocks,
      icon: { emoji: "🧪" },
    },
    "PATCH /pages/{page_id}": {
      properties: rowValues(things),
      icon: { external: { url: "https://example.com/i.png" } },
      is_locked: false,
      in_trash: false,
    },
    "POST /pages/{page_id}/move": { parent: { page_id: things.pageId } },
    "PATCH /pages/{page_id}/markdown": {
      type: "insert_content",
      insert_content: { content: "# hello\n\n- a\n- b" },
    },
    "POST /blocks/meeting_notes": { title: "standup", source: { type: "block", block_id: things.audioId } },
    "POST /blocks/meeting_notes/query": {
      filter: {
        operator: "and",
        filters: [
          {
            property: "title",
            filter: { operator: "string_contains", value: { type: "exact", value: "up" } },
          },
          {
            operator: "or",
            filters: [
              {
                property: "created_time",
                filter: {
                  operator: "date_is_within",
                  value: { type: "exact", value: { type: "daterange", start_date: "2026-11-01" } },
                },
              },
              {
                property: "created_by",
                filter: {
                  operator: "person_contains",
                  value: [{ type: "exact", value: { table: "notion_user", id: things.userId } }],
                },
              },
            ],
          },
        ],
      },
      sort: [{ property: "created_time", direction: "descending" }],
      limit: 10,
    },
    "PATCH /blocks/{block_id}": { toggle: { rich_text: words("other"), color: "red" } },
    "PATCH /blocks/{block_id}/children": { children: blocks },
    "POST /comments": {
      parent: { page_id: things.pageId },
      rich_text: words("hello"),
      display_name: { type: "integration" },
    },
    "PATCH /comments/{comment_id}": { rich_text: words("other") },
    "POST /views": {
      database_id: things.databaseId,
      data_source_id: things.dataSourceId,
      name: "v",
      type: "table",
      filter,
      sorts,
    },
    "PATCH /views/{view_id}": { name: "w", filter, sorts, configuration: {} },
    "POST /views/{view_id}/queries": { page_size: 2 },
    "POST /file_uploads": {
      mode: "multi_part",
      filename: "a.txt",
      content_type: "text/plain",
      number_of_parts: 2,
    },
  };
  return bodies[route] ?? {};
}

/** The route's path with right ids in it. */
export function pathFor(template: string, things: Things): string {
  const ids: { readonly [name: string]: string } = {
    page_id: things.rowId,
    block_id: things.blockId,
    database_id: things.databaseId,
    data_source_id: things.dataSourceId,
    user_id: things.userId,
    comment_id: things.commentId,
    view_id: things.viewId,
    file_upload_id: things.uploadId,
    property_id: things.propertyId,
  };
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? things.pageId);
}
