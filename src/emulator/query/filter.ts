import { arrayAt, objectAt, textAt } from "../api/input.ts";
import { bodyError, bodyErrors, validationError } from "../http/errors.ts";
import type { Json, JsonObject } from "../json.ts";
import { minuteOf } from "../state/row-set.ts";
import { findProperty, type Page, type Property } from "../state/state.ts";
import { listOf, textOf } from "../values/text-of.ts";
import { verificationState } from "../values/verification.ts";
import { formulaTest, rollupTest } from "./computed-filter.ts";
import {
  arrayOr,
  conditionIn,
  type FilterContext,
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
  verificationTest,
} from "./operators.ts";

/** Groups within groups, counting the outer one. https://developers.notion.com/reference/filter-data-source-entries */
const groupDepthMax = 2;

/** Turns a filter into a test, once for a whole query; refuses what the schema does not allow. */
export function compileFilter(filter: Json | undefined, context: FilterContext): PageTest {
  if (filter === undefined || filter === null) return () => true;
  return compile(filter, { ...context, path: "body.filter", depth: 0 });
}

function compile(input: Json, place: Place): PageTest {
  const filter = objectAt(input, place.path);
  for (const word of ["and", "or"] as const) {
    if (filter[word] === undefined) continue;
    if (place.depth >= groupDepthMax) throw bodyError(`${place.path}.${word}`, "not present", filter[word]);
    const tests = arrayAt(filter[word], `${place.path}.${word}`).map((part, index) =>
      compile(part, { ...place, path: `${place.path}.${word}[${index}]`, depth: place.depth + 1 }),
    );
    return word === "and"
      ? (page) => tests.every((test) => test(page))
      : (page) => tests.some((test) => test(page));
  }
  if (filter.timestamp !== undefined) return compileTimestamp(filter, place);
  if (filter.property === undefined) {
    throw bodyErrors([
      `${place.path}.or`,
      `${place.path}.and`,
      `${place.path}.property`,
      `${place.path}.timestamp`,
    ]);
  }
  return compileProperty(filter, place);
}

function compileTimestamp(filter: JsonObject, place: Place): PageTest {
  const name = filter.timestamp;
  if (name !== "created_time" && name !== "last_edited_time") {
    throw bodyError(`${place.path}.timestamp`, '`"created_time"`, or `"last_edited_time"`', name);
  }
  const test = dateTest(
    conditionIn(filter[name], `${place.path}.${name}`),
    operatorContext(place, null, name),
  );
  return name === "created_time"
    ? (page) => test(minuteOf(page.createdAt))
    : (page) => test(minuteOf(page.editedAt));
}

function compileProperty(filter: JsonObject, place: Place): PageTest {
  const key = textAt(filter.property, `${place.path}.property`);
  const property = findProperty(place.dataSource.properties, key);
  if (property === undefined) throw validationError(`Could not find property with name or id: ${key}`);
  const kind = Object.keys(filter).find((name) => name !== "property" && name !== "type");
  if (kind === undefined) throw bodyErrors(filterKinds.map((name) => `${place.path}.${name}`));
  if (!fits(kind, property)) {
    throw validationError(
      `The property type in the database does not match the property type of the filter provided: database property ${property.type} does not match filter ${kind}`,
    );
  }
  return propertyTest(property, filter[kind], { ...place, path: `${place.path}.${kind}` });
}

const filterKinds = [
  "title",
  "rich_text",
  "number",
  "checkbox",
  "select",
  "multi_select",
  "status",
  "date",
  "people",
  "files",
  "url",
  "email",
  "phone_number",
  "relation",
  "created_by",
  "created_time",
  "last_edited_by",
  "last_edited_time",
  "formula",
  "unique_id",
  "rollup",
  "verification",
];
const textTypes = ["title", "rich_text", "url", "email", "phone_number"];

/** The filter's key is the property's type; any kind of text may also be called rich_text, people also people. */
function fits(kind: string, property: Property): boolean {
  if (kind === property.type) return true;
  if (kind === "rich_text") return textTypes.includes(property.type);
  if (kind === "people") return property.type === "created_by" || property.type === "last_edited_by";
  return kind === "date" && (property.type === "created_time" || property.type === "last_edited_time");
}

function propertyTest(property: Property, input: Json | undefined, place: Place): PageTest {
  if (property.type === "formula") return formulaTest(property, input, place);
  if (property.type === "rollup") return rollupTest(property, input, place);
  const condition = conditionIn(input, place.path);
  const context = operatorContext(place, property);
  const { id, type } = property;
  switch (type) {
    case "number":
    case "unique_id": {
      const test = numberTest(condition, context);
      return (page) => test(numberOr(page.values[id]));
    }
    case "checkbox": {
      const test = checkboxTest(condition, context);
      return (page) => test(page.values[id] === true);
    }
    case "select":
    case "status": {
      const test = optionTest(condition, context);
      return (page) => test(stringOrNull(page.values[id]));
    }
    case "multi_select": {
      const test = optionsTest(condition, context);
      return (page) => test(listOf(page.values[id]));
    }
    case "date":
    case "created_time":
    case "last_edited_time": {
      const test = dateTest(condition, context);
      return (page) => test(instantIn(page, property));
    }
    case "people":
    case "relation":
    case "created_by":
    case "last_edited_by": {
      const test = idsTest(condition, context);
      return (page) => test(idsIn(page, property));
    }
    case "files": {
      const test = filesTest(condition, context);
      return (page) => test(arrayOr(page.values[id]));
    }
    case "verification": {
      const test = verificationTest(condition, context);
      return (page) => {
        const state = verificationState(page.values[id], place.state);
        return test(state === "unverified" ? "none" : state);
      };
    }
    default: {
      const test = textTest(condition, context);
      return (page) => test(textOf(page.values[id], property, place.state));
    }
  }
}

function idsIn(page: Page, { id, type }: Property): readonly string[] {
  if (type === "created_by") return [page.createdBy];
  return type === "last_edited_by" ? [page.editedBy] : listOf(page.values[id]);
}

function instantIn(page: Page, { id, type }: Property): number | null {
  if (type === "created_time") return minuteOf(page.createdAt);
  if (type === "last_edited_time") return minuteOf(page.editedAt);
  return startOf(page.values[id]);
}
