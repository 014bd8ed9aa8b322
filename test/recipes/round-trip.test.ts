import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodePage } from "../../src/connectors/notion/codec.ts";
import { readPage } from "../../src/connectors/notion/page.ts";
import type { Json } from "../../src/core/json.ts";
import { projectRecord } from "../../src/recipes/backup/mapping.ts";
import { openSqliteStore } from "../../src/store/sqlite/open.ts";
import type { Store } from "../../src/store/store.ts";
import { recordedPages } from "../connectors/recorded.ts";

/** What the recordings hold: a page or a value that gets lost on the way makes these numbers fall. */
const known = {
  pages: 456,
  values: {
    title: 442,
    date: 338,
    number: 256,
    formula: 250,
    relation: 223,
    multi_select: 190,
    rich_text: 185,
    last_edited_time: 137,
    select: 136,
    checkbox: 123,
    people: 87,
    files: 84,
    email: 83,
    phone_number: 73,
    rollup: 40,
    created_by: 32,
    last_edited_by: 32,
    created_time: 32,
    url: 26,
    status: 22,
    unique_id: 11,
    verification: 4,
  },
};

/** Ids in order, so that the run is the same every time. */
function countingIds() {
  let last = 0;
  const next = () => `00000000-0000-7000-8000-${String(++last).padStart(12, "0")}`;
  return { next, random: () => 0.5 };
}

describe("recorded pages through codec, mapping and store", () => {
  const recorded = recordedPages();
  const folder = mkdtempSync(join(tmpdir(), "round-trip-"));
  let store: Store;
  beforeAll(async () => {
    store = await openSqliteStore({ path: join(folder, "test.db"), ids: countingIds() });
  });
  afterAll(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  it(`keeps every property of all ${known.pages} pages as Notion sent it`, async () => {
    const counts: Record<string, number> = {};
    for (const { file, page } of recorded) {
      const version = await storeAndReadBack(store, page as Json);
      expect(version.metadata.notionProperties, file).toEqual(page.properties);
      expect(version.metadata.notion, file).toMatchObject({
        id: page.id,
        last_edited_time: page.last_edited_time,
      });
      expect(version.title, file).toBe(titleOf(page.properties));
      for (const { type } of Object.values(page.properties))
        counts[String(type)] = (counts[String(type)] ?? 0) + 1;
    }
    const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
    console.log(`round trip: ${recorded.length} pages, ${total} property values`, counts);
    expect(recorded.length).toBeGreaterThanOrEqual(known.pages);
    for (const [type, count] of Object.entries(known.values)) {
      expect(counts[type], type).toBeGreaterThanOrEqual(count);
    }
  });
});

async function storeAndReadBack(store: Store, page: Json) {
  const read = readPage(page);
  if (!("page" in read)) throw new Error(read.reason);
  const record = decodePage(read.page);
  const title = Object.values(read.page.properties).find(
    (property) => (property as { type: string }).type === "title",
  ) as { id: string } | undefined;
  const bindings = title === undefined ? [] : [{ propertyId: title.id, field: "title" } as const];
  const { values, metadata } = projectRecord(record, bindings);
  const task = await store.createTask({
    projectScopeId: "recorded",
    at: "2026-11-21T10:00:00.000Z",
    version: {
      title: String(values.title ?? ""),
      description: null,
      status: null,
      resolution: null,
      metadataJson: JSON.stringify(metadata),
      createdBy: "notion",
      changeReason: "recorded",
      conflictFlag: false,
      isDeleted: false,
    },
  });
  const version = await store.getVersion(task.id, 1);
  if (version === null) throw new Error("the version is gone");
  return version;
}

function titleOf(properties: { readonly [name: string]: { readonly [key: string]: unknown } }): string {
  const title = Object.values(properties).find((property) => property.type === "title")?.title;
  return Array.isArray(title) ? title.map((item: { plain_text: string }) => item.plain_text).join("") : "";
}
