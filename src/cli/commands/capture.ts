import type { CaptureReport } from "../../app/two-way.ts";
import { LockstepError } from "../../core/errors.ts";
import { type CommandContext, type CommandResult, withLockstep, withReadOnlyLockstep } from "../command.ts";

/** Prints what `install` runs, and runs nothing. */
export function showCapture(
  context: CommandContext,
  sync: string,
  { remove }: { readonly remove?: boolean },
): Promise<CommandResult> {
  return withReadOnlyLockstep(context, async ({ lockstep }) => {
    const report = await lockstep.twoWay.showCapture(sync, remove === true ? "remove" : "install");
    const text = remove === true ? report.sql : installText(report);
    return { exitCode: 0, document: { ok: true, ...report }, text };
  });
}

/** Prepares both sides, once a person has said yes to what is shown. */
export function installCapture(
  context: CommandContext,
  sync: string,
  { yes }: { readonly yes?: boolean },
): Promise<CommandResult> {
  return withLockstep(context, async ({ lockstep }) => {
    if (yes !== true) await consent(context, installText(await lockstep.twoWay.showCapture(sync, "install")));
    const report = await lockstep.twoWay.install(sync);
    const { name, isThere } = report.property;
    const property = isThere
      ? `The property "${name}" was there already`
      : `The property "${name}" was added in Notion`;
    return {
      exitCode: 0,
      document: { ok: true, ...report },
      text: `${property}; the table's triggers are installed.\nNext: lockstep plan ${sync}, then lockstep sync ${sync} --yes`,
    };
  });
}

/** Removes the triggers, once a person has said yes. */
export function removeCapture(
  context: CommandContext,
  sync: string,
  { yes }: { readonly yes?: boolean },
): Promise<CommandResult> {
  return withLockstep(context, async ({ lockstep }) => {
    if (yes !== true) await consent(context, (await lockstep.twoWay.showCapture(sync, "remove")).sql);
    const report = await lockstep.twoWay.remove(sync);
    const text = `The table's triggers are removed. "${report.property.name}" stays in Notion, and the marker column in the table.`;
    return { exitCode: 0, document: { ok: true, ...report }, text };
  });
}

function installText({ property, sql }: CaptureReport): string {
  const inNotion = property.isThere
    ? `-- In Notion: the text property "${property.name}" is there already.`
    : `-- In Notion: adds the text property "${property.name}".`;
  return `${inNotion}\n-- In the table's database:\n${sql.trimEnd()}`;
}

/** Shows what is about to be done and asks; without anybody to ask, the answer has to come as a flag. */
async function consent({ io }: CommandContext, what: string): Promise<void> {
  if (io.ask === undefined) {
    throw new LockstepError(
      "USAGE",
      "This changes a database: look at `lockstep table show` first, then give --yes.",
    );
  }
  io.stderr.write(`${what}\n\n`);
  const answer = await io.ask("Do this? [y/N] ");
  if (/^y(es)?$/i.test(answer.trim())) return;
  throw new LockstepError("CANCELLED", "Nothing was changed.");
}
