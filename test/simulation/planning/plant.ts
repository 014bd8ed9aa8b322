import { HUB_BOT } from "../github/hub.ts";
import { IssueTable } from "../github/issues.ts";
import { createOn } from "../hands.ts";
import { randomFrom } from "../random.ts";
import type { World } from "../world.ts";
import { repositoriesOf, statusWords } from "./setup.ts";

/** What is there before anybody accepts the sync: rows of every status, issues, some of them closed, one with its pull request. */
export function plantPlanning(world: World): void {
  const { table } = world;
  if (!(table instanceof IssueTable)) return;
  const random = randomFrom(world.options.seed, "plant");
  const repositories = repositoriesOf(world.options);
  const { people } = table.hub;
  for (let index = random.int(0, 3); index > 0; index -= 1)
    createOn(world, "left", { Title: `row${index}`, Status: random.pick(Object.keys(statusWords)) });
  for (let index = random.int(0, 4); index > 0; index -= 1) {
    const name = random.pick(repositories);
    const number = people.addIssue(name, { title: `issue${index}`, body: "as it was" }, "ann");
    if (random.chance(0.2)) people.editIssue(name, number, { state: "closed", reason: "completed" }, "ann");
    if (random.chance(0.2)) {
      people.push(name, `${number}-early`, "ann");
      const tied = { Title: `issue${index}`, Status: "Ready for Review" };
      createOn(world, "left", { ...tied, "GitHub Issue #": `${name}#${number}` });
    } else if (random.chance(0.4)) {
      const sha = people.push(name, `${number}-early`, "ann");
      people.check(name, sha, { name: "ci", conclusion: "success" });
      const body = {
        title: `issue${index}`,
        head: `${number}-early`,
        base: "main",
        body: `Closes #${number}`,
      };
      table.hub.askAs("ann", "POST", `/repos/${name}/pulls`, body);
      // Its row is there as well, and says that the work is done.
      if (random.chance(0.5))
        createOn(world, "left", {
          Title: `issue${index}`,
          Status: "Done",
          "GitHub Issue #": `${name}#${number}`,
        });
    }
  }
  people.addUser(HUB_BOT);
  table.mirror(null);
}
