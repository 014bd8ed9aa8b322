import { otherSide, type Side } from "../../src/core/two-way/mapping.ts";
import { fields, rightStages, stages } from "./fields.ts";
import { createOn, PERSON, PROGRAM, pickRecord, recordsOf, type Written, write } from "./hands.ts";
import { listOf } from "./ledger.ts";
import {
  type ActKind,
  actKinds,
  boardActKinds,
  hubActKinds,
  libraryActKinds,
  type Options,
  type PairActKind,
} from "./options.ts";
import { boardPerformers } from "./pipeline/acts.ts";
import { hubPerformers } from "./planning/acts.ts";
import { randomFrom } from "./random.ts";
import type { World } from "./world.ts";

/**
 * One thing that somebody does. Whom it hits is decided when it happens (`pick` counts through the records there are),
 * so that leaving out an earlier act leaves this one possible.
 */
export interface Act {
  /** Virtual ms since the beginning. */
  readonly at: number;
  readonly kind: ActKind;
  readonly side: Side;
  readonly pick: number;
  /** Index into the fields that fit. */
  readonly field: number;
  /** Unique in the run: what is written says who wrote it, and when it was written in their order. */
  readonly token: string;
}

/** What only a person in charge can do; the rest of the world is changed directly. */
export interface Operator {
  readonly settle: (pick: number, winner: Side) => void;
  readonly skew: (ms: number) => void;
}

const MINUTE_MS = 60_000;

export function drawActs(options: Options): readonly Act[] {
  const random = randomFrom(options.seed, "acts");
  const kinds = [...actKinds, ...boardActKinds, ...hubActKinds, ...libraryActKinds].filter(
    (kind) => (options.weights[kind] ?? 0) > 0,
  );
  const total = kinds.reduce((sum, kind) => sum + (options.weights[kind] ?? 0), 0);
  const drawKind = (): ActKind => {
    let left = random.next() * total;
    for (const kind of kinds) {
      left -= options.weights[kind] ?? 0;
      if (left < 0) return kind;
    }
    return "edit";
  };
  const length = options.minutes * MINUTE_MS;
  const at = () =>
    options.isBursty && random.chance(0.6)
      ? random.int(1, 4) * 3 * MINUTE_MS + random.int(0, 1_500)
      : random.int(0, length);
  const first = firstKinds[options.subject];
  return Array.from({ length: options.acts }, (_, index): Act => {
    const isHot = options.isHot && random.chance(0.7);
    return {
      at: at(),
      kind: index < 2 ? first : drawKind(),
      side: random.pick(["left", "right"]),
      pick: isHot ? 0 : random.int(0, 999),
      field: isHot ? random.int(0, 1) : random.int(0, 999),
      token: `v${index}`,
    };
  }).sort((a, b) => a.at - b.at);
}

/** Without these there is nothing to be done to. */
const firstKinds = { fields: "create", pipeline: "plan", planning: "addRow", library: "importFile" } as const;

/** Does it, if there is anything to do it to. */
export function perform(world: World, act: Act, operator: Operator): void {
  world.trace.note(world.now, `ACT ${act.kind} ${act.side} ${act.pick} ${act.token}`);
  if (isPairAct(act.kind)) performers[act.kind](world, act, operator);
}

function isPairAct(kind: ActKind): kind is PairActKind {
  return kind in performers;
}

export type Performer = (world: World, act: Act, operator: Operator) => void;

const texts = fields.filter(({ kind }) => kind === "text");

