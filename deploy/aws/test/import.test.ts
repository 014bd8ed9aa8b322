import { afterAll, beforeAll, expect, it } from "vitest";
import { scriptedServer } from "../../../test/http/scripted-server.ts";
import { exportOf, library } from "../local/books.ts";
import { libraryConfigOf } from "../local/stage.ts";
import { importInSteps, importOnOneMachine, openStage, requestsOf, shownIn } from "./support/world.ts";

const books = library(100);
const text = exportOf(books);

let openLibrary: Awaited<ReturnType<typeof scriptedServer>>;

beforeAll(async () => {
  openLibrary = await scriptedServer(({ url }) => {
    if (!url.startsWith("/search.json")) return { json: { entries: [] } };
    const title = new URL(url, "http://x").searchParams.get("title") ?? "";
    const saga = Math.floor(Number(/\d+/.exec(title)?.[0]) / 5);
    const work = { key: "/works/OL1W", title, author_name: [`Author ${saga}`], edition_count: 3 };
    return { json: { docs: [{ ...work, series_name: [`The ${saga}th Saga`], series_position: ["5"] }] } };
  });
});

afterAll(() => openLibrary[Symbol.asyncDispose]());

function open() {
  return openStage({
    configOf: (setup) => {
      const { library, ...config } = libraryConfigOf(setup);
      return { ...config, library: { ...library, openLibrary: { contact: "mailto:me@example.org" } } };
    },
    services: { openlibrary: openLibrary.url },
  });
}

it("an import of 100 books by the state machine makes what one machine makes, with as many requests; again it writes nothing", async () => {
  await using one = await open();
  await using many = await open();
  const { url: openLibraryBaseUrl } = openLibrary;
  const single = await requestsOf(one, () => importOnOneMachine(one, { text, openLibraryBaseUrl }));
  let execution: Awaited<ReturnType<typeof importInSteps>> | null = null;
  const run = (name: string) =>
    requestsOf(many, async () => {
      execution = await importInSteps(many, { name, text });
    });
  const split = await run("first");
  expect(execution).toMatchObject({ letters: [], failures: {} });
  expect(shownIn(many)).toEqual(shownIn(one));
  expect(split.writes).toBe(single.writes);
  expect(Math.abs(split.all - single.all)).toBeLessThanOrEqual(single.all * 0.05);
  const again = await run("second");
  expect(execution).toMatchObject({ letters: [], failures: {}, output: { finished: { run: null } } });
  expect(again.writes).toBe(0);
});
