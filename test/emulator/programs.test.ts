import { createNotionBuilder, quickPages, createPage as sendPage } from "notion-helper";
import { NotionToMarkdown } from "notion-to-md";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/index.ts";
import { call, client, createBoard, type JsonObject, object, startQuiet, text } from "./harness.ts";

/**
 * Two programs by others that work on Notion through a client they are given: notion-helper builds pages and splits what
 * is too large for one request, notion-to-md reads pages and everything in them. Here the one reads what the other wrote.
 */
const columns = {
  Name: { title: {} },
  Due: { date: {} },
  Stage: { status: {} },
  Labels: { multi_select: {} },
  Points: { number: {} },
};

/** The steps of notion-helper's builder that are used here; its own types say nothing about them. */
interface Builder {
  parentDataSource(id: string): Builder;
  title(column: string, value: string): Builder;
  date(column: string, value: string): Builder;
  status(column: string, value: string): Builder;
  multiSelect(column: string, values: readonly string[]): Builder;
  number(column: string, value: number): Builder;
  heading1(text: string): Builder;
  paragraph(text: string): Builder;
  startParent(type: string, text: string): Builder;
  endParent(): Builder;
  bullet(text: string): Builder;
  numberedListItem(text: string): Builder;
  toDo(block: { readonly rich_text: string; readonly checked: boolean }): Builder;
  code(block: { readonly rich_text: string; readonly language: string }): Builder;
  divider(): Builder;
  build(): { readonly content: JsonObject };
}

function isBuilder(value: object): value is Builder {
  return "parentDataSource" in value && "build" in value;
}

/** More blocks than one request takes, and lists three levels deep, which is one more than a request may nest. */
function buildReport(dataSourceId: string): JsonObject {
  const builder = createNotionBuilder({ limitChildren: false });
  if (!isBuilder(builder)) throw new TypeError("notion-helper gave no builder");
  let page = builder
    .parentDataSource(dataSourceId)
    .title("Name", "Report")
    .date("Due", "2026-11-30")
    .status("Stage", "In progress")
    .multiSelect("Labels", ["red", "green"])
    .number("Points", 7)
    .heading1("Findings")
    .paragraph("All is **well**.")
    .startParent("bulleted_list_item", "outer")
    .startParent("bulleted_list_item", "middle")
    .bullet("inner")
    .endParent()
    .endParent()
    .toDo({ rich_text: "done thing", checked: true })
    .code({ rich_text: "1 + 1", language: "javascript" })
    .divider();
  for (let index = 0; index < 230; index++) page = page.numberedListItem(`item ${index}`);
  return page.build().content;
}

/** Hands a page to notion-helper, which makes it in as many requests as it takes, and gives its id. */
async function send(emulator: Emulator, page: object): Promise<string> {
  // A copy, for it takes the page apart.
  const answer = await sendPage({ data: JSON.parse(JSON.stringify(page)), client: client(emulator) });
  return text(object(JSON.parse(JSON.stringify(answer)).apiResponse).id);
}

describe("notion-helper and notion-to-md", () => {
  it("write a page of 240 blocks in several requests, and read it back as the Markdown it stands for", async () => {
    await using emulator = await startQuiet();
    const { dataSourceId } = createBoard(emulator, columns);
    const id = await send(emulator, buildReport(dataSourceId));
    const page = await call(emulator, `GET /v1/pages/${id}`);
    expect(page.body.properties).toMatchObject({
      Due: { date: { start: "2026-11-30" } },
      Stage: { status: { name: "In progress" } },
      Labels: { multi_select: [{ name: "red" }, { name: "green" }] },
      Points: { number: 7 },
    });
    const reader = new NotionToMarkdown({ notionClient: client(emulator) });
    const { parent: markdown } = reader.toMarkdownString(await reader.pageToMarkdown(id));
    const lines = String(markdown)
      .split("\n")
      .filter((line) => line.trim() !== "");
    expect(lines.slice(0, 10)).toEqual([
      "# Findings",
      "All is **well**.",
      "- outer",
      "    - middle",
      "        - inner",
      "- [x] done thing",
      "```javascript",
      "1 + 1",
      "```",
      "---",
    ]);
    expect(lines.slice(10)).toEqual(Array.from({ length: 230 }, (_, index) => `${index + 1}. item ${index}`));
    expect(emulator.calls.byRoute["PATCH /blocks/{block_id}/children"]).toBeGreaterThan(1);
  });

  it("make one row of each plain record, with its values under the columns' types", async () => {
    await using emulator = await startQuiet();
    const { dataSourceId } = createBoard(emulator, columns);
    const records = [
      { name: "first", points: 1 },
      { name: "second", points: 2 },
    ];
    const pages = quickPages({
      parent: dataSourceId,
      parent_type: "data_source_id",
      pages: records,
      schema: { name: ["Name", "title"], points: ["Points", "number"] },
      childrenFn: (record: { readonly name: string }) => [`About ${record.name}`],
    });
    for (const page of pages) await send(emulator, page);
    const rows = emulator.workspace.rows(dataSourceId).map(({ properties }) => properties.Points);
    expect(rows.toSorted()).toEqual([1, 2]);
  });
});
