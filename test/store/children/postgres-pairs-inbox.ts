import { randomUUID } from "node:crypto";
import { openPostgresStore } from "../../../src/store/postgres/open.ts";
import { inboxEvent } from "../../../src/store/suite/pairs-case.ts";

// Takes events, many at once, until it is killed. Prints each event's id once it is acknowledged.
const [url = ""] = process.argv.slice(2);
const roundsMax = 10_000;
const eventsPerRound = 20;

await using store = await openPostgresStore({ url, ids: { next: randomUUID, random: Math.random } });
for (let round = 0; round < roundsMax; round += 1) {
  const calls = Array.from({ length: eventsPerRound }, async (_, n) => {
    const eventId = `${round}-${n}`;
    await store.pairs.putInbox([inboxEvent(eventId)]);
    process.stdout.write(`${eventId}\n`);
  });
  await Promise.all(calls);
}
