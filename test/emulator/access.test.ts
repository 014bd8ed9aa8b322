import { describe, expect, it } from "vitest";
import type { Capabilities } from "../../src/emulator/index.ts";
import { array, at, call, createBoard, type JsonObject, startQuiet, text, title } from "./harness.ts";

async function startBoard() {
  const emulator = await startQuiet();
  const { databaseId, dataSourceId } = createBoard(emulator, { Name: { title: {} } });
  const ids = emulator.workspace.addRows(dataSourceId, 2, (index) => ({
    properties: { Name: title(`row ${index}`) },
  }));
  const [row, other] = ids.map(text);
  return { emulator, databaseId, dataSourceId, row: text(row), other: text(other) };
}

const notFound = { status: 404, body: { code: "object_not_found" } };
const archived = "Can't edit block that is archived. You must unarchive the block before editing.";

describe("sharing", () => {
  it("taken away turns every read into a 404 that names the connection, and given back restores it", async () => {
    const { emulator, databaseId, dataSourceId, row } = await startBoard();
    await using _ = emulator;
    const bot = (await call(emulator, "GET /v1/users/me")).body;
    emulator.workspace.unshare(databaseId);
    const share = `Make sure the relevant pages and databases are shared with your integration "Emulator connection".`;
    expect((await call(emulator, `GET /v1/pages/${row}`)).body).toMatchObject({
      status: 404,
      message: `Could not find page with ID: ${row}. ${share}`,
      additional_data: { integration_id: bot.id },
    });
    const source = (await call(emulator, `GET /v1/data_sources/${dataSourceId}`)).body;
    expect(source.message).toBe(`Could not find database with ID: ${dataSourceId}. ${share}`);
    for (const line of [
      `GET /v1/databases/${databaseId}`,
      `POST /v1/data_sources/${dataSourceId}/query`,
      `GET /v1/blocks/${row}`,
    ]) {
      expect(await call(emulator, line, line.startsWith("POST") ? { body: {} } : {})).toMatchObject(notFound);
    }
    emulator.workspace.share(databaseId);
    expect((await call(emulator, `GET /v1/pages/${row}`)).status).toBe(200);
  });

  it("of one page in an unshared database shows that page alone", async () => {
    const { emulator, databaseId, dataSourceId, row, other } = await startBoard();
    await using _ = emulator;
    emulator.workspace.unshare(databaseId);
    emulator.workspace.share(row);
    expect((await call(emulator, `GET /v1/pages/${row}`)).status).toBe(200);
    expect(await call(emulator, `GET /v1/pages/${other}`)).toMatchObject(notFound);
    expect(await call(emulator, `GET /v1/data_sources/${dataSourceId}`)).toMatchObject(notFound);
  });

  it("taken away from one row leaves it out of queries", async () => {
    const { emulator, dataSourceId, row, other } = await startBoard();
    await using _ = emulator;
    emulator.workspace.unshare(row);
    const { body } = await call(emulator, `POST /v1/data_sources/${dataSourceId}/query`, { body: {} });
    expect(array(body.results).map((page) => at(page, "id"))).toEqual([other]);
  });

  it("gives a further connection only what is granted to it, under its own author", async () => {
    const { emulator, databaseId, dataSourceId, row } = await startBoard();
    await using _ = emulator;
    const { token, botId } = emulator.workspace.addConnection({ name: "Second" });
    expect(await call(emulator, `GET /v1/pages/${row}`, { token })).toMatchObject(notFound);
    emulator.workspace.share(databaseId, token);
    expect((await call(emulator, `GET /v1/pages/${row}`, { token })).status).toBe(200);
    const body = { parent: { data_source_id: dataSourceId }, properties: {} };
    expect((await call(emulator, "POST /v1/pages", { token, body })).body).toMatchObject({
      created_by: { id: botId },
    });
  });

  it("hides unshared children of a page without a word", async () => {
    const { emulator } = await startBoard();
    await using _ = emulator;
    const parent = emulator.workspace.createPage({});
    const [kept, hidden] = [0, 1].map(() => emulator.workspace.createPage({ parent: { pageId: parent } }));
    emulator.workspace.unshare(text(hidden));
    const { body } = await call(emulator, `GET /v1/blocks/${parent}/children`);
    expect(array(body.results).map((block) => at(block, "id"))).toEqual([kept]);
  });
});

