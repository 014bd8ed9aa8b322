import { createServer } from "node:http";
import { describe, expect, it } from "vitest";
import { readGitHubDelivery } from "../../../src/app/github-webhook.ts";
import { isSignedWith, jsonIn } from "../../../src/app/notion-webhook.ts";
import { githubWorld, REPO } from "./world.ts";

const secret = "a dummy secret";

interface Received {
  readonly id: string | null;
  readonly type: string;
  readonly isSigned: boolean;
  readonly recordId: string | null;
}

/** A receiver on this machine, with what came in. */
async function receiver(): Promise<
  { readonly url: string; readonly received: Received[] } & AsyncDisposable
> {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const header = (name: string) => {
      const value = request.headers[name];
      return typeof value === "string" ? value : null;
    };
    const id = header("x-github-delivery");
    const delivery = readGitHubDelivery({ event: header("x-github-event"), id }, jsonIn(body));
    const isSigned = isSignedWith([secret], body, header("x-hub-signature-256"));
    const event = delivery.kind === "event" ? delivery.event : null;
    received.push({ id, isSigned, type: event?.type ?? delivery.kind, recordId: event?.recordId ?? null });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/webhook/github`,
    received,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

describe("the emulator's webhooks", () => {
  it("are signed, and say what a sync has to know", async () => {
    await using world = await githubWorld();
    await using hook = await receiver();
    const { people, webhooks } = world.emulator;
    webhooks.add({ url: hook.url, secret });
    const number = people.addIssue(REPO, { title: "One" });
    people.editIssue(REPO, number, { title: "Uno", labels: ["bug"], state: "closed" });
    people.comment(REPO, number, "Words");
    const sha = people.push(REPO, "feature");
    people.check(REPO, sha, { name: "build", conclusion: "success" });
    people.deleteIssue(REPO, number);
    await webhooks.settle();
    expect(hook.received.every(({ isSigned }) => isSigned)).toBe(true);
    expect(hook.received.map(({ type }) => type)).toEqual([
      "ping",
      "issues.opened",
      "label.created",
      "issues.edited",
      "issues.labeled",
      "issues.closed",
      "issue_comment.created",
      "push",
      "check_run.completed",
      "issues.deleted",
    ]);
    expect(hook.received[1]?.recordId).toBe(world.idOf(number));
  });

  it("are lost, doubled and delivered again when told so, each under its id", async () => {
    await using world = await githubWorld();
    await using hook = await receiver();
    const { people, webhooks, faults } = world.emulator;
    webhooks.add({ url: hook.url, secret, events: ["issues"] });
    faults.add({ match: { event: "opened", nth: 1 }, effect: { kind: "lost" } });
    faults.add({ match: { event: "opened", nth: 1 }, effect: { kind: "duplicate" } });
    people.addIssue(REPO, { title: "Lost" });
    people.addIssue(REPO, { title: "Twice" });
    await webhooks.settle();
    const [, first, second, ...rest] = hook.received;
    expect(rest).toEqual([]);
    expect(second?.id).toBe(first?.id);
    const lost = webhooks.deliveries.find(({ status }) => status === null);
    await webhooks.redeliver(lost?.id ?? "");
    expect(hook.received.at(-1)).toMatchObject({ id: lost?.id, type: "issues.opened" });
  });
});
