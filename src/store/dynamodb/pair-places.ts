import type { Side } from "../../core/two-way/mapping.ts";
import { type ChainHead, chainStart } from "../../core/two-way/version-chain.ts";
import type { Hold, PairConflict, PairLink } from "../pair-store.ts";
import { bodyOf, bodyText } from "./bodies.ts";
import type { Database } from "./database.ts";
import { type Item, type Key, numberIn, textIn } from "./items.ts";
import { keyText, ordinal } from "./keys.ts";

// Where the parts of two-way syncs are. A sync's links, and who holds which record and key, are one partition.

/** What no two links of a sync may have both. */
export const claimKinds = ["leftId", "rightId", "key"] as const;
export type ClaimKind = (typeof claimKinds)[number];

export const recordOf = { left: "leftId", right: "rightId" } as const satisfies Record<Side, ClaimKind>;
export const sweptOf = { left: "sweptLeft", right: "sweptRight" } as const satisfies Record<
  Side,
  keyof PairLink
>;

export interface Claim {
  readonly kind: ClaimKind;
  readonly value: string;
}

export function pairPlaces({ sync: table }: Database) {
  const partition = (kind: string, name: string) => ({ table, pk: `${kind}#${keyText(name)}` });
  return {
    state: (syncId: string): Key => ({ ...partition("P", syncId), sk: "STATE" }),
    /** `index1` has those that are due: by priority, time and id. */
    links: (syncId: string) => partition("P", syncId),
    link: (syncId: string, id: string): Key => ({
      ...partition("P", syncId),
      sk: `${linkPrefix}${keyText(id)}`,
    }),
    claim: (syncId: string, { kind, value }: Claim): Key => ({
      ...partition("P", syncId),
      sk: `${claimPrefix(kind)}${keyText(value)}`,
    }),
    versions: (linkId: string) => partition("PV", linkId),
    /** `index1`: by when they were opened; `index2`: open ones alone; `index3`: by link. */
    conflicts: (syncId: string) => partition("PC", syncId),
    conflict: (syncId: string, id: string): Key => ({ ...partition("PC", syncId), sk: keyText(id) }),
    /** The first two indexes as those of conflicts. */
    holds: (syncId: string) => partition("PH", syncId),
    hold: (syncId: string, id: string): Key => ({ ...partition("PH", syncId), sk: keyText(id) }),
    run: (runId: string) => partition("PR", runId),
  };
}

export const linkPrefix = "L#";

export function claimPrefix(kind: ClaimKind): string {
  return `K#${kind}#`;
}

/** A stored link and the end of its history. */
export interface StoredLink {
  readonly link: PairLink;
  readonly head: ChainHead;
}

export function linkItem({ pk, sk }: Key, { link, head }: StoredLink): Item {
  const { sweptLeft, sweptRight, ...rest } = link;
  return {
    pk,
    sk,
    ...(link.dueAt === null ? {} : { index1: dueText(link.priority, link.dueAt) + keyText(link.id) }),
    sweptLeft,
    sweptRight,
    lastSeq: head.seq,
    lastHash: head.hash,
    body: bodyText(rest),
  };
}

export function storedLink(item: Item): StoredLink {
  return {
    link: linkOf(item),
    head: { seq: numberIn(item, "lastSeq"), hash: textIn(item, "lastHash") ?? chainStart.hash },
  };
}

export function linkOf(item: Item): PairLink {
  const rest = bodyOf<Omit<PairLink, "sweptLeft" | "sweptRight">>(item);
  return { ...rest, sweptLeft: numberIn(item, "sweptLeft"), sweptRight: numberIn(item, "sweptRight") };
}

/** Sorts by priority, then by time. */
export function dueText(priority: number, dueAt: number): string {
  return `${ordinal(priority)}#${ordinal(dueAt)}#`;
}

export function claimsOf(link: Pick<PairLink, ClaimKind>): Claim[] {
  return claimKinds.flatMap((kind) => {
    const value = link[kind];
    return value === null ? [] : [{ kind, value }];
  });
}

export function openedItem({ pk, sk }: Key, entry: PairConflict | Hold): Item {
  const opened = `${entry.openedAt}#${keyText(entry.id)}`;
  return {
    pk,
    sk,
    index1: opened,
    ...(entry.closedAt === null ? { index2: opened } : {}),
    ...("linkId" in entry ? { index3: `${keyText(entry.linkId)}#${opened}` } : {}),
    body: bodyText(entry),
  };
}
