import type { Clock } from "../core/clock.ts";
import type { Ledger } from "./planning-ledger.ts";

/**
 * What became of a comment.
 * - `there`: it stands, now or from before
 * - `refused`: asked again, the answer would be the same
 * - `later`: nothing came of it yet
 * - `doubt`: nobody knows
 */
export type Fate = "there" | "refused" | "later" | "doubt";

/** How long a comment that was sent may take to show: a minute to take effect, and the time to be sent (ms). */
const lateMs = 90_000;

/**
 * Sends a comment that is looked for first. One whose answer never came may show up yet, so it is not looked for, and not
 * sent again, before it no longer can; that it is on its way is durable before it is sent.
 */
export async function sentOnce(
  { ledger, clock }: { readonly ledger: Ledger; readonly clock: Pick<Clock, "now"> },
  key: string,
  send: () => Promise<Fate>,
): Promise<Fate> {
  const sentAt = ledger.state.sending[key];
  if (sentAt !== undefined && clock.now() - sentAt < lateMs) return "doubt";
  const note = (at: number) => ledger.setState({ sending: { ...ledger.state.sending, [key]: at } });
  await note(clock.now());
  const fate = await send();
  if (fate === "doubt") await note(clock.now());
  else {
    const { [key]: _, ...sending } = ledger.state.sending;
    await ledger.setState({ sending });
  }
  return fate;
}
