import { hash } from "node:crypto";
import { canonicalJson, type Json } from "../json.ts";
import type { Side } from "./mapping.ts";

/** One immutable entry of a pair's history. The hash covers every other member and the hash before it. */
export interface PairVersion {
  readonly linkId: string;
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  readonly side: Side;
  /** `person`: made over there; `engine`: written by us; `superseded`: a value that gave way, kept before it went. */
  readonly origin: "person" | "engine" | "superseded";
  /** Who, as the vendor says; a hint. */
  readonly actor: string | null;
  readonly detectedBy: "webhook" | "poll" | "sweep" | "read" | "write";
  /** Changed fields only, by rule name, in the side's own form; `$presence` among them. */
  readonly fields: Readonly<Record<string, Json>>;
  /** The values before, as far as they were known. */
  readonly prior: Readonly<Record<string, Json>>;
  readonly reason: string;
  /** The vendor's stamp of the record. */
  readonly recordRevision: string;
  readonly runId: string;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly prevHash: string;
  /** SHA-256 in hex, of the canonical JSON of all other members. */
  readonly hash: string;
}

/** A version that has no place in its link's history yet. */
export type VersionDraft = Omit<PairVersion, "seq" | "prevHash" | "hash">;

/** The newest version of a link, which the next one continues. */
export type ChainHead = Pick<PairVersion, "seq" | "hash">;

/** The head of a link without history. */
export const chainStart: ChainHead = { seq: 0, hash: "" };

/** Where a history is not what was written, for people. */
export interface ChainFlaw {
  readonly linkId: string;
  /** Of the first version that is wrong. */
  readonly seq: number;
  readonly message: string;
}

export function chainVersion(draft: VersionDraft, head: ChainHead): PairVersion {
  const version = { ...draft, seq: head.seq + 1, prevHash: head.hash };
  return { ...version, hash: hashOf(version) };
}

/**
 * The first flaw of a link's versions, ascending and without gaps; null: each is exactly what was written, in its place.
 * `after` is the version before the first one given, so that a long history can be proven page by page. That versions are
 * missing at the end shows only against a head that was kept elsewhere.
 */
export function verifyChain(
  versions: readonly PairVersion[],
  after: Pick<PairVersion, "seq" | "hash" | "linkId"> | null = null,
): ChainFlaw | null {
  const linkId = after?.linkId ?? versions[0]?.linkId;
  let head: ChainHead = after ?? chainStart;
  for (const version of versions) {
    const message = version.linkId === linkId ? flawOf(version, head) : "it belongs to another link";
    if (message !== null) return { linkId: version.linkId, seq: version.seq, message };
    head = version;
  }
  return null;
}

function flawOf({ hash: written, ...covered }: PairVersion, head: ChainHead): string | null {
  const { seq, prevHash } = covered;
  if (seq !== head.seq + 1) return `version ${head.seq + 1} was expected here, version ${seq} came`;
  if (prevHash !== head.hash) return "it continues another version than the one before it";
  if (hashOf(covered) !== written) return "its content is not what was hashed when it was written";
  return null;
}

function hashOf(covered: Omit<PairVersion, "hash">): string {
  return hash("sha256", canonicalJson(covered), "hex");
}
