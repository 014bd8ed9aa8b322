import { describe, expect, it } from "vitest";
import type { Emulator } from "../../src/emulator/index.ts";
import { call, client, createClock, type JsonObject, startQuiet, text, title } from "./harness.ts";

const hello = { rich_text: [{ text: { content: "Hello" } }] };

function home(emulator: Emulator): string {
  return emulator.workspace.createPage({ properties: { title: title("Home") } });
}

describe("comments", () => {
  it("are made, listed, read, changed and deleted through the SDK", async () => {
    const clock = createClock();
    await using emulator = await startQuiet({ clock });
    const notion = client(emulator);
    const pageId = home(emulator);
    const made = await notion.comments.create({ parent: { page_id: pageId }, ...hello });
    expect(made).toMatchObject({
      object: "comment",
      parent: { type: "page_id", page_id: pageId },
      created_time: "2026-11-21T07:20:00.000Z",
      rich_text: [{ plain_text: "Hello" }],
      display_name: { type: "integration", resolved_name: "Emulator connection" },
    });
    clock.advance(60_000);
    const changed = await notion.comments.update({ comment_id: made.id, markdown: "now **bold**" });
    expect(changed).toMatchObject({
      last_edited_time: "2026-11-21T07:21:00.000Z",
      rich_text: [{ plain_text: "now " }, { plain_text: "bold", annotations: { bold: true } }],
    });
    const { results } = await notion.comments.list({ block_id: pageId });
    expect(results).toEqual(
      [(await call(emulator, `GET /v1/comments/${made.id}`)).body].map(withoutRequestId),
    );
    expect(withoutRequestId(await notion.comments.delete({ comment_id: made.id }))).toEqual(results[0]);
    expect((await notion.comments.list({ block_id: pageId })).results).toEqual([]);
    await expect(notion.comments.retrieve({ comment_id: made.id })).rejects.toMatchObject({
      code: "object_not_found",
    });
  });

  it("of a discussion share its id and its parent, on a block too", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const { results } = await notion.blocks.children.append({
      block_id: home(emulator),
      children: [{ paragraph: { rich_text: [] } }],
    });
    const blockId = text(results[0]?.id);
    const { discussionId } = emulator.workspace.addComment(blockId, { text: "A person asks" });
    const answer = await notion.comments.create({ discussion_id: discussionId, ...hello });
    expect(answer).toMatchObject({
      discussion_id: discussionId,
      parent: { type: "block_id", block_id: blockId },
    });
    const listed = await notion.comments.list({ block_id: blockId });
    expect(listed.results).toMatchObject([
      { display_name: { type: "user", resolved_name: "Ada Lovelace" } },
      { id: answer.id },
    ]);
  });

  it("of a settled discussion are not listed, but can be read", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const pageId = home(emulator);
    const { commentId, discussionId } = emulator.workspace.addComment(pageId, { text: "Done?" });
    emulator.workspace.resolveDiscussion(discussionId);
    expect((await notion.comments.list({ block_id: pageId })).results).toEqual([]);
    expect(await notion.comments.retrieve({ comment_id: commentId })).toMatchObject({ id: commentId });
    emulator.workspace.reopenDiscussion(discussionId);
    expect((await notion.comments.list({ block_id: pageId })).results).toHaveLength(1);
  });

  it("come page by page", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const pageId = home(emulator);
    for (let index = 0; index < 5; index++) emulator.workspace.addComment(pageId, { text: String(index) });
    const first = await notion.comments.list({ block_id: pageId, page_size: 3 });
    const second = await notion.comments.list({
      block_id: pageId,
      page_size: 3,
      start_cursor: first.next_cursor,
    });
    expect([first.results.length, first.has_more, second.results.length, second.has_more]).toEqual([
      3,
      true,
      2,
      false,
    ]);
  });

  it("of others cannot be changed or deleted", async () => {
    await using emulator = await startQuiet();
    const { commentId } = emulator.workspace.addComment(home(emulator), { text: "mine" });
    const line = `/v1/comments/${commentId}`;
    const changed = await call(emulator, `PATCH ${line}`, { body: hello });
    const deleted = await call(emulator, `DELETE ${line}`);
    expect([changed.body.code, deleted.body.code]).toEqual(["restricted_resource", "restricted_resource"]);
  });

  it("need their own capabilities", async () => {
    await using emulator = await startQuiet();
    const pageId = home(emulator);
    const { token } = emulator.workspace.addConnection({
      name: "Writer",
      seesWorkspace: true,
      capabilities: { readComments: false },
    });
    const { token: reader } = emulator.workspace.addConnection({
      name: "Reader",
      seesWorkspace: true,
      capabilities: { insertComments: false },
    });
    const body = { parent: { page_id: pageId }, ...hello };
    const written = await call(emulator, "POST /v1/comments", { body, token });
    expect(withoutRequestId(written.body)).toEqual({ object: "comment", id: expect.any(String) });
    const list = `GET /v1/comments?block_id=${pageId}`;
    expect(await call(emulator, list, { token })).toMatchObject({ status: 403 });
    expect(await call(emulator, list, { token: reader })).toMatchObject({ status: 200 });
    expect(await call(emulator, "POST /v1/comments", { body, token: reader })).toMatchObject({
      status: 403,
      body: { code: "restricted_resource" },
    });
  });

  it("carry a name of the writer's choice and up to three files", async () => {
    await using emulator = await startQuiet();
    const notion = client(emulator);
    const upload = await notion.fileUploads.create({ filename: "a.png" });
    await notion.fileUploads.send({
      file_upload_id: upload.id,
      file: { filename: "a.png", data: new Blob(["png"], { type: "image/png" }) },
    });
    const attachments = [{ file_upload_id: upload.id }];
    const made = await notion.comments.create({
      parent: { page_id: home(emulator) },
      ...hello,
      attachments,
      display_name: { type: "custom", custom: { name: "Robot" } },
    });
    expect(made).toMatchObject({
      display_name: { type: "custom", resolved_name: "Robot" },
      attachments: [{ category: "image", file: { type: "file", file: { url: expect.any(String) } } }],
    });
    const four = Array.from({ length: 4 }, () => ({ file_upload_id: upload.id }));
    const refused = await call(emulator, "POST /v1/comments", {
      body: { parent: { page_id: home(emulator) }, ...hello, attachments: four },
    });
    expect(refused.body.message).toMatch(/attachments\.length should be ≤ `3`/);
  });

  it.each([
    [{ ...hello }, /body\.parent should be defined/],
    [{ parent: {}, ...hello }, /body\.parent\.page_id should be defined/],
    [{ parent: { page_id: "AAA" }, ...hello }, /body\.parent\.page_id should be a valid uuid/],
    [{ discussion_id: "00000000-0000-4000-8000-000000000000", ...hello }, /Could not find discussion/],
    [{ ...hello, markdown: "x" }, /body\.markdown should be not present/],
    [{}, /body\.rich_text should be defined/],
  ])("%j are refused", async (body: JsonObject, message) => {
    await using emulator = await startQuiet();
    const answer = await call(emulator, "POST /v1/comments", { body });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.body.message).toMatch(message);
  });
});

function withoutRequestId<T extends object>(body: T): Omit<T, "request_id"> {
  const { request_id: _, ...rest } = body as T & { request_id?: unknown };
  return rest;
}
