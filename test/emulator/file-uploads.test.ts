import { existsSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/index.ts";
import { at, call, client, createBoard, createClock, startQuiet, text, title } from "./harness.ts";
import { startReceiver } from "./receiver.ts";

const hour = 3_600_000;

async function upload(emulator: Emulator, filename: string, content: string, type: string): Promise<string> {
  const notion = client(emulator);
  const { id } = await notion.fileUploads.create({ filename, content_type: type });
  await notion.fileUploads.send({
    file_upload_id: id,
    file: { filename, data: new Blob([content], { type }) },
  });
  return id;
}

describe("a file upload", () => {
  it("in one part goes from pending to uploaded", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const made = await notion.fileUploads.create({ filename: "note.txt" });
    expect(made).toMatchObject({
      object: "file_upload",
      status: "pending",
      expiry_time: "2026-11-21T08:20:00.000Z",
      upload_url: `https://api.notion.com/v1/file_uploads/${made.id}/send`,
      filename: "note.txt",
      content_type: "text/plain",
      content_length: null,
    });
    const sent = await notion.fileUploads.send({
      file_upload_id: made.id,
      file: { filename: "note.txt", data: new Blob(["hello"], { type: "text/plain" }) },
    });
    expect(sent).toMatchObject({ status: "uploaded", content_length: 5 });
    expect(sent).not.toHaveProperty("upload_url");
    const again = notion.fileUploads.send({ file_upload_id: made.id, file: { data: new Blob(["x"]) } });
    await expect(again).rejects.toMatchObject({ code: "validation_error" });
  });

  it("in parts is joined in the order of the parts", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const { id } = await notion.fileUploads.create({
      mode: "multi_part",
      number_of_parts: 2,
      filename: "big.txt",
    });
    const first = "a".repeat(5 * 1024 * 1024);
    const send = (part: string, data: string) =>
      notion.fileUploads.send({
        file_upload_id: id,
        file: { data: new Blob([data], { type: "text/plain" }) },
        part_number: part,
      });
    await expect(notion.fileUploads.complete({ file_upload_id: id })).rejects.toThrow(/0 of 2 parts/);
    await expect(send("1", "small")).rejects.toThrow(/too small/);
    await expect(send("3", "x")).rejects.toThrow(/between 1 and 2/);
    await send("2", "the end");
    expect(await send("1", first)).toMatchObject({
      status: "pending",
      number_of_parts: { total: 2, sent: 2 },
      content_length: first.length + 7,
      complete_url: expect.stringContaining("/complete"),
    });
    expect(await notion.fileUploads.complete({ file_upload_id: id })).toMatchObject({ status: "uploaded" });
    const pageId = emulator.workspace.createPage({ properties: { title: title("Home") } });
    const block = await notion.blocks.children.append({
      block_id: pageId,
      children: [{ file: { file_upload: { id } } }],
    });
    const url = text(at(JSON.parse(JSON.stringify(block)), "results.0.file.file.url") ?? null);
    expect(await (await fetch(url)).text()).toBe(`${first}the end`);
  });

  it("from a link outside is imported without fetching it", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const made = await notion.fileUploads.create({
      mode: "external_url",
      filename: "dummy.pdf",
      external_url: "https://example.com/dummy.pdf",
    });
    expect(made).toMatchObject({ status: "pending", content_type: "application/pdf" });
    expect(await notion.fileUploads.retrieve({ file_upload_id: made.id })).toMatchObject({
      status: "uploaded",
      file_import_result: { type: "success", success: {}, imported_time: "2026-11-21T07:20:31.000+00:00" },
    });
  });

  it("expires after an hour unless it was put somewhere", async () => {
    const clock = createClock();
    await using emulator = await startQuiet({ clock });
    const notion = client(emulator);
    const pageId = emulator.workspace.createPage({ properties: { title: title("Home") } });
    const kept = await upload(emulator, "a.png", "png", "image/png");
    const loose = await upload(emulator, "b.png", "png", "image/png");
    await notion.pages.update({ page_id: pageId, icon: { file_upload: { id: kept } } });
    clock.advance(hour);
    const status = async (id: string) => (await notion.fileUploads.retrieve({ file_upload_id: id })).status;
    expect([await status(kept), await status(loose)]).toEqual(["uploaded", "expired"]);
    await notion.pages.update({ page_id: pageId, cover: { file_upload: { id: kept } } });
    const late = notion.pages.update({ page_id: pageId, cover: { file_upload: { id: loose } } });
    await expect(late).rejects.toMatchObject({ code: "validation_error" });
  });

  it("that expires is told to webhooks, one that was put somewhere is not", async () => {
    const clock = createClock();
    await using receiver = await startReceiver();
    await using emulator = await startQuiet({ clock });
    const { id, verificationToken } = emulator.workspace.addWebhook({
      url: receiver.url,
      events: ["file_upload.expired"],
    });
    emulator.workspace.confirmWebhook(id, verificationToken);
    const pageId = emulator.workspace.createPage({ properties: { title: title("Home") } });
    const kept = await upload(emulator, "a.png", "png", "image/png");
    await client(emulator).pages.update({ page_id: pageId, icon: { file_upload: { id: kept } } });
    const loose = await upload(emulator, "b.png", "png", "image/png");
    clock.advance(hour);
    await call(emulator, "GET /v1/users/me");
    clock.advance(60_000);
    await emulator.webhooks.settle();
    expect(receiver.events).toMatchObject([
      {
        type: "file_upload.expired",
        entity: { id: loose, type: "file_upload" },
        timestamp: "2026-11-21T08:20:31.123Z",
      },
    ]);
  });

  it("is listed newest first, by status, from the id of any", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const sent = await upload(emulator, "a.txt", "a", "text/plain");
    const pending = await notion.fileUploads.create({ filename: "b.txt" });
    const ids = async (parameters: Parameters<typeof notion.fileUploads.list>[0]) =>
      (await notion.fileUploads.list(parameters)).results.map(({ id }) => id);
    expect(await ids({})).toEqual([pending.id, sent]);
    expect(await ids({ status: "uploaded" })).toEqual([sent]);
    expect(await ids({ start_cursor: sent })).toEqual([sent]);
    const first = await notion.fileUploads.list({ page_size: 1 });
    expect(first).toMatchObject({ next_cursor: sent, has_more: true });
  });

  it("is seen by the connection that made it alone", async () => {
    await using emulator = await startQuiet();
    const id = await upload(emulator, "a.txt", "a", "text/plain");
    const { token } = emulator.workspace.addConnection({ name: "Other", seesWorkspace: true });
    expect(await call(emulator, `GET /v1/file_uploads/${id}`, { token })).toMatchObject({ status: 404 });
    expect((await call(emulator, "GET /v1/file_uploads", { token })).body.results).toEqual([]);
  });

  it.each([
    [{ mode: "nonsense" }, /body\.mode should be/],
    [{ mode: "multi_part", filename: "a.txt" }, /body\.number_of_parts should be defined/],
    [{ mode: "single_part", number_of_parts: 2 }, /body\.number_of_parts should be not present/],
    [{ mode: "external_url", filename: "a.txt" }, /body\.external_url should be defined/],
    [
      { mode: "external_url", filename: "a", external_url: "http://example.com/a" },
      /body\.external_url should be an https URL/,
    ],
    [{ filename: "x".repeat(901) }, /body\.filename\.length should be ≤ `900`/],
  ])("of %j is refused", async (body, message) => {
    await using emulator = await startQuiet();
    const answer = await call(emulator, "POST /v1/file_uploads", { body });
    expect(answer).toMatchObject({ status: 400, body: { code: "validation_error" } });
    expect(answer.body.message).toMatch(message);
  });

  it("takes multipart/form-data only", async () => {
    await using emulator = await startQuiet();
    const { body } = await call(emulator, "POST /v1/file_uploads", { body: {} });
    const sent = await call(emulator, `POST /v1/file_uploads/${text(body.id)}/send`, { body: { file: "x" } });
    expect(sent.body.message).toMatch(/multipart\/form-data/);
  });
});

