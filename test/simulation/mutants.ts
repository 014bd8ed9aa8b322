import { libraryMutants } from "./library/mutants.ts";
import { pipelineMutants } from "./pipeline/mutants.ts";
import { planningMutants } from "./planning/mutants.ts";

/** A bug to be planted: one expression of the product in place of another, which breaks one rule. */
export interface Mutant {
  readonly name: string;
  /** The rule that is gone. */
  readonly rule: string;
  /** From the repository's root. */
  readonly file: string;
  readonly search: string;
  readonly replace: string;
  /** Weather in which this rule matters. */
  readonly profile: string;
}

const engine = "src/engine/two-way";
const notion = "src/connectors/notion";

export const mutants: readonly Mutant[] = [
  {
    name: "no-marker-lookup",
    rule: "a create of unknown fate is looked up by its marker before it is made again",
    file: `${engine}/lookup.ts`,
    search: "await unlinked(session, side, ours)",
    replace: "await unlinked(session, side, [])",
    profile: "creates",
  },
  {
    name: "no-settle-wait",
    rule: "a create of unknown fate is looked up only when it can no longer take effect unseen",
    file: `${engine}/lookup.ts`,
    search: "if (now <= settledAt)",
    replace: "if (now < 0)",
    profile: "creates",
  },
  {
    name: "lookup-without-proof",
    rule: "finding nothing counts only with proof of access around the search",
    file: `${engine}/lookup.ts`,
    search: "if (found.accessProof === null)",
    replace: "if (found.records.length < 0)",
    profile: "lostLookups",
  },
  {
    name: "no-overlap",
    rule: "a watermark stays behind by what may not be visible yet",
    file: `${notion}/time.ts`,
    search: "export const OMEGA_MS = VISIBILITY_MS + SPREAD_MS;",
    replace: "export const OMEGA_MS = 0;",
    profile: "lagging",
  },
  {
    name: "empty-believed",
    rule: "an empty list does not move the checkpoint",
    file: `${notion}/pull.ts`,
    search: "nothingSeen(watermark)",
    replace: "nothingSeen(watermarkAt(askedAt))",
    profile: "blindEmpties",
  },
  {
    name: "missing-is-deleted",
    rule: "a page that is not found proves nothing",
    file: `${notion}/get.ts`,
    search: 'return { presence: "unknown", reason: found.refused.message };',
    replace: 'return { presence: "gone", certificate: found.refused.message };',
    profile: "access",
  },
  {
    name: "absent-is-deleted",
    rule: "what a sweep does not show is suspected, no more",
    file: `${engine}/reading.ts`,
    search: "withSeen(pair, at.side, { ...seen, mustRead: true })",
    replace:
      'withSeen(pair, at.side, { ...seen, ...(at.priority === 2 ? { presence: "gone" as const, isStrong: true } : { mustRead: true }) })',
    profile: "access",
  },
  {
    name: "no-doubt-left",
    rule: "a write of unknown fate that shows up in Notion is our own",
    file: `${engine}/reads.ts`,
    search: "doubts: openOn(pair, side).flatMap(doubtsOf)",
    replace: 'doubts: side === "left" ? [] : openOn(pair, side).flatMap(doubtsOf)',
    profile: "doubts",
  },
  {
    name: "no-doubt-right",
    rule: "a write of unknown fate that shows up in the table is our own",
    file: `${engine}/reads.ts`,
    search: "doubts: openOn(pair, side).flatMap(doubtsOf)",
    replace: 'doubts: side === "right" ? [] : openOn(pair, side).flatMap(doubtsOf)',
    profile: "tableDoubts",
  },
  {
    name: "no-pre-read",
    rule: "a write to Notion is planned on a fresh reading by id",
    file: `${engine}/converge.ts`,
    search: 'if (write.kind !== "create" && !isFresh && !isChecked) needed.push(side);',
    replace: "",
    profile: "races",
  },
  {
    name: "stale-pre-read",
    rule: "a write that was held up after its reading is not sent",
    file: `${engine}/act.ts`,
    search: "Math.max(0, freshMs - (now - readAt))",
    replace: "patientMs * 60",
    profile: "pauses",
  },
  {
    name: "thawed-payload",
    rule: "what a create wrote is the base, not what its source holds by now",
    file: `${engine}/creates.ts`,
    search: "{ rules, fields: intent.fields }",
    replace: "{ rules, fields: {} }",
    profile: "thawing",
  },
  {
    name: "no-precondition",
    rule: "the table refuses a write that was planned on an older row",
    file: "test/simulation/table.ts",
    search: 'if (revisionOf(row) !== write.expected.revision) return { kind: "stale" };',
    replace: "",
    profile: "races",
  },
  {
    name: "no-deadline",
    rule: "what waited for its turn too long is not sent",
    file: "src/http/pacer.ts",
    search: "if (now > first.sendBy) {",
    replace: "if (now < 0) {",
    profile: "limits",
  },
  {
    name: "no-fence",
    rule: "nothing becomes durable under a lease that another process holds",
    file: "src/store/pair-rules.ts",
    search: "if (held !== fence) throw leaseLost(syncId, fence, held);",
    replace: "",
    profile: "pauses",
  },
  {
    name: "no-revision-check",
    rule: "a link that was changed meanwhile is read and planned again",
    file: "src/store/pair-rules.ts",
    search: "return head.syncId === link.syncId && head.revision === link.revision;",
    replace: "return head.syncId === link.syncId;",
    profile: "settlements",
  },
  {
    name: "checkpoint-without-rows",
    rule: "a checkpoint moves only after what it covers is durable",
    file: `${engine}/reading.ts`,
    search: "await takeIn(session, next.value.records, from);",
    replace: "await takeIn(session, next.value.records, from).catch(() => {});",
    profile: "feeds",
  },
  {
    name: "guard-off",
    rule: "too many deletions wait for a person",
    file: `${engine}/guarding.ts`,
    search: "refused.push(hold);",
    replace: "",
    profile: "massDeaths",
  },
  {
    name: "conflict-written",
    rule: "a field with an open conflict is frozen",
    file: "src/core/two-way/field-step.ts",
    search: "if (settled === undefined) return { row, conflict };",
    replace: 'if (settled === undefined) return overwrite(field, "left", { row, reason: "settled" });',
    profile: "conflicts",
  },
  {
    name: "finer-value-clobbered",
    rule: "a finer value that means the same is left alone",
    file: "src/core/two-way/meaning.ts",
    search: 'if ("value" in there && isSameValue(there.value, values.right)) return true;',
    replace: "",
    profile: "stages",
  },
  {
    name: "finer-overwritten-unseen",
    rule: "what may be a finer value is read before it is overwritten",
    file: "src/engine/two-way/act.ts",
    search: " || rule.isFiner?.[side] === true;",
    replace: ";",
    profile: "blindStages",
  },
  {
    name: "set-replaced",
    rule: "sets are merged element by element",
    file: "src/core/two-way/field-step.ts",
    search:
      'if (rule.elements !== null && rule.owner === "both") return mergeStep(field, rule.elements, row);',
    replace: "",
    profile: "sets",
  },
  {
    name: "unobserved-is-empty",
    rule: "what could not be read is unknown, not empty",
    file: `${engine}/observe.ts`,
    search: "if (own !== undefined) values[rule.name] = own;",
    replace: "values[rule.name] = own ?? null;",
    profile: "longLists",
  },
  {
    name: "copy-adopted",
    rule: "only a record that we made is known by its marker",
    file: `${engine}/intake.ts`,
    search: "seen.isOurs && seen.marker !== null ?",
    replace: "seen.marker !== null ?",
    profile: "copies",
  },
  {
    name: "unclear-listing-believed",
    rule: "under one stamp only a read by id can tell which is newer",
    file: `${engine}/observe.ts`,
    search: 'return isExact || listed.revision > known.revision ? "news" : "unclear";',
    replace: 'return isExact || listed.revision >= known.revision ? "news" : "unclear";',
    profile: "staleListings",
  },
  {
    name: "owner-overruled",
    rule: "an owned field is never written on its owner",
    file: "src/core/two-way/field-step.ts",
    search: 'if (winner !== "policy") return overwrite(field, winner,',
    replace: 'if (winner !== "policy") return overwrite(field, "right",',
    profile: "swarm",
  },
  {
    name: "retry-after-ignored",
    rule: "nothing is asked before the time that Notion has named",
    file: "src/http/pacer.ts",
    search: "blockedUntil = Math.max(blockedUntil, now + (outcome.retryAfterMs ?? RETRY_AFTER_DEFAULT_MS));",
    replace: "",
    profile: "limits",
  },
  {
    name: "foreign-change-forgotten",
    rule: "what others changed shows in the answer to a write, and goes to history",
    file: `${engine}/act.ts`,
    search: "versions: [...ours.versions, ...theirs.versions]",
    replace: "versions: ours.versions",
    profile: "races",
  },
  {
    name: "ambiguous-made",
    rule: "a record that could be several waits for a person",
    file: `${engine}/converge.ts`,
    search: "if (isAmbiguous(pair.link))",
    replace: 'if (pair.link.problem === "")',
    profile: "ambiguous",
  },
  {
    name: "key-of-known-forgotten",
    rule: "the key of a record that is known already is looked up, too",
    file: `${engine}/intake.ts`,
    search: "const keys = records.flatMap((record) => desk.keyOf(desk.seen(record)) ?? []);",
    replace: "const keys = unknown.flatMap((record) => desk.keyOf(desk.seen(record)) ?? []);",
    profile: "ambiguous",
  },
  {
    name: "refused-not-read",
    rule: "what was refused for good is read before the next try",
    file: `${engine}/act.ts`,
    search: "outcome.retryAfterMs === null ? mustRead(kept, intent.side) : kept",
    replace: "kept",
    profile: "blindUpdates",
  },
  {
    name: "unclear-never-due",
    rule: "what was out of sight and is listed again is looked at now",
    file: `${engine}/intake.ts`,
    search: "if (known.mustRead && pair.link.dueAt !== null && pair.link.dueAt <= now) return;",
    replace: "if (known.mustRead) return;",
    profile: "access",
  },
  {
    name: "deletions-counted-late",
    rule: "deletions are counted before they are carried out",
    file: `${engine}/drain.ts`,
    search: "const deletions = [...recentDeletions(session, state), begun];",
    replace: "const deletions = recentDeletions(session, state);",
    profile: "massDeaths",
  },
  {
    name: "dead-match-waits",
    rule: "a record whose match died before they agreed is on its own again",
    file: `${engine}/converge.ts`,
    search: "if (alone !== null)",
    replace: "if (alone === pair)",
    profile: "hints",
  },
  {
    name: "blind-sets",
    rule: "a list is never written without a fresh reading",
    file: `${engine}/act.ts`,
    search: "rule.elements !== null || rule.isFiner",
    replace: "rule.isFiner",
    profile: "blindLists",
  },
  {
    name: "returned-beside-one-that-left",
    rule: "a record that was brought back after its counterpart left the collection is parted from it",
    file: "src/core/two-way/record-table.ts",
    search: 'out: { absent: "nothing", live: "unlink", dead: "nothing"',
    replace: 'out: { absent: "nothing", live: "nothing", dead: "nothing"',
    profile: "leavers",
  },
  {
    name: "held-reading-lost",
    rule: "what was read of a record is kept while its deletion waits for a person",
    file: `${engine}/converge.ts`,
    search:
      "if (change.versions.length > 0 && (await save(session, change)) === null) return { change: null };",
    replace: "",
    profile: "blindWrites",
  },
  {
    name: "doubt-retired-unseen",
    rule: "a doubt ends with a reading that has seen the record, and with no other",
    file: `${engine}/reads.ts`,
    search: 'seen?.isStrong === true && seen.presence !== "unknown" &&',
    replace: "seen?.isStrong === true &&",
    profile: "unseenDoubts",
  },
  {
    name: "doubt-retired-cut",
    rule: "a doubt about a field ends with a reading that has seen the field",
    file: `${engine}/reads.ts`,
    search: " && !isCut(mapping.rules, seen, intent);",
    replace: ";",
    profile: "cutDoubts",
  },
  {
    name: "cut-field-forgotten",
    rule: "a field that was agreed on and could not be read is read again",
    file: `${engine}/unread.ts`,
    search: 'row === "F0" && sides.some(',
    replace: 'row === "F0" && doc.base[name] === undefined && sides.some(',
    profile: "cutAnswers",
  },
  {
    name: "cut-before-agreed",
    rule: "nor is one forgotten that was never agreed on",
    file: `${engine}/unread.ts`,
    search: 'row === "F0" && sides.some(',
    replace: 'row === "F0" && doc.base[name] !== undefined && sides.some(',
    profile: "cutTwins",
  },
  {
    name: "unread-never-due",
    rule: "a change that waits for a field that could not be read wakes up by itself",
    file: `${engine}/unread.ts`,
    search: 'row === "F0" && sides.some(',
    replace: 'row === "F8" && sides.some(',
    profile: "cutAnswers",
  },
  ...pipelineMutants,
  ...planningMutants,
  ...libraryMutants,
];

export function mutantNamed(name: string): Mutant {
  const mutant = mutants.find((each) => each.name === name);
  if (mutant === undefined)
    throw new RangeError(
      `there is no mutant "${name}"; there are ${mutants.map((each) => each.name).join(", ")}`,
    );
  return mutant;
}