describe("a token", () => {
  it("that is unknown, missing or revoked is answered 401", async () => {
    const { emulator } = await startBoard();
    await using _ = emulator;
    const refusal = { status: 401, body: { code: "unauthorized", message: "API token is invalid." } };
    expect(await call(emulator, "GET /v1/users/me", { token: "ntn_other" })).toMatchObject(refusal);
    const bare = await fetch(`${emulator.url}/v1/users/me`, { headers: { "notion-version": "2026-03-11" } });
    expect(bare.status).toBe(401);
    emulator.workspace.revokeToken(emulator.token);
    expect(await call(emulator, "GET /v1/users/me")).toMatchObject(refusal);
  });

  const writes: {
    readonly [capability in Exclude<keyof Capabilities, "userInformation">]: (
      row: string,
    ) => [string, JsonObject?];
  } = {
    readContent: (row) => [`GET /v1/pages/${row}`],
    updateContent: (row) => [`PATCH /v1/pages/${row}`, { in_trash: true }],
    insertContent: (row) => [`PATCH /v1/blocks/${row}/children`, { children: [{ divider: {} }] }],
    readComments: (row) => [`GET /v1/comments?block_id=${row}`],
    insertComments: (row) => ["POST /v1/comments", { parent: { page_id: row }, markdown: "x" }],
  };

  it.each(Object.entries(writes))("without %s is answered 403 for it", async (capability, request) => {
    const { emulator, row } = await startBoard();
    await using _ = emulator;
    const [line, body] = request(row);
    const ask = (token: string) => call(emulator, line, { token, ...(body === undefined ? {} : { body }) });
    const { token } = emulator.workspace.addConnection({
      name: "Limited",
      seesWorkspace: true,
      capabilities: { [capability]: false },
    });
    expect(await ask(token)).toMatchObject({ status: 403, body: { code: "restricted_resource" } });
    expect((await ask(emulator.token)).status).toBe(200);
  });

  it.each([
    ["none", { object: "user", id: expect.any(String) }],
    ["without_email", { name: "Ada Lovelace", person: {} }],
    ["with_email", { name: "Ada Lovelace", person: { email: "ada@example.com" } }],
  ] as const)("with user information %s sees as much of a person", async (userInformation, expected) => {
    const { emulator, dataSourceId } = await startBoard();
    await using _ = emulator;
    emulator.workspace.addProperty(dataSourceId, "Maker", { created_by: {} });
    const { token } = emulator.workspace.addConnection({
      name: "Limited",
      seesWorkspace: true,
      capabilities: { userInformation },
    });
    const { body } = await call(emulator, `POST /v1/data_sources/${dataSourceId}/query`, { token, body: {} });
    const maker = at(body, "results.0.properties.Maker.created_by");
    if (userInformation === "none") expect(maker).toEqual(expected);
    else expect(maker).toMatchObject(expected);
    if (userInformation === "without_email") expect(at(maker, "person")).toEqual({});
    expect((await call(emulator, "GET /v1/users", { token })).status).toBe(
      userInformation === "none" ? 403 : 200,
    );
  });
});

