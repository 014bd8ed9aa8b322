import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/index.ts";
import {
  array,
  at,
  call,
  client,
  createBoard,
  type JsonObject,
  object,
  startQuiet,
  text,
  title,
} from "./harness.ts";

interface Written {
  readonly pageId: string;
  readonly notion: ReturnType<typeof client>;
}

async function startPage(emulator: Emulator, markdown = ""): Promise<Written> {
  const notion = client(emulator);
  const parent = emulator.workspace.createPage({ properties: { title: title("Home") } });
  const properties = { title: { title: [{ text: { content: "Page" } }] } };
  const made = await notion.pages.create({ parent: { page_id: parent }, properties, markdown });
  return { pageId: made.id, notion };
}

async function blocksOf(emulator: Emulator, id: string): Promise<JsonObject[]> {
  return array((await call(emulator, `GET /v1/blocks/${id}/children`)).body.results).map(object);
}

const sample = `# Plan {color="blue"}
Some **bold**, *italic*, ~~gone~~, \`code\`, [a link](https://example.com) and $\`x^2\`$
- [ ] open
- [x] done {color="green_bg"}
- item
\t- nested
\t\tdeeper
1. one
2. two
> quoted<br>second line
<details color="red">
<summary>Fold</summary>
\tinside
</details>
## Heading {toggle="true"}
\tunder it
<callout icon="🎯" color="blue_bg">
\tShip it
\t- soon
</callout>
\`\`\`javascript
const a = 1;
\tconst b = \\* 2;
\`\`\`
$$
e = mc^2
$$
<table header-row="true">
\t<tr>
\t\t<td>**Name**</td>
\t\t<td>Age</td>
\t</tr>
\t<tr>
\t\t<td>Ada</td>
\t\t<td>36</td>
\t</tr>
</table>
<columns>
\t<column>
\t\tleft
\t</column>
\t<column>
\t\tright
\t</column>
</columns>
![A picture](https://example.com/a.png)
<video src="https://example.com/a.mp4">A film</video>
---
<table_of_contents/>
<empty-block/>
Escaped \\*stars\\* and \\<tags\\>
<span underline="true" color="red">under</span> <mention-date start="2026-01-02"/>`;