describe("an uploaded file", () => {
  it("serves as icon, cover, property value and block, under links that end after an hour", async () => {
    const clock = createClock();
    await using emulator = await startQuiet({ clock });
    const notion = client(emulator);
    const id = await upload(emulator, "a b.png", "the bytes", "image/png");
    const file_upload = { id };
    const { dataSourceId } = createBoard(emulator, { Name: { title: {} }, Files: { files: {} } });
    const made = await notion.pages.create({
      parent: { data_source_id: dataSourceId },
      icon: { file_upload },
      cover: { file_upload },
      properties: { Files: { files: [{ type: "file_upload", file_upload, name: "shown.png" }] } },
      children: [{ image: { file_upload } }, { callout: { rich_text: [], icon: { file_upload } } }],
    });
    const page = (await call(emulator, `GET /v1/pages/${made.id}`)).body;
    const { body: children } = await call(emulator, `GET /v1/blocks/${made.id}/children`);
    const files = [
      at(page, "icon"),
      at(page, "cover"),
      at(page, "properties.Files.files.0"),
      at(children, "results.0.image"),
      at(children, "results.1.callout.icon"),
    ];
    for (const file of files) {
      expect(file).toMatchObject({ type: "file", file: { expiry_time: "2026-11-21T08:20:31.123Z" } });
      const answer = await fetch(text(at(file, "file.url")));
      expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
        200,
        "image/png",
        "the bytes",
      ]);
    }
    expect(at(page, "properties.Files.files.0.name")).toBe("shown.png");
    const url = text(at(page, "icon.file.url"));
    expect((await fetch(url.replace(/Signature=./, "Signature=x"))).status).toBe(403);
    clock.advance(hour);
    expect((await fetch(url)).status).toBe(403);
    expect(
      (await fetch(text(at((await call(emulator, `GET /v1/pages/${made.id}`)).body, "icon.file.url"))))
        .status,
    ).toBe(200);
  });

  it("survives being written back as it was read", async () => {
    await using emulator = await startQuiet();
    const id = await upload(emulator, "a.png", "the bytes", "image/png");
    const { dataSourceId } = createBoard(emulator, { Name: { title: {} }, Files: { files: {} } });
    const [row] = emulator.workspace.addRows(dataSourceId, 1, () => ({
      properties: { Files: { files: [{ file_upload: { id }, name: "a.png" }] } },
    }));
    const read = (await call(emulator, `GET /v1/pages/${row}`)).body;
    const files = at(read, "properties.Files.files") ?? null;
    const written = await call(emulator, `PATCH /v1/pages/${row}`, {
      body: { properties: { Files: { files } } },
    });
    expect(at(written.body, "properties.Files.files")).toEqual(files);
  });

  it("of an unfinished upload is refused", async () => {
    await using emulator = await startQuiet();
    const { body } = await call(emulator, "POST /v1/file_uploads", { body: { filename: "a.png" } });
    const pageId = emulator.workspace.createPage({ properties: { title: title("Home") } });
    const answer = await call(emulator, `PATCH /v1/pages/${pageId}`, {
      body: { icon: { file_upload: { id: body.id ?? null } } },
    });
    expect(answer.body.message).toMatch(/has a status of `pending`/);
  });

  it("lies in a temporary folder that goes when the emulator does", async () => {
    const folders = (): string[] =>
      readdirSync(tmpdir()).filter((name) => name.startsWith("lockstep-emulator-"));
    const before = new Set(folders());
    const emulator = await startQuiet();
    await upload(emulator, "a.png", "the bytes", "image/png");
    const made = folders().filter((name) => !before.has(name));
    expect(made.length).toBeGreaterThan(0);
    const stored = made.filter((name) => readdirSync(`${tmpdir()}/${name}`).length > 0);
    await emulator.close();
    expect(stored.some((name) => !existsSync(`${tmpdir()}/${name}`))).toBe(true);
  });
});
