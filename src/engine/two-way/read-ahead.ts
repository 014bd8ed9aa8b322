import type { Observation } from "../../connector/connector.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import type { Session } from "./session.ts";

/** Records read together at most: more of them would be too old before their turn comes. */
const batchMax = 20;
/** How old a record that was read with others may be when it is looked at (ms): its write needs the rest of the time. */
const keptMs = 1_000;

/** A read by id, and when it began (engine ms). */
export interface TimedObservation {
  readonly observation: Observation;
  readonly readAt: number;
}

type Batch = Promise<ReadonlyMap<string, TimedObservation>>;

interface Awaited {
  /** In the order in which they will be read. */
  readonly ids: Set<string>;
  /** The latest reading that each was part of. */
  readonly batches: Map<string, Batch>;
}

/**
 * Reads by id, several together where a side can be asked so. What was read is given out once, and tells when it was read: nothing
 * that rests on the age of a read is any different for it.
 */
export class ReadAhead {
  private readonly awaited: Record<Side, Awaited> = {
    left: { ids: new Set(), batches: new Map() },
    right: { ids: new Set(), batches: new Map() },
  };

  /** What is going to be read from now on; what was read for earlier is forgotten. */
  expect(side: Side, ids: Iterable<string>): void {
    this.awaited[side] = { ids: new Set(ids), batches: new Map() };
  }

  async read(session: Session, side: Side, id: string): Promise<TimedObservation> {
    const { clock } = session.deps;
    const found = await this.readTogether(session, side, id);
    if (found !== null && clock.now() - found.readAt <= keptMs) return found;
    const readAt = clock.now();
    return { observation: await session.pair.sides[side].connector.get(id, session.signal), readAt };
  }

  /** null: it is to be read by itself. */
  private async readTogether(session: Session, side: Side, id: string): Promise<TimedObservation | null> {
    const { ids, batches } = this.awaited[side];
    if (!ids.delete(id)) return null;
    const batch = batches.get(id);
    if (batch !== undefined) {
      const known = (await batch).get(id) ?? null;
      if (known === null || session.deps.clock.now() - known.readAt <= keptMs) return known;
    }
    if (ids.size === 0) return null;
    const together = [id, ...[...ids].slice(0, batchMax - 1)];
    const reading = readMany(session, side, together);
    for (const each of together) batches.set(each, reading);
    return (await reading).get(id) ?? null;
  }
}

async function readMany(session: Session, side: Side, ids: readonly string[]): Batch {
  const { connector } = session.pair.sides[side];
  const readAt = session.deps.clock.now();
  const found = (await connector.getMany?.(ids, session.signal)) ?? new Map<string, Observation>();
  return new Map([...found].map(([id, observation]) => [id, { observation, readAt }]));
}
