import { describe, expect, it } from "vitest";
import { isJsonObject, type Json } from "../../src/core/json.ts";
import { type NotionSide, openEmulator, openInProcess } from "./notion-sides.ts";

const MINUTE = 60_000;

/** A play of calls and people's acts. `say` notes an answer. */
type Play = (
  side: NotionSide,
  say: (answer: { readonly status: number; readonly body: Json }) => void,
) => Promise<void>;

const text = (content: string) => [{ text: { content } }];
const idOf = ({ body }: { readonly body: Json }) => (isJsonObject(body) ? String(body.id) : "");

async function create(side: NotionSide, properties: { readonly [key: string]: Json }) {
  const parent = { type: "data_source_id", data_source_id: side.dataSourceId };
  return side.ask("POST", "/v1/pages", { parent, properties });
}

const query = (side: NotionSide, body: { readonly [key: string]: Json }) =>
  side.ask("POST", `/v1/data_sources/${side.dataSourceId}/query`, body);

const plays: Readonly<Record<string, Play>> = {
  "describes the data source and its bot": async (side, say) => {
    const { status, body } = await side.ask("GET", "/v1/users/me");
    say({ status, body: isJsonObject(body) ? (body.type ?? null) : null });
    say(columnsOf(await side.ask("GET", `/v1/data_sources/${side.dataSourceId}`)));
    side.rename("Note", "Notes");
    say(columnsOf(await side.ask("GET", `/v1/data_sources/${side.dataSourceId}`)));
  },
  "makes, changes and shows a page": async (side, say) => {
    const made = await create(side, {
      Name: { title: text("One") },
      Stage: { select: { name: "Todo" } },
      Tags: { multi_select: [{ name: "x" }, { name: "y" }, { name: "x" }] },
      Count: { number: 3 },
      Done: { checkbox: true },
      Day: { date: { start: "2026-03-01" } },
      Link: { url: "https://example.org/1" },
      "Lockstep ID": { rich_text: text("m1") },
    });
    say(made);
    side.advance(MINUTE);
    const path = `/v1/pages/${idOf(made)}`;
    say(
      await side.ask("PATCH", path, {
        properties: { Note: { rich_text: text("abc") }, Stage: { select: null } },
      }),
    );
    side.advance(MINUTE);
    say(await side.ask("PATCH", path, { properties: { Note: { rich_text: [] }, Count: { number: null } } }));
    say(await side.ask("PATCH", path, { properties: { Day: { date: null }, Link: { url: null } } }));
    say(await side.ask("GET", path));
    say(await side.ask("GET", `${path}/properties/title`));
  },
  "trashes and restores": async (side, say) => {
    const path = `/v1/pages/${idOf(await create(side, { Name: { title: text("One") } }))}`;
    say(await side.ask("PATCH", path, { in_trash: true }));
    say(await side.ask("PATCH", path, { properties: { Note: { rich_text: text("x") } } }));
    say(await query(side, {}));
    say(await side.ask("GET", path));
    say(await side.ask("PATCH", path, { in_trash: false, properties: { Note: { rich_text: text("y") } } }));
    say(await query(side, {}));
  },
  "shows what people do": async (side, say) => {
    const made = await create(side, { Name: { title: text("One") } });
    side.trash(idOf(made));
    say(await query(side, {}));
    side.restore(idOf(made));
    say(await query(side, {}));
    side.archive(idOf(made));
    say(await query(side, {}));
    say({ status: 0, body: statesOf(await side.ask("GET", `/v1/pages/${idOf(made)}`)) });
  },
  "lists by time, page by page, up to its limit": async (side, say) => {
    for (let index = 0; index < 75; index += 1) {
      if (index % 5 === 0) side.advance(MINUTE);
      await create(side, { Name: { title: text(`Row ${index}`) } });
    }
    for (const timestamp of ["created_time", "last_edited_time"])
      for (const direction of ["ascending", "descending"]) {
        const first = await query(side, { sorts: [{ timestamp, direction }], page_size: 40 });
        say({ status: first.status, body: timesOf(first) });
        const cursor = isJsonObject(first.body) ? (first.body.next_cursor ?? null) : null;
        const rest = await query(side, {
          sorts: [{ timestamp, direction }],
          page_size: 40,
          start_cursor: cursor,
        });
        say({ status: rest.status, body: timesOf(rest) });
      }
    const from = { timestamp: "created_time", created_time: { on_or_after: "2026-11-21T10:12:00.000Z" } };
    const to = { timestamp: "created_time", created_time: { before: "2026-11-21T10:14:00.000Z" } };
    const sorts = [{ timestamp: "created_time", direction: "ascending" }];
    say({ status: 0, body: timesOf(await query(side, { filter: from, sorts })) });
    say({ status: 0, body: timesOf(await query(side, { filter: { and: [from, to] }, sorts })) });
  },
  "finds by marker, and by what a title holds": async (side, say) => {
    for (const marker of ["m1", "m2", "m1"])
      await create(side, {
        Name: { title: text(`Of ${marker}`) },
        "Lockstep ID": { rich_text: text(marker) },
      });
    const sorts = [{ timestamp: "created_time", direction: "ascending" }];
    const count = async (filter: Json) =>
      say({ status: 0, body: timesOf(await query(side, { filter, sorts })) });
    await count({ property: "Lockstep ID", rich_text: { equals: "m1" } });
    await count({ property: "Lockstep ID", rich_text: { equals: "m3" } });
    await count({ property: "Name", title: { contains: "M2" } });
    await count({ property: "Name", title: { does_not_contain: "m2" } });
  },
  "shows no more than 25 references, and lists them all": async (side, say) => {
    const ids: string[] = [];
    for (let index = 0; index < 30; index += 1)
      ids.push(idOf(await create(side, { Name: { title: text(`${index}`) } })));
    const made = await create(side, {
      Name: { title: text("Many") },
      Refs: { relation: ids.map((id) => ({ id })) },
    });
    say(made);
    const { body } = await side.ask("GET", `/v1/data_sources/${side.dataSourceId}`);
    const id = propertyId(body, "Refs");
    const path = `/v1/pages/${idOf(made)}/properties/${id}`;
    const first = await side.ask("GET", `${path}?page_size=20`);
    say(first);
    const cursor = isJsonObject(first.body) ? String(first.body.next_cursor) : "";
    say(await side.ask("GET", `${path}?page_size=20&start_cursor=${encodeURIComponent(cursor)}`));
  },
  "refuses what it cannot do": async (side, say) => {
    const path = `/v1/pages/${idOf(await create(side, { Name: { title: text("One") } }))}`;
    say(await side.ask("PATCH", path, { properties: { Nope: { rich_text: [] } } }));
    say(await side.ask("PATCH", path, { properties: { Note: { number: 3 } } }));
    say(await side.ask("PATCH", path, { properties: { Stage: { select: { name: "a,b" } } } }));
    say(await side.ask("GET", "/v1/pages/0a9e0000-0000-4000-8000-00000000ffff"));
    say(await query(side, { start_cursor: "0a9e0000-0000-4000-8000-00000000ffff" }));
  },
};

