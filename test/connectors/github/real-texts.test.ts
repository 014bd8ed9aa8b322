import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { expect, it } from "vitest";
import { pull } from "../../../src/connector/connector.suite.ts";
import { githubWorld } from "./world.ts";

const file = join(import.meta.dirname, "../../fixtures/github/issues-dataset-zbugs/issue.csv");
const issues: readonly { readonly title: string; readonly description: string }[] = parse(
  readFileSync(file),
  { columns: true },
);

it("texts of real issues come back as they were written, and keep their marker through an edit", async () => {
  await using world = await githubWorld();
  const now = { sendBy: Number.POSITIVE_INFINITY };
  expect(issues.length).toBe(80);
  for (const [index, { title, description }] of issues.entries()) {
    const made = await world.connector.apply(
      { kind: "create", marker: `page-${index}`, fields: { title, body: description } },
      now,
    );
    expect(made).toMatchObject({
      kind: "applied",
      record: { fields: { title, body: description.replaceAll("\r\n", "\n") } },
    });
  }
  const { records } = await pull(world.connector, "full");
  for (const { id, marker, fields } of records) {
    const body = `${fields.body}\n\nEdited.`;
    const edited = await world.connector.apply(
      { kind: "update", id, fields: { body }, expected: { revision: "" } },
      now,
    );
    expect(edited).toMatchObject({ kind: "applied", record: { marker, isOurs: true, fields: { body } } });
  }
  expect(new Set(records.map(({ marker }) => marker)).size).toBe(80);
});
