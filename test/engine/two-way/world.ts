import { createMemoryCollection, type MemoryCollection } from "../../../src/connector/memory.ts";
import type { Json } from "../../../src/core/json.ts";
import { isJsonObject } from "../../../src/core/json.ts";
import type { FieldRule, PairPolicy } from "../../../src/core/two-way/mapping.ts";
import type {
  BoundMapping,
  PairDefinition,
  PairDeps,
  PassOptions,
} from "../../../src/engine/two-way/definition.ts";
import { runPass } from "../../../src/engine/two-way/pass.ts";
import { createMemoryStore } from "../../../src/store/memory.ts";
import type { Run, Store } from "../../../src/store/store.ts";
import { type ManualClock, manualClock } from "../manual-clock.ts";

export interface PairWorld {
  readonly clock: ManualClock;
  readonly store: Store;
  /** Stamps of whole minutes and no preconditions, as Notion has them. */
  readonly left: MemoryCollection;
  /** Counted changes and preconditions, as a table has them. */
  readonly right: MemoryCollection;
  readonly definition: PairDefinition;
  readonly deps: PairDeps;
  run(options?: Partial<PassOptions>): Promise<Run>;
  titles(side: "left" | "right"): Promise<string[]>;
}

const text = {
  read: (value: Json) =>
    isJsonObject(value) && typeof value.plain === "string" ? value.plain || null : undefined,
  write: (own: Json) => ({ plain: own === null ? "" : String(own), rich: null }),
};

export function textRule(name: string, more: Partial<FieldRule> = {}): FieldRule {
  return {
    name,
    left: name,
    right: name,
    owner: "both",
    policy: "ask",
    isWriteOnce: false,
    elements: null,
    forms: { left: text, right: text },
    toRight: (value) => ({ value }),
    toLeft: (value) => ({ value }),
    ...more,
  };
}

export interface WorldOptions {
  readonly rules?: readonly FieldRule[];
  readonly policy?: Partial<PairPolicy>;
  readonly mapping?: Partial<BoundMapping>;
  readonly marksOthers?: "left" | "right";
  /** Of the right side, where that is not `marksOthers`. */
  readonly marksRight?: "unnamed";
}

export function createPairWorld(options: WorldOptions = {}): PairWorld {
  const clock = manualClock();
  let count = 0;
  const ids = { next: () => `id-${String(++count).padStart(6, "0")}`, random: () => 0.5 };
  const store = createMemoryStore({ ids });
  const left = createMemoryCollection({ clock });
  const right = createMemoryCollection({ clock, hasPreconditions: true });
  const rules = options.rules ?? [textRule("title"), textRule("note")];
  const meter = () => ({ calls: 0, retries: 0, waitingMs: 0 });
  const side = (connector: MemoryCollection["connector"], label: string) => ({
    connector,
    collectionId: label,
    label,
    sweepEveryMs: 86_400_000,
    meter,
  });
  const definition: PairDefinition = {
    id: "pair",
    name: "pair",
    sides: {
      left: { ...side(left.connector, "Notion"), marksOthers: options.marksOthers === "left" },
      right: {
        ...side(right.connector, "tasks"),
        marksOthers: options.marksRight ?? options.marksOthers === "right",
      },
    },
    bind: () => ({
      rules,
      suspended: [],
      keyOf: null,
      isInScope: null,
      print: "1",
      binding: null,
      warnings: [],
      ...options.mapping,
    }),
    policy: {
      creates: { left: true, right: true },
      onDelete: "propagate",
      onDeleteEdit: "edit",
      tieBreak: "left",
      ...options.policy,
    },
    guard: { deletesMax: 10, deleteShareMax: 0.1, clearShareMax: 0.2, changeShareMax: 0.9 },
    writesAtOnce: 4,
  };
  const deps: PairDeps = { store, clock, ids, owner: "test", isDead: () => false };
  return {
    clock,
    store,
    left,
    right,
    definition,
    deps,
    run: (more = {}) => runPass(deps, definition, passOptions(more)),
    titles: (which) => titlesOf(which === "left" ? left : right),
  };
}

export function passOptions(more: Partial<PassOptions> = {}): PassOptions {
  return {
    trigger: "test",
    isFull: false,
    polls: ["left", "right"],
    allowDeletes: null,
    isAccepted: true,
    onProgress: () => {},
    signal: undefined,
    ...more,
  };
}

async function titlesOf({ connector }: MemoryCollection): Promise<string[]> {
  const titles: string[] = [];
  const pulling = connector.pull({
    mode: "sweep",
    checkpoint: null,
    memosOf: async () => new Map(),
    knownFields: null,
  });
  for await (const { records } of pulling) {
    for (const { fields } of records) titles.push(String(text.read(fields.title ?? null) ?? ""));
  }
  return titles.sort();
}
