import type { Json } from "../../../src/core/json.ts";
import type { FieldRule, PairPolicy, Side } from "../../../src/core/two-way/mapping.ts";
import type {
  Base,
  OpenConflict,
  Settlement,
  SidePresence,
  SideView,
  ValuePair,
} from "../../../src/core/two-way/pair.ts";
import { ruleOf } from "./world.ts";

/** `a1` and `a2` both mean `A`; neither `x` nor `Y` has a word on the other side. undefined: not observed. */
export const lefts = [null, "a1", "a2", "b", "x", undefined] as const;
export const rights = [null, "A", "B", "Y", undefined] as const;

const rightWords: Readonly<Record<string, string>> = { a1: "A", a2: "A", b: "B" };
const leftWords: Readonly<Record<string, string>> = { A: "a1", B: "b" };

const translated = (words: Readonly<Record<string, string>>) => {
  const known = new Map(Object.entries(words).map(([from, value]) => [from, Object.freeze({ value })]));
  const nothing = Object.freeze({ value: null });
  const unmappable = Object.freeze({ unmappable: "no such word" });
  return (value: Json) => (value === null ? nothing : (known.get(String(value)) ?? unmappable));
};

export const manyToOne = { toRight: translated(rightWords), toLeft: translated(leftWords) };

const agreed: readonly ValuePair[] = [
  { left: null, right: null },
  { left: "a1", right: "A" },
  { left: "a2", right: "A" },
  { left: "b", right: "B" },
];

export const bases: readonly Base[] = (["none", "live", "dead", "unlinked"] as const).flatMap((status) => {
  const blank: Base = { status, fields: {} };
  if (status === "none" || status === "unlinked") return [blank];
  return [blank, ...agreed.map((pair): Base => ({ status, fields: { field: pair } }))];
});

export const presences: readonly SidePresence[] = ["absent", "live", "trashed", "gone", "out", "unknown"];
export const readable: readonly SidePresence[] = ["live", "trashed", "gone"];

/** Later on the left, later on the right, and a tie. */
const times = [
  { left: { from: 20, to: 30 }, right: { from: 0, to: 10 } },
  { left: { from: 0, to: 10 }, right: { from: 20, to: 30 } },
  { left: { from: 0, to: 20 }, right: { from: 20, to: 30 } },
] as const;
type Times = (typeof times)[number] | null;

interface Preference {
  readonly rule: FieldRule;
  readonly times: Times;
}

export const preferences: readonly Preference[] = (["both", "left", "right"] as const).flatMap((owner) =>
  (["left", "right", "ask", "newest"] as const).flatMap((policy) => {
    const rule = ruleOf({ owner, policy, ...manyToOne });
    return (policy === "newest" ? times : [null]).map((at) => ({ rule, times: at }));
  }),
);

export function policies(
  onDelete: readonly PairPolicy["onDelete"][],
  onDeleteEdit: readonly PairPolicy["onDeleteEdit"][],
): readonly PairPolicy[] {
  return [
    { left: true, right: true },
    { left: false, right: true },
  ].flatMap((creates) =>
    onDelete.flatMap((one) =>
      onDeleteEdit.map(
        (other): PairPolicy => ({ creates, onDelete: one, onDeleteEdit: other, tieBreak: "right" }),
      ),
    ),
  );
}

export const allPolicies = policies(["propagate", "unlink", "restore"], ["edit", "delete", "ask"]);

/** No question, an open one, and one that was answered either way; about the field, or about its record. */
export const questions: readonly {
  readonly openConflicts: readonly OpenConflict[];
  readonly settlements: readonly Settlement[];
}[] = [
  { openConflicts: [], settlements: [] },
  ...["field", "$presence"].flatMap((field) => {
    const openConflicts = [{ field, base: null, left: "a1", right: "B" }];
    return [
      { openConflicts, settlements: [] },
      ...(["left", "right"] as const).map((winner) => ({ openConflicts, settlements: [{ field, winner }] })),
    ];
  }),
];

/** The same few views over and over: frozen, so that a planner that writes into its input is caught. */
const views = new Map<string, SideView>();

export function viewOf(
  side: Side,
  presence: SidePresence,
  value: string | null | undefined,
  at: Times,
): SideView {
  const key = `${side} ${presence} ${value} ${at === null ? "" : times.indexOf(at)}`;
  const known = views.get(key);
  if (known !== undefined) return known;
  const view = {
    presence,
    values: Object.freeze(value === undefined ? {} : { field: value }),
    doubts: Object.freeze([]),
    changedIn: Object.freeze(at === null ? {} : { field: at[side] }),
  };
  views.set(key, Object.freeze(view));
  return view;
}
