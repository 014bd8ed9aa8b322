import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { changes } from "../../src/emulator/api/as-of.ts";
import { type Emulator, startEmulator } from "../../src/emulator/index.ts";
import { compare, IdMap } from "./fidelity/compare.ts";
import { at, call, type JsonObject, object, startQuiet, text, title } from "./harness.ts";

const databaseId = "00000000-0000-4000-8000-00000000000a";
const dataSourceId = "00000000-0000-4000-8000-00000000000b";
const rowId = "00000000-0000-4000-8000-00000000000c";
const personId = "00000000-0000-4000-8000-00000000000d";

const seed = {
  people: [{ id: personId, name: "Ada", email: "ada@example.com" }],
  databases: [
    {
      id: databaseId,
      title: "Board",
      dataSources: [
        {
          id: dataSourceId,
          name: "Board",
          properties: {
            Name: { title: {} },
            in_trash: { select: { options: [{ name: "yes" }] } },
            Next: { relation: { data_source_id: dataSourceId, single_property: {} } },
          },
          rows: [
            {
              id: rowId,
              properties: { Name: title("one"), Next: { relation: [{ id: rowId }] } },
              children: [
                {
                  paragraph: {
                    rich_text: [{ type: "mention", mention: { type: "page", page: { id: rowId } } }],
                  },
                },
                { file: { type: "external", external: { url: "https://example.com/a.txt" } } },
              ],
            },
          ],
        },
      ],
    },
  ],
};

const old = "2022-06-28";
const middle = "2025-09-03";

/** One request for each thing that looked otherwise at some time: [line, version, body]. */
const requests: readonly (readonly [string, string, JsonObject?])[] = [
  ["GET /v1/users/me", old],
  [`GET /v1/users/${personId}`, old],
  [`GET /v1/pages/${rowId}`, old],
  [`GET /v1/pages/${rowId}`, middle],
  [`GET /v1/databases/${databaseId}`, old],
  [`GET /v1/databases/${databaseId}`, middle],
  [`GET /v1/data_sources/${dataSourceId}`, middle],
  [`GET /v1/blocks/${rowId}/children`, middle],
  [`GET /v1/pages/${personId}`, old],
  [`POST /v1/databases/${databaseId}/query`, old, {}],
  ["POST /v1/comments", old, { parent: { page_id: rowId }, rich_text: [{ text: { content: "c" } }] }],
  ["POST /v1/file_uploads", old, {}],
];

async function answers(asOf: string): Promise<JsonObject[]> {
  await using emulator: Emulator = await startQuiet({ seed, asOf });
  const bodies: JsonObject[] = [];
  for (const [line, version, body] of requests)
    bodies.push((await call(emulator, line, { version, ...(body === undefined ? {} : { body }) })).body);
  return bodies;
}

function dayBefore(day: string): string {
  return new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10);
}

/** Every place that differs, once. */
async function changedOn(day: string): Promise<string[]> {
  const [before, after] = [await answers(dayBefore(day)), await answers(day)];
  const places = before.flatMap((body, index) =>
    compare(body, after[index] ?? {}, new IdMap()).map(({ path }) => path),
  );
  return [...new Set(places)].sort();
}

const expected: { readonly [day: string]: readonly string[] } = {
  "2022-11-14": ["$.bot.workspace_name"],
  "2023-06-04": ["$.properties.Next.has_more", "$.results[].properties.Next.has_more"],
  "2023-06-27": ["$.public_url", "$.results[].public_url"],
  "2023-07-24": ["$.page", "$.page_or_database", "$.type"],
  "2023-12-04": ["$.results[].file.name"],
  "2024-04-10": ["$.in_trash", "$.properties.in_trash.select.options[].description", "$.results[].in_trash"],
  "2024-12-31": [
    "$.properties.Name.description",
    "$.properties.Next.description",
    "$.properties.in_trash.description",
  ],
  "2025-05-23": ["$.bot.workspace_limits"],
  "2025-06-17": ["$.display_name"],
  "2025-08-29": ["$.properties.Next.relation.data_source_id"],
  "2025-09-03": ["$.parent.database_id"],
  "2025-09-05": ["$.description"],
  "2025-09-11": ["$.is_locked"],
  "2025-09-16": ["$.is_locked", "$.results[].is_locked"],
  "2026-03-11": ["$.in_trash"],
  "2026-03-19": ["$.is_archived", "$.results[].is_archived"],
  "2026-03-25": ["$.results[].paragraph.icon"],
  "2026-06-01": ["$.results[].paragraph.rich_text[].href", "$.results[].url", "$.url"],
  "2026-07-04": [
    "$.additional_data",
    "$.archived",
    "$.bot.workspace_id",
    "$.message",
    "$.person.email_verified",
  ],
};

describe("answers as of a day", () => {
  it.each(Object.entries(expected))("change on %s in %j and nowhere else", async (day, places) => {
    expect(await changedOn(day)).toEqual(places);
  });

  it("are of today's form when no day is given, and after the last change", async () => {
    await using today = await startQuiet({ seed });
    const [now, later] = [
      (await call(today, `GET /v1/pages/${rowId}`)).body,
      (await answers("2026-07-04"))[3] ?? {},
    ];
    expect(Object.keys(object(now)).concat("archived").sort()).toEqual(Object.keys(object(later)).sort());
  });

  it("keep a column that is called like a member that was not there", async () => {
    const [, , , , database] = await answers("2022-06-28");
    expect(Object.keys(object(at(database, "properties")))).toContain("in_trash");
    expect(text(at(database, "url"))).toMatch(/^https:\/\/www\.notion\.so\/[0-9a-f]{32}$/);
  });

  it.each(["yesterday", "2026-13-01", "2026-07-04T00:00:00Z"])("refuses %s as a day", async (asOf) => {
    await expect(startEmulator({ asOf })).rejects.toThrow(/asOf must be a day/);
  });

  it("has all its changes in the documentation and in the table above", () => {
    const docs = readFileSync(new URL("../../docs/emulator.md", import.meta.url), "utf8");
    for (const { since, what } of changes) expect(docs).toContain(`| ${since} | ${what} |`);
    expect(Object.keys(expected)).toEqual([...new Set(changes.map(({ since }) => since))].sort());
  });
});

describe("an answer to Postman", () => {
  it("carries an invitation to a survey, also when it is an error", async () => {
    await using emulator = await startQuiet();
    const ask = async (path: string, agent: string): Promise<JsonObject> => {
      const headers = {
        authorization: `Bearer ${emulator.token}`,
        "notion-version": old,
        "user-agent": agent,
      };
      return JSON.parse(await (await fetch(`${emulator.url}${path}`, { headers })).text());
    };
    expect(await ask("/v1/users", "PostmanRuntime/7.51.0")).toHaveProperty("developer_survey");
    expect(await ask("/v1/nothing", "PostmanRuntime/7.51.0")).toHaveProperty("developer_survey");
    expect(await ask("/v1/users", "curl/8.5.0")).not.toHaveProperty("developer_survey");
  });
});
