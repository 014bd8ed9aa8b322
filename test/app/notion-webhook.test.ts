import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isSignedWith, jsonIn, readNotionEvent, verificationTokenIn } from "../../src/app/notion-webhook.ts";
import type { Json } from "../../src/core/json.ts";
import type { InboxEvent } from "../../src/store/pair-store.ts";

const fixtures = join(import.meta.dirname, "../fixtures/notion");
const { vectors } = JSON.parse(readFileSync(join(fixtures, "webhook-signatures.json"), "utf8")) as {
  readonly vectors: readonly {
    readonly event: string;
    readonly verification_token: string;
    readonly body: string;
    readonly x_notion_signature: string;
  }[];
};
const recorded = readdirSync(join(fixtures, "webhooks")).map((name) => {
  const { value } = JSON.parse(readFileSync(join(fixtures, "webhooks", name), "utf8")) as { value: Json };
  return { name: name.replace(/\.json$/, ""), value };
});

describe("isSignedWith", () => {
  it.each(vectors)("takes the recorded signature of $event, and no other", (vector) => {
    const { verification_token: secret, x_notion_signature: signature } = vector;
    const body = Buffer.from(vector.body);
    expect(isSignedWith([secret], body, signature)).toBe(true);
    expect(isSignedWith(["another", secret], body, signature), "while one secret replaces another").toBe(
      true,
    );
    expect(isSignedWith(["another"], body, signature)).toBe(false);
    expect(isSignedWith([], body, signature), "without a secret nothing is signed").toBe(false);
    expect(isSignedWith([secret], Buffer.from(`${vector.body} `), signature), "every byte counts").toBe(
      false,
    );
    for (const wrong of [null, "", "sha256=", signature.slice(7), signature.toUpperCase(), `${signature}0`]) {
      expect(isSignedWith([secret], body, wrong), String(wrong)).toBe(false);
    }
  });
});

describe("readNotionEvent", () => {
  const kinds: Readonly<Record<string, InboxEvent["kind"]>> = {
    "comment.created": "unknown",
    "comment.deleted": "unknown",
    "comment.updated": "unknown",
    "data_source.content_updated": "unknown",
    "data_source.created": "unknown",
    "data_source.deleted": "unknown",
    "data_source.moved": "unknown",
    "data_source.schema_updated": "schema",
    "data_source.undeleted": "unknown",
    "database.content_updated": "unknown",
    "database.created": "unknown",
    "database.deleted": "unknown",
    "database.moved": "unknown",
    "database.schema_updated": "schema",
    "database.undeleted": "unknown",
    "page.content_updated": "updated",
    "page.created": "created",
    "page.created.agent_parent": "created",
    "page.deleted": "deleted",
    "page.locked": "updated",
    "page.moved": "moved",
    "page.properties_updated": "updated",
    "page.undeleted": "restored",
    "page.unlocked": "updated",
  };

  it("is tested with every recorded event", () => {
    expect(recorded.map(({ name }) => name).sort()).toEqual(Object.keys(kinds).sort());
  });

  it.each(recorded)("understands the recorded $name", ({ name, value }) => {
    const event = readNotionEvent(value);
    expect(event?.kind ?? null).toBe(kinds[name]);
    if (event === null) return;
    const { id, type, timestamp, entity, data } = value as {
      [key: string]: Json;
      entity: { id: string };
      data: { page_id?: string };
    };
    expect(event).toMatchObject({ id, type, occurredAt: timestamp, isOwnEcho: false });
    const subject = event.pageId ?? event.dataSourceId ?? event.databaseId;
    // A comment is about the page that it is on.
    expect(subject).toBe(data.page_id ?? entity.id);
    expect(event.pageId === null).toBe(!/^(page|comment)\./.test(name));
  });

  it("tells which properties changed, in the words of either version", () => {
    const changedIn = (wanted: string) =>
      readNotionEvent(recorded.find(({ name }) => name === wanted)?.value ?? null)?.changed;
    expect(changedIn("page.properties_updated")).toEqual(["XGe%40", "bDf%5B", "DbAu"]);
    expect(changedIn("data_source.schema_updated")).toEqual(["kqLW", "wX%7Bd", "LIM%5D"]);
  });

  const edited = {
    id: "e",
    type: "page.properties_updated",
    integration_id: "bot",
    entity: { id: "p", type: "page" },
    data: { parent: { id: "db", type: "database", data_source_id: "ds" } },
  };

  it("finds the collection a page is in", () => {
    expect(readNotionEvent(edited)).toMatchObject({ dataSourceId: "ds", databaseId: "db" });
    const older = { ...edited, data: { parent: { id: "db", type: "database" } } };
    expect(readNotionEvent(older)).toMatchObject({ dataSourceId: null, databaseId: "db" });
  });

  it.each([
    ["ours alone", "page.properties_updated", ["bot"], true],
    ["ours and a person's", "page.properties_updated", ["bot", "ada"], false],
    ["nobody's", "page.properties_updated", [], false],
    ["our creation, whose answer may have been lost", "page.created", ["bot"], false],
    ["our deletion", "page.deleted", ["bot"], false],
  ])("knows an edit that is %s", (_name, type, authors, isOwnEcho) => {
    const event = readNotionEvent({ ...edited, type, authors: authors.map((id) => ({ id, type: "bot" })) });
    expect(event?.isOwnEcho).toBe(isOwnEcho);
  });

  it.each<[string, Json]>([
    ["nothing", null],
    ["a list", []],
    ["a text", "page.created"],
    ["no id", { ...edited, id: 3 }],
    ["no type", { id: "e" }],
    ["no entity", { id: "e", type: "page.created" }],
    ["an entity without an id", { id: "e", type: "page.created", entity: { type: "page" } }],
    ["a type of another world", { ...edited, type: "view.created" }],
  ])("takes %s for nothing", (_name, body) => {
    expect(readNotionEvent(body)).toBeNull();
  });

  it("looks at a page when the event is one that nobody knows yet", () => {
    expect(readNotionEvent({ ...edited, type: "page.painted_green" })).toMatchObject({
      kind: "unknown",
      pageId: "p",
    });
  });
});

describe("verificationTokenIn", () => {
  it.each<[string, Json, string | null]>([
    ["a handshake", { verification_token: "secret_dummy" }, "secret_dummy"],
    ["an empty token", { verification_token: "" }, null],
    ["an event", { verification_token: "secret_dummy", type: "page.created" }, null],
    ["nothing", null, null],
  ])("finds the token of %s", (_name, body, token) => {
    expect(verificationTokenIn(body)).toBe(token);
  });

  it("is handed bytes that may be anything", () => {
    expect(jsonIn(Buffer.from([0xff, 0xfe]))).toBeNull();
    expect(jsonIn(Buffer.from("{"))).toBeNull();
    expect(jsonIn(Buffer.from('{"a":1}'))).toEqual({ a: 1 });
  });
});
