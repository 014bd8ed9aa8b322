import { describe, expect, it } from "vitest";
import { useBrowser } from "../../support/browser.ts";
import { client, text } from "../harness.ts";
import { startReceiver } from "../receiver.ts";
import { eventually, isGone, isThere, named, openBoard, readSource, type } from "./board.ts";

const open = useBrowser();

describe("schemas, by a person in a browser", () => {
  it("adds, renames and drops properties", async () => {
    await using world = await openBoard(open);
    const { page, grace } = world;
    for (const [name, label] of [
      ["Website", "URL"],
      ["Level", "Select"],
    ] as const) {
      await named(page, "button", "+ New property").click();
      await page.getByLabel("Name", { exact: true }).fill(name);
      await page.getByLabel("Type").selectOption({ label });
      await page.keyboard.press("Enter");
      await isThere(named(page, "columnheader", new RegExp(`^${name}`)));
    }
    await named(page, "button", /^Count/).click();
    await type(page, "Name", "Total");
    await isThere(named(page.getByRole("table"), "button", /^Total/));
    await named(page, "button", "Done").click();
    await named(page, "button", /^Paid/).click();
    await named(page, "button", "Delete this property…").click();
    await named(page, "button", "Delete property").click();
    await isGone(named(page, "columnheader", /^Paid/));
    await isGone(page.getByRole("dialog"));
    const source = await readSource(world);
    expect(source).toMatchObject({
      last_edited_by: { id: grace },
      properties: { Website: { type: "url" }, Level: { type: "select" }, Total: { type: "number" } },
    });
    expect(Object.keys(source.properties)).not.toEqual(expect.arrayContaining(["Count"]));
    expect(Object.keys(source.properties)).not.toEqual(expect.arrayContaining(["Paid"]));
  });

  it("adds, renames, reorders and deletes options, and webhooks tell who did it", async () => {
    await using receiver = await startReceiver();
    await using world = await openBoard(open, undefined, { webhooks: { aggregationMs: 0 } });
    const { emulator, page, grace } = world;
    const hook = emulator.workspace.addWebhook({ url: receiver.url, events: ["data_source.schema_updated"] });
    emulator.workspace.confirmWebhook(hook.id, hook.verificationToken);
    const names = async () => {
      const { State } = (await readSource(world)).properties;
      return State?.type === "select" ? State.select.options.map(({ name }) => name) : [];
    };
    const shows = (expected: string[]) =>
      eventually(() => named(page, "dialog", "Property").locator("li textarea").allTextContents()).toEqual(
        expected,
      );
    await named(page, "button", /^State/).click();
    await type(page, "Option Shut", "Closed");
    await shows(["Open", "Closed", "Later"]);
    expect(await names()).toEqual(["Open", "Closed", "Later"]);
    await named(page, "button", "Up: Later").click();
    await shows(["Open", "Later", "Closed"]);
    expect(await page.locator(":focus").getAttribute("aria-label")).toBe("Up: Later");
    expect(await names()).toEqual(["Open", "Later", "Closed"]);
    await named(page, "button", "Down: Open").click();
    await shows(["Later", "Open", "Closed"]);
    await named(page, "button", "Delete Later").click();
    await named(page, "button", "Delete option").click();
    await shows(["Open", "Closed"]);
    await named(page, "button", "+ New option").click();
    await page.getByLabel("Name", { exact: true }).last().fill("Soon");
    await named(page, "button", "Add").click();
    await shows(["Open", "Closed", "Soon"]);
    expect(await names()).toEqual(["Open", "Closed", "Soon"]);
    await emulator.webhooks.settle();
    expect(receiver.events.length).toBeGreaterThan(0);
    for (const event of receiver.events)
      expect(event).toMatchObject({ authors: [{ id: grace, type: "person" }] });
  });

  it("adds a database and a second data source, and goes back and forth", async () => {
    await using world = await openBoard(open);
    const { emulator, page, databaseId, grace } = world;
    await named(page, "button", "New data source").click();
    await page.getByLabel("Name", { exact: true }).fill("Second");
    await named(page, "button", "Add").click();
    await named(page, "button", /^Second/).click();
    await isThere(page.getByText("No rows yet"));
    const database = await client(emulator).databases.retrieve({ database_id: databaseId });
    expect(database).toMatchObject({ data_sources: [{ name: "Board" }, { name: "Second" }] });
    const second = "data_sources" in database ? text(database.data_sources[1]?.id) : "";
    const source = await client(emulator).dataSources.retrieve({ data_source_id: second });
    expect(source).toMatchObject({ created_by: { id: grace } });
    await page.reload();
    await isThere(page.getByRole("heading", { name: "Second" }));
    await named(page, "button", "+ New database").click();
    await page.getByLabel("Title").fill("Ideas");
    await named(page, "button", "Create").click();
    await isThere(page.locator("#content").getByRole("heading", { name: "Ideas" }));
    await named(page, "button", "Trash database").click();
    await isThere(page.getByText("This database is in the trash."));
    await named(page, "button", "Restore database").click();
    await isGone(page.getByText("This database is in the trash."));
    await named(page, "button", /^Board/).click();
    await isThere(named(page, "textbox", "Name of Alpha"));
  });
});
