import { describe, expect, it } from "vitest";
import type { Answer } from "../../src/connectors/github/answer.ts";
import { createPullRequests } from "../../src/connectors/github/pull-request-client.ts";
import { isJsonObject } from "../../src/core/json.ts";
import { type HubSide, openInProcess, openServer } from "./github/sides.ts";

const repository = "acme/app";
const other = "acme/web";
const SECOND = 1_000;

/** A play of calls and people's acts. `say` notes an answer, or what became of a write. */
type Play = (side: HubSide, say: (heard: unknown) => void) => Promise<void>;

const send = (side: HubSide, method: "POST" | "PATCH" | "PUT" | "DELETE", path: string, body = {}) =>
  side.client.send({ method, path: `/repos/${repository}${path}`, body });
const get = (side: HubSide, path: string, etag: string | null = null) =>
  side.client.get(`/repos/${repository}${path}`, { etag });

function shaOf(side: HubSide, branch: string): string {
  return side.people.push(repository, branch, "ann");
}

const plays: Readonly<Record<string, Play>> = {
  "makes, changes and shows an issue": async (side, say) => {
    side.people.addUser("ann");
    const made = await send(side, "POST", "/issues", {
      title: "One",
      body: "text",
      labels: ["bug", "Bug"],
      assignees: ["ann", "nobody"],
    });
    say(made);
    side.advance(61 * SECOND);
    say(
      await send(side, "PATCH", "/issues/1", {
        labels: ["docs"],
        state: "closed",
        state_reason: "not_planned",
      }),
    );
    say(await send(side, "PATCH", "/issues/1", { state: "open", body: null }));
    say(await get(side, "/issues/1"));
    say(await get(side, "/labels?per_page=100"));
  },
  "refuses what it cannot do": async (side, say) => {
    side.people.addIssue(repository, { title: "One" });
    say(await send(side, "POST", "/issues", {}));
    say(await send(side, "PATCH", "/issues/1", { title: "x".repeat(257) }));
    say(await send(side, "PATCH", "/issues/1", { milestone: 9 }));
    say(await send(side, "PATCH", "/issues/1", { state_reason: "because" }));
    say(await get(side, "/issues/9"));
    say(await get(side, "/nothing/here"));
  },
  "lists by the time of the last change, and says that nothing has changed": async (side, say) => {
    for (let index = 0; index < 12; index += 1) {
      side.people.addIssue(repository, { title: `Issue ${index}` }, index % 2 === 0 ? "ann" : "ben");
      if (index % 3 === 0) side.advance(2 * SECOND);
    }
    const path = "/issues?state=all&sort=updated&direction=asc&per_page=5";
    const first = await get(side, path);
    say(first);
    say(first.next === null ? null : await side.client.get(side.client.pathOf(first.next) ?? ""));
    const list = await get(side, `${path}&since=2026-01-01T00:00:00Z&creator=ben`);
    say(list);
    say(await get(side, `${path}&since=2026-01-01T00:00:00Z&creator=ben`, list.etag));
    side.people.editIssue(repository, 2, { title: "Another" });
    say(await get(side, `${path}&since=2026-01-01T00:00:00Z&creator=ben`, list.etag));
  },
  "says what has left: transferred, deleted, vanished, locked": async (side, say) => {
    for (let index = 0; index < 4; index += 1) side.people.addIssue(repository, { title: `Issue ${index}` });
    side.people.transferIssue(repository, 1, other);
    side.people.deleteIssue(repository, 2);
    side.people.vanishIssue(repository, 3);
    side.people.lockIssue(repository, 4, true);
    for (const number of [1, 2, 3, 4]) say(await get(side, `/issues/${number}`));
    say(await send(side, "PATCH", "/issues/1", { title: "x" }));
    say(await get(side, "/issues?state=all"));
  },
  "leads on from a former name, and shuts what is closed": async (side, say) => {
    side.people.addIssue(repository, { title: "One" });
    side.people.renameRepository(repository, "acme/renamed");
    say(await get(side, "/issues/1"));
    say(await send(side, "PATCH", "/issues/1", { title: "x" }));
    side.people.changeRepository("acme/renamed", { isArchived: true });
    say(
      await side.client.send({ method: "PATCH", path: "/repos/acme/renamed/issues/1", body: { title: "y" } }),
    );
    side.people.changeRepository("acme/renamed", { isArchived: false, hasIssues: false });
    say(await side.client.get("/repos/acme/renamed/issues/1"));
  },
  "knows who asks, and what they may do": async (side, say) => {
    side.people.addToken("ghp_dummy_reader", { login: "ann", rights: { issues: "read" } });
    const reader = side.clientFor("ghp_dummy_reader");
    say(await side.client.get("/user"));
    say(await reader.get("/user"));
    say(await reader.send({ method: "POST", path: `/repos/${repository}/issues`, body: { title: "x" } }));
    say(await reader.get(`/repos/${repository}/pulls`));
    say(await side.clientFor("ghp_dummy_nobody").get("/user"));
    say(await side.client.query("query { viewer { login } }", {}));
  },
  "lists comments by the time of their change": async (side, say) => {
    side.people.addIssue(repository, { title: "One" });
    side.people.comment(repository, 1, "first", "ann");
    side.advance(5 * SECOND);
    say(await send(side, "POST", "/issues/1/comments", { body: "second" }));
    say(await get(side, "/issues/comments?sort=updated&direction=asc&since=2026-01-01T00:00:00Z"));
    say(await get(side, "/issues/1/comments?per_page=1"));
    say(await get(side, "/issues/1"));
  },
  "opens, judges and merges a pull request": async (side, say) => {
    side.people.protect(repository, "main", { requiredChecks: ["ci"], requiredReviews: 1 });
    side.people.addIssue(repository, { title: "One" });
    const sha = shaOf(side, "1-one");
    const opening = { title: "One", head: "1-one", base: "main", body: "Closes #1", draft: true };
    say(await send(side, "POST", "/pulls", opening));
    say(await send(side, "POST", "/pulls", opening));
    say(await send(side, "POST", "/pulls", { ...opening, head: "none" }));
    say(await get(side, "/pulls?state=open&sort=updated&direction=desc"));
    say(await get(side, "/branches/1-one"));
    say(await get(side, "/git/matching-refs/heads/1-"));
    const merge = () => send(side, "PUT", "/pulls/2/merge", { sha, merge_method: "squash" });
    say(await merge());
    const pulls = createPullRequests(side.client);
    const repositoryId = idIn(await get(side, ""));
    const found = await pulls.get({ repositoryId, number: 2 });
    if (found !== null) say(await pulls.markReady(found, {}));
    say(await merge());
    side.people.check(repository, sha, { name: "ci", conclusion: "success" });
    side.people.review(repository, 2, "APPROVED", "zoe");
    say([...(await pulls.readiness([{ repositoryId, number: 2 }])).values()]);
    say(await send(side, "PUT", "/pulls/2/merge", { sha: "0".repeat(40) }));
    say(await merge());
    say(await get(side, "/issues/1"));
    say(await get(side, "/pulls/2"));
  },
};

function idIn({ body }: Answer): number {
  return isJsonObject(body) ? Number(body.id) : 0;
}

async function heardFrom(open: (hasGraphql: boolean) => Promise<HubSide>, play: Play, hasGraphql: boolean) {
  await using side = await open(hasGraphql);
  side.people.addRepository(repository);
  side.people.addRepository(other);
  const heard: unknown[] = [];
  await play(side, (one) => heard.push(side.plain(one)));
  return heard;
}

describe.each([{ hasGraphql: true }, { hasGraphql: false }])(
  "GitHub without a server answers as the emulator's server does (GraphQL: $hasGraphql)",
  ({ hasGraphql }) => {
    for (const [name, play] of Object.entries(plays)) {
      it(name, async () => {
        const [ours, theirs] = await Promise.all([
          heardFrom(openInProcess, play, hasGraphql),
          heardFrom(openServer, play, hasGraphql),
        ]);
        expect(ours).toEqual(theirs);
        expect(ours.length).toBeGreaterThan(2);
      });
    }
  },
);
