import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { issueRights, probeRights, pullRequestRights } from "../../../src/connectors/github/access.ts";
import { createGitHubClient } from "../../../src/connectors/github/client.ts";
import { createGitHubConnector } from "../../../src/connectors/github/connector.ts";
import { githubWorld, KEY, REPO } from "./world.ts";

describe("probeRights", () => {
  it("names what is missing, writes nothing, and says where to grant it", async () => {
    await using world = await githubWorld();
    const { people, calls } = world.emulator;
    people.addToken("ghp_reader_dummy", {
      rights: { issues: "read", contents: "read", pull_requests: "write" },
    });
    const client = world.clientFor("ghp_reader_dummy");
    const [repository] = await world.connector.repositories();
    if (repository === undefined) throw new Error("no repository");
    calls.reset();
    const granted = await probeRights(client, { repository, rights: [...issueRights, ...pullRequestRights] });
    expect(granted.map(({ right, isGranted }) => [`${right.name} ${right.access}`, isGranted])).toEqual([
      ["Issues read", true],
      ["Issues write", false],
      ["Pull requests read", true],
      ["Pull requests write", true],
      ["Contents read", true],
      ["Contents write", false],
      ["Checks read", false],
      ["Commit statuses read", false],
    ]);
    for (const { isGranted, mend } of granted) expect(mend === null).toBe(isGranted);
    expect(granted[1]?.mend).toContain('grant "Issues: Read and write"');
    expect(calls.recent.filter(({ status }) => status === 201)).toEqual([]);
  });
});

it("probeRights finds nothing missing for a token that may do everything", async () => {
  await using world = await githubWorld();
  world.emulator.people.addToken(world.emulator.token);
  const [repository] = await world.connector.repositories();
  if (repository === undefined) throw new Error("no repository");
  const granted = await probeRights(world.client, {
    repository,
    rights: [...issueRights, ...pullRequestRights],
  });
  expect(granted.filter(({ isGranted }) => isGranted !== true)).toEqual([]);
});

describe("a GitHub App", () => {
  it("acts by installation tokens, under its own name", async () => {
    await using world = await githubWorld();
    const { people, url, calls } = world.emulator;
    people.addApp({ id: "42", slug: "lockstep-sync", installationId: 77 });
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const client = createGitHubClient({
      auth: {
        kind: "app",
        appId: "42",
        privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
        installationId: 77,
      },
      baseUrl: url,
      clock: world.clock,
      pace: "none",
    });
    const connector = createGitHubConnector({
      client,
      clock: world.clock,
      repositories: [REPO],
      markerKeys: [KEY],
    });
    const outcome = await connector.apply(
      { kind: "create", marker: "page-1", fields: { title: "By the App" } },
      { sendBy: Number.POSITIVE_INFINITY },
    );
    expect(outcome).toMatchObject({
      kind: "applied",
      record: { isOurs: true, marker: "page-1", fields: { author: "lockstep-sync[bot]" } },
    });
    expect(await connector.identity()).toEqual({ login: "lockstep-sync[bot]", isBot: true });
    expect((await connector.find("page-1")).records.length).toBe(1);
    // One token for all of it.
    expect(calls.recent.filter(({ path }) => path.endsWith("/access_tokens")).length).toBe(1);
  });
});
