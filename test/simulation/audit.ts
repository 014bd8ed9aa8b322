import { otherSide, type Side } from "../../src/core/two-way/mapping.ts";
import { verifyChain } from "../../src/core/two-way/version-chain.ts";
import { freshMs } from "../../src/engine/two-way/act.ts";
import { recordId } from "../../src/engine/two-way/link.ts";
import type { Hold, PairConflict, PairLink } from "../../src/store/pair-store.ts";
import type { Store } from "../../src/store/store.ts";
import type { Field, Plain } from "./fields.ts";
import { recordsOf } from "./hands.ts";
import type { Happening } from "./ledger.ts";
import type { Watch } from "./watch.ts";
import type { World } from "./world.ts";

/** The end of a run, as everybody can see it. */
export interface Ended {
  readonly world: World;
  readonly watch: Watch;
  readonly links: readonly PairLink[];
  readonly openConflicts: readonly PairConflict[];
  /** Closed ones, too. */
  readonly conflicts: readonly PairConflict[];
  readonly openHolds: readonly Hold[];
  readonly approved: number;
}

const sides: readonly Side[] = ["left", "right"];
const ALL = 1_000_000;

export async function readEnd(world: World, watch: Watch, store: Store, approved: number): Promise<Ended> {
  const { syncId } = world.subject;
  const links: PairLink[] = [];
  for await (const link of store.pairs.iterateLinks(syncId)) links.push(link);
  const conflicts = await store.pairs.listConflicts({ syncId, limit: ALL });
  const openHolds = await store.pairs.listHolds({ syncId, isOpen: true, limit: ALL });
  return {
    world,
    watch,
    links,
    conflicts,
    // One that a person has settled is to be carried out, and excuses nothing.
    openConflicts: conflicts.filter(({ closedAt, winner }) => closedAt === null && winner === null),
    openHolds,
    approved,
  };
}

/** Everything that must hold once faults have ceased, people rest and time has passed. */
export async function audit(end: Ended, store: Store): Promise<void> {
  checkBijection(end);
  checkPairing(end);
  for (const link of end.links) checkAgreement(end, link);
  for (const happening of end.world.ledger.happenings) {
    if (happening.by === "person") checkKept(end, happening);
    else checkDeletion(end, happening);
  }
  for (const link of end.links) for (const side of sides) checkOrder(end, link, side);
  checkGuard(end);
  await checkHistory(end, store);
  await checkHints(end, store);
}

/** I12: what was told is looked at by the next pass; one that is late enough may have come since. */
async function checkHints({ world }: Ended, store: Store): Promise<void> {
  const stored = await store.pairs.listInbox(world.subject.syncId, ALL);
  const patience = 2 * world.pollEveryMs;
  const overdue = stored.filter(({ receivedAt }) => Date.parse(receivedAt) < world.now - patience);
  if (overdue.length > 0) world.fail("I12", `${overdue.length} hints were stored, and nobody looked`);
}

/** I4: no record belongs to two pairs. */
function checkBijection({ links, world }: Ended): void {
  for (const side of sides) {
    const seen = new Set<string>();
    for (const link of links) {
      const id = recordId(link, side);
      if (id === null) continue;
      if (seen.has(id)) world.fail("I4", `${side} ${id} belongs to two pairs`, id);
      seen.add(id);
    }
  }
}

/** I1: every record in place has its counterpart in place. */
function checkPairing(end: Ended): void {
  const { world, links } = end;
  for (const side of sides) {
    const byRecord = new Map(links.map((link) => [recordId(link, side), link]));
    for (const id of recordsOf(world, side, "live")) {
      const link = byRecord.get(id);
      // A second record that somebody has edited is left for a person to look at; only a sweep finds one.
      const isOwn = world.ledger.of(side, id)[0]?.by === "engine";
      const isLeft = (problem: string) =>
        problem.includes(id) && (isOwn || !problem.startsWith("DUPLICATE_RECORD"));
      if (links.some(({ problem }) => problem !== null && isLeft(problem))) continue;
      if (world.options.sweepEveryMs === null && isSecond(end, { side, id })) continue;
      const isAlone = link === undefined || recordId(link, otherSide(side)) === null;
      if (isAlone && world.subject.isLeftOut(side, (name) => world.plain(side, id, name))) continue;
      if (link === undefined) world.fail("I1", `${side} ${id} belongs to no pair`, id);
      else if (!isExcused(end, link)) checkCounterpart(end, link, side, id);
    }
  }
}

function checkCounterpart({ world }: Ended, link: PairLink, side: Side, id: string): void {
  const other = otherSide(side);
  const counterpart = recordId(link, other);
  const presence = counterpart === null ? "absent" : world.presence(other, counterpart);
  // Nothing but a sweep or a hint tells that a page has left the list, or that a row died while a first reading was begun anew.
  const isTold = link.problem?.startsWith("RECORD_TRASHED") === true;
  if (presence !== "absent" && world.options.sweepEveryMs === null && !isTold) return;
  if (presence !== "live")
    world.fail(
      "I1",
      `${side} ${id} is live, its counterpart ${counterpart} is ${presence} (${link.status}, due ${link.dueAt}, ${link.problem})`,
      id,
    );
}

