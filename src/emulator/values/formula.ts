import { evaluate } from "../formula/evaluate.ts";
import { parseFormula } from "../formula/parse.ts";
import { booleanValue, dateValue, numberValue, textValue, type Value } from "../formula/value.ts";
import { isObject, type JsonObject } from "../json.ts";
import { dataSourceOf, findProperty, type Page, type Property, type State } from "../state/state.ts";
import { offsetMinuteText } from "./dates.ts";
import { textOf } from "./text-of.ts";

/** Formulas that refer to formulas that refer to formulas. */
const depthMax = 10;

/**
 * A formula's result as answers show it. What the emulator cannot evaluate (see docs/emulator.md) has the type
 * "unsupported", as Notion answers formulas it cannot give.
 */
export function evaluateFormula(page: Page, property: Property, state: State): JsonObject {
  const result = resultOf(page, property, { state, depth: 0 });
  if (result === null) return { type: "unsupported", unsupported: {} };
  if (result.type !== "date") return { type: result.type, [result.type]: result.value };
  return { type: "date", date: result.value === null ? null : { ...result.value, time_zone: null } };
}

interface Place {
  readonly state: State;
  readonly depth: number;
}

function resultOf(page: Page, { config }: Property, place: Place): Value | null {
  const { state, depth } = place;
  const expression = typeof config.expression === "string" ? parseFormula(config.expression) : null;
  if (expression === null || depth >= depthMax) return null;
  const properties = dataSourceOf(state, page)?.properties ?? [];
  return evaluate(expression, {
    now: state.now(),
    property: (name) => {
      const property = findProperty(properties, name);
      return property === undefined ? null : formulaInput(page, property, { state, depth: depth + 1 });
    },
  });
}

/** A property as formulas see it. */
function formulaInput(page: Page, property: Property, place: Place): Value | null {
  const value = page.values[property.id];
  switch (property.type) {
    case "number":
    case "unique_id":
      return numberValue(typeof value === "number" ? value : null);
    case "checkbox":
      return booleanValue(value === true);
    case "date":
      return dateValue(
        isObject(value) && typeof value.start === "string"
          ? { start: value.start, end: typeof value.end === "string" ? value.end : null }
          : null,
      );
    case "created_time":
      return dateValue({ start: offsetMinuteText(page.createdAt), end: null });
    case "last_edited_time":
      return dateValue({ start: offsetMinuteText(page.editedAt), end: null });
    case "formula":
      return resultOf(page, property, place);
    case "rollup":
    case "relation":
    case "files":
      return null;
    default:
      return textValue(textOf(value, property, place.state));
  }
}