describe("Markdown", () => {
  it("written to a page reads back the same in its normal form", async () => {
    await using emulator = await startQuiet();
    const { pageId, notion } = await startPage(emulator, sample);
    const read = await notion.pages.retrieveMarkdown({ page_id: pageId });
    expect(read.markdown).toBe(sample);
    expect(read).toMatchObject({
      object: "page_markdown",
      id: pageId,
      truncated: false,
      unknown_block_ids: [],
    });
  });

  it("becomes the blocks it spells", async () => {
    await using emulator = await startQuiet();
    const { pageId } = await startPage(emulator, sample);
    const blocks = await blocksOf(emulator, pageId);
    expect(blocks.map(({ type }) => type)).toEqual([
      "heading_1",
      "paragraph",
      "to_do",
      "to_do",
      "bulleted_list_item",
      "numbered_list_item",
      "numbered_list_item",
      "quote",
      "toggle",
      "heading_2",
      "callout",
      "code",
      "equation",
      "table",
      "column_list",
      "image",
      "video",
      "divider",
      "table_of_contents",
      "paragraph",
      "paragraph",
      "paragraph",
    ]);
    expect(blocks[0]).toMatchObject({ heading_1: { color: "blue", is_toggleable: false } });
    expect(blocks[3]).toMatchObject({ to_do: { checked: true, color: "green_background" } });
    expect(blocks[7]).toMatchObject({ quote: { rich_text: [{ plain_text: "quoted\nsecond line" }] } });
    expect(blocks[9]).toMatchObject({ heading_2: { is_toggleable: true }, has_children: true });
    expect(blocks[10]).toMatchObject({
      callout: { icon: { type: "emoji", emoji: "🎯" } },
      has_children: true,
    });
    expect(at(blocks[11], "code.rich_text.0.plain_text")).toBe("const a = 1;\n\tconst b = \\* 2;");
    expect(blocks[13]).toMatchObject({ table: { table_width: 2, has_column_header: true } });
    const rows = await blocksOf(emulator, text(blocks[13]?.id));
    expect(at(rows[0], "table_row.cells.0.0.annotations.bold")).toBe(true);
  });

  it.each([
    ["#### h4\n##### h5", "#### h4\n#### h5"],
    ["a\n\n\nb", "a\nb"],
    ["* star\n+ plus", "- star\n- plus"],
    ["3. three\n7. seven", "1. three\n2. seven"],
    ["| a | b |\n|---|---|\n| 1 | 2 |", undefined],
    ["__bold__ _italic_ snake_case_name", "**bold** *italic* snake_case_name"],
    ["2 * 3 * 4", "2 \\* 3 \\* 4"],
    ["`` a`b ``", "``a`b``"],
    ["`` `b` ``", "`` `b` ``"],
    ["***", "---"],
    ["- outer\n  - inner", "- outer\n\t- inner"],
    ["```\nplain\n```", "```plain text\nplain\n```"],
    ["see https://example.com/x.", "see [https://example.com/x](https://example.com/x)."],
    ["\\# no heading", "\\# no heading"],
    ["<callout>\ntext\n</callout>", "<callout>\n\ttext\n</callout>"],
  ])("%j is normalised once and then stays", async (written, expected) => {
    await using emulator = await startQuiet();
    const { pageId, notion } = await startPage(emulator, written);
    const { markdown } = await notion.pages.retrieveMarkdown({ page_id: pageId });
    if (expected !== undefined) expect(markdown).toBe(expected);
    const again = await startPage(emulator, markdown);
    expect((await notion.pages.retrieveMarkdown({ page_id: again.pageId })).markdown).toBe(markdown);
  });

  it("gives a page its title from the heading it starts with, when it has none", async () => {
    await using emulator = await startQuiet();
    const { dataSourceId } = createBoard(emulator, { Name: { title: {} } });
    const made = await call(emulator, "POST /v1/pages", {
      body: {
        parent: { data_source_id: dataSourceId },
        markdown: "# New page with markdown\n## Paragraph 2\n- [ ] To Do\n",
      },
    });
    expect(at(made.body, "properties.Name.title.0.plain_text")).toBe("New page with markdown");
    const read = await call(emulator, `GET /v1/pages/${text(made.body.id)}/markdown`);
    expect(read.body.markdown).toBe("## Paragraph 2\n- [ ] To Do");
  });

  it("names what it cannot spell, and keeps it when the rest is replaced", async () => {
    await using emulator = await startQuiet();
    const { pageId, notion } = await startPage(emulator, "first");
    const { results } = await notion.blocks.children.append({
      block_id: pageId,
      children: [{ bookmark: { url: "https://example.com" } }],
    });
    const bookmark = text(results[0]?.id);
    const read = await notion.pages.retrieveMarkdown({ page_id: pageId });
    expect(read.unknown_block_ids).toEqual([bookmark]);
    const line = read.markdown.split("\n")[1] ?? "";
    expect(line).toContain('alt="bookmark"');
    await notion.pages.updateMarkdown({
      page_id: pageId,
      type: "replace_content",
      replace_content: { new_str: `other\n${line}` },
    });
    expect((await blocksOf(emulator, pageId)).map(({ id, type }) => [type, id])[1]).toEqual([
      "bookmark",
      bookmark,
    ]);
  });

  it("is cut off after 20,000 blocks", async () => {
    await using emulator = await startQuiet();
    const { pageId } = await startPage(emulator, "a\n".repeat(20_001));
    const { body } = await call(emulator, `GET /v1/pages/${pageId}/markdown`);
    expect(body.truncated).toBe(true);
    expect(array(body.unknown_block_ids)).toHaveLength(1);
    const rest = await call(emulator, `GET /v1/pages/${text(array(body.unknown_block_ids)[0])}/markdown`);
    expect(rest.body).toMatchObject({ markdown: "", truncated: false });
  });

  it("full of unclosed marks is read in good time", async () => {
    await using emulator = await startQuiet();
    for (const piece of ["*a", "`", "[", "<span>", "<callout>\n", "> ", "\t- a\n", "$x", "{", "|"]) {
      const markdown = piece.repeat(20_000);
      const started = performance.now();
      const { pageId } = await startPage(emulator, markdown);
      expect(pageId).toBeTypeOf("string");
      expect(performance.now() - started, piece).toBeLessThan(3000);
    }
  });
});

