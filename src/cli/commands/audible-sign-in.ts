import type { Audible } from "../../app/audible.ts";
import { readEnvironment } from "../../config/environment.ts";
import { LockstepError } from "../../core/errors.ts";
import type { CommandContext, CommandResult } from "../command.ts";

export interface SignInFlags {
  readonly locale?: string;
  readonly email?: string;
  readonly password?: string;
}

const localeDefault = "us";

/** Audible as the environment says, with credentials in the working directory. */
export function openAudible({ io, deps }: CommandContext): Promise<Audible> {
  const { audibleBaseUrl } = readEnvironment(io.env);
  return deps.openAudible({ folder: io.cwd, baseUrl: audibleBaseUrl, signal: io.signal });
}

/** Signs in; where nobody is there to answer, shows the link and leaves the rest to a second call with `--landed`. */
export async function audibleSignIn(
  context: CommandContext,
  flags: SignInFlags & { readonly landed?: string },
): Promise<CommandResult> {
  const audible = await openAudible(context);
  if (flags.landed !== undefined) return signedIn((await audible.finishSignIn(flags.landed)).locale);
  const locale = await signInNow(context, audible, flags);
  if (locale !== null) return signedIn(locale);
  const begun = await audible.beginSignIn(flags.locale ?? localeDefault);
  return {
    exitCode: 0,
    document: { ok: true, signedIn: false, ...begun },
    text: [...steps(begun.link), "Then finish within some minutes:", "", `  ${finish}`].join("\n"),
  };
}

const finish = "lockstep audible sign-in --landed 'ADDRESS'";

/** Signs in as far as somebody is there to do it; null: nobody is, and no password lets it pass. */
export async function signInNow(
  context: CommandContext,
  audible: Audible,
  flags: SignInFlags,
): Promise<string | null> {
  const { io } = context;
  const locale = flags.locale ?? localeDefault;
  if (flags.email !== undefined) {
    const password = await passwordOf(context, flags);
    const answer = await audible.signInWithPassword({ locale, email: flags.email, password });
    if ("locale" in answer) return answer.locale;
    io.stderr.write(
      `Amazon asks for ${answer.challenge}, which only a browser can show. Nothing was changed; go on with the link.\n`,
    );
  }
  if (io.ask === undefined) return null;
  const { link } = await audible.beginSignIn(locale);
  io.stderr.write(`${steps(link).join("\n")}\n`);
  return (await audible.finishSignIn(await io.ask("Address: "))).locale;
}

async function passwordOf({ io }: CommandContext, { password }: SignInFlags): Promise<string> {
  if (password !== undefined) {
    io.stderr.write(
      "warning: a password on the command line is seen by every user of this machine, and kept in the shell's history. " +
        "Set AUDIBLE_PASSWORD, or leave it out to be asked.\n",
    );
    return password;
  }
  const { audiblePassword } = readEnvironment(io.env);
  const typed = audiblePassword ?? (await io.askSecret?.("Password (not shown): ")) ?? "";
  if (typed !== "") return typed;
  throw new LockstepError(
    "SECRET_MISSING",
    "--email needs a password: set AUDIBLE_PASSWORD in the environment, or run it in a terminal to be asked.",
  );
}

function steps(link: string): readonly string[] {
  return [
    "Open this link in a browser, and sign in with the account that you use at Audible:",
    "",
    link,
    "",
    "It ends at a page that cannot be found. That is right: copy the whole address of that page.",
  ];
}

function signedIn(locale: string): CommandResult {
  return {
    exitCode: 0,
    document: { ok: true, signedIn: true, locale },
    text: `Signed in to Audible (${locale}). This device is called Lockstep in your account; \`lockstep audible sign-out\` removes it.`,
  };
}

/** Deregisters and deletes. */
export async function audibleSignOut(context: CommandContext): Promise<CommandResult> {
  const { locale } = await (await openAudible(context)).signOut();
  return {
    exitCode: 0,
    document: { ok: true, locale },
    text:
      locale === null
        ? "Nobody was signed in to Audible."
        : `Signed out of Audible (${locale}): the device is off your account, and its credentials are deleted.`,
  };
}
