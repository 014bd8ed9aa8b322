import { type AdoptedBase, adoptDoubts } from "./doubts.ts";
import { createFields, type FieldsPlan, planFields } from "./fields.ts";
import { otherSide, type Side } from "./mapping.ts";
import { isChanged } from "./meaning.ts";
import {
  type FieldWrite,
  type PairInput,
  type PairPlan,
  presenceField,
  type RecordOutcome,
  type SideWrite,
  type Superseded,
} from "./pair.ts";
import {
  type DeathRow,
  deathTable,
  editedDeathTable,
  type RecordRow,
  recordTable,
  standings,
} from "./record-table.ts";

/** A pair as it is read, with its doubts resolved, and the side that the row of the table is about. */
interface Case {
  readonly input: PairInput;
  readonly seen: AdoptedBase;
}

/**
 * What makes the two sides of a pair agree, as a value. Pure: equal inputs give equal plans, and once a plan has been
 * applied (`confirmWrite`), planning again yields nothing, after two rounds at most.
 */
export function planPair(input: PairInput): PairPlan {
  const found: Case = { input, seen: adoptDoubts(input) };
  const row =
    recordTable[found.seen.base.status][standings[input.left.presence]][standings[input.right.presence]];
  return steps[row](found);
}

const steps: Readonly<Record<RecordRow, (found: Case) => PairPlan>> = {
  nothing,
  create: (found) => create(found, found.input.left.presence === "absent" ? "left" : "right"),
  adopt: (found) => merge(found, "adopt"),
  fields: (found) => merge(found, "fields"),
  revive: (found) => merge(found, "revive"),
  died: (found) => follow(found, deadSide(found.input)),
  returned: (found) => bringBack(found, deadSide(found.input), "revive"),
  settle: (found) => close(found, "settle", "dead"),
  unlink: (found) => close(found, "unlink", "unlinked"),
};

function nothing(found: Case): PairPlan {
  return planOf(found, "nothing", {});
}

/** Only what was read whole is copied: an unobserved field would be missing from the copy, and then seem cleared. */
function create(found: Case, side: Side): PairPlan {
  const { input } = found;
  if (!input.policy.creates[side]) return nothing(found);
  if (!isWhole(input, otherSide(side))) return readFirst(found, otherSide(side));
  const { fields, unmappable, refused } = createFields(input, side);
  return planOf(found, "create", {
    writes: writesOf(side, { kind: "create", fields }),
    statusAfter: "live",
    unmappable,
    refused,
  });
}

/** Both are live. That alone makes a pair of them: nothing has to be written first. */
function merge(found: Case, outcome: RecordOutcome): PairPlan {
  const fields = planFields(found.input, { ...found.seen.base, status: "live" });
  return planOf(found, outcome, {
    ...fields,
    writes: { left: update(fields, "left"), right: update(fields, "right") },
    statusAfter: "live",
  });
}

/**
 * One side died while the other lives. Whether the survivor was edited since decides between two policies, so it must
 * have been read whole; and a question that was put to a person stays open until it is answered.
 */
function follow(found: Case, dead: Side): PairPlan {
  const { input } = found;
  const survivor = otherSide(dead);
  if (!isWhole(input, survivor)) return readFirst(found, survivor);
  const edits = editsOf(found, survivor);
  const isSaved = edits.length > 0 && (input.policy.savedByEditsOn ?? survivor) === survivor;
  switch (deathRow(input, dead, isSaved)) {
    case "ask":
      return ask(found);
    case "restore":
      return bringBack(found, dead, "restore");
    case "unlink":
      return close(found, "unlink", "unlinked");
    case "propagate-delete":
      return planOf(found, "propagate-delete", {
        writes: writesOf(survivor, { kind: "trash", fields: {} }),
        statusAfter: "dead",
        superseded: edits,
      });
  }
}

function deathRow(
  { policy, openConflicts, settlements }: PairInput,
  dead: Side,
  isEdited: boolean,
): DeathRow {
  if (openConflicts.some(({ field }) => field === presenceField)) {
    const settled = settlements.find(({ field }) => field === presenceField);
    if (settled === undefined) return "ask";
    return settled.winner === dead ? "propagate-delete" : "restore";
  }
  return isEdited ? editedDeathTable[policy.onDeleteEdit] : deathTable[policy.onDelete];
}

