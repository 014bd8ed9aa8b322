import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * The comment that ties an issue to its counterpart: invisible in GitHub, kept by every edit that leaves the end of the
 * body alone. It is signed, because anybody may write into a body; docs/github.md says what each part keeps out.
 */
const shape = /<!-- lockstep:1 ([^<>]*?) sig=([0-9a-f]{32}) -->/g;
/** Whatever looks like one is no content, whoever wrote it. */
const lookalike = /<!--\s*lockstep:[^<>]*-->/g;
/** The one that we put at the end, with what separates it. */
const lastOne = /(?:\n\n)?<!--\s*lockstep:[^<>]*-->\s*$/;

/** How far a create may lie from when its marker was made, clocks and slow answers included (s). */
const CREATED_WITHIN_S = 3_600;
/** How far the closing may lie from when a tombstone was made (s). */
const CLOSED_WITHIN_S = 600;

export interface Seal {
  /** The counterpart's id; "": none, the comment is a tombstone only. */
  readonly marker: string;
  /** What it belongs to: "issue:515/13", or "issue:515" while the number is not known yet. */
  readonly scope: string;
  /** When it was made (s since the epoch, by our clock). */
  readonly at: number;
  /** We closed the issue in place of deleting it; the state it had. */
  readonly trashedFrom: string | null;
}

/** Writes the comment. */
export function sealText(seal: Seal, key: string): string {
  const parts = [
    `id=${encodeURIComponent(seal.marker)}`,
    `in=${seal.scope}`,
    `at=${seal.at}`,
    ...(seal.trashedFrom === null ? [] : [`trashed=${seal.trashedFrom}`]),
  ];
  const payload = parts.join(" ");
  return `<!-- lockstep:1 ${payload} sig=${signatureOf(payload, key)} -->`;
}

/** The last comment in a body that one of the keys made for one of these scopes; null: none. */
export function findSeal(
  body: string,
  keys: readonly string[],
  scopes: readonly string[],
): (Seal & { readonly text: string }) | null {
  let found: (Seal & { readonly text: string }) | null = null;
  for (const [text, payload = "", signature = ""] of body.matchAll(shape)) {
    const seal = isSigned(payload, signature, keys) ? parsePayload(payload) : null;
    if (seal !== null && scopes.includes(seal.scope)) found = { ...seal, text };
  }
  return found;
}

/** The last comment in a body that one of the keys made for an issue, whichever it is; null: none. `issueId`: the one that it names. */
export function findBoundSeal(
  body: string,
  keys: readonly string[],
): { readonly issueId: string; readonly marker: string } | null {
  const named = [...body.matchAll(shape)].flatMap(([, payload = "", signature = ""]) => {
    const seal = isSigned(payload, signature, keys) ? parsePayload(payload) : null;
    const [, issueId] = /^issue:(\d+\/\d+)$/.exec(seal?.scope ?? "") ?? [];
    return seal === null || issueId === undefined ? [] : [{ issueId, marker: seal.marker }];
  });
  return named.at(-1) ?? null;
}

/** The body as people wrote it, line ends as one. */
export function contentOf(body: string): string {
  const unified = body.replace(/\r\n?/g, "\n");
  let content = unified.replace(lastOne, "");
  // Taking one out may put another one together.
  for (let before = ""; before !== content; ) {
    before = content;
    content = before.replace(lookalike, "");
  }
  return content;
}

/** Content with its comment. Comments that came with the content are left out: nobody makes one by writing it. */
export function bodyWith(content: string, sealed: string | null): string {
  const clean = contentOf(content);
  if (sealed === null) return clean;
  return clean === "" ? sealed : `${clean}\n\n${sealed}`;
}

/** True when a body may hold a comment of ours that names no issue yet. */
export function isCreationSealed(body: string): boolean {
  return /<!-- lockstep:1 [^<>]* in=issue:\d+ /.test(body);
}

/** A creation's comment is believed only on an issue made about then: copied into another one later, it is not. */
export function isTimely(seal: Seal, createdAt: string): boolean {
  return Math.abs(Date.parse(createdAt) / 1000 - seal.at) <= CREATED_WITHIN_S;
}

/** Closed again later by a person, an issue is no tombstone any more. */
export function isTombstone(seal: Seal, closedAt: string | null): boolean {
  if (seal.trashedFrom === null || closedAt === null) return false;
  return Math.abs(Date.parse(closedAt) / 1000 - seal.at) <= CLOSED_WITHIN_S;
}

function parsePayload(payload: string): Seal | null {
  const parts = new Map(payload.split(" ").map((part) => splitAt(part)));
  const marker = parts.get("id");
  const scope = parts.get("in");
  const at = Number(parts.get("at"));
  if (marker === undefined || scope === undefined || !Number.isInteger(at)) return null;
  return { marker: decodeURIComponent(marker), scope, at, trashedFrom: parts.get("trashed") ?? null };
}

function splitAt(part: string): [string, string] {
  const index = part.indexOf("=");
  return [part.slice(0, index), part.slice(index + 1)];
}

function signatureOf(payload: string, key: string): string {
  return createHmac("sha256", key).update(`lockstep:1 ${payload}`).digest("hex").slice(0, 32);
}

function isSigned(payload: string, signature: string, keys: readonly string[]): boolean {
  const given = Buffer.from(signature);
  return keys.some((key) => timingSafeEqual(given, Buffer.from(signatureOf(payload, key))));
}