describe("a page in the trash", () => {
  it("is read like any other, refuses edits, hides its blocks, and comes back whole", async () => {
    const { emulator, row } = await startBoard();
    await using _ = emulator;
    await call(emulator, `PATCH /v1/blocks/${row}/children`, { body: { children: [{ divider: {} }] } });
    await call(emulator, `PATCH /v1/pages/${row}`, { body: { in_trash: true } });
    expect((await call(emulator, `GET /v1/pages/${row}`)).body).toMatchObject({
      in_trash: true,
      is_archived: false,
    });
    expect(await call(emulator, `GET /v1/blocks/${row}/children`)).toMatchObject(notFound);
    const edits: readonly [string, JsonObject][] = [
      [`PATCH /v1/pages/${row}`, { properties: { Name: title("x") } }],
      [`PATCH /v1/blocks/${row}/children`, { children: [{ divider: {} }] }],
    ];
    for (const [line, body] of edits) {
      expect((await call(emulator, line, { body })).body).toMatchObject({
        status: 400,
        code: "validation_error",
        message: archived,
      });
    }
    await call(emulator, `PATCH /v1/pages/${row}`, { body: { in_trash: false } });
    expect((await call(emulator, `GET /v1/blocks/${row}/children`)).body.results).toHaveLength(1);
  });

  it("takes its sub-pages along: they read as trashed and list no blocks", async () => {
    const { emulator } = await startBoard();
    await using _ = emulator;
    const parent = emulator.workspace.createPage({});
    const child = emulator.workspace.createPage({ parent: { pageId: parent } });
    await call(emulator, `PATCH /v1/blocks/${child}/children`, { body: { children: [{ divider: {} }] } });
    emulator.workspace.trashPage(parent);
    expect((await call(emulator, `GET /v1/pages/${child}`)).body.in_trash).toBe(true);
    expect(await call(emulator, `GET /v1/blocks/${child}/children`)).toMatchObject({
      status: 200,
      body: { results: [] },
    });
    expect(
      (await call(emulator, `PATCH /v1/pages/${child}`, { body: { in_trash: false } })).body.message,
    ).toBe(archived);
  });

  it("deleted for good is gone like one that never was", async () => {
    const { emulator, dataSourceId, row } = await startBoard();
    await using _ = emulator;
    emulator.workspace.trashPage(row);
    emulator.workspace.deletePage(row);
    expect(await call(emulator, `GET /v1/pages/${row}`)).toMatchObject(notFound);
    const truth = emulator.workspace.rows(dataSourceId).find((each) => each.id === row);
    expect(truth).toMatchObject({ isDeletedForGood: true, properties: { Name: [{ plain_text: "row 0" }] } });
  });
});

describe("a database in the trash", () => {
  it("is read, its rows read as trashed, and its query is a 404 until it is restored", async () => {
    const { emulator, databaseId, dataSourceId, row } = await startBoard();
    await using _ = emulator;
    emulator.workspace.trashDatabase(databaseId);
    expect((await call(emulator, `GET /v1/databases/${databaseId}`)).body.in_trash).toBe(true);
    expect((await call(emulator, `GET /v1/pages/${row}`)).body.in_trash).toBe(true);
    const query = () => call(emulator, `POST /v1/data_sources/${dataSourceId}/query`, { body: {} });
    expect(await query()).toMatchObject(notFound);
    emulator.workspace.restoreDatabase(databaseId);
    expect((await query()).body.results).toHaveLength(2);
  });
});

describe("an edit by a person", () => {
  it("has the person as author and the minute it happened in", async () => {
    const { emulator, row } = await startBoard();
    await using _ = emulator;
    const grace = emulator.workspace.addPerson({ name: "Grace" });
    emulator.workspace.editPage(row, {
      properties: { Name: title("edited") },
      by: grace,
      at: "2026-11-21T09:30:59.999Z",
    });
    expect((await call(emulator, `GET /v1/pages/${row}`)).body).toMatchObject({
      last_edited_time: "2026-11-21T09:30:00.000Z",
      last_edited_by: { object: "user", id: grace },
    });
  });

  it("that moves a row keeps its id and title and what fits", async () => {
    const { emulator, row } = await startBoard();
    await using _ = emulator;
    const target = createBoard(emulator, { Title: { title: {} }, State: { status: {} } }).dataSourceId;
    emulator.workspace.movePage(row, { dataSourceId: target });
    expect((await call(emulator, `GET /v1/pages/${row}`)).body).toMatchObject({
      parent: { data_source_id: target },
      properties: { Title: { title: [{ plain_text: "row 0" }] }, State: { status: { name: "Not started" } } },
    });
  });
});

describe("an id in the path", () => {
  it.each([
    ["GET /v1/pages/AAA", "page_id"],
    ["GET /v1/databases/AAA", "database_id"],
    ["GET /v1/data_sources/AAA", "data_source_id"],
    ["GET /v1/blocks/AAA", "block_id"],
  ])("%s is refused as Notion refuses it", async (line, name) => {
    const { emulator } = await startBoard();
    await using _ = emulator;
    expect((await call(emulator, line)).body).toMatchObject({
      status: 400,
      code: "validation_error",
      message: `path failed validation: path.${name} should be a valid uuid, instead was \`"AAA"\`.`,
    });
  });

  it("is taken without dashes and answered with them", async () => {
    const { emulator, row } = await startBoard();
    await using _ = emulator;
    expect((await call(emulator, `GET /v1/pages/${row.replaceAll("-", "")}`)).body.id).toBe(row);
  });
});
