import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/index.ts";
import { readCall } from "./fidelity/recorded.ts";
import { array, at, call, client, type JsonObject, object, startQuiet, text, title } from "./harness.ts";
import { readSchema } from "./recordings.ts";
import { judge, withoutRequired } from "./schema-judge.ts";

const rich_text = [{ type: "text", text: { content: "text" } }];
const url = "https://example.com/a.png";
const paragraph = { paragraph: { rich_text } };

function home(emulator: Emulator): string {
  return emulator.workspace.createPage({ properties: { title: title("Home") } });
}

async function append(emulator: Emulator, id: string, children: JsonObject[]): Promise<JsonObject[]> {
  const answer = await call(emulator, `PATCH /v1/blocks/${id}/children`, { body: { children } });
  expect(answer.body.message).toBeUndefined();
  return array(answer.body.results).map(object);
}

async function refusal(emulator: Emulator, id: string, children: JsonObject[]): Promise<string> {
  const answer = await call(emulator, `PATCH /v1/blocks/${id}/children`, { body: { children } });
  expect(answer).toMatchObject({ status: 400, body: { code: "validation_error" } });
  return text(answer.body.message);
}

const written: readonly JsonObject[] = [
  { paragraph: { rich_text, color: "red_background", icon: { type: "emoji", emoji: "🐢" } } },
  { heading_1: { rich_text, is_toggleable: true, children: [paragraph] } },
  { heading_2: { rich_text } },
  { heading_3: { rich_text } },
  { heading_4: { rich_text } },
  {
    bulleted_list_item: {
      rich_text,
      children: [{ bulleted_list_item: { rich_text, children: [paragraph] } }],
    },
  },
  { numbered_list_item: { rich_text, list_start_index: 3, list_format: "letters" } },
  { quote: { rich_text } },
  { to_do: { rich_text, checked: true } },
  { toggle: { rich_text } },
  { template: { rich_text } },
  { synced_block: { synced_from: null, children: [paragraph] } },
  { equation: { expression: "e = mc^2" } },
  { code: { rich_text, language: "rust", caption: rich_text } },
  { callout: { rich_text, icon: { type: "external", external: { url } } } },
  { divider: {} },
  { breadcrumb: {} },
  { table_of_contents: { color: "pink" } },
  { tab: { children: [paragraph] } },
  {
    column_list: {
      children: [
        { column: { width_ratio: 0.3, children: [{ toggle: { rich_text, children: [paragraph] } }] } },
        { column: { children: [paragraph] } },
      ],
    },
  },
  {
    table: {
      table_width: 2,
      has_column_header: true,
      has_row_header: false,
      children: [{ table_row: { cells: [rich_text, []] } }],
    },
  },
  { embed: { url } },
  { bookmark: { url, caption: rich_text } },
  { image: { type: "external", external: { url } } },
  { video: { external: { url } } },
  { pdf: { external: { url } } },
  { audio: { external: { url }, caption: rich_text } },
  { file: { external: { url } } },
];

describe("a block of every type", () => {
  it.each(written.map((block) => [Object.keys(block)[0] ?? "", block] as const))(
    "%s reads back as it was written, and as the SDK's types say",
    async (type, block) => {
      await using emulator = await startQuiet();
      const [made] = await append(emulator, home(emulator), [block]);
      const { children, ...content } = object(block[type]);
      expect(made).toMatchObject({ type, has_children: children !== undefined, [type]: content });
      const read = await call(emulator, `GET /v1/blocks/${text(made?.id)}`);
      const { request_id: _, ...answer } = read.body;
      expect(answer).toEqual(made);
      const schema = withoutRequired(readSchema("Block"), ["archived", "is_archived"]);
      // The schema knows no icon of paragraphs and no list numbers.
      expect(judge(answer, object(schema)).filter((line) => !/icon|list_/.test(line))).toEqual([]);
    },
  );

  it("link_to_page points at a page or a database by its dashed id", async () => {
    await using emulator = await startQuiet();
    const id = home(emulator);
    const [made] = await append(emulator, id, [{ link_to_page: { page_id: id.replaceAll("-", "") } }]);
    expect(made?.link_to_page).toEqual({ page_id: id, type: "page_id" });
  });

  it("file takes its name from its link unless it is given one", async () => {
    await using emulator = await startQuiet();
    const made = await append(emulator, home(emulator), [
      { file: { external: { url } } },
      { file: { external: { url }, name: "own.png" } },
    ]);
    expect(made.map((block) => at(block, "file.name"))).toEqual(["a.png", "own.png"]);
  });

  const recorded = [
    "audio",
    "bookmark",
    "callout_url",
    "code",
    "column_list",
    "embed",
    "equation",
    "file",
    "heading_4",
  ];
  const others = [
    "image",
    "pdf",
    "quote",
    "table",
    "table_of_contents",
    "template",
    "to_do",
    "toggle_heading_1",
    "video",
  ];

  it.each([...recorded, ...others])("%s answers as Notion did", async (name) => {
    const { body, answer, version } = readCall(
      `notion_ruby_mapping/interactions/append_block_children_page_${name}.json`,
    );
    await using emulator = await startQuiet();
    const made = await call(emulator, `PATCH /v1/blocks/${home(emulator)}/children`, { body, version });
    const contents = (results: JsonObject): JsonObject[] =>
      array(results.results).map((block) => {
        const type = text(object(block).type);
        return {
          type,
          has_children: object(block).has_children ?? null,
          content: object(block)[type] ?? null,
        };
      });
    expect(contents(made.body)).toEqual(contents(answer));
  });
});

