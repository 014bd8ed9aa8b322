import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { call, createBoard, type JsonObject, startQuiet, text, title } from "./harness.ts";
import { openPage } from "./page-browser.ts";

const nasty = `<img src=x onerror="alert(1)">`;

async function startPage() {
  const emulator = await startQuiet();
  const { databaseId, dataSourceId } = createBoard(emulator, {
    Name: { title: {} },
    State: { select: { options: [{ name: "Open" }, { name: "Shut" }] } },
    Count: { number: {} },
    Done: { checkbox: {} },
    Due: { date: {} },
    Tags: { multi_select: {} },
  });
  const [row] = emulator.workspace.addRows(dataSourceId, 1, () => ({ properties: { Name: title(nasty) } }));
  return {
    emulator,
    databaseId,
    dataSourceId,
    row: text(row),
    [Symbol.asyncDispose]: () => emulator.close(),
  };
}

describe("the page's answer", () => {
  it("lets its own script and style run, and nothing else", async () => {
    await using world = await startPage();
    const response = await fetch(`${world.emulator.url}/`);
    const html = await response.text();
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    for (const tag of ["script", "style"]) {
      const [, content = ""] = html.split(new RegExp(`</?${tag}>`));
      const hash = createHash("sha256").update(content).digest("base64");
      expect(policy).toContain(`${tag}-src 'sha256-${hash}'`);
    }
    expect(policy).not.toContain("unsafe");
  });

  it("asks nobody else for anything, and has no handlers in its markup", async () => {
    await using world = await startPage();
    const html = await (await fetch(`${world.emulator.url}/?x=1`)).text();
    expect(html).not.toMatch(
      /https?:|\/\/[a-z]|<[^>]* on[a-z]+=|innerHTML|insertAdjacentHTML|document\.write/,
    );
  });

  it("is absent without the controls", async () => {
    await using emulator = await startQuiet({ control: false });
    expect((await fetch(`${emulator.url}/`)).status).toBe(400);
  });
});

describe("the page", () => {
  it("shows databases, rows and options, text as text", async () => {
    await using world = await startPage();
    const page = await openPage(world.emulator.url);
    await page.click("Board");
    expect(page.text()).toContain("Name");
    expect(page.input(`Name of ${world.row}`).value).toBe(nasty);
    expect(page.all().some(({ tag }) => tag === "img")).toBe(false);
  });

  it("edits values of each kind as the chosen person", async () => {
    await using world = await startPage();
    const grace = world.emulator.workspace.addPerson({ name: "Grace" });
    const page = await openPage(world.emulator.url);
    await page.click("Board");
    page.byId("person").value = grace;
    await page.change(`Name of ${world.row}`, "renamed");
    await page.change(`State of ${world.row}`, "Shut");
    await page.change(`Count of ${world.row}`, "12.5");
    await page.change(`Due of ${world.row}`, "2026-01-02 / 2026-01-03");
    await page.change(`Tags of ${world.row}`, "a, b");
    await page.change(`Done of ${world.row}`, true);
    const [row] = world.emulator.workspace.rows(world.dataSourceId);
    expect(row).toMatchObject({
      lastEditedBy: grace,
      properties: {
        Name: [{ plain_text: "renamed" }],
        State: { name: "Shut" },
        Count: 12.5,
        Due: { start: "2026-01-02", end: "2026-01-03" },
        Tags: [{ name: "a" }, { name: "b" }],
        Done: true,
      },
    });
    await page.change(`State of ${world.row}`, "");
    await page.change(`Due of ${world.row}`, "");
    expect(world.emulator.workspace.rows(world.dataSourceId)[0]?.properties).toMatchObject({
      State: null,
      Due: null,
    });
  });

  it("adds, trashes, restores, unshares, shares and deletes rows", async () => {
    await using world = await startPage();
    const rows = () => world.emulator.workspace.rows(world.dataSourceId);
    const status = async () => (await call(world.emulator, `GET /v1/pages/${world.row}`)).status;
    const page = await openPage(world.emulator.url);
    await page.click("Board");
    await page.click("Add row");
    expect(rows()).toHaveLength(2);
    await page.click("trash", world.row);
    expect(rows()[0]?.inTrash).toBe(true);
    await page.click("restore", world.row);
    expect(rows()[0]?.inTrash).toBe(false);
    await page.click("unshare", world.row);
    expect(await status()).toBe(404);
    await page.click("share", world.row);
    expect(await status()).toBe(200);
    await page.click("delete for good", world.row);
    expect(rows().find(({ id }) => id === world.row)?.isDeletedForGood).toBe(true);
  });

  it("adds, renames and drops properties, edits options, adds a second data source", async () => {
    await using world = await startPage();
    const page = await openPage(world.emulator.url);
    await page.click("Board");
    await page.click("Add property", ["Mail", "email"]);
    await page.click("rename", "Count", ["Total"]);
    await page.click("drop", "Done");
    await page.click("Add option", "Options of State", ["Later"]);
    await page.click("rename", "Shut", ["Closed"]);
    await page.click("←", "Later");
    await page.click("Add data source", ["Second"]);
    const schema = (await call(world.emulator, `GET /v1/data_sources/${world.dataSourceId}`)).body
      .properties as JsonObject;
    expect(Object.keys(schema)).toEqual(expect.arrayContaining(["Mail", "Total"]));
    expect(Object.keys(schema)).not.toContain("Done");
    expect(schema.State).toMatchObject({
      select: { options: [{ name: "Open" }, { name: "Later" }, { name: "Closed" }] },
    });
    expect(world.emulator.workspace.dataSources().map(({ name }) => name)).toEqual(["Board", "Second"]);
  });

  it("says what was refused", async () => {
    await using world = await startPage();
    const page = await openPage(world.emulator.url);
    await page.click("Board");
    await page.click("rename", "Count", ["Name"]);
    expect(page.byId("said").textContent).toContain("exists");
  });
});
