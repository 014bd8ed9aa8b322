import { objectAt } from "../api/input.ts";
import { bodyError, bodyErrors } from "../http/errors.ts";
import { type Json, objectOr, stringOr } from "../json.ts";
import { findProperty, type Property } from "../state/state.ts";
import { evaluateFormula } from "../values/formula.ts";
import { computeRollup, rollupElements } from "../values/rollup.ts";
import {
  arrayOr,
  conditionIn,
  numberOr,
  operatorContext,
  type PageTest,
  type Place,
  startOf,
  stringOrNull,
} from "./filter-place.ts";
import {
  checkboxTest,
  dateTest,
  filesTest,
  idsTest,
  numberTest,
  optionsTest,
  optionTest,
  textTest,
} from "./operators.ts";

/** `formula: {string|number|checkbox|date: condition}`. A formula of another type matches nothing. */
export function formulaTest(property: Property, input: Json | undefined, place: Place): PageTest {
  const [entry] = Object.entries(objectAt(input, place.path));
  if (entry === undefined)
    throw bodyErrors(["string", "number", "checkbox", "date"].map((kind) => `${place.path}.${kind}`));
  const [kind, written] = entry;
  const test = scalarTest(kind, written, { place, property });
  const type = kind === "checkbox" ? "boolean" : kind;
  return (page) => {
    const result = evaluateFormula(page, property, place.state);
    return result.type === type && test(result[type] ?? null);
  };
}

/** A test on a value as answers show it: for formulas and for what rollups gather. */
function scalarTest(
  kind: string,
  written: Json,
  { place, property }: { readonly place: Place; readonly property: Property },
): (value: Json) => boolean {
  const path = `${place.path}.${kind}`;
  const condition = conditionIn(written, path);
  const context = { ...operatorContext(place, property), path };
  switch (kind) {
    case "string":
    case "rich_text": {
      const test = textTest(condition, context);
      return (value) => test(shownText(value));
    }
    case "number": {
      const test = numberTest(condition, context);
      return (value) => test(numberOr(value));
    }
    case "checkbox": {
      const test = checkboxTest(condition, context);
      return (value) => test(value === true);
    }
    case "date": {
      const test = dateTest(condition, context);
      return (value) => test(startOf(value));
    }
    case "select":
    case "status": {
      const test = optionTest(condition, context);
      return (value) => test(stringOrNull(objectOr(value).id));
    }
    case "multi_select": {
      const test = optionsTest(condition, context);
      return (value) => test(arrayOr(value).map((option) => stringOr(objectOr(option).id, "")));
    }
    case "people":
    case "relation": {
      const test = idsTest(condition, context);
      return (value) => test(arrayOr(value).map((target) => stringOr(objectOr(target).id, "")));
    }
    case "files": {
      const test = filesTest(condition, context);
      return (value) => test(arrayOr(value));
    }
    default:
      throw bodyError(path, "not present", written);
  }
}

function shownText(value: Json): string {
  if (typeof value === "string") return value;
  return arrayOr(value)
    .map((item) => stringOr(objectOr(item).plain_text, ""))
    .join("");
}

/** `rollup: {any|every|none: {kind: condition}}` over the related values, or `{number|date: condition}` on the result. */
export function rollupTest(property: Property, input: Json | undefined, place: Place): PageTest {
  const [entry] = Object.entries(objectAt(input, place.path));
  if (entry === undefined)
    throw bodyErrors(["any", "every", "none", "number", "date"].map((kind) => `${place.path}.${kind}`));
  const [word, written] = entry;
  const context = { state: place.state, connection: null };
  if (word === "number" || word === "date") {
    const test = scalarTest(word, written, { place, property });
    return (page) => {
      const rollup = computeRollup(page, property, context);
      return rollup.type === word && test(rollup[word] ?? null);
    };
  }
  if (word !== "any" && word !== "every" && word !== "none")
    throw bodyError(`${place.path}.${word}`, "not present", written);
  const [sub] = Object.entries(objectAt(written, `${place.path}.${word}`));
  if (sub === undefined) throw bodyError(`${place.path}.${word}.rich_text`, "defined", undefined);
  const column = rolledUpColumn(property, place) ?? property;
  const test = scalarTest(sub[0], sub[1], {
    place: { ...place, path: `${place.path}.${word}` },
    property: column,
  });
  return (page) => {
    const values = rollupElements(page, property, context).map(
      (element) => element[stringOr(element.type, "")] ?? null,
    );
    if (word === "any") return values.some(test);
    return word === "every" ? values.every(test) : !values.some(test);
  };
}

/** The column of the related data source that is rolled up: its options are what names mean. */
function rolledUpColumn(property: Property, { state, dataSource }: Place): Property | undefined {
  const relation = findProperty(dataSource.properties, stringOr(property.config.relation_property_id, ""));
  const target = state.dataSources.get(stringOr(relation?.config.data_source_id, ""));
  return findProperty(target?.properties ?? [], stringOr(property.config.rollup_property_id, ""));
}