/** Both people's words stand against each other: nothing happens to either record until somebody decides. */
function ask(found: Case): PairPlan {
  const { openConflicts, left, right } = found.input;
  const others = openConflicts.filter(({ field }) => field !== presenceField);
  const conflict = { field: presenceField, base: "live", left: left.presence, right: right.presence };
  return planOf(found, "ask", { conflicts: [...others, conflict] });
}

/**
 * The dead record lives again. One that can still be read is merged like a live one, because it may hold an edit from
 * just before it was deleted; one that is gone for good is made anew from the survivor, where that is allowed at all.
 * What the survivor has to take over waits until both live: written first, it could hide the edit that saved it.
 */
function bringBack(found: Case, dead: Side, outcome: "restore" | "revive"): PairPlan {
  const { input, seen } = found;
  const survivor = otherSide(dead);
  if (!isWhole(input, survivor)) return readFirst(found, survivor);
  const asked = input.openConflicts.filter(({ field }) => field === presenceField);
  if (input[dead].presence === "trashed") {
    const merged = planFields({ ...input, settlements: [] }, seen.base);
    return planOf(found, outcome, {
      ...merged,
      writes: writesOf(dead, { kind: "restore", fields: merged.writes[dead] }),
      superseded: merged.superseded.filter(({ side }) => side === dead),
      conflicts: [...merged.conflicts, ...asked],
      statusAfter: "live",
    });
  }
  if (!input.policy.creates[dead]) return close(found, "unlink", "unlinked");
  const { fields, unmappable, refused } = createFields(input, dead);
  return planOf(found, outcome, {
    writes: writesOf(dead, { kind: "create", fields }),
    statusAfter: "live",
    unmappable,
    refused,
    conflicts: input.openConflicts,
  });
}

/** Ends the pair without writing anything. Questions about it end with it: a revival compares everything anew. */
function close({ input, seen }: Case, outcome: RecordOutcome, status: "dead" | "unlinked"): PairPlan {
  const base = { ...seen.base, status };
  return planOf({ input, seen: { ...seen, base } }, outcome, {});
}

function readFirst(found: Case, side: Side): PairPlan {
  return planOf(found, "fetch", { fetch: [side] });
}

/** A plan that does nothing but what is said. */
function planOf({ input, seen }: Case, outcome: RecordOutcome, plan: Partial<PairPlan>): PairPlan {
  const { base, adopted } = seen;
  const isOver = base.status === "dead" || base.status === "unlinked";
  return {
    outcome,
    rows: plan.rows ?? {},
    adopted,
    base: plan.base ?? base,
    writes: plan.writes ?? { left: null, right: null },
    statusAfter: plan.statusAfter ?? base.status,
    fetch: plan.fetch ?? [],
    superseded: plan.superseded ?? [],
    conflicts: plan.conflicts ?? (isOver ? [] : input.openConflicts),
    unmappable: plan.unmappable ?? [],
    refused: plan.refused ?? [],
  };
}

function writesOf(side: Side, write: SideWrite): PairPlan["writes"] {
  return side === "left" ? { left: write, right: null } : { left: null, right: write };
}

function update({ writes }: FieldsPlan, side: Side): SideWrite | null {
  const fields: Readonly<Record<string, FieldWrite>> = writes[side];
  return Object.keys(fields).length === 0 ? null : { kind: "update", fields };
}

function deadSide({ left }: PairInput): Side {
  return standings[left.presence] === "dead" ? "left" : "right";
}

/** Every field in use was observed. Nothing is copied, revived or deleted on the strength of half a record. */
function isWhole(input: PairInput, side: Side): boolean {
  const { values } = input[side];
  return input.rules.every(({ name }) => values[name] !== undefined || input.suspended.includes(name));
}

/** What somebody changed on a side since the base: also in a field that is out of use, for it is somebody's work. */
function editsOf({ input, seen }: Case, side: Side): readonly Superseded[] {
  const isSettled = input.settlements.some(({ field }) => field === presenceField);
  const edits: Superseded[] = [];
  for (const rule of input.rules) {
    const value = input[side].values[rule.name];
    if (value === undefined || !isChanged({ rule, base: seen.base.fields[rule.name] }, side, value)) continue;
    edits.push({ side, field: rule.name, value, reason: isSettled ? "settled" : "deleted" });
  }
  return edits;
}
