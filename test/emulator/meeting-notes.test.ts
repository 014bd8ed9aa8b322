import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/index.ts";
import {
  array,
  at,
  call,
  client,
  createClock,
  type Json,
  type JsonObject,
  object,
  startOfTest,
  startQuiet,
  text,
  title,
} from "./harness.ts";

const day = 86_400_000;
const url = "https://example.com/talk.mp3";
const line = "POST /v1/blocks/meeting_notes/query";

/** Notes "Weekly", "weekly plan" and "Retro", made a day apart, the last one now. */
async function startWithNotes(): Promise<Emulator> {
  const clock = createClock(startOfTest - 2 * day);
  const emulator = await startQuiet({ clock });
  for (const name of ["Weekly", "weekly plan", "Retro"]) {
    if (name !== "Weekly") clock.advance(day);
    const pageId = emulator.workspace.createPage({ properties: { title: title(name) } });
    const body = { children: [{ audio: { external: { url } } }] };
    const made = await call(emulator, `PATCH /v1/blocks/${pageId}/children`, { body });
    const source = { type: "block", block_id: text(at(made.body, "results.0.id")) };
    await call(emulator, "POST /v1/blocks/meeting_notes", { body: { source, title: name } });
  }
  return emulator;
}

function titles(body: JsonObject): string[] {
  return array(body.results).map((notes) => text(at(notes, "meeting_notes.title.0.plain_text")));
}

const on = (property: string, operator: string, value?: Json): JsonObject => ({
  operator: "and",
  filters: [{ property, filter: { operator, ...(value === undefined ? {} : { value }) } }],
});
const exact = (value: Json): Json => ({ type: "exact", value });

describe("a query of meeting notes", () => {
  it("lists whole blocks, newest first, through the SDK", async () => {
    await using emulator = await startWithNotes();
    const answer = await client(emulator).blocks.meetingNotes.query({});
    const body: JsonObject = JSON.parse(JSON.stringify(answer));
    expect(titles(body)).toEqual(["Retro", "weekly plan", "Weekly"]);
    expect(body).toMatchObject({ has_more: false });
    expect(at(body, "results.0")).toMatchObject({ object: "block", type: "meeting_notes", in_trash: false });
  });

  it("says that there is more than its limit, and has no cursors", async () => {
    await using emulator = await startWithNotes();
    const { body } = await call(emulator, line, { body: { limit: 2 } });
    expect([titles(body), body.has_more]).toEqual([["Retro", "weekly plan"], true]);
    expect(body).not.toHaveProperty("next_cursor");
  });

  it.each([
    [{ filter: on("title", "string_contains", exact("WEEKLY")) }, ["weekly plan", "Weekly"]],
    [{ filter: on("title", "string_is", exact("weekly")) }, ["Weekly"]],
    [{ filter: on("title", "string_does_not_contain", exact("weekly")) }, ["Retro"]],
    [{ filter: on("title", "is_empty") }, []],
    [{ filter: on("attendees", "is_empty") }, ["Retro", "weekly plan", "Weekly"]],
    [{ filter: on("created_time", "date_is", { type: "relative", value: "today" }) }, ["Retro"]],
    [
      {
        filter: on("created_time", "date_is_before", exact({ type: "date", start_date: "2026-11-20" })),
      },
      ["Weekly"],
    ],
    [
      {
        filter: on(
          "last_edited_time",
          "date_is_within",
          exact({ type: "daterange", start_date: "2026-11-19", end_date: "2026-11-20" }),
        ),
      },
      ["weekly plan", "Weekly"],
    ],
    [
      {
        filter: on("created_time", "date_is_relative_to", {
          type: "relative",
          value: "custom",
          direction: "past",
          unit: "day",
          count: 1,
        }),
      },
      ["Retro", "weekly plan"],
    ],
    [
      {
        filter: {
          operator: "or",
          filters: [
            { property: "title", filter: { operator: "string_is", value: exact("Retro") } },
            { operator: "and", filters: [{ property: "title", filter: { operator: "is_empty" } }] },
          ],
        },
      },
      ["Retro"],
    ],
    [{ sort: [{ property: "title", direction: "ascending" }] }, ["Retro", "Weekly", "weekly plan"]],
    [{ sort: [{ property: "created_time", direction: "ascending" }] }, ["Weekly", "weekly plan", "Retro"]],
  ])("with %j finds %j", async (body, expected) => {
    await using emulator = await startWithNotes();
    const answer = await call(emulator, line, { body: JSON.parse(JSON.stringify(body)) });
    expect(titles(answer.body)).toEqual(expected);
  });

  it("goes by who made them", async () => {
    await using emulator = await startWithNotes();
    const bot = text(object((await call(emulator, "GET /v1/users/me")).body).id);
    const value = [exact({ table: "notion_user", id: bot })];
    const ask = async (operator: string): Promise<number> =>
      titles((await call(emulator, line, { body: { filter: on("created_by", operator, value) } })).body)
        .length;
    expect([await ask("person_contains"), await ask("person_does_not_contain")]).toEqual([3, 0]);
  });

  it("leaves out what is in the trash and what the connection does not see", async () => {
    await using emulator = await startWithNotes();
    const { body } = await call(emulator, line, { body: {} });
    const [first, second] = array(body.results).map((notes) => text(at(notes, "parent.page_id")));
    emulator.workspace.trashPage(text(first ?? null));
    emulator.workspace.unshare(text(second ?? null));
    expect(titles((await call(emulator, line, { body: {} })).body)).toEqual(["Weekly"]);
  });

  it.each([
    [{ limit: 51 }, "body.limit should be ≤ `50`"],
    [{ limit: 0 }, "body.limit should be a number greater than 0"],
    [{ sort: [{ property: "status", direction: "ascending" }] }, "body.sort[0].property should be"],
    [{ filter: { operator: "xor" } }, 'body.filter.operator should be `"and"`, or `"or"`'],
    [{ filter: on("title", "date_is", exact("x")) }, "body.filter.filters[0].filter.operator should be"],
    [{ filter: on("title", "string_is") }, "body.filter.filters[0].filter.value should be an object"],
    [{ filter: on("created_time", "date_is", exact("someday")) }, "a date that is known here"],
  ])("refuses %j", async (body, message) => {
    await using emulator = await startQuiet();
    const answer = await call(emulator, line, { body: JSON.parse(JSON.stringify(body)) });
    expect(answer).toMatchObject({ status: 400, body: { code: "validation_error" } });
    expect(answer.body.message).toContain(message);
  });
});