/** Parted by a person or a policy, or waiting for a person in plain sight. */
function isExcused(end: Ended, link: PairLink): boolean {
  const { openConflicts, openHolds } = end;
  if (link.status === "unlinked" || isMissing(end, link)) return true;
  if (link.problem?.startsWith("AMBIGUOUS_KEY") || link.problem?.startsWith("DUPLICATE_RECORD")) return true;
  if (openConflicts.some(({ linkId, field }) => linkId === link.id && field === "$presence")) return true;
  return openHolds.some(({ kind }) => kind === "mass-delete");
}

/** It could not be seen, a person is told so, and without sweeps it is looked for again only after hours. */
function isMissing({ world }: Ended, { problem }: PairLink): boolean {
  return problem === "RECORD_MISSING" && world.options.sweepEveryMs === null;
}

/** I1: both sides say the same in every mapped field. */
function checkAgreement(end: Ended, link: PairLink): void {
  const { leftId, rightId } = link;
  const { world } = end;
  if (leftId === null || rightId === null || link.status === "unlinked") return;
  if (world.presence("left", leftId) !== "live" || world.presence("right", rightId) !== "live") return;
  for (const field of world.fields) {
    const left = world.plain("left", leftId, field.name);
    const right = world.plain("right", rightId, field.name);
    if (world.subject.agree(field, left, right) || isFieldExcused(end, link, field)) continue;
    if (world.subject.isWaiting(field, left, world.table.row(rightId)?.values ?? {})) continue;
    world.fail(
      "I1",
      `${field.name} of ${leftId} and ${rightId}: ${JSON.stringify(left)} and ${JSON.stringify(right)} (due ${link.dueAt}, ${link.problem})`,
      leftId,
    );
  }
}

function isFieldExcused(end: Ended, link: PairLink, { name }: Field): boolean {
  const { openConflicts, openHolds } = end;
  if (openConflicts.some(({ linkId, field }) => linkId === link.id && field === name)) return true;
  if (link.problem?.startsWith("OSCILLATION") || isMissing(end, link)) return true;
  return openHolds.some(
    ({ kind, evidence }) =>
      kind === "mass-change" || (kind === "mass-clear" && JSON.stringify(evidence).includes(`"${name}"`)),
  );
}

/** I5: what a person wrote is there, or gave way to a person on the same side, or is in history, or was lost within bounds. */
function checkKept({ world, watch }: Ended, happening: Happening): void {
  const { side, id } = happening;
  for (const [name, { to }] of Object.entries(happening.fields)) {
    const field = world.fields.find((each) => each.name === name);
    if (field?.kind !== "text" || typeof to !== "string") continue;
    const next = nextChange(world, happening, name);
    if (next === undefined || next.by === "person" || watch.keeps(side, name, to)) continue;
    if (!isBlind(world, happening, next, field))
      world.fail(
        "I5",
        `"${to}" in ${name} on the ${side} is nowhere any more: written at ${happening.at}, gone by a write sent at ${next.sentAt}`,
        id,
      );
  }
}

/** Notion has no preconditions: what is written between the last read and the write's effect cannot be seen. */
function isBlind(world: World, edit: Happening, overwrite: Happening, { owner }: Field): boolean {
  const { side } = edit;
  if (side === "right" && world.subject.hasPreconditions) return false;
  const { conflictPolicy } = world.options;
  // The other side wins here anyway; the engine may write without a fresh look.
  if (owner === otherSide(side) || (owner === "both" && conflictPolicy === otherSide(side))) return true;
  return edit.at >= (overwrite.sentAt ?? 0) - freshMs;
}

function nextChange(world: World, { side, id, seq }: Happening, field: string): Happening | undefined {
  return world.ledger.of(side, id).find((later) => later.seq > seq && later.fields[field] !== undefined);
}

/** I6: no value of a person beats a newer one of the same side. */
function checkOrder(end: Ended, link: PairLink, side: Side): void {
  const { world, watch } = end;
  const other = otherSide(side);
  const id = recordId(link, side);
  if (id === null || world.presence(side, id) !== "live") return;
  for (const field of world.fields) {
    if (field.kind !== "text" || [field.owner, field.decidedOn].includes(otherSide(side))) continue;
    if (end.conflicts.some(({ linkId, field: name }) => linkId === link.id && name === field.name)) continue;
    const final = world.plain(side, id, field.name);
    const edits = world.ledger
      .of(side, id)
      .filter(({ by, fields: changed }) => by === "person" && changed[field.name] !== undefined);
    const written = (happening: Happening): Plain => happening.fields[field.name]?.to ?? null;
    const at = edits.findLastIndex((happening) => final !== null && written(happening) === final);
    const newer = edits.slice(at + 1).filter((happening) => written(happening) !== null);
    if (
      at === -1 ||
      newer.length === 0 ||
      isNewestSeen(end, link, { side: other, field: field.name, value: final })
    )
      continue;
    const seen = newer.find((happening) => watch.keeps(side, field.name, written(happening)));
    if (seen !== undefined)
      world.fail(
        "I6",
        `${field.name} on the ${side} ends as "${final}", although "${written(seen)}" was written there later`,
        id,
      );
  }
}

