import { describe, expect, test } from "vitest";
import { PlanningWorld, repository, select, titleOf } from "./planning-world.ts";

async function withText(body: { readonly [key: string]: string }) {
  const world = await PlanningWorld.open({ section: { fields: { body } } });
  await world.init();
  const { people } = world.github;
  const number = people.addIssue(repository, {
    title: "Login",
    body: "It fails for @ada.\n\nSteps:\n\n- open\n- log in",
  });
  await world.sync();
  const row = world.rows()[0]?.id ?? "";
  // What is set back again and again within ten minutes is left in peace for a while.
  await world.clock.advance(900_000);
  const text = () => (people.issue(repository, number)?.body ?? "").replace(/\n\n<!--[\s\S]*$/, "");
  return { world, people, number, row, text };
}

describe("the page's content and the issue's text", () => {
  test("go both ways below the line, and what stands above it is the page's own", async () => {
    const { world, people, number, row, text } = await withText({ conflict: "ask" });
    await using _ = world;
    expect(await world.markdown(row)).toMatch(/^## GitHub issue\nIt fails for @ada\.\n/);
    await world.write(row, (before) => `Ours alone.\n${before.replace("log in", "log out")}`);
    world.editRow(row, { Title: titleOf("Logout") });
    await world.sync();
    await world.sync();
    expect(text()).toMatch(/^It fails for @\u2060?ada\.[\s\S]*- log out$/);
    expect(text()).not.toContain("Ours");
    people.editIssue(repository, number, { body: text().replace("open", "open the app") });
    await world.sync();
    expect(await world.markdown(row)).toMatch(
      /^Ours alone\.\n## GitHub issue\n[\s\S]*open the app[\s\S]*log out/,
    );
    const { run } = await world.sync();
    expect(run.counts).toMatchObject({ created: 0, updated: 0 });
  });

  test("one way, from GitHub: an edit on the page is taken back", async () => {
    const { world, row } = await withText({ owner: "github" });
    await using _ = world;
    await world.write(row, (before) => before.replace("fails", "works"));
    world.editRow(row, { Priority: select("High") });
    await world.sync();
    await world.sync();
    expect(await world.markdown(row)).toContain("It fails");
  });

  test("one way, from Notion: a page that says nothing empties no issue", async () => {
    const { world, row, text } = await withText({ owner: "notion" });
    await using _ = world;
    expect(text()).toContain("It fails");
    await world.write(row, () => "## GitHub issue\nFrom the page.");
    world.editRow(row, { Priority: select("High") });
    await world.sync();
    expect(text()).toBe("From the page.");
  });

  test("the line that was deleted comes back with the text", async () => {
    const { world, row, text } = await withText({});
    await using _ = world;
    await world.write(row, () => "Only this.");
    world.editRow(row, { Priority: select("High") });
    await world.sync();
    await world.sync();
    expect(text()).toContain("It fails");
    expect(await world.markdown(row)).toMatch(/^Only this\.\n## GitHub issue\nIt fails/);
  });
});
