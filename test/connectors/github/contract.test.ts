import { describeConnector } from "../../../src/connector/connector.suite.ts";
import { describeWritableConnector, type WritableWorld } from "../../../src/connector/writing.suite.ts";
import { createGitHubConnector } from "../../../src/connectors/github/connector.ts";
import { githubWorld, KEY, REPO } from "./world.ts";

const SECOND = 1_000;

/** The GitHub connector over HTTP and octokit, against the emulator. */
async function openGitHubWorld(): Promise<WritableWorld> {
  const world = await githubWorld();
  const { people, faults, calls } = world.emulator;
  const numberOf = (id: string) => Number(id.split("/")[1]);
  // Another process of ours: GitHub has no trash, so nobody else makes a tombstone.
  const other = createGitHubConnector({
    client: world.clientFor(world.emulator.token),
    clock: world.clock,
    repositories: [REPO],
    markerKeys: [KEY],
  });
  const writeRoutes = ["POST /repos/{owner}/{repo}/issues", "PATCH /repos/{owner}/{repo}/issues/{number}"];
  let others = 0;
  const counted = () => writeRoutes.reduce((sum, route) => sum + (calls.byRoute[route] ?? 0), 0) - others;
  const pass = () => world.clock.advance(3 * SECOND);
  return {
    sample: {
      title: { field: "title", values: ["First", "Second, with a comma", "Third"] },
      other: { field: "body", values: ["A body", "Another\n\n- with a list\n", ""] },
    },
    writesSeen: counted,
    loseAnswer: (when) =>
      faults.add({ match: { method: "POST", path: "/issues$", times: 1 }, effect: { kind: "drop", when } }),
    connector: world.connector,
    async add(title) {
      pass();
      return world.idOf(people.addIssue(REPO, { title, body: "Words" }));
    },
    async addMany(count) {
      return Array.from({ length: count }, (_, index) => {
        if (index % 7 === 0) pass();
        return world.idOf(people.addIssue(REPO, { title: `Issue ${index}`, body: "Words" }));
      });
    },
    async edit(id, title) {
      people.editIssue(REPO, numberOf(id), { title });
    },
    async trash(id) {
      pass();
      const before = counted();
      await other.apply(
        { kind: "trash", id, expected: { revision: "" } },
        { sendBy: Number.POSITIVE_INFINITY },
      );
      others += counted() - before;
      pass();
    },
    async restore(id) {
      pass();
      people.editIssue(REPO, numberOf(id), { state: "open" });
    },
    async remove(id) {
      people.deleteIssue(REPO, numberOf(id));
      pass();
    },
    async hideField(id) {
      people.hideMember(REPO, numberOf(id), "milestone");
      return "milestone";
    },
    async obstruct() {
      // More issues that changed in one second than a page shows, and GitHub turns no page.
      people.addIssues(REPO, 150, (index) => ({ title: `Same ${index}` }));
      faults.add({
        match: { path: "[?&]page=" },
        effect: {
          kind: "status",
          status: 422,
          message: "In order to keep the API fast for everyone, pagination is limited for this resource.",
        },
      });
    },
    async revokeAccess() {
      people.changeRepository(REPO, { isGone: true });
    },
    advance: (ms) => world.clock.advance(ms),
    titleOf: (record) => String(record.fields.title),
    [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
  };
}

describeConnector("github connector", openGitHubWorld);
describeWritableConnector("github connector", openGitHubWorld);
