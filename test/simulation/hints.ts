import type { InboxEvent } from "../../src/store/pair-store.ts";
import type { Happening } from "./ledger.ts";
import type { Fleet } from "./worker.ts";
import type { World } from "./world.ts";

/** How long Notion gathers edits before it tells of them (ms). */
const GATHERING_MS: readonly [number, number] = [500, 60_000];
const LATE_MS: readonly [number, number] = [60_000, 900_000];
const REDELIVERY_MS = 30_000;

/** Webhooks about what happened on the left: mostly they come; some are lost, told twice, told late. */
export function sendHint(fleet: Fleet, happening: Happening): void {
  const { world } = fleet;
  const { options, tape, rates } = world;
  if (!options.hasHints || happening.side !== "left" || tape.chance("hintLost", rates.hintLost)) return;
  const event = hintOf(world, happening, "event");
  const travel = tape.int("hint", ...GATHERING_MS);
  const late = tape.chance("hintLate", rates.hintLate) ? tape.int("hintLate", ...LATE_MS) : 0;
  world.scheduler.after(travel + late, () => deliver(fleet, event));
  if (tape.chance("hintRepeated", rates.hintRepeated))
    world.scheduler.after(tape.int("hintRepeated", ...LATE_MS), () => deliver(fleet, event));
}

/** A webhook about a comment. */
export function sendCommentHint(fleet: Fleet, pageId: string): void {
  const { world } = fleet;
  const { options, tape, rates, now } = world;
  if (!options.hasHints || tape.chance("hintLost", rates.hintLost)) return;
  const presence = { from: "live", to: "live" } as const;
  const hint = hintOf(world, { seq: tape.drawn, id: pageId, at: now, presence }, "comment");
  const event = { ...hint, type: "comment.created" };
  world.scheduler.after(tape.int("hint", ...GATHERING_MS), () => deliver(fleet, event));
}

/** Acknowledged only once it is stored; told again otherwise. */
function deliver(fleet: Fleet, event: InboxEvent): void {
  const { world } = fleet;
  if (fleet.storeOutage.until > world.now) {
    world.scheduler.after(REDELIVERY_MS, () => deliver(fleet, event));
    return;
  }
  void fleet.store.pairs.putInbox([{ ...event, receivedAt: new Date(world.now).toISOString() }]);
}

/** As a webhook tells it: that something happened to a record, not what. */
export function hintOf(
  { subject }: Pick<World, "subject">,
  { seq, id, at, presence }: Pick<Happening, "seq" | "id" | "at" | "presence">,
  name: string,
): InboxEvent {
  const occurredAt = new Date(at).toISOString();
  return {
    syncId: subject.syncId,
    source: "notion",
    eventId: `${name}-${seq}`,
    side: "left",
    recordId: id,
    kind: presence.from === "absent" ? "created" : presence.to === "trashed" ? "deleted" : "updated",
    changed: [],
    prior: {},
    occurredAt,
    receivedAt: occurredAt,
    detectedBy: "webhook",
    type: "page.properties_updated",
  };
}
