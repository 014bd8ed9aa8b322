import fc from "fast-check";
import { expect, it } from "vitest";
import type { Checkpoint } from "../../../src/connector/connector.ts";
import { type GitHubWorld, githubWorld, REPO } from "./world.ts";

type Step =
  | { readonly kind: "add"; readonly count: number; readonly delayMs: number }
  | { readonly kind: "edit"; readonly pick: number; readonly delayMs: number }
  | { readonly kind: "delete"; readonly pick: number }
  | { readonly kind: "wait"; readonly ms: number }
  /** One page of the reading that is under way, or of a new one. */
  | { readonly kind: "read" }
  /** The process dies: the reading begins again at its last checkpoint. */
  | { readonly kind: "die" };

const delayMs = fc.constantFrom(0, 0, 0, 20_000, 59_000);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("add" as const),
      count: fc.constantFrom(1, 3, 60, 130),
      delayMs,
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("edit" as const), pick: fc.nat(), delayMs }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("delete" as const), pick: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(1_000, 30_000, 600_000) }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("read" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("die" as const) }) },
);

/** What a reader knows, page by page. */
function createReader({ connector }: GitHubWorld) {
  const known = new Map<string, unknown>();
  let checkpoint: Checkpoint = null;
  let reading: ReturnType<typeof connector.pull> | null = null;
  const begin = () =>
    connector.pull({
      mode: checkpoint === null || checkpoint.kind === "full" ? "full" : "changes",
      checkpoint,
      memosOf: async () => new Map(),
      knownFields: null,
    });
  return {
    known,
    /** True at the end of a complete reading. */
    async read(): Promise<boolean> {
      reading ??= begin();
      const next = await reading.next();
      if (!next.done) {
        for (const { id, fields } of next.value.records) known.set(id, fields.title);
        if (next.value.resumeAt !== undefined) checkpoint = next.value.resumeAt;
        return false;
      }
      reading = null;
      // An answer without rows, where all that was to be in it is out of sight for now, is not believed.
      if (!next.value.isComplete) return false;
      checkpoint = next.value.checkpoint;
      return true;
    },
    die() {
      reading = null;
    },
  };
}

async function carryOut(
  world: GitHubWorld,
  reader: ReturnType<typeof createReader>,
  one: Step,
  index: number,
): Promise<void> {
  const { people } = world.emulator;
  const pickFrom = (pick: number) =>
    people.issues(REPO)[pick % Math.max(1, people.issues(REPO).length)]?.number;
  switch (one.kind) {
    case "add":
      for (const number of people.addIssues(REPO, one.count, (each) => ({ title: `Added ${index}.${each}` })))
        people.delayInLists(REPO, number, one.delayMs);
      return;
    case "edit": {
      const number = pickFrom(one.pick);
      if (number === undefined) return;
      people.editIssue(REPO, number, { title: `Edited ${index}` });
      people.delayInLists(REPO, number, one.delayMs);
      return;
    }
    case "delete": {
      const number = pickFrom(one.pick);
      if (number !== undefined) people.deleteIssue(REPO, number);
      return;
    }
    case "wait":
      return world.clock.advance(one.ms);
    case "read":
      return void (await reader.read());
    case "die":
      return reader.die();
  }
}

it("a reader that is interrupted at any page knows every issue as it is once edits have stopped", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      await using world = await githubWorld();
      const reader = createReader(world);
      for (const [index, one] of steps.entries()) await carryOut(world, reader, one, index);
      world.clock.advance(120_000);
      // The reading under way, and one that begins after everything is visible.
      for (let complete = 0, pages = 0; complete < 2; pages += 1) {
        expect(pages).toBeLessThan(60);
        if (await reader.read()) complete += 1;
      }
      const { people } = world.emulator;
      const wrong = people
        .issues(REPO)
        .filter(({ number, title }) => reader.known.get(world.idOf(number)) !== title);
      expect(wrong.map(({ title }) => title)).toEqual([]);
    }),
    { numRuns: 25 },
  );
});
