import { isJsonObject, type Json } from "../core/json.ts";
import { type HeldLease, holdLease } from "../engine/lease.ts";
import type { EngineDeps } from "../engine/sync.ts";
import { newPair } from "../engine/two-way/link.ts";
import { type IssueFacts, noFacts } from "../recipes/planning/facts.ts";
import type { Act } from "../recipes/planning/pulls/law.ts";
import type { PairLink } from "../store/pair-store.ts";
import type { Trouble } from "./planning-troubles.ts";

/** A write to GitHub that was written down before it was sent; it stays until it is known what became of it. */
export interface FollowIntent {
  readonly act: Act | "comment" | "close-archived";
  readonly at: string;
}

/** What following the pull request of one issue has to remember. */
export interface FollowDoc {
  /** The issue that all this is about; null: not told yet. */
  readonly issueId: string | null;
  /** The row's status when it was last looked at. */
  readonly status: string | null;
  /** How long the pair's history was then; null: not looked at yet. */
  readonly statusSeq: number | null;
  /** It was set after a person had accepted the sync. */
  readonly isArmed: boolean;
  /** The sync itself set it, because of something on GitHub. */
  readonly isRelayed: boolean;
  /** Its draft was opened because of the status as it stands. */
  readonly isOpened: boolean;
  /** The head when the status first asked for a merge. */
  readonly shippedSha: string | null;
  /** The head when the row was last looked at: what was there before its next status was set. */
  readonly knownSha: string | null;
  readonly branch: string | null;
  /** Which edit of the row was looked at for a branch, and when to look again (ms). */
  readonly rowRevision: string | null;
  readonly lookAt: number;
  readonly pull: { readonly number: number; readonly headSha: string; readonly updatedAt: string } | null;
  /** When checks and reviews were read last (ms). */
  readonly readAt: number;
  readonly facts: IssueFacts;
  readonly intent: FollowIntent | null;
  /** What GitHub refused last, and what everything was like then; and when (ms). */
  readonly refused: { readonly key: string; readonly at: number } | null;
  /** Comments that were copied, by side and id. */
  readonly copied: readonly string[];
  /** The counterpart was told that its record is gone. */
  readonly isParted: boolean;
}

export const newFollowDoc: FollowDoc = {
  issueId: null,
  status: null,
  statusSeq: null,
  isArmed: false,
  isRelayed: false,
  isOpened: false,
  shippedSha: null,
  knownSha: null,
  branch: null,
  rowRevision: null,
  lookAt: 0,
  pull: null,
  readAt: 0,
  facts: noFacts,
  intent: null,
  refused: null,
  copied: [],
  isParted: false,
};

/**
 * An issue that was transferred left its pull request and its branch behind: a number means another pull request where it is now. What its
 * status asked for was meant there, and has to be asked for anew.
 */
export function followedFrom(doc: FollowDoc, issueId: string): FollowDoc {
  if (doc.issueId === issueId) return doc;
  if (doc.issueId === null) return { ...doc, issueId };
  const { status, copied } = doc;
  return { ...newFollowDoc, issueId, status, copied };
}

/** Comments that could not be copied: their issue has no row yet, or the row takes none. */
export interface WaitingComments {
  /** Of the earliest one (ISO 8601). */
  readonly since: string;
  /** Which edit of the row took none; null: there was no row. */
  readonly rowRevision: string | null;
}

/** What is remembered for all of them. */
export interface FollowState {
  /** With which what is left in issues was ever signed, the newest first. */
  readonly markerKeys: readonly string[];
  /** The mapping that was accepted when rows were looked at first; and since when it is (ISO 8601). */
  readonly acceptedPrint: string | null;
  readonly acceptedAt: string | null;
  /** Comments are read from here on, by repository id. */
  readonly commentsSince: Readonly<Record<string, string>>;
  /** Comments that were not copied when they were heard of, by the issue that they are on. */
  readonly waitingComments: Readonly<Record<string, WaitingComments>>;
  /** Rows on which somebody has commented, as long as that has not been copied. */
  readonly commentedRows: readonly string[];
  /** When a comment was sent of which nobody knows yet whether it stands (ms), by what it is known by. */
  readonly sending: Readonly<Record<string, number>>;
  /** Conflicts that were told of on their rows. */
  readonly toldConflicts: readonly string[];
  /** What did not work when it was last tried. */
  readonly troubles: readonly Trouble[];
}