/** Both sides may have begun with one value: then it may well be the other side's newest that won, as far as it was seen. */
function isNewestSeen(
  { world, watch }: Ended,
  link: PairLink,
  { side, field, value }: { readonly side: Side; readonly field: string; readonly value: Plain },
): boolean {
  const [id, target] = [recordId(link, side), recordId(link, otherSide(side))];
  if (id === null || target === null) return false;
  const writtenAt = world.ledger
    .of(otherSide(side), target)
    .findLast(({ by, fields: changed }) => by === "engine" && changed[field]?.to === value)?.at;
  const newest = world.ledger.of(side, id).findLast(({ by, fields: changed }) => {
    const change = changed[field];
    return by === "person" && change !== undefined && watch.keeps(side, field, change.to, writtenAt);
  });
  return newest?.fields[field]?.to === value;
}

/** I7: what the engine put in the trash had a counterpart that somebody had deleted, or was a second record. */
function checkDeletion(end: Ended, happening: Happening): void {
  const { world, watch } = end;
  const { side, id, presence, at } = happening;
  if (presence.to !== "trashed" || presence.from === "trashed") return;
  const partners = watch.partnersOf(side, id);
  const deaths = [...partners].flatMap((partner) =>
    world.ledger
      .of(otherSide(side), partner)
      .filter((other) => other.at <= at && other.presence.to === "trashed" && other.by === "person"),
  );
  if (deaths.length > 0 || isSecond(end, happening) || isDeletedByPerson(end, happening)) return;
  world.fail(
    "I7",
    `${side} ${id} was put in the trash, and nobody had deleted its counterpart (${[...partners].join()})`,
    id,
  );
}

/** A person had put it in the trash; a restore of ours that came late has undone that, and is undone in turn. */
function isDeletedByPerson({ world }: Ended, { side, id, seq }: Happening): boolean {
  const last = world.ledger
    .of(side, id)
    .findLast((each) => each.seq < seq && each.by === "person" && each.presence.from !== each.presence.to);
  return last?.presence.to === "trashed";
}

/** A record that we made for one which has, or had, another. */
function isSecond({ watch, world }: Ended, { side, id }: Pick<Happening, "side" | "id">): boolean {
  const marker = world.ledger.of(side, id)[0]?.marker ?? null;
  return marker !== null && [...watch.partnersOf(otherSide(side), marker)].some((other) => other !== id);
}

/** I17: no more deletions than the guard lets pass, and those that a person approved. */
function checkGuard(end: Ended): void {
  const { world, links, approved } = end;
  const deletions = world.ledger.happenings.filter(
    (each) =>
      each.by === "engine" &&
      each.presence.to === "trashed" &&
      each.presence.from !== "trashed" &&
      !isSecond(end, each) &&
      !isDeletedByPerson(end, each),
  );
  const { deletesMax, deleteShareMax } = world.subject.guard(world.options);
  const allowed = Math.max(deletesMax, deleteShareMax * links.length) + approved;
  if (deletions.length > allowed)
    world.fail(
      "I17",
      `${deletions.length} deletions, ${allowed} were allowed (${approved} of them approved)`,
    );
}

/** I15: histories are chained, and folding them gives what both sides hold. */
async function checkHistory({ world, links }: Ended, store: Store): Promise<void> {
  for (const link of links) {
    const versions = await store.pairs.listVersions(link.id, { after: 0, limit: ALL });
    const flaw = verifyChain(versions);
    if (flaw !== null) world.fail("I15", `version ${flaw.seq}: ${flaw.message}`, link.leftId);
    for (const side of sides) {
      const id = recordId(link, side);
      if (id === null || world.presence(side, id) !== "live" || link.status !== "live") continue;
      const folded = Object.assign(
        {},
        ...versions
          .filter((one) => one.side === side && one.origin !== "superseded")
          .map((one) => one.fields),
      );
      for (const field of world.fields) {
        const { name, kind } = field;
        if (kind === "kept") continue;
        const told = world.subject.inHistory(field, side, folded[name] ?? null);
        const is = world.plain(side, id, name);
        if (JSON.stringify(told) !== JSON.stringify(is))
          world.fail(
            "I15",
            `history says that ${name} on the ${side} is ${JSON.stringify(told)}; it is ${JSON.stringify(is)}`,
            id,
          );
      }
    }
  }
}
