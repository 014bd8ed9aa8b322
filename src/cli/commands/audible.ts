import { relative, resolve } from "node:path";
import type { AudibleExportReport } from "../../app/audible-export.ts";
import { LockstepError } from "../../core/errors.ts";
import type { CommandContext, CommandResult } from "../command.ts";
import { createProgressPrinter } from "../progress.ts";
import { oneLine } from "../table.ts";
import { openAudible, type SignInFlags, signInNow } from "./audible-sign-in.ts";

export interface AudibleExportFlags extends SignInFlags {
  readonly output: string;
  readonly podcasts?: boolean;
  readonly timeZone?: string;
}

/** Exports the library; signs in first where nobody is signed in and somebody is there to do it. */
export async function audibleExport(
  context: CommandContext,
  flags: AudibleExportFlags,
): Promise<CommandResult> {
  const { io, deps } = context;
  const timeZone = timeZoneOf(flags.timeZone);
  const audible = await openAudible(context);
  if ((await audible.signedInto()) === null) await signInNow(context, audible, flags);
  const printer = createProgressPrinter(io, deps.now);
  const report = await audible
    .exportLibrary({
      output: resolve(io.cwd, flags.output),
      locale: flags.locale ?? null,
      ...(flags.podcasts === true ? { withPodcasts: true } : {}),
      ...timeZone,
      onProgress: printer.onProgress,
    })
    .finally(() => printer.finish());
  const isWhole = report.problems.length === 0;
  return {
    exitCode: isWhole ? 0 : 1,
    document: { ok: isWhole, ...report },
    text: reportText(report, io.cwd),
  };
}

function timeZoneOf(zone: string | undefined): { readonly timeZone?: string } {
  if (zone === undefined) return {};
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return { timeZone: zone };
  } catch {
    throw new LockstepError("USAGE", `--time-zone: expected a name such as "America/Denver", got "${zone}".`);
  }
}

const problemsShownMax = 20;

function reportText(report: AudibleExportReport, cwd: string): string {
  const { books, podcasts, series, missing, unlisted, files, problems, locale, remembered } = report;
  const library = relative(cwd, files.library);
  const left = podcasts === 0 ? "" : `; ${podcasts} podcasts left out`;
  const lines = [
    `${books} books from Audible (${locale})${left}`,
    `  ${library}`,
    `${series} series, ${missing} volumes of them not in your library`,
    `  ${relative(cwd, files.series)}`,
    ...(remembered === 0
      ? []
      : [`An earlier export was cut off: ${remembered} of its answers were not asked for again`]),
    ...(unlisted === 0 ? [] : [`${unlisted} series of which Audible lists no volume are not in it`]),
  ];
  if (problems.length === 0) return [...lines, `Next: lockstep import ${library}`].join("\n");
  const shown = problems.slice(0, problemsShownMax).map((problem) => `  ${oneLine(problem)}`);
  const more = problems.length - shown.length;
  return [
    ...lines,
    `Not everything could be read; the files lack this (run again to have it):`,
    ...shown,
    ...(more > 0 ? [`  and ${more} more`] : []),
  ].join("\n");
}