describe("blocks that do not fit", () => {
  it.each<[JsonObject, RegExp]>([
    [{ nonsense: {} }, /body\.children\[0\]\.paragraph should be defined/],
    [{ paragraph: {} }, /paragraph\.rich_text should be defined/],
    [{ paragraph: { rich_text, nonsense: 1 } }, /paragraph\.nonsense should be not present/],
    [{ paragraph: { rich_text, color: "plaid" } }, /paragraph\.color should be/],
    [{ to_do: { rich_text, checked: "yes" } }, /to_do\.checked should be a boolean/],
    [{ code: { rich_text, language: "klingon" } }, /code\.language should be/],
    [{ equation: { expression: "x".repeat(1001) } }, /expression\.length should be ≤ `1000`/],
    [{ image: {} }, /image\.external should be defined/],
    [{ bookmark: {} }, /bookmark\.url should be defined/],
    [{ table: { table_width: 2 } }, /table\.children should be defined/],
    [{ table: { table_width: 2, children: [paragraph] } }, /children\[0\]\.paragraph should be not present/],
    [
      { table: { table_width: 2, children: [{ table_row: { cells: [[]] } }] } },
      /Number of cells in table row must match the table width/,
    ],
    [{ table_row: { cells: [] } }, /table_row should be not present/],
    [{ column: { children: [paragraph] } }, /column should be not present/],
    [{ column_list: { children: [{ column: { children: [paragraph] } }] } }, /length should be ≥ `2`/],
    [{ divider: { children: [paragraph] } }, /divider\.children should be not present/],
    [{ link_to_page: {} }, /link_to_page\.page_id should be defined/],
    [
      { synced_block: { synced_from: { block_id: "00000000-0000-4000-8000-000000000000" } } },
      /original synced block/,
    ],
  ])("%j are refused and nothing is made", async (block, message) => {
    await using emulator = await startQuiet();
    const id = home(emulator);
    expect(await refusal(emulator, id, [paragraph, block].toReversed())).toMatch(message);
    const listed = await call(emulator, `GET /v1/blocks/${id}/children`);
    expect(listed.body.results).toEqual([]);
  });

  it("are too many or too deep", async () => {
    await using emulator = await startQuiet();
    const id = home(emulator);
    const toggle = (children: JsonObject[]): JsonObject => ({ toggle: { rich_text, children } });
    expect(
      await refusal(
        emulator,
        id,
        Array.from({ length: 101 }, () => paragraph),
      ),
    ).toMatch(/should be ≤ `100`/);
    const hundred = Array.from({ length: 100 }, () => paragraph);
    expect(
      await refusal(
        emulator,
        id,
        Array.from({ length: 10 }, () => toggle(hundred)),
      ),
    ).toMatch(/1000/);
    expect(await refusal(emulator, id, [toggle([toggle([toggle([paragraph])])])])).toMatch(
      /children should be not present/,
    );
    expect(await append(emulator, id, [toggle([toggle([paragraph])])])).toHaveLength(1);
  });
});

