import type { LabelWords, PlanningConfig } from "../../config/planning.ts";
import { statusLabels } from "./statuses.ts";

/** What a label says, when it is not one of people's own. */
export type LabelKind = "status" | "priority" | "sprint";

/** Labels of one kind, and what they say. GitHub does not heed the case of labels, so neither does this. */
export interface KindOfLabel {
  readonly kind: LabelKind;
  /** The word that a label says; null: it is not of this kind. */
  readonly wordOf: (label: string) => string | null;
  readonly labelFor: (word: string) => string;
  /** Of several, the one that counts. */
  readonly choose: (words: readonly string[]) => string | null;
}

/** An issue's labels, taken apart. */
export interface SplitLabels {
  readonly words: Readonly<Partial<Record<LabelKind, string | null>>>;
  readonly free: readonly string[];
}

/** The kinds that the configuration tells apart. */
export function kindsOf({ statuses, pulls, fields }: PlanningConfig): readonly KindOfLabel[] {
  const ordered = statusLabels(statuses, pulls?.shippingLabel ?? "");
  const kinds: KindOfLabel[] = [statusKind(ordered)];
  if (fields.priority !== null) kinds.push(wordKind("priority", fields.priority.words));
  if (fields.sprint !== null && fields.sprint.words !== "milestone")
    kinds.push(wordKind("sprint", fields.sprint.words));
  return kinds;
}

/** A status label says itself. Of several, the one furthest along: people add the new one before they take off the old. */
function statusKind(labels: readonly string[]): KindOfLabel {
  return {
    kind: "status",
    wordOf: (label) => labels.find((each) => isSame(each, label)) ?? null,
    labelFor: (word) => word,
    choose: (words) => labels.findLast((label) => words.includes(label)) ?? null,
  };
}

function wordKind(kind: LabelKind, words: LabelWords): KindOfLabel {
  const choose = (found: readonly string[]) => found.toSorted()[0] ?? null;
  if ("labels" in words) {
    const entries = Object.entries(words.labels);
    return {
      kind,
      choose,
      wordOf: (label) => entries.find(([, each]) => isSame(each, label))?.[0] ?? null,
      labelFor: (word) => entries.find(([name]) => isSame(name, word))?.[1] ?? word,
    };
  }
  const { prefix } = words;
  return {
    kind,
    choose,
    wordOf: (label) => {
      const rest = isSame(label.slice(0, prefix.length), prefix) ? label.slice(prefix.length).trim() : "";
      return rest === "" ? null : rest;
    },
    labelFor: (word) => `${prefix}${word}`,
  };
}

export function splitLabels(kinds: readonly KindOfLabel[], labels: readonly string[]): SplitLabels {
  const words = Object.fromEntries(
    kinds.map(({ kind, wordOf, choose }) => [kind, choose(labels.flatMap((label) => wordOf(label) ?? []))]),
  );
  const free = labels.filter((label) => kinds.every(({ wordOf }) => wordOf(label) === null));
  return { words, free };
}

/** The labels once these words are said, and the free ones are these; what is not named stays as it is. */
export function joinLabels(
  kinds: readonly KindOfLabel[],
  labels: readonly string[],
  change: Partial<SplitLabels>,
): readonly string[] {
  const { words = {}, free } = change;
  const before = splitLabels(kinds, labels);
  const said = kinds.flatMap(({ kind, wordOf, labelFor }) => {
    const word = words[kind];
    if (word === undefined) return labels.filter((label) => wordOf(label) !== null);
    return word === null ? [] : [labels.find((label) => isSame(label, labelFor(word))) ?? labelFor(word)];
  });
  return [...new Set([...(free ?? before.free), ...said])];
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
