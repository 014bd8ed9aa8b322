import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { scriptedServer } from "../../../test/http/scripted-server.ts";
import { exportOf, library } from "../local/books.ts";
import { type LocalStage, libraryConfigOf } from "../local/stage.ts";
import type { ServiceName } from "../local/wires.ts";
import { steps } from "../machine.ts";
import { type Fault, Trouble } from "./support/trouble.ts";
import { importInSteps, importOnOneMachine, openStage, requestsOf, shownIn } from "./support/world.ts";

const books = library(100);
const text = exportOf(books);

/** Of each function. */
type Troubles = Readonly<Record<string, readonly Fault[]>>;

/** What can go wrong with any invocation. */
const ofAnInvocation: readonly Fault[] = ["refused", "crashed", "lost", "late"];
/** And at any step that asks anybody. */
const atAnyStep: readonly Fault[] = [
  ...ofAnInvocation,
  { service: "dynamodb", kind: "throttle", when: "before" },
  { service: "dynamodb", kind: "fail", when: "after" },
  { service: "dynamodb", kind: "hang", when: "after" },
];
/** At steps that write: a commit of the store, and a page in Notion. */
const whereIsWritten: readonly Fault[] = [
  ...atAnyStep,
  { service: "dynamodb", isWrite: true, kind: "kill", when: "after" },
  { service: "notion", isWrite: true, kind: "throttle", when: "before" },
  { service: "notion", isWrite: true, kind: "hang", when: "before" },
  { service: "notion", isWrite: true, kind: "fail", when: "after" },
  { service: "notion", isWrite: true, kind: "kill", when: "after" },
];
const firstTrouble = {
  // What Open Library says is remembered: it has to fail first.
  "begin-import": [
    { service: "openlibrary", kind: "hang", when: "after" },
    ...atAnyStep,
    { service: "notion", kind: "throttle", when: "before" },
    { service: "notion", kind: "hang", when: "after" },
  ],
  // What an import begins with is remembered, so that a look-up mostly asks nobody.
  "lookup-series": ofAnInvocation,
  "upsert-series": whereIsWritten,
  "upsert-book": whereIsWritten,
  // Few books follow another into La Poubelle.
  cascade: [...atAnyStep, { service: "notion", isWrite: true, kind: "hang", when: "after" }],
  "finish-import": atAnyStep,
} satisfies Readonly<Record<(typeof steps)[keyof typeof steps], readonly Fault[]>>;
/** In an import that finds everything done. */
const againTrouble: Troubles = Object.fromEntries(Object.values(steps).map((name) => [name, ofAnInvocation]));

let openLibrary: Awaited<ReturnType<typeof scriptedServer>>;
/** What the recipe makes of the books on one machine, with a store in a file. */
let one: LocalStage;
/** And its requests to Notion, when it is through. */
let importing: ReturnType<typeof requestsOf>;

beforeAll(async () => {
  openLibrary = await scriptedServer(({ url }) => {
    if (!url.startsWith("/search.json")) return { json: { entries: [] } };
    const title = new URL(url, "http://x").searchParams.get("title") ?? "";
    const saga = Math.floor(Number(/\d+/.exec(title)?.[0]) / 5);
    const work = { key: "/works/OL1W", title, author_name: [`Author ${saga}`], edition_count: 3 };
    return { json: { docs: [{ ...work, series_name: [`The ${saga}th Saga`], series_position: ["5"] }] } };
  });
  one = await open();
  const { url: openLibraryBaseUrl } = openLibrary;
  importing = requestsOf(one, () => importOnOneMachine(one, { text, openLibraryBaseUrl }));
});

afterAll(async () => {
  await importing;
  await one[Symbol.asyncDispose]();
  await openLibrary[Symbol.asyncDispose]();
});

function open(): Promise<LocalStage> {
  return openStage({
    configOf: (setup) => {
      const { library, ...config } = libraryConfigOf(setup);
      return { ...config, library: { ...library, openLibrary: { contact: "mailto:me@example.org" } } };
    },
    services: { openlibrary: openLibrary.url },
  });
}

// Together: each of them waits for its turns at Notion most of the time.
describe.concurrent("an import of 100 books by the synthesised state machine", () => {
  it("makes what one machine makes, with as many requests", async () => {
    await using many = await open();
    const { execution, requests } = await imported(many, "calm");
    const single = await importing;
    expect(execution).toMatchObject({ letters: [], failures: {} });
    expect(shownIn(many)).toEqual(shownIn(one));
    expect(requests.writes).toBe(single.writes);
    expect(Math.abs(requests.all - single.all)).toBeLessThanOrEqual(single.all * 0.05);
  });

  it("makes what one machine makes, whatever goes wrong at each of its steps, twice", async () => {
    await using many = await open();
    const trouble = new Trouble(many, firstTrouble);
    const first = await imported(many, "first", trouble);
    const single = await importing;
    expect(first.execution).toMatchObject({
      letters: [],
      output: { finished: { run: { status: "succeeded" } } },
    });
    expect(trouble.left).toEqual({});
    expect(shownIn(many)).toEqual(shownIn(one));
    // One page for each, those in the trash counted: nothing was made twice and thrown away.
    expect(many.emulator.workspace.rows(many.setup.books)).toHaveLength(books.length);
    expect(many.emulator.workspace.rows(many.setup.series)).toHaveLength(shownIn(one).series.length);
    // A fault may cost the request once more, and a look for what became of it.
    expect(first.requests.all).toBeLessThanOrEqual(single.all * 1.05 + 2 * faultsIn(firstTrouble));
    expect(first.requests.writes).toBeLessThanOrEqual(single.writes + faultsIn(firstTrouble, "notion"));

    const again = new Trouble(many, againTrouble);
    const second = await imported(many, "second", again);
    expect(second.execution).toMatchObject({ letters: [], output: { finished: { run: null } } });
    expect(again.left).toEqual({});
    expect(second.requests.writes).toBe(0);
    expect(shownIn(many)).toEqual(shownIn(one));
  });
});

/** The books by the state machine, and what it asked of Notion meanwhile. */
async function imported(stage: LocalStage, name: string, trouble?: Trouble) {
  const execution = Promise.withResolvers<Awaited<ReturnType<typeof importInSteps>>>();
  const requests = await requestsOf(stage, async () => {
    execution.resolve(await importInSteps(stage, { name, text, ...(trouble && { invoke: trouble.invoke }) }));
  });
  return { execution: await execution.promise, requests };
}

/** Those of requests to one service, or all of them. */
function faultsIn(trouble: Troubles, service?: ServiceName): number {
  const faults = Object.values(trouble).flat();
  if (service === undefined) return faults.length;
  return faults.filter((fault) => typeof fault === "object" && fault.service === service).length;
}
