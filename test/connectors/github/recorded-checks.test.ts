import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createGitHubClient } from "../../../src/connectors/github/client.ts";
import { createPullRequests } from "../../../src/connectors/github/pull-request-client.ts";
import { virtualClock } from "../../http/virtual-clock.ts";

const folder = join(import.meta.dirname, "../../fixtures/github/graphql");

/** The checks of a recorded answer, as an answer to our question. */
async function readinessWith(nodes: readonly unknown[]) {
  const pullRequest = {
    id: "PR_1",
    number: 1,
    state: "OPEN",
    headRefOid: "abc",
    headRefName: "feature",
    commits: { nodes: [{ commit: { oid: "abc", statusCheckRollup: { contexts: { nodes } } } }] },
  };
  const answers: Readonly<Record<string, unknown>> = {
    "/repositories/7": { id: 7, full_name: "acme/app" },
    "/graphql": { data: { r0: { databaseId: 7, pullRequest } } },
  };
  const client = createGitHubClient({
    auth: { kind: "token", token: "ghp_dummy" },
    baseUrl: "http://127.0.0.1:9",
    clock: virtualClock(),
    pace: "none",
    fetch: async (url) => Response.json(answers[new URL(String(url)).pathname]),
  });
  const all = await createPullRequests(client).readiness([{ repositoryId: 7, number: 1 }]);
  return all.get("7/1");
}

function recorded(name: string): readonly object[] {
  const { response } = JSON.parse(readFileSync(join(folder, `pr-checks-${name}.json`), "utf8"));
  return response.body.data.node.statusCheckRollup.nodes[0].commit.statusCheckRollup.contexts.nodes.map(
    (node: object) => ({
      // What is a status and what it is called is told by the question they were answers to.
      ...("state" in node
        ? { __typename: "StatusContext", context: "name" in node ? node.name : null }
        : { __typename: "CheckRun" }),
      ...node,
    }),
  );
}

describe("recorded checks", () => {
  it.each([
    { name: "allPassing", state: "passing" },
    { name: "someFailing", state: "failing" },
    // One is under way, and one was cancelled.
    { name: "somePending", state: "failing" },
    { name: "someSkipping", state: "passing" },
    { name: "someCancelled", state: "failing" },
    { name: "withStatuses", state: "failing" },
  ])("of $name are $state together", async ({ name, state }) => {
    const nodes = recorded(name);
    const readiness = await readinessWith(nodes);
    expect(readiness?.checkState).toBe(state);
    expect(readiness?.checks.length).toBe(new Set(nodes.map((node) => JSON.stringify(node))).size);
  });

  it("tell required ones from others", async () => {
    const readiness = await readinessWith(recorded("onlyRequired"));
    expect(readiness?.requiredState).toBe("passing");
    expect(readiness?.checks.filter(({ isRequired }) => isRequired).length).toBeGreaterThan(0);
  });

  it("count by the latest run of a name", async () => {
    const run = (conclusion: string | null, startedAt: string | null) => ({
      __typename: "CheckRun",
      name: "build",
      status: conclusion === null ? "QUEUED" : "COMPLETED",
      conclusion,
      startedAt,
    });
    const failed = run("FAILURE", "2026-11-21T10:00:00Z");
    const passed = run("SUCCESS", "2026-11-21T10:05:00Z");
    expect((await readinessWith([passed, failed]))?.checkState).toBe("passing");
    expect((await readinessWith([failed, passed, run(null, null)]))?.checkState).toBe("pending");
  });
});