describe("an edit of Markdown", () => {
  const start = "## Paragraph 2\n- [ ] To Do\n- [x] Checked To Do";

  it("inserts at the end, at the start, and after a selection", async () => {
    await using emulator = await startQuiet();
    const { pageId, notion } = await startPage(emulator, start);
    const insert = async (insert_content: {
      content: string;
      after?: string;
      position?: { type: "start" };
    }) =>
      (await notion.pages.updateMarkdown({ page_id: pageId, type: "insert_content", insert_content }))
        .markdown;
    expect(await insert({ content: "- Added new item in page bottom\n" })).toBe(
      `${start}\n- Added new item in page bottom`,
    );
    expect(await insert({ content: "1. Added numbered item\n", after: "- [ ] To Do\n" })).toBe(
      "## Paragraph 2\n- [ ] To Do\n1. Added numbered item\n- [x] Checked To Do\n- Added new item in page bottom",
    );
    expect(await insert({ content: "top", position: { type: "start" } })).toMatch(/^top\n## Paragraph 2\n/);
    await expect(insert({ content: "x", after: "nowhere" })).rejects.toMatchObject({
      code: "validation_error",
    });
  });

  it("replaces a range given by its start and end", async () => {
    await using emulator = await startQuiet();
    const { pageId, notion } = await startPage(emulator, "one\ntwo\nthree\nfour");
    const { markdown } = await notion.pages.updateMarkdown({
      page_id: pageId,
      type: "replace_content_range",
      replace_content_range: { content: "2\n3", content_range: "two...three" },
    });
    expect(markdown).toBe("one\n2\n3\nfour");
  });

  it("replaces exact texts, all or nothing", async () => {
    await using emulator = await startQuiet();
    const { pageId, notion } = await startPage(emulator, "red\nred\nblue");
    const update = (
      ...content_updates: { old_str: string; new_str: string; replace_all_matches?: boolean }[]
    ) =>
      notion.pages.updateMarkdown({
        page_id: pageId,
        type: "update_content",
        update_content: { content_updates },
      });
    await expect(
      update({ old_str: "blue", new_str: "navy" }, { old_str: "green", new_str: "x" }),
    ).rejects.toThrow(/Could not find old_str/);
    await expect(update({ old_str: "red", new_str: "pink" })).rejects.toThrow(/matches 2 locations/);
    expect((await notion.pages.retrieveMarkdown({ page_id: pageId })).markdown).toBe("red\nred\nblue");
    const { markdown } = await update(
      { old_str: "red", new_str: "pink", replace_all_matches: true },
      { old_str: "pink\nblue", new_str: "navy" },
    );
    expect(markdown).toBe("pink\nnavy");
  });

  it("keeps the ids of blocks that stay, and of one that is only changed", async () => {
    await using emulator = await startQuiet();
    const { pageId, notion } = await startPage(emulator, "a\nb\nc\n- d\n\te");
    const before = await blocksOf(emulator, pageId);
    await notion.pages.updateMarkdown({
      page_id: pageId,
      type: "replace_content",
      replace_content: { new_str: "a\nbee\nnew\nc\n- d\n\te2" },
    });
    const after = await blocksOf(emulator, pageId);
    const ids = before.map(({ id }) => id);
    expect(after.map(({ id }) => id)).toEqual([ids[0], ids[1], expect.any(String), ids[2], ids[3]]);
    expect(ids).not.toContain(after[2]?.id);
  });

  it("loses child pages only when that is allowed, and then into the trash", async () => {
    await using emulator = await startQuiet();
    const { pageId, notion } = await startPage(emulator, "text");
    const child = await notion.pages.create({
      parent: { page_id: pageId },
      properties: { title: { title: [{ text: { content: "Child" } }] } },
    });
    const { markdown } = await notion.pages.retrieveMarkdown({ page_id: pageId });
    expect(markdown).toBe(
      `text\n<page url="https://app.notion.com/p/${child.id.replaceAll("-", "")}">Child</page>`,
    );
    const replace = (new_str: string, allow_deleting_content = false) =>
      notion.pages.updateMarkdown({
        page_id: pageId,
        type: "replace_content",
        replace_content: { new_str, allow_deleting_content },
      });
    await expect(replace("other")).rejects.toThrow(/Child/);
    const line = markdown.split("\n")[1] ?? "";
    await replace(`${line}\n<details>\n<summary>moved</summary>\n</details>`);
    expect(await notion.pages.retrieve({ page_id: child.id })).toMatchObject({ in_trash: false });
    await replace("other", true);
    expect(await notion.pages.retrieve({ page_id: child.id })).toMatchObject({ in_trash: true });
  });

  it("mentions a page that lies elsewhere, and does not move it", async () => {
    await using emulator = await startQuiet();
    const { pageId, notion } = await startPage(emulator, "");
    const other = emulator.workspace.createPage({ properties: { title: title("Other") } });
    const url = `https://app.notion.com/p/${other.replaceAll("-", "")}`;
    const { markdown } = await notion.pages.updateMarkdown({
      page_id: pageId,
      type: "replace_content",
      replace_content: { new_str: `<page url="${url}">Other</page>` },
    });
    expect(markdown).toBe(`<mention-page url="${url}">Other</mention-page>`);
    expect(await notion.pages.retrieve({ page_id: other })).toMatchObject({ parent: { type: "workspace" } });
  });

  it.each([
    [{ type: "insert_content" }, /body\.insert_content should be/],
    [{ type: "other" }, /body\.type should be/],
    [
      { type: "replace_content", replace_content: { new_str: 5 } },
      /body\.replace_content\.new_str should be a string/,
    ],
    [
      { type: "insert_content", insert_content: { content: "a", after: "b", position: { type: "end" } } },
      /body\.insert_content\.position should be not present/,
    ],
  ])("%j is refused", async (body, message) => {
    await using emulator = await startQuiet();
    const { pageId } = await startPage(emulator, "b");
    const answer = await call(emulator, `PATCH /v1/pages/${pageId}/markdown`, { body });
    expect(answer).toMatchObject({ status: 400, body: { code: "validation_error" } });
    expect(answer.body.message).toMatch(message);
  });

  it("needs a page: databases and trashed pages are refused", async () => {
    await using emulator = await startQuiet();
    const { databaseId } = createBoard(emulator, { Name: { title: {} } });
    const body = { type: "replace_content", replace_content: { new_str: "x" } };
    const database = await call(emulator, `PATCH /v1/pages/${databaseId}/markdown`, { body });
    expect(database).toMatchObject({ status: 400, body: { code: "validation_error" } });
    const { pageId } = await startPage(emulator, "b");
    emulator.workspace.trashPage(pageId);
    const trashed = await call(emulator, `PATCH /v1/pages/${pageId}/markdown`, { body });
    expect(trashed.body.message).toMatch(/archived/);
  });
});
