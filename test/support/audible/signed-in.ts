import { documentIn, type Ended, run } from "../../e2e/cli.ts";
import { type AudibleServer, account } from "./server.ts";

/** A browser, as far as signing in needs one: opens the link, fills in the form, gives the address at which it ends. */
export async function signInAsPerson(link: string): Promise<string> {
  const form = await fetch(link);
  const cookie = form.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  const text = await form.text();
  const state = /value='([^']+)' name="workflowState"/.exec(text)?.[1] ?? "";
  const body = new URLSearchParams({ workflowState: state, appActionToken: "a&b", ...account });
  const answer = await fetch(new URL("/ap/signin", link), {
    method: "POST",
    body,
    headers: { cookie },
    redirect: "manual",
  });
  return new URL(answer.headers.get("location") ?? "", link).href;
}

/** `lockstep …` in a folder, against a stand-in. */
export function lockstepAt(server: AudibleServer, cwd: string) {
  return (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> =>
    run(args, { cwd, env: { AUDIBLE_BASE_URL: server.url, ...env } });
}

/** Both steps of a sign-in, as two processes. */
export async function signIn(lockstep: ReturnType<typeof lockstepAt>, locale = "us"): Promise<Ended> {
  const begun = await lockstep(["audible", "sign-in", "--locale", locale, "--json"]);
  const { link } = documentIn<{ link: string }>(begun);
  return lockstep(["audible", "sign-in", "--landed", await signInAsPerson(link)]);
}
