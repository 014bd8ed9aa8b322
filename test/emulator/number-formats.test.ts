import { describe, expect, it } from "vitest";
import { at, call, createBoard, type Json, startQuiet } from "./harness.ts";

describe("a column of numbers", () => {
  it("takes the formats there are, and refuses others in Notion's words", async () => {
    await using emulator = await startQuiet();
    const { dataSourceId } = createBoard(emulator, { Name: { title: {} }, Count: { number: {} } });
    const change = (format: Json) =>
      call(emulator, `PATCH /v1/data_sources/${dataSourceId}`, {
        body: { properties: { Count: { number: { format } } } },
      });
    for (const format of ["number_with_commas", "singapore_dollar", "peruvian_sol"])
      expect(at((await change(format)).body, "properties.Count.number.format")).toBe(format);
    for (const format of ["bitcoin", 7, "Percent"]) {
      const { status, body } = await change(format);
      expect([status, body.code]).toEqual([400, "validation_error"]);
      expect(body.message).toMatch(
        /^body failed validation: body\.properties\.Count\.number\.format should be `"number"`, or `"number_with_commas"`, or /,
      );
      expect(body.message).toContain(`instead was \`${JSON.stringify(format)}\`.`);
    }
    const { body } = await call(emulator, `GET /v1/data_sources/${dataSourceId}`);
    expect(at(body, "properties.Count.number.format")).toBe("peruvian_sol");
  });
});
