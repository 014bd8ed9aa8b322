import { describe, expect, it } from "vitest";
import type { FieldSchema } from "../../src/core/record.ts";
import { demandMarker } from "../../src/recipes/binding.ts";

const demanded = {
  name: "roadmap",
  idProperty: "Lockstep ID",
  keeps: "the id of a row's issue",
  addedBy: "lockstep init",
};

function field(id: string, name: string, vendorType = "rich_text"): FieldSchema {
  return { id, name, type: "text", vendorType, isDerived: false };
}

describe("demandMarker", () => {
  it.each([
    {
      by: "the id it had, whatever its name",
      markerId: "a",
      fields: [field("b", "Lockstep ID"), field("a", "X")],
    },
    { by: "its name while nothing is remembered", markerId: undefined, fields: [field("a", "Lockstep ID")] },
    { by: "its name when the remembered one is gone", markerId: "gone", fields: [field("a", "Lockstep ID")] },
    { by: "an id that was configured", markerId: null, fields: [field("a", "X")], idProperty: "a" },
  ])("finds the property by $by", ({ markerId, fields, idProperty = demanded.idProperty }) => {
    expect(demandMarker(fields, { ...demanded, idProperty, markerId }).id).toBe("a");
  });

  it.each([
    { what: "is missing", fields: [], says: "there is no such property. `lockstep init` adds it." },
    {
      what: "seems to be misspelled",
      fields: [field("a", "Lockstp ID")],
      says: 'there is no such property. Did you mean "Lockstp ID"? `lockstep init` adds it.',
    },
    {
      what: "is no text",
      fields: [field("a", "Lockstep ID", "number")],
      says: '"Lockstep ID" is of type number. `lockstep init` adds it.',
    },
  ])("refuses a binding where it $what", ({ fields, says }) => {
    const begun = `"roadmap" keeps the id of a row's issue in the text property "Lockstep ID" of the Notion database, and `;
    expect(() => demandMarker(fields, { ...demanded, markerId: null })).toThrow(begun + says);
  });
});
