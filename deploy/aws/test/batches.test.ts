import { expect, it } from "vitest";
import { isJsonObject, type Json } from "../../../src/core/json.ts";
import { exportOf, library } from "../local/books.ts";
import { booksPerExecution } from "../machine.ts";
import { importInSteps, openStage, shownIn } from "./support/world.ts";

const books = library(booksPerExecution + 3);
const inSteps = new Set(books.filter((_, n) => n === 0 || n >= booksPerExecution).map(({ asin }) => asin));

it("an import of more books than one execution has goes on in the next one, and ends with the last", async () => {
  await using stage = await openStage();
  const begun: Json[] = [];
  // What each book's own steps do, and cost, is known from smaller imports. Here most of them are left to the last step, which
  // carries out whatever its books' steps have not.
  const invoke = async (handler: string, given: Json): Promise<Json> => {
    const asin = isJsonObject(given) ? given.asin : undefined;
    if (asin !== undefined && !inSteps.has(String(asin))) return given;
    const answer = await stage.host.invoke(handler, given);
    if (handler === "begin-import") begun.push(answer);
    return answer;
  };
  const { output, letters, failures, invocations } = await importInSteps(stage, {
    name: "large",
    text: exportOf(books),
    invoke,
  });
  expect({ letters, failures }).toEqual({ letters: [], failures: {} });
  expect(invocations).toMatchObject({ BeginImport: 2, UpsertBook: books.length, FinishImport: 1 });
  const items = (from: number, to?: number) =>
    books.slice(from, to).map(({ asin }) => ({ importId: "large", asin }));
  expect(begun).toEqual([
    { importId: "large", items: items(0, booksPerExecution), next: { importId: "large", batch: 2 } },
    { importId: "large", items: items(booksPerExecution), next: null },
  ]);
  const series = new Set(books.flatMap((book) => book.series.map(({ name }) => name)));
  expect(output).toMatchObject({
    finished: { run: { id: "large", status: "succeeded", counts: { created: books.length + series.size } } },
  });
  const shown = shownIn(stage);
  expect(shown.series).toHaveLength(series.size);
  expect(shown.books).toHaveLength(books.length);
  for (const { title } of books)
    expect(shown.books.filter((line) => line.includes(`"${title}"`))).toHaveLength(1);
});
