import { nextStepOf } from "../../app/next-step.ts";
import type { ConflictReport, HoldReport, OpenQuestions, ProblemReport, Taken } from "../../app/two-way.ts";
import { LockstepError } from "../../core/errors.ts";
import {
  type CommandContext,
  type CommandResult,
  wholeNumber,
  withLockstep,
  withReadOnlyLockstep,
} from "../command.ts";
import { oneLine } from "../table.ts";
import { minuteOf } from "../time.ts";
import { valueText } from "../value-text.ts";

/** What waits for a person: conflicts with both values, what a guard holds back, and records with a problem. */
export function conflicts(
  context: CommandContext,
  flags: { readonly sync?: string; readonly limit: string },
): Promise<CommandResult> {
  const filter = { sync: flags.sync, limit: wholeNumber("--limit", flags.limit, { min: 1, max: 10_000 }) };
  return withReadOnlyLockstep(context, async ({ lockstep }) => {
    const questions = await lockstep.twoWay.questions(filter);
    return { exitCode: 0, document: { ok: true, ...questions }, text: questionsText(questions) };
  });
}

const taken: readonly string[] = ["notion", "table", "github", "left", "right"] satisfies Taken[];

function isTaken(text: string | undefined): text is Taken {
  return text !== undefined && taken.includes(text);
}

/** Settles conflicts for one side; the next run writes the value to the other. */
export function resolveConflicts(
  context: CommandContext,
  ids: readonly string[],
  { take }: { readonly take?: string },
): Promise<CommandResult> {
  if (!isTaken(take)) {
    throw new LockstepError(
      "USAGE",
      `--take: expected notion, table or github (or left or right), got "${take ?? ""}".`,
    );
  }
  return withLockstep(context, async ({ lockstep }) => {
    const settled: ConflictReport[] = [];
    for (const id of ids) settled.push(await lockstep.twoWay.settle({ id, take, by: personIn(context) }));
    const lines = settled.map(
      (each) =>
        `${oneLine(each.title)}, ${oneLine(each.field)}: ${each.winner === null ? "" : each.sides[each.winner]} wins.`,
    );
    return {
      exitCode: 0,
      document: { ok: true, conflicts: settled },
      text: [...lines, "The next run carries it out: lockstep sync"].join("\n"),
    };
  });
}

/** A person's word on what a guard holds back. */
export function decideHold(
  context: CommandContext,
  id: string,
  decision: "approved" | "rejected",
): Promise<CommandResult> {
  return withLockstep(context, async ({ lockstep }) => {
    const hold = await lockstep.twoWay.decide({ id, decision, by: personIn(context) });
    const next =
      decision === "approved"
        ? "The next run carries it out, if it still is exactly that: lockstep sync"
        : "It stays held back.";
    return {
      exitCode: 0,
      document: { ok: true, hold },
      text: `${hold.sync}: ${hold.kind} ${decision}. ${next}`,
    };
  });
}

function personIn({ io }: CommandContext): string {
  return `cli:${io.env.USER ?? io.env.USERNAME ?? "unknown"}`;
}

function questionsText({ conflicts: open, holds, problems }: OpenQuestions): string {
  if (open.length + holds.length + problems.length === 0) return "Nothing waits for a person.";
  const help = [
    ...(open.length > 0 ? ["Settle one with: lockstep conflicts resolve ID --take notion|table|github"] : []),
    ...(holds.length > 0 ? ["Decide what is held back: lockstep conflicts approve ID, or reject ID"] : []),
  ];
  const texts = [...open.map(conflictText), ...holds.map(holdText), ...problems.map(problemText)];
  return [...texts, ...(help.length === 0 ? [] : [help.join("\n")])].join("\n\n");
}

const presences: Readonly<Record<string, string>> = {
  live: "there",
  trashed: "deleted",
  gone: "deleted for good",
};

function conflictText(conflict: ConflictReport): string {
  const { id, sync, sides, title, field, base, openedAt, winner, settledBy } = conflict;
  const isPresence = field === "$presence";
  const shown = (value: ConflictReport["left"]) =>
    isPresence ? (presences[String(value)] ?? String(value)) : valueText(value, 200);
  const line = (side: "left" | "right", actor: string | null) =>
    `  ${sides[side]}: ${shown(conflict[side])}${actor === null ? "" : `  (by ${oneLine(actor)})`}`;
  return [
    `${id}  ${oneLine(sync)}, "${oneLine(title, 80)}"`,
    `  ${isPresence ? "deleted on one side, edited on the other" : oneLine(field)}, since ${minuteOf(openedAt)}`,
    line("left", conflict.leftActor),
    line("right", conflict.rightActor),
    ...(isPresence ? [] : [`  before: ${shown(base)}`]),
    ...(winner === null
      ? []
      : [`  settled by ${oneLine(settledBy ?? "unknown")}: ${sides[winner]} wins at the next run`]),
  ].join("\n");
}

function holdText({ id, sync, kind, message, openedAt, decision, decidedBy }: HoldReport): string {
  const word = decision === null ? "" : `\n  ${decision} by ${oneLine(decidedBy ?? "unknown")}`;
  return `${id}  ${oneLine(sync)}, ${kind}, since ${minuteOf(openedAt)}\n  ${oneLine(message, 1_000)}${word}`;
}

function problemText({ sync, title, leftId, rightId, problem, nextTryAt }: ProblemReport): string {
  const code = /^[A-Z_]+/.exec(problem)?.[0] ?? "";
  const step = nextStepOf(code);
  return [
    `"${oneLine(title, 80)}" in ${oneLine(sync)} (${leftId ?? "no page"}, ${oneLine(rightId ?? "no row")})`,
    `  ${oneLine(problem, 600)}`,
    ...(step === null ? [] : [`  → ${step}`]),
    ...(nextTryAt === null ? [] : [`  tried again at ${minuteOf(nextTryAt)}, and when it changes`]),
  ].join("\n");
}
