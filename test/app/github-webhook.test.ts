import { createHmac } from "node:crypto";
import { globSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { githubInboxEvent, isOwnEcho, readGitHubDelivery } from "../../src/app/github-webhook.ts";
import { isSignedWith, jsonIn } from "../../src/app/notion-webhook.ts";

const folder = join(import.meta.dirname, "../fixtures/github/webhooks");
const files = globSync("**/*.json", { cwd: folder }).sort();
const recorded = files.map((file) => {
  const { headers, payload } = JSON.parse(readFileSync(join(folder, file), "utf8"));
  return { file: relative(".", file), event: String(headers["x-github-event"]), payload };
});
const delivered = recorded.map((each) => ({
  ...each,
  delivery: readGitHubDelivery({ event: each.event, id: `delivery of ${each.file}` }, each.payload),
}));

/** The one delivery of that file, as an event. */
function eventOf(file: string) {
  const found = delivered.find((each) => each.file === file);
  if (found?.delivery.kind !== "event") throw new Error(`no event in ${file}`);
  return found.delivery.event;
}

describe("recorded deliveries", () => {
  it("are all taken: pings, events, and what no sync reads", () => {
    const kinds = Map.groupBy(delivered, ({ delivery }) => delivery.kind);
    expect(delivered.length).toBe(149);
    expect(kinds.get("ping")?.length).toBe(3);
    const others = new Set(kinds.get("other")?.map(({ event }) => event));
    expect([...others].sort()).toEqual(["member", "projects_v2_item", "team"]);
  });

  it("name the repository they happened in, unless they are about an installation", () => {
    for (const { delivery, event, payload } of delivered) {
      if (delivery.kind !== "event") continue;
      expect(delivery.event.repositoryId).toBe(
        event.startsWith("installation") ? null : payload.repository.id,
      );
    }
  });

  it("about issues name the record as the connector does", () => {
    for (const { delivery, event, payload } of delivered) {
      if (delivery.kind !== "event" || event !== "issues") continue;
      expect(delivery.event.recordId).toBe(`${payload.repository.id}/${payload.issue.number}`);
    }
  });

  it("about pull requests and checks name the pull requests or the commit", () => {
    const events = [
      "pull_request",
      "pull_request_review",
      "pull_request_review_comment",
      "pull_request_review_thread",
      "check_run",
      "check_suite",
      "status",
      "workflow_run",
      "merge_group",
      "push",
    ];
    for (const { delivery, event, file } of delivered) {
      if (delivery.kind !== "event" || !events.includes(event)) continue;
      const { pullRequests, headSha } = delivery.event;
      expect(pullRequests.length > 0 || headSha !== null, file).toBe(true);
      expect(delivery.event.recordId).toBeNull();
    }
  });

  it.each([
    { file: "issues/opened.payload.json", kind: "created", changed: [] },
    { file: "issues/edited.payload.json", kind: "updated", changed: [] },
    { file: "issues/labeled.payload.json", kind: "updated", changed: ["labels"] },
    { file: "issues/reopened.payload.json", kind: "updated", changed: ["state"] },
    { file: "issues/deleted.payload.json", kind: "deleted", changed: [] },
    { file: "issues/transferred.payload.json", kind: "moved", changed: [] },
    { file: "label/edited.payload.json", kind: "schema", changed: ["labels"] },
    { file: "milestone/closed.payload.json", kind: "schema", changed: ["milestone"] },
    { file: "repository/renamed.payload.json", kind: "schema", changed: ["repository"] },
  ])("$file is of the kind $kind", ({ file, kind, changed }) => {
    expect(eventOf(file)).toMatchObject({ kind, changed });
  });

  it("become inbox events of the one schema", () => {
    const to = { syncId: "s", side: "right", receivedAt: "2026-11-21T10:00:00.000Z" } as const;
    const event = eventOf("issues/labeled.payload.json");
    expect(githubInboxEvent(event, to)).toEqual({
      syncId: "s",
      source: "github",
      eventId: "delivery of issues/labeled.payload.json",
      side: "right",
      recordId: event.recordId,
      kind: "updated",
      changed: ["labels"],
      prior: {},
      occurredAt: event.occurredAt,
      receivedAt: to.receivedAt,
      detectedBy: "webhook",
      type: "issues.labeled",
    });
  });
});

describe("readGitHubDelivery", () => {
  it("takes what nobody knows, and bodies that are none", () => {
    for (const body of [null, [], "text", {}, { action: 5 }])
      for (const event of ["issues", "check_run", "brand_new", null])
        expect(["event", "other"]).toContain(readGitHubDelivery({ event, id: "1" }, body).kind);
    expect(readGitHubDelivery({ event: "issues", id: null }, {}).kind).toBe("other");
  });

  it("tells what changed in an edit, and what it was before", () => {
    const body = {
      action: "edited",
      changes: { title: { from: "Old" }, body: { from: "Before" } },
      issue: { number: 3, updated_at: "2026-11-21T10:00:00Z" },
      repository: { id: 7, full_name: "acme/app" },
    };
    const delivery = readGitHubDelivery({ event: "issues", id: "1" }, body);
    expect(delivery).toMatchObject({
      kind: "event",
      event: { recordId: "7/3", changed: ["title", "body"], prior: { title: "Old", body: "Before" } },
    });
  });

  it("takes an App's own edits for echoes, and a person's never", () => {
    const bodyBy = (login: string, type: string) => ({
      action: "edited",
      issue: { number: 3 },
      repository: { id: 7 },
      sender: { login, type },
    });
    const isEcho = (login: string, type: string, self: { login: string; isBot: boolean }) => {
      const delivery = readGitHubDelivery({ event: "issues", id: "1" }, bodyBy(login, type));
      return delivery.kind === "event" && isOwnEcho(delivery.event, self);
    };
    expect(isEcho("sync[bot]", "Bot", { login: "sync[bot]", isBot: true })).toBe(true);
    expect(isEcho("octocat", "User", { login: "octocat", isBot: false })).toBe(false);
    expect(isEcho("other[bot]", "Bot", { login: "sync[bot]", isBot: true })).toBe(false);
  });
});

describe("X-Hub-Signature-256", () => {
  it("fits the bytes as they came, and no others", () => {
    const bytes = Buffer.from('{ "action":"opened",  "é":1 }');
    const signature = `sha256=${createHmac("sha256", "dummy").update(bytes).digest("hex")}`;
    expect(isSignedWith(["dummy"], bytes, signature)).toBe(true);
    expect(isSignedWith(["dummy"], Buffer.from(JSON.stringify(jsonIn(bytes))), signature)).toBe(false);
    expect(isSignedWith(["another"], bytes, signature)).toBe(false);
    expect(isSignedWith(["dummy"], bytes, null)).toBe(false);
    expect(isSignedWith(["dummy"], bytes, signature.replace("sha256", "sha1"))).toBe(false);
  });
});
