import type { Command } from "commander";
import type { AddCommands } from "./program.ts";

/** Commands that speak with Audible. */
export function addAudibleCommands(program: Command, { adderTo, contextFor, onResult }: AddCommands): void {
  const audible = program
    .command("audible")
    .description("your library at Audible: sign in, export, sign out");
  const add = adderTo(audible);
  add("export", "write your library, and what each series has beside it, as files to import")
    .option("--output <folder>", "where the files go", "downloads")
    .option("--locale <marketplace>", "us, uk, de, fr, ca, it, au, in, jp, es or br")
    .option("--email <address>", "sign in without a browser, where Amazon lets it pass")
    .option("--password <password>", "better in AUDIBLE_PASSWORD, or typed when asked for")
    .option("--podcasts", "export podcasts too")
    .option("--time-zone <zone>", "in which a purchase has its day (default: America/Denver)")
    .action(async (flags) => {
      const { audibleExport } = await import("./commands/audible.ts");
      onResult(await audibleExport(contextFor(flags), flags));
    });

  add("sign-in", "register this program as a device of your account, with a link for your browser")
    .option("--locale <marketplace>", "us, uk, de, fr, ca, it, au, in, jp, es or br (default: us)")
    .option("--landed <address>", "finish the sign-in: the address at which the browser ended")
    .option("--email <address>", "without a browser, where Amazon lets it pass")
    .option("--password <password>", "better in AUDIBLE_PASSWORD, or typed when asked for")
    .action(async (flags) => {
      const { audibleSignIn } = await import("./commands/audible-sign-in.ts");
      onResult(await audibleSignIn(contextFor(flags), flags));
    });

  add("sign-out", "take the device off your account, and delete its credentials").action(async (flags) => {
    const { audibleSignOut } = await import("./commands/audible-sign-in.ts");
    onResult(await audibleSignOut(contextFor(flags)));
  });
}
