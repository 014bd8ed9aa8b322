import type { Ids } from "../../core/clock.ts";
import type { LinkChange, Run, Store, VersionDraft } from "../store.ts";

/** One fact that every store keeps. Gets an empty store of its own; throws when the fact does not hold. */
export interface StoreCase {
  readonly name: string;
  readonly check: (store: Store) => Promise<void>;
}

/** Ids 1, 2, 3 … in the form and order of UUID version 7. */
export function countingIds(): Ids {
  let count = 0;
  return {
    next: () => {
      count += 1;
      return `01900000-0000-7000-8000-${count.toString(16).padStart(12, "0")}`;
    },
    random: () => 0.5,
  };
}

/** Minute `n` of the day on which all cases play, ISO 8601. */
export function minute(n: number): string {
  return new Date(Date.UTC(2026, 0, 1, 0, n)).toISOString();
}

/** The source id of row `n`; ids sort like their numbers. */
export function sourceId(n: number): string {
  return `2b000000-0000-4000-8000-${n.toString(16).padStart(12, "0")}`;
}

export function draft(fields: Partial<VersionDraft> = {}): VersionDraft {
  return {
    title: "Write the report",
    description: null,
    status: "Open",
    resolution: null,
    metadataJson: "{}",
    createdBy: "notion:ada",
    changeReason: "created in Notion",
    conflictFlag: false,
    isDeleted: false,
    ...fields,
  };
}

type LinkPart = LinkChange["link"];

/** A change of one pair: by default a new one. */
export function change(
  source: string,
  fields: Partial<Omit<LinkChange, "link">> & { readonly link?: Partial<LinkPart> } = {},
): LinkChange {
  return {
    sourceId: source,
    taskId: null,
    projectScopeId: "work",
    version: draft(),
    expectedVersionNum: 0,
    conflicts: [],
    ...fields,
    link: {
      state: "live",
      missingSince: null,
      sourceFingerprint: "f1",
      sourceRevision: minute(0),
      baseVersionNum: "written",
      baseSource: null,
      memo: null,
      ...fields.link,
    },
  };
}

/** Takes the sync's lease and commits with it; `fence` is what later writes need. */
export async function beginSync(store: Store, syncId: string) {
  const taken = await store.acquireLease({
    name: syncId,
    owner: "host:1",
    now: 1,
    ttlMs: 60_000,
    isDead: () => false,
  });
  if (!("lease" in taken)) throw new Error(`lease ${syncId} is held by ${taken.heldBy.owner}`);
  const { lease } = taken;
  const { fence } = lease;
  return {
    lease,
    fence,
    commit: (changes: readonly LinkChange[], rest: Partial<Parameters<Store["commit"]>[0]> = {}) =>
      store.commit({ syncId, runId: "run-1", fence, at: minute(1), changes, seen: [], ...rest }),
  };
}

/** Links the source ids as new pairs; returns the task id of each. */
export async function linkAll(store: Store, syncId: string, sources: readonly string[]) {
  const sync = await beginSync(store, syncId);
  await sync.commit(sources.map((source) => change(source)));
  const links = await store.getLinks(syncId, sources);
  return { ...sync, taskOf: (source: string) => links.get(source)?.taskId ?? "" };
}

export function runOf(fields: Partial<Run> & { readonly id: string }): Run {
  return {
    syncId: "tasks",
    type: "import",
    source: "notion",
    sourceId: "9f000000-0000-4000-8000-000000000000",
    trigger: "cli",
    status: "running",
    startedAt: minute(0),
    endedAt: null,
    counts: {
      read: 0,
      created: 0,
      updated: 0,
      unchanged: 0,
      deleted: 0,
      revived: 0,
      conflicts: 0,
      missing: 0,
    },
    calls: 0,
    retries: 0,
    errors: [],
    warnings: [],
    checkpointBefore: null,
    checkpointAfter: null,
    certificate: null,
    ...fields,
  };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
