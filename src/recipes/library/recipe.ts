import { hash } from "node:crypto";
import type { LibraryPairConfig } from "../../config/config.ts";
import type { Description } from "../../connector/connector.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { bindRules } from "../../core/two-way/bind.ts";
import type { PairPolicy, Side } from "../../core/two-way/mapping.ts";
import type { Values } from "../../core/two-way/pair.ts";
import type { FieldConfig } from "../../core/two-way/rule.ts";
import type { BoundMapping, PairDefinition } from "../../engine/two-way/definition.ts";
import { demandMarker, warningsOf } from "../binding.ts";
import { bookProperties as ofBook, seriesProperties as ofSeries } from "./databases.ts";
import { seriesKey } from "./series/key.ts";
import { SERIES_FIELD } from "./series-field.ts";
import { bookStatuses, type StatusNames } from "./status.ts";

type Descriptions = Readonly<Record<Side, Description>>;

/** The Series of Notion (left) and the collection of series, or the Books and the collection of books. */
export function libraryRecipe(config: LibraryPairConfig): Pick<PairDefinition, "bind" | "policy"> {
  return { policy, bind: (descriptions, stored) => bind(config, descriptions, stored) };
}

/**
 * What is thrown away on one side goes to the trash on the other, from where it comes back the same way. What imports and
 * computations do to a record brings back no page that a person has thrown away.
 */
const policy: PairPolicy = {
  creates: { left: true, right: true },
  onDelete: "propagate",
  onDeleteEdit: "edit",
  savedByEditsOn: "left",
  tieBreak: "left",
};

/** People's word counts where both sides have one; what is computed is computed again. */
const peoples = { owner: "both", policy: "left" } as const;
const computed = { owner: "right" } as const;

function fieldsOf({ shelf, library }: LibraryPairConfig, titleId: string): readonly FieldConfig[] {
  return shelf === "series"
    ? fieldsOfSeries(library.statusNames, titleId)
    : fieldsOfBooks(library.statusNames, titleId);
}

function fieldsOfSeries(names: StatusNames, titleId: string): readonly FieldConfig[] {
  return [
    { name: ofSeries.name, left: titleId, right: "name", ...peoples },
    { name: ofSeries.key, left: ofSeries.key, right: "key", owner: "both", policy: "right" },
    {
      name: ofSeries.finalStatus,
      left: ofSeries.finalStatus,
      right: "finalStatus",
      ...peoples,
      map: wordsOf(names),
    },
    { name: ofSeries.ownedTotal, left: ofSeries.ownedTotal, right: "ownedTotal", ...computed },
    { name: ofSeries.gaps, left: ofSeries.gaps, right: "gaps", ...computed },
    { name: ofSeries.nextRelease, left: ofSeries.nextRelease, right: "nextRelease", ...computed },
  ];
}

function fieldsOfBooks(names: StatusNames, titleId: string): readonly FieldConfig[] {
  const alike = [
    [ofBook.order, "order"],
    [ofBook.isOwned, "isOwned"],
    [ofBook.purchased, "purchased"],
    [ofBook.source, "source"],
    [ofBook.authors, "authors"],
    [ofBook.narrators, "narrators"],
    [ofBook.length, "length"],
    [ofBook.cover, "cover"],
    [ofBook.released, "released"],
  ] as const;
  return [
    { name: ofBook.title, left: titleId, right: "title", ...peoples },
    { name: ofBook.asin, left: ofBook.asin, right: "asin", owner: "both", policy: "right" },
    { name: ofBook.series, left: ofBook.series, right: SERIES_FIELD, ...peoples, codec: "set" },
    { name: ofBook.status, left: ofBook.status, right: "status", ...peoples, map: wordsOf(names) },
    ...alike.map(([name, right]): FieldConfig => ({ name, left: name, right, ...peoples })),
  ];
}

/** The names of the options and the words of the collection. */
function wordsOf(names: StatusNames): NonNullable<FieldConfig["map"]> {
  return {
    toRight: Object.fromEntries(bookStatuses.map((status) => [names[status], status])),
    toLeft: Object.fromEntries(bookStatuses.map((status) => [status, names[status]])),
  };
}

function bind(config: LibraryPairConfig, { left, right }: Descriptions, stored: Json): BoundMapping {
  const memory = isJsonObject(stored) ? stored : {};
  const marker = demandMarker(left.fields, {
    name: config.name,
    idProperty: config.notion.idProperty,
    markerId: memory.markerId,
    keeps: "the id of a page's record",
    addedBy: "lockstep init --recipe library",
  });
  const title = left.fields.find(({ vendorType }) => vendorType === "title");
  const names = config.shelf === "series" ? ofSeries : ofBook;
  const bound = bindRules(
    fieldsOf(config, title?.id ?? (config.shelf === "series" ? ofSeries.name : ofBook.title)),
    {
      left: { label: "Notion", fields: left.fields, spelling: "structured" },
      right: { label: right.name, fields: right.fields, spelling: "plain" },
    },
    memory.rules ?? null,
  );
  return {
    rules: bound.rules,
    suspended: bound.suspended,
    keyOf: (_, values) => (config.shelf === "series" ? keyOfSeries(values) : keyOfBook(values)),
    isInScope: null,
    print: hash("sha256", `${bound.print} library`).slice(0, 32),
    binding: {
      rules: bound.binding,
      markerId: marker.id,
      propertyIds: Object.fromEntries(bound.rules.map(({ name, left: id }) => [name, id])),
      titleField: "name" in names ? names.name : names.title,
    },
    warnings: warningsOf({ left, right }, bound),
  };
}

/** A page that a person made is the book whose ASIN it has. */
function keyOfBook(values: Values): string | null {
  const asin = values[ofBook.asin];
  return typeof asin === "string" ? asin.toUpperCase() : null;
}

/** A page without a key is the series of its name, as far as names go. */
function keyOfSeries(values: Values): string | null {
  const { [ofSeries.key]: key, [ofSeries.name]: name } = values;
  if (typeof key === "string") return key;
  return typeof name === "string" ? seriesKey(name) || null : null;
}