/** Told by every implementation in its own way. */
const ownKeys = new Set([
  "request_id",
  "url",
  "public_url",
  "next_url",
  "color",
  "message",
  "additional_data",
  "database_id",
  "database_parent",
  "is_inline",
  "avatar_url",
  "bot",
  "description",
  "icon",
  "cover",
]);

/** The answers with ids and cursors told by the order in which they come up. */
function normalised(answers: readonly unknown[]): unknown {
  const names = new Map<string, string>();
  const nameOf = (value: string) => {
    if (!names.has(value)) names.set(value, `#${names.size}`);
    return names.get(value);
  };
  const visit = (value: unknown, key: string): unknown => {
    if (Array.isArray(value)) return value.map((each) => visit(each, key));
    if (typeof value === "object" && value !== null) {
      const kept = Object.entries(value).filter(([name]) => !ownKeys.has(name));
      return Object.fromEntries(
        kept.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, each]) => [name, visit(each, name)]),
      );
    }
    if (typeof value !== "string") return value;
    return /id$|cursor/.test(key) ? nameOf(value) : value;
  };
  return visit(answers, "");
}

function timesOf({ body }: { readonly body: Json }): Json {
  if (!isJsonObject(body) || !Array.isArray(body.results)) return body;
  const rows = body.results.flatMap((row) =>
    isJsonObject(row) ? [[row.created_time ?? null, row.last_edited_time ?? null]] : [],
  );
  return { rows, hasMore: body.has_more ?? null, status: body.request_status ?? null };
}

/** What a connector looks at: number formats and the far ends of relations are not among it. */
function columnsOf({ status, body }: { readonly status: number; readonly body: Json }) {
  const properties =
    isJsonObject(body) && isJsonObject(body.properties) ? Object.values(body.properties) : [];
  const columns = properties.filter(isJsonObject).map(({ name, type, select, multi_select: many }) => ({
    name: name ?? null,
    type: type ?? null,
    options: select ?? many ?? null,
  }));
  return { status, body: columns.sort((a, b) => (String(a.name) < String(b.name) ? -1 : 1)) };
}

function statesOf({ body }: { readonly body: Json }): Json {
  return isJsonObject(body) ? [body.in_trash ?? null, body.is_archived ?? null] : null;
}

function propertyId(dataSource: Json, name: string): string {
  const properties = isJsonObject(dataSource) ? dataSource.properties : null;
  const property = isJsonObject(properties) ? properties[name] : null;
  return isJsonObject(property) ? String(property.id) : "";
}

async function answersOf(open: () => Promise<NotionSide>, play: Play): Promise<unknown> {
  await using side = await open();
  const answers: unknown[] = [];
  await play(side, (answer) => answers.push(answer));
  return normalised(answers);
}

describe("the in-process Notion answers as the emulator does", () => {
  for (const [name, play] of Object.entries(plays)) {
    it(name, async () => {
      const [ours, theirs] = await Promise.all([
        answersOf(openInProcess, play),
        answersOf(openEmulator, play),
      ]);
      expect(ours).toEqual(theirs);
    });
  }
});
