import { describe, expect, it } from "vitest";
import { faintTexts, useBrowser } from "../../support/browser.ts";
import { startQuiet, title } from "../harness.ts";
import { eventually, isThere, named, narrow, openBoard, read, type, wide } from "./board.ts";

const open = useBrowser();

describe("the page in a browser", () => {
  it("asks nobody but the emulator, and breaks none of its own rules", async () => {
    await using world = await openBoard(open);
    await type(world.page, "Count of Alpha", "1");
    await eventually(() => named(world.page, "textbox", "Count of Alpha").textContent()).toBe("1");
    expect(world.requests.length).toBeGreaterThan(5);
    expect(world.requests.filter((url) => !url.startsWith(`${world.emulator.url}/`))).toEqual([]);
    expect(world.problems).toEqual([]);
  });

  it("shows markup in names and values as text", async () => {
    await using world = await openBoard(open);
    const { emulator, page, row } = world;
    const nasty = "<img src=x onerror=alert(1)>";
    const alerts: string[] = [];
    page.on("dialog", (dialog) => {
      alerts.push(dialog.message());
      return dialog.dismiss();
    });
    await type(page, "Name of Alpha", nasty);
    await isThere(named(page, "textbox", `Name of ${nasty}`));
    emulator.workspace.renameProperty(world.dataSourceId, "Count", nasty);
    emulator.workspace.addOption(world.dataSourceId, "State", { name: nasty });
    emulator.workspace.addPerson({ name: nasty });
    emulator.workspace.createDatabase({ title: nasty });
    await page.reload();
    await isThere(named(page, "button", new RegExp(`^${nasty.replace(/[()]/g, "\\$&")} number`)));
    await named(page, "button", `Delete for good: ${nasty}`).click();
    await isThere(page.getByRole("heading", { name: `Delete ${nasty} for good?` }));
    expect(await read(world, row)).toMatchObject({
      properties: { Name: { title: [{ plain_text: nasty }] } },
    });
    expect(await page.locator("img").count()).toBe(0);
    expect(alerts).toEqual([]);
    expect(world.problems).toEqual([]);
  });

  it("says what was refused, marks it, and changes nothing", async () => {
    await using world = await openBoard(open);
    const { page, row } = world;
    await type(page, "Count of Alpha", "7");
    await eventually(() => named(page, "textbox", "Count of Alpha").textContent()).toBe("7");
    const { properties } = await read(world, row);
    for (const [column, wrong, reason] of [
      ["Count", "twelve", "“twelve” is not a number"],
      ["Price", "1e999", "“1e999” is not a number"],
      ["Due", "next week", "date"],
    ] as const) {
      const cell = named(page, "textbox", `${column} of Alpha`);
      await type(page, `${column} of Alpha`, wrong);
      await eventually(() => page.getByRole("status").textContent()).toContain(reason);
      await eventually(() => cell.getAttribute("aria-invalid")).toBe("true");
      expect(await cell.inputValue()).toBe(wrong);
      await cell.press("Escape");
    }
    expect(await named(page, "textbox", "Count of Alpha").inputValue()).toBe("7");
    expect(await read(world, row)).toMatchObject({ properties });
    await named(page, "button", /^Count/).click();
    await type(page, "Name", "Price");
    await eventually(() => page.getByRole("alert").textContent()).toContain("exists");
  });

  it("is worked by keyboard alone", async () => {
    await using world = await openBoard(open);
    const { page, row, other } = world;
    const { keyboard } = page;
    await named(page, "button", /^Board/).focus();
    const label = () => page.evaluate<string | null>("document.activeElement.getAttribute('aria-label')");
    const tabTo = async (wanted: string) => {
      for (let count = 0; count < 60 && (await label()) !== wanted; count++) await keyboard.press("Tab");
      expect(await label()).toBe(wanted);
    };
    await tabTo("Notes of Alpha");
    await keyboard.type("first");
    await keyboard.press("Shift+Enter");
    await keyboard.type("second");
    // What is typed next while the page loads anew is not lost.
    await keyboard.press("Tab");
    await keyboard.type("42");
    await keyboard.press("Enter");
    await keyboard.press("Tab");
    await keyboard.press("Shift+Tab");
    await eventually(() => named(page, "textbox", "Count of Alpha").textContent()).toBe("42");
    expect(await label()).toBe("Count of Alpha");
    await keyboard.type("3");
    await keyboard.press("Escape");
    await tabTo("State of Alpha");
    await keyboard.press("ArrowDown");
    await eventually(async () => (await read(world, row)).properties.State).toMatchObject({
      select: { name: "Open" },
    });
    await tabTo("Tags of Alpha: none");
    await keyboard.press("Enter");
    await keyboard.press("Space");
    await keyboard.press("Enter");
    await eventually(label).toBe("Tags of Alpha: red");
    await tabTo("Done of Alpha");
    await keyboard.press("Space");
    await tabTo("Trash: Alpha");
    await keyboard.press("Enter");
    await eventually(label).toBe("Restore: Alpha");
    expect(await read(world, row)).toMatchObject({
      in_trash: true,
      properties: {
        Notes: { rich_text: [{ plain_text: "first\nsecond" }] },
        Count: { number: 42 },
        Tags: { multi_select: [{ name: "red" }] },
        Done: { checkbox: true },
      },
    });
    expect(world.requests.filter((url) => url.endsWith("/_emulator/person"))).toHaveLength(6);
    expect(await read(world, other)).toMatchObject({ properties: { Notes: { rich_text: [] } } });
  });

  it("shows a hundred rows at a time", async () => {
    await using world = await openBoard(open);
    const { emulator, page, dataSourceId } = world;
    emulator.workspace.addRows(dataSourceId, 100, (index) => ({
      properties: { Name: title(`row ${index}`) },
    }));
    await page.reload();
    await isThere(page.getByText("Rows 1 to 100"));
    await named(page, "button", "Next").click();
    await isThere(page.getByText("Rows 101 to 102"));
    await isThere(named(page, "textbox", "Name of row 99"));
    await named(page, "button", "Previous").click();
    await isThere(named(page, "textbox", "Name of Alpha"));
  });

  it("says what to do where there is nothing yet", async () => {
    await using emulator = await startQuiet();
    await using opened = await open(emulator.url);
    await isThere(opened.page.getByText("This workspace has no databases yet."));
    await named(opened.page, "button", "New database").click();
    await opened.page.getByLabel("Title").fill("First");
    await opened.page.keyboard.press("Enter");
    await isThere(opened.page.getByText("No rows yet."));
    expect(await opened.page.title()).toBe("First · Notion emulator");
  });

  for (const viewport of [wide, narrow]) {
    for (const colorScheme of ["light", "dark"] as const) {
      it(`fits ${viewport.width} pixels and is readable when ${colorScheme}`, async () => {
        await using world = await openBoard(open, { viewport, colorScheme });
        const { page } = world;
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(viewport.width);
        await named(page, "button", "Trash: Beta").click();
        await isThere(named(page, "button", "Restore: Beta"));
        expect(await faintTexts(page)).toEqual([]);
      });
    }
  }
});