describe("tables and synced blocks", () => {
  it("take further rows of their width only, and keep their width", async () => {
    await using emulator = await startQuiet();
    const [table] = await append(emulator, home(emulator), [
      { table: { table_width: 1, children: [{ table_row: { cells: [rich_text] } }] } },
    ]);
    const id = text(table?.id);
    expect(await refusal(emulator, id, [{ table_row: { cells: [[], []] } }])).toMatch(/table width/);
    expect(await refusal(emulator, id, [paragraph])).toMatch(/paragraph should be not present/);
    const [row] = await append(emulator, id, [{ table_row: { cells: [[]] } }]);
    const change = (block: string, body: JsonObject) => call(emulator, `PATCH /v1/blocks/${block}`, { body });
    expect((await change(text(row?.id), { table_row: { cells: [[], []] } })).status).toBe(400);
    expect((await change(id, { table: { table_width: 3 } })).status).toBe(400);
    expect((await change(id, { table: { has_column_header: true } })).body).toMatchObject({
      table: { table_width: 1, has_column_header: true },
    });
  });

  it("show in a copy what stands in the original", async () => {
    await using emulator = await startQuiet();
    const pageId = home(emulator);
    const [original] = await append(emulator, pageId, [
      { synced_block: { synced_from: null, children: [paragraph] } },
    ]);
    const block_id = text(original?.id);
    const [copy] = await append(emulator, pageId, [{ synced_block: { synced_from: { block_id } } }]);
    expect(copy).toMatchObject({
      has_children: true,
      synced_block: { synced_from: { type: "block_id", block_id } },
    });
    await append(emulator, block_id, [{ divider: {} }]);
    const listed = await call(emulator, `GET /v1/blocks/${text(copy?.id)}/children`);
    expect(array(listed.body.results).map((block) => object(block).type)).toEqual(["paragraph", "divider"]);
    expect(await refusal(emulator, text(copy?.id), [paragraph])).toMatch(/does not support children/);
  });
});

describe("a heading", () => {
  it("with something in it can be folded, one that cannot takes nothing in", async () => {
    await using emulator = await startQuiet();
    const [full, bare] = await append(emulator, home(emulator), [
      { heading_1: { rich_text, children: [paragraph] } },
      { heading_1: { rich_text } },
    ]);
    expect([at(full, "heading_1.is_toggleable"), at(bare, "heading_1.is_toggleable")]).toEqual([true, false]);
    expect(await refusal(emulator, text(bare?.id), [paragraph])).toMatch(/does not support children/);
  });
});

describe("an edit of a block", () => {
  it("puts one file in the place of another", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const [image] = await append(emulator, home(emulator), [
      { image: { external: { url }, caption: rich_text } },
    ]);
    const upload = await notion.fileUploads.create({ filename: "b.png" });
    const data = new Blob(["bytes"], { type: "image/png" });
    await notion.fileUploads.send({ file_upload_id: upload.id, file: { filename: "b.png", data } });
    const changed = await call(emulator, `PATCH /v1/blocks/${text(image?.id)}`, {
      body: { image: { file_upload: { id: upload.id } } },
    });
    expect(changed.body.image).toMatchObject({ type: "file", caption: [{ plain_text: "text" }] });
    expect(changed.body.image).not.toHaveProperty("external");
  });

  it("cannot change its type or what is inside", async () => {
    await using emulator = await startQuiet();
    const [block] = await append(emulator, home(emulator), [paragraph]);
    const change = async (body: JsonObject) =>
      (await call(emulator, `PATCH /v1/blocks/${text(block?.id)}`, { body })).body.message;
    expect(await change({ quote: { rich_text } })).toMatch(/Cannot change the type/);
    expect(await change({ paragraph: { children: [paragraph] } })).toMatch(/children should be not present/);
    expect(await change({ type: "paragraph" })).toMatch(/body\.paragraph should be defined/);
  });
});

describe("meeting notes", () => {
  it("are made from an upload, and go by their old name before 2026-03-11", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const pageId = home(emulator);
    const upload = await notion.fileUploads.create({ filename: "talk.mp3" });
    const data = new Blob(["sound"], { type: "audio/mpeg" });
    await notion.fileUploads.send({ file_upload_id: upload.id, file: { filename: "talk.mp3", data } });
    const made = await notion.blocks.meetingNotes.create({
      title: "Weekly",
      source: { type: "file_upload", file_upload_id: upload.id },
      parent: { type: "page_id", page_id: pageId },
    });
    expect(made).toMatchObject({
      type: "meeting_notes",
      meeting_notes: { title: [{ plain_text: "Weekly" }], status: "transcription_not_started" },
    });
    const old = await call(emulator, `GET /v1/blocks/${made.id}`, { version: "2025-09-03" });
    expect(old.body).toMatchObject({
      type: "transcription",
      transcription: { title: [{ plain_text: "Weekly" }] },
    });
  });

  it("stand after the audio block they are made from", async () => {
    await using emulator = await startQuiet();
    const pageId = home(emulator);
    const [audio] = await append(emulator, pageId, [{ audio: { external: { url } } }, paragraph]);
    await call(emulator, "POST /v1/blocks/meeting_notes", {
      body: { source: { type: "block", block_id: audio?.id ?? null } },
    });
    const listed = await call(emulator, `GET /v1/blocks/${pageId}/children`);
    const types = array(listed.body.results).map((block) => object(block).type);
    expect(types).toEqual(["audio", "meeting_notes", "paragraph"]);
  });
});