const noState: FollowState = {
  markerKeys: [],
  acceptedPrint: null,
  acceptedAt: null,
  commentsSince: {},
  waitingComments: {},
  commentedRows: [],
  sending: {},
  toldConflicts: [],
  troubles: [],
};

interface Entry {
  readonly link: PairLink;
  readonly doc: FollowDoc;
}

/** Its documents are this file's own, so their shape is known. */
function readDoc(stored: Json): FollowDoc {
  return isJsonObject(stored)
    ? { ...newFollowDoc, ...(stored as unknown as Partial<FollowDoc>) }
    : newFollowDoc;
}

function ledgerId(syncId: string): string {
  return `${syncId}:follow`;
}

/** Asks the store only, and holds nothing. */
export async function readFollowState(
  { store }: Pick<EngineDeps, "store">,
  syncId: string,
): Promise<FollowState> {
  const stored = await store.pairs.getState(ledgerId(syncId));
  return isJsonObject(stored) ? { ...noState, ...(stored as unknown as Partial<FollowState>) } : noState;
}

/** What every followed pair remembers, by the id of its link; asks the store only, and holds nothing. */
export async function readFollowDocs(
  { store }: Pick<EngineDeps, "store">,
  syncId: string,
): Promise<ReadonlyMap<string, FollowDoc>> {
  const docs = new Map<string, FollowDoc>();
  for await (const { key, doc } of store.pairs.iterateLinks(ledgerId(syncId)))
    if (key !== null) docs.set(key, readDoc(doc));
  return docs;
}

/**
 * What following pull requests and comments knows, durable in the store beside the sync: one document for each pair, under
 * the id of its link. Held by one process at a time.
 */
export class Ledger implements AsyncDisposable {
  private readonly deps: EngineDeps;
  private readonly id: string;
  private readonly held: HeldLease;
  private readonly entries: Map<string, Entry>;
  private current: FollowState;

  private constructor(
    deps: EngineDeps,
    id: string,
    parts: { held: HeldLease; entries: Map<string, Entry>; state: FollowState },
  ) {
    this.deps = deps;
    this.id = id;
    this.held = parts.held;
    this.entries = parts.entries;
    this.current = parts.state;
  }

  /** Throws RUN_IN_PROGRESS while another process has it. */
  static async open(deps: EngineDeps, syncId: string, name: string): Promise<Ledger> {
    const id = ledgerId(syncId);
    const held = await holdLease(deps, id, name);
    try {
      const state = await readFollowState(deps, syncId);
      const entries = new Map<string, Entry>();
      for await (const link of deps.store.pairs.iterateLinks(id)) {
        if (link.key !== null) entries.set(link.key, { link, doc: readDoc(link.doc) });
      }
      return new Ledger(deps, id, { held, entries, state });
    } catch (error) {
      await held[Symbol.asyncDispose]();
      throw error;
    }
  }

  get state(): FollowState {
    return this.current;
  }

  get signal(): AbortSignal {
    return this.held.signal;
  }

  /** null: never looked at. */
  find(linkId: string): FollowDoc | null {
    return this.entries.get(linkId)?.doc ?? null;
  }

  /** What is remembered of the pair as long as it is this issue's. */
  docOf(linkId: string, issueId: string): FollowDoc {
    return followedFrom(this.find(linkId) ?? newFollowDoc, issueId);
  }

  async setState(change: Partial<FollowState>): Promise<void> {
    this.current = { ...this.current, ...change };
    await this.commit([], this.current as unknown as Json);
  }

  /** Durable when it returns. What is as it was costs nothing. */
  async put(linkId: string, doc: FollowDoc): Promise<void> {
    const known = this.entries.get(linkId);
    if (known !== undefined && JSON.stringify(known.doc) === JSON.stringify(doc)) return;
    const link = { ...(known?.link ?? this.newLink(linkId)), doc: doc as unknown as Json };
    await this.commit([link]);
    this.entries.set(linkId, { link: { ...link, revision: link.revision + 1 }, doc });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.held[Symbol.asyncDispose]();
  }

  private async commit(links: readonly PairLink[], state?: Json): Promise<void> {
    const { store, clock } = this.deps;
    await store.pairs.commit({
      syncId: this.id,
      fence: this.held.lease.fence,
      at: new Date(clock.now()).toISOString(),
      links,
      versions: [],
      conflicts: [],
      holds: [],
      handled: [],
      state: state ?? (this.current as unknown as Json),
    });
  }

  private newLink(key: string): PairLink {
    return { ...newPair(this.id, this.deps.ids.next()).link, key, priority: 2 };
  }
}
