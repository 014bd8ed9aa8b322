import fc from "fast-check";
import type { Json } from "../../../src/core/json.ts";
import type { FieldSchema, FieldType, OptionValue } from "../../../src/core/record.ts";
import type { SideField } from "../../../src/core/two-way/codecs/codec.ts";

export function fieldOf(
  type: FieldType,
  spelling: "structured" | "plain" = "plain",
  schema: Partial<FieldSchema> = {},
): SideField {
  return {
    schema: { id: "f", name: "Field", type, vendorType: type, isDerived: false, ...schema },
    spelling,
  };
}

export const options: readonly OptionValue[] = [
  { id: "1", name: "To do" },
  { id: "2", name: "Doing" },
  { id: "3", name: "DONE" },
];

const pad = (value: number, digits = 2) => String(value).padStart(digits, "0");
const day = fc
  .date({ min: new Date("1000-01-02T00:00:00Z"), max: new Date("9999-12-30T00:00:00Z"), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10));
const time = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.nat(999))
  .map(([hour, minute, second, ms]) => `T${pad(hour)}:${pad(minute)}:${pad(second)}.${pad(ms, 3)}`);
const zone = fc.constantFrom("Z", "", "+00:00", "+09:30", "-11:00", "+0100", "-03");
const instant = fc.tuple(day, time, zone).map((parts) => parts.join(""));
const moment = fc.oneof(day, instant);
const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "  a\r\nb\r", "e\u0301", "\u00a0x\ufeff", "5"),
);
const name = fc.oneof(fc.constantFrom("To do", "to do", " Doing", "done", "New"), text);

/** Canonical values, as a connector gives them, by what a side is. */
export const canonical = {
  text,
  richText: text.map((plain): Json => ({ plain, rich: null })),
  url: fc.option(fc.webUrl(), { nil: null }),
  number: fc.oneof(
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc.constantFrom<number | null>(0, -0, 1e21, null),
  ),
  boolean: fc.boolean(),
  booleanOrNull: fc.option(fc.boolean(), { nil: null }),
  option: fc.option(
    name.map((one): Json => ({ id: null, name: one })),
    { nil: null },
  ),
  options: fc.array(name.filter((one) => one.trim() !== "").map((one): Json => ({ id: null, name: one }))),
  ids: fc.array(fc.uuid()),
  day,
  moment,
  range: fc
    .tuple(moment, fc.option(moment, { nil: null }))
    .map(([start, end]): Json => ({ start, end, timeZone: null })),
  json: fc.jsonValue().map((value) => value as Json),
} satisfies Record<string, fc.Arbitrary<Json>>;