const performers: Readonly<Record<PairActKind, Performer>> = {
  ...boardPerformers,
  ...hubPerformers,
  create: (world, act) => createOn(world, act.side, { name: act.token }),
  createTwins(world, act) {
    createOn(world, act.side, { name: act.token });
    world.scheduler.after(act.pick * 20, () =>
      createOn(world, otherSide(act.side), { name: act.token, note: `${act.token}b` }),
    );
  },
  edit: (world, act) => editText(world, act, act.token),
  editTwice(world, act) {
    editText(world, act, `${act.token}a`);
    world.scheduler.after(1 + (act.pick % 9) * 400, () => editText(world, act, act.token));
  },
  clear: (world, act) => editText(world, act, null),
  setStage(world, act) {
    const words = act.side === "left" ? Object.keys(stages) : rightStages;
    set(world, act, { stage: words[act.field % words.length] ?? null });
  },
  addTag: (world, act) => editList(world, act, "tags", (list) => [...list, act.token]),
  removeTag: (world, act) =>
    editList(world, act, "tags", (list) => list.toSpliced(act.field % Math.max(1, list.length), 1)),
  addRefs: (world, act) =>
    editList(world, act, "refs", (list) => [
      ...list,
      ...Array.from({ length: 1 + (act.field % 30) }, (_, index) => refId(act, index)),
    ]),
  removeRef: (world, act) =>
    editList(world, act, "refs", (list) => list.toSpliced(act.field % Math.max(1, list.length), 1)),
  trash: (world, act) => setTrashed(world, act.side, pickRecord(world, act, "live"), true),
  restore: (world, act) => setTrashed(world, act.side, pickRecord(world, act, "trashed"), false),
  copy(world, act) {
    const id = pickRecord(world, { ...act, side: "left" }, "live");
    const page = id === null ? undefined : world.workspace.page(id);
    // Notion's "Duplicate" copies every property, our marker too.
    if (page !== undefined) world.workspace.add(page.values, PERSON);
  },
  moveOut(world, act) {
    const id = pickRecord(world, { ...act, side: "left" }, "live");
    if (id === null) return;
    const change = act.field % 2 === 0 ? { parent: world.workspace.elsewhereId } : { isArchived: true };
    world.workspace.change(id, change, PERSON);
  },
  moveIn(world, act) {
    const id = pickRecord(world, { ...act, side: "left" }, "out");
    if (id !== null)
      world.workspace.change(id, { parent: world.workspace.dataSourceId, isArchived: false }, PERSON);
  },
  rename(world, act) {
    const count = world.fields.length;
    const property = world.workspace.schema[act.field % count];
    const name = world.fields[act.field % count]?.property.name ?? "";
    if (property === undefined) return;
    world.workspace.reshape(property.id, { name: property.name === name ? `${name} (renamed)` : name });
  },
  massTrash: (world, act) => forMany(world, act, (id) => setTrashed(world, act.side, id, true)),
  massClear: (world, act) => forMany(world, act, (id) => write(world, act.side, id, { note: null })),
  settle: (_world, act, operator) => operator.settle(act.pick, act.side),
  skew: (_world, act, operator) => operator.skew((act.pick % 5) * 1_000 - 2_000),
};

function editText(world: World, act: Act, value: string | null): void {
  const field = texts[act.field % texts.length];
  if (field !== undefined) set(world, act, { [field.name]: value });
}

function set(world: World, act: Act, values: Written): void {
  const id = pickRecord(world, act, "live");
  if (id !== null) write(world, act.side, id, values);
}

function editList(
  world: World,
  act: Act,
  name: string,
  change: (list: readonly string[]) => readonly string[],
): void {
  const id = pickRecord(world, act, "live");
  if (id !== null) write(world, act.side, id, { [name]: change(listOf(world.plain(act.side, id, name))) });
}

function setTrashed(world: World, side: Side, id: string | null, isTrashed: boolean): void {
  if (id === null) return;
  if (side === "left") world.workspace.change(id, { inTrash: isTrashed }, PERSON);
  else world.table.change(id, { isDeleted: isTrashed }, PROGRAM);
}

/** Nine of ten records, as a script or a slip of the hand would hit them. */
function forMany(world: World, act: Act, hit: (id: string) => void): void {
  for (const [index, id] of recordsOf(world, act.side, "live").entries())
    if ((index + act.pick) % 10 !== 0) hit(id);
}

function refId(act: Act, index: number): string {
  return `4ef00000-0000-4000-8000-${act.token.slice(1).padStart(6, "0")}${String(index).padStart(6, "0")}`;
}
