import { describe, expect, it } from "vitest";
import { useBrowser } from "../../support/browser.ts";
import { client, type JsonObject } from "../harness.ts";
import { eventually, isGone, isThere, named, openBoard, read, type } from "./board.ts";

const open = useBrowser();

interface Edit {
  readonly column: string;
  readonly isTyped: string;
  readonly isRead: JsonObject;
  /** As the page shows it then; default: as it was typed. */
  readonly isShown?: string;
}

const typedEdits: readonly Edit[] = [
  {
    column: "Notes",
    isTyped: "two <b>words</b>",
    isRead: { rich_text: [{ plain_text: "two <b>words</b>" }] },
  },
  { column: "Count", isTyped: "12.50", isRead: { number: 12.5 }, isShown: "12.5" },
  { column: "Price", isTyped: "-3", isRead: { number: -3 } },
  {
    column: "Due",
    isTyped: "2026-01-02/2026-01-03",
    isRead: { date: { start: "2026-01-02", end: "2026-01-03" } },
    isShown: "2026-01-02 / 2026-01-03",
  },
  { column: "Until", isTyped: "2026-02-01", isRead: { date: { start: "2026-02-01", end: null } } },
  { column: "Link", isTyped: "example.com/a?b=c", isRead: { url: "example.com/a?b=c" } },
  { column: "Mail", isTyped: "a@example.com", isRead: { email: "a@example.com" } },
  { column: "Phone", isTyped: "+49 30 1", isRead: { phone_number: "+49 30 1" } },
  {
    column: "Files",
    isTyped: "https://example.com/a.png, https://example.com/b.png",
    isRead: {
      files: [
        { external: { url: "https://example.com/a.png" } },
        { external: { url: "https://example.com/b.png" } },
      ],
    },
  },
];

