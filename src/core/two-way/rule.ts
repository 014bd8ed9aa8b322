import { LockstepError } from "../errors.ts";
import type { Codec, SideField } from "./codecs/codec.ts";
import { type CodecName, canServe, codecBetween, codecs } from "./codecs/codecs.ts";
import { sameElements, setCodec, translateSet } from "./codecs/set.ts";
import {
  hasSynonyms,
  learnWords,
  mapWarnings,
  type OptionWords,
  translateWord,
  unstableWords,
  type WordMap,
  type Words,
  wordForm,
  wordsOf,
} from "./codecs/words.ts";
import { type ElementMap, type FieldRule, otherSide, type Side } from "./mapping.ts";

/** One field of a mapping, as configured. Fields go by the name that people see, or by id. */
export interface FieldConfig {
  readonly name: string;
  readonly left: string;
  readonly right: string;
  /** Absent: the obvious one for the two types, or `map` when there is a map. */
  readonly codec?: CodecName | undefined;
  /** Absent: both, or the side that computes the field. */
  readonly owner?: FieldRule["owner"] | undefined;
  /** Absent: the newest change. */
  readonly policy?: FieldRule["policy"] | undefined;
  readonly writeOnce?: boolean | undefined;
  readonly map?: WordMap | undefined;
}

/** A rule, the codec it turned out to need, and the words that its options are known by from now on. */
export interface BuiltRule {
  readonly rule: FieldRule;
  readonly codec: CodecName;
  readonly words: Readonly<Record<Side, OptionWords>>;
  readonly warnings: readonly string[];
}

const never = () => false;

type Fields = Readonly<Record<Side, SideField>>;

/** Throws CONFIG_INVALID when the two fields cannot be kept in agreement as configured. */
export function buildRule(
  config: FieldConfig,
  fields: Fields,
  known: Readonly<Record<Side, OptionWords>>,
): BuiltRule {
  const codec = codecOf(config, fields);
  const rule = {
    name: config.name,
    left: fields.left.schema.id,
    right: fields.right.schema.id,
    owner: ownerOf(config, fields),
    policy: config.policy ?? "newest",
    isWriteOnce: config.writeOnce ?? false,
  } as const;
  const { map } = config;
  if (map !== undefined) return buildMapped({ ...rule, codec }, fields, { map, known });
  if (codec === "map")
    throw invalid(config, 'has the codec "map" and no map. Add the map, or take another codec');
  const { form, translate, isFiner = never }: Codec = codecs[codec];
  return {
    codec,
    words: { left: {}, right: {} },
    warnings: [],
    rule: {
      ...rule,
      elements: codec === "set" ? sameElements(fields.left, fields.right) : null,
      forms: { left: form(fields.left), right: form(fields.right) },
      isFiner: { left: isFiner(fields.left, fields.right), right: isFiner(fields.right, fields.left) },
      toRight: translate(fields.left, fields.right),
      toLeft: translate(fields.right, fields.left),
    },
  };
}

type Unmapped = Pick<FieldRule, "name" | "left" | "right" | "owner" | "policy" | "isWriteOnce">;

function buildMapped(
  { codec, ...rule }: Unmapped & { readonly codec: CodecName },
  fields: Fields,
  { map, known }: { readonly map: WordMap; readonly known: Readonly<Record<Side, OptionWords>> },
): BuiltRule {
  const toRight = wordsOf(map.toRight);
  const toLeft = wordsOf(map.toLeft);
  const unstable = [...unstableWords(toRight, toLeft), ...unstableWords(toLeft, toRight)];
  if (unstable.length > 0)
    throw invalid(rule, `has a map that never comes to rest: ${unstable.join("; ")}. Correct the map`);
  const named = { left: namedIn(toRight, toLeft), right: namedIn(toLeft, toRight) };
  const words = {
    left: learnWords(fields.left, named.left, known.left),
    right: learnWords(fields.right, named.right, known.right),
  };
  const warnings = (["left", "right"] as const).flatMap((side) => {
    // A side that only receives needs no words of its own to send.
    const sent = new Set((side === "left" ? toRight : toLeft).keys());
    const translated = rule.owner === otherSide(side) ? null : sent;
    return mapWarnings(fields[side], { translated, named: named[side] }, words[side]);
  });
  const formOf = (side: Side) =>
    codec === "set" ? setCodec.form(fields[side]) : wordForm(fields[side], words[side]);
  return {
    codec,
    words,
    warnings,
    rule: {
      ...rule,
      forms: { left: formOf("left"), right: formOf("right") },
      ...(codec === "set" ? mappedSet(toRight, toLeft) : mappedWord(toRight, toLeft)),
    },
  };
}

/** Elements that the map does not name belong to somebody else. */
function mappedSet(toRight: Words, toLeft: Words): Pick<FieldRule, "elements" | "toRight" | "toLeft"> {
  const elements: ElementMap = {
    toRight: (element) => toRight.get(element) ?? null,
    toLeft: (element) => toLeft.get(element) ?? null,
  };
  return { elements, toRight: translateSet(elements.toRight), toLeft: translateSet(elements.toLeft) };
}

function mappedWord(
  toRight: Words,
  toLeft: Words,
): Pick<FieldRule, "elements" | "isFiner" | "toRight" | "toLeft"> {
  const isFiner = { left: hasSynonyms(toRight), right: hasSynonyms(toLeft) };
  return { elements: null, isFiner, toRight: translateWord(toRight), toLeft: translateWord(toLeft) };
}

function namedIn(sent: Words, received: Words): ReadonlySet<string> {
  return new Set([...sent.keys(), ...received.values()]);
}

function codecOf(config: FieldConfig, { left, right }: Fields): CodecName {
  const codec = config.codec ?? (config.map === undefined ? codecBetween(left, right) : "map");
  const types = `${left.schema.type} on the left and ${right.schema.type} on the right`;
  if (codec === null)
    throw invalid(config, `is ${types}, which nothing translates. Map fields that hold the same`);
  if (!canServe(codec, left, right)) {
    throw invalid(
      config,
      `has the codec "${codec}", which cannot serve ${types}. Leave the codec out, or map other fields`,
    );
  }
  if (config.map !== undefined && codec !== "map" && codec !== "set") {
    throw invalid(config, `has a map, which the codec "${codec}" does not use. Leave one of them out`);
  }
  return codec;
}

/** What a side computes, nobody can write there: that side decides. */
function ownerOf(config: FieldConfig, { left, right }: Fields): FieldRule["owner"] {
  if (left.schema.isDerived && right.schema.isDerived) {
    throw invalid(config, "is computed on both sides, so it can be written on neither. Take it out");
  }
  const computedOn: Side | null = left.schema.isDerived ? "left" : right.schema.isDerived ? "right" : null;
  if (computedOn === null) return config.owner ?? "both";
  if (config.owner === otherSide(computedOn)) {
    throw invalid(
      config,
      `is computed on the ${computedOn} and owned by the ${config.owner}. Its owner must be the ${computedOn}`,
    );
  }
  return computedOn;
}

function invalid({ name }: Pick<FieldConfig, "name">, problem: string): LockstepError {
  return new LockstepError("CONFIG_INVALID", `Field "${name}" of the mapping ${problem}.`);
}
