import { describe, expect, it } from "vitest";
import { readIdentity } from "../../../src/connectors/github/identity.ts";
import { githubWorld } from "./world.ts";

describe("readIdentity", () => {
  it("knows the user of a token", async () => {
    await using world = await githubWorld();
    expect(await readIdentity(world.client)).toEqual({ login: "octocat", isBot: false });
  });

  it("knows a workflow by its own token, which may not ask for its user", async () => {
    await using world = await githubWorld();
    world.emulator.people.addToken("ghs_dummy", { login: "github-actions[bot]" });
    const identity = await readIdentity(world.clientFor("ghs_dummy"));
    expect(identity).toEqual({ login: "github-actions[bot]", isBot: true });
  });

  it("is ACCESS_LOST for a token that GitHub does not know", async () => {
    await using world = await githubWorld();
    await expect(readIdentity(world.clientFor("ghp_unknown_dummy"))).rejects.toMatchObject({
      code: "ACCESS_LOST",
    });
  });
});