describe("rows, by a person in a browser", () => {
  it("types values of each type, and empties them again", async () => {
    await using world = await openBoard(open);
    const { page, row, grace } = world;
    for (const { column, isTyped, isShown = isTyped } of typedEdits) {
      await type(page, `${column} of Alpha`, isTyped);
      await eventually(() => named(page, "textbox", `${column} of Alpha`).textContent()).toBe(isShown);
    }
    await type(page, "Name of Alpha", "Gamma");
    await isThere(named(page, "textbox", "Name of Gamma"));
    const written = await read(world, row);
    expect(written).toMatchObject({
      last_edited_by: { id: grace },
      properties: {
        Name: { title: [{ plain_text: "Gamma" }] },
        ...Object.fromEntries(typedEdits.map(({ column, isRead }) => [column, isRead])),
      },
    });
    await isThere(page.locator("tr", { hasText: "Gamma" }).getByText("Grace"));
    for (const column of ["Notes", "Count", "Due", "Link", "Files"]) {
      await type(page, `${column} of Gamma`, "");
      await eventually(() => named(page, "textbox", `${column} of Gamma`).textContent()).toBe("");
    }
    expect((await read(world, row)).properties).toMatchObject({
      Notes: { rich_text: [] },
      Count: { number: null },
      Due: { date: null },
      Link: { url: null },
      Files: { files: [] },
    });
  });

  it("picks values: one, several, yes or no", async () => {
    await using world = await openBoard(open);
    const { page, row, grace } = world;
    await named(page, "combobox", "State of Alpha").selectOption("Shut");
    await named(page, "combobox", "Stage of Alpha").selectOption("In progress");
    await named(page, "checkbox", "Done of Alpha").check();
    await named(page, "checkbox", "Paid of Alpha").check();
    await named(page, "button", "Tags of Alpha: none").click();
    await named(page, "checkbox", "green").check();
    await page.getByLabel("A new option").fill("blue");
    await named(page, "button", "Save").click();
    await isThere(named(page, "button", "Tags of Alpha: green, blue"));
    await named(page, "button", "Owner of Alpha: none").click();
    await named(page, "checkbox", "Grace").check();
    await named(page, "button", "Save").click();
    await isThere(named(page, "button", "Owner of Alpha: Grace"));
    expect(await read(world, row)).toMatchObject({
      last_edited_by: { id: grace },
      properties: {
        State: { select: { name: "Shut" } },
        Stage: { status: { name: "In progress" } },
        Done: { checkbox: true },
        Paid: { checkbox: true },
        Tags: { multi_select: [{ name: "green" }, { name: "blue" }] },
        Owner: { people: [{ id: grace }] },
      },
    });
    await named(page, "combobox", "State of Alpha").selectOption("");
    await named(page, "checkbox", "Done of Alpha").uncheck();
    await named(page, "button", "Tags of Alpha: green, blue").click();
    await named(page, "checkbox", "green").uncheck();
    await named(page, "button", "Save").click();
    await isThere(named(page, "button", "Tags of Alpha: blue"));
    expect((await read(world, row)).properties).toMatchObject({
      State: { select: null },
      Done: { checkbox: false },
      Tags: { multi_select: [{ name: "blue" }] },
    });
  });

  it("relates rows by their titles", async () => {
    await using world = await openBoard(open);
    const { page, row, other } = world;
    await named(page, "button", "+ New property").click();
    await page.getByLabel("Name", { exact: true }).fill("Next");
    await page.getByLabel("Type").selectOption({ label: "Relation to Board" });
    await named(page, "button", "Add").click();
    await named(page, "button", "Next of Alpha: none").click();
    await named(page, "checkbox", "Beta").check();
    await named(page, "button", "Save").click();
    await isThere(named(page, "button", "Next of Alpha: Beta"));
    expect((await read(world, row)).properties).toMatchObject({ Next: { relation: [{ id: other }] } });
  });

  it("adds a row, and trashes, restores and deletes one for good", async () => {
    await using world = await openBoard(open);
    const { emulator, page, row, grace, dataSourceId } = world;
    await named(page, "button", "New row").click();
    await eventually(() => page.locator(":focus").getAttribute("aria-label")).toBe("Name of Untitled");
    const { results } = await client(emulator).dataSources.query({ data_source_id: dataSourceId });
    expect(results).toHaveLength(3);
    expect(results).toContainEqual(
      expect.objectContaining({ created_by: expect.objectContaining({ id: grace }) }),
    );
    await named(page, "button", "Trash: Alpha").click();
    await isThere(page.getByText("in trash"));
    expect(await read(world, row)).toMatchObject({ in_trash: true, last_edited_by: { id: grace } });
    expect(await named(page, "textbox", "Name of Alpha").isDisabled()).toBe(true);
    await named(page, "button", "Restore: Alpha").click();
    await isGone(page.getByText("in trash"));
    expect(await read(world, row)).toMatchObject({ in_trash: false });
    await named(page, "button", "Delete for good: Alpha").click();
    await named(page, "button", "Cancel").click();
    expect(await read(world, row)).toMatchObject({ in_trash: false });
    await named(page, "button", "Delete for good: Alpha").click();
    await named(page, "button", "Delete for good").click();
    await isThere(page.getByText("deleted for good", { exact: true }));
    await expect(read(world, row)).rejects.toMatchObject({ code: "object_not_found" });
  });

  it("unshares and shares a row and a database", async () => {
    await using world = await openBoard(open);
    const { emulator, page, row, databaseId } = world;
    await named(page, "button", "Unshare: Alpha").click();
    await isThere(page.getByText("not shared"));
    await expect(read(world, row)).rejects.toMatchObject({ code: "object_not_found" });
    await named(page, "button", "Share: Alpha").click();
    await isGone(page.getByText("not shared"));
    expect(await read(world, row)).toMatchObject({ id: row });
    const database = () => client(emulator).databases.retrieve({ database_id: databaseId });
    await named(page, "button", "Unshare database").click();
    await isThere(named(page, "button", "Share database"));
    await expect(database()).rejects.toMatchObject({ code: "object_not_found" });
    await named(page, "button", "Share database").click();
    await isThere(named(page, "button", "Unshare database"));
    expect(await database()).toMatchObject({ id: databaseId });
  });
});
