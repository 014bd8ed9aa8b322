import { LockstepError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import {
  type Emulator,
  type FaultRule,
  parseFault,
  parseSeed,
  parseSnapshot,
  seedFromAnswers,
  startEmulator as start,
} from "../emulator/index.ts";

/** How to start the emulator; documents as read from files. */
export interface EmulatorRequest {
  readonly port?: number;
  readonly ratePerMinute?: number;
  readonly host?: string;
  readonly allowRemote?: boolean;
  /** Milliseconds: the clock stands still there until it is moved. */
  readonly fixedAt?: number;
  readonly seed?: Json;
  /** Answers recorded from the API, to start from what they show. */
  readonly recorded?: Json;
  readonly snapshot?: Json;
  readonly faults?: Json;
}

/** Starts an emulated Notion. Throws USAGE naming what is wrong with a document or the host, or that the port is taken. */
export async function startEmulator(request: EmulatorRequest): Promise<Emulator> {
  const { seed, recorded, snapshot, faults, ...options } = request;
  try {
    return await start({
      ...options,
      ...(seed === undefined ? {} : { seed: parseSeed(seed) }),
      ...(recorded === undefined
        ? {}
        : { seed: seedFromAnswers(Array.isArray(recorded) ? recorded : [recorded]) }),
      ...(snapshot === undefined ? {} : { snapshot: parseSnapshot(snapshot) }),
      ...(faults === undefined ? {} : { faults: parseFaults(faults) }),
    });
  } catch (cause) {
    if (cause instanceof LockstepError || !(cause instanceof Error)) throw cause;
    throw new LockstepError("USAGE", `The emulator did not start: ${cause.message}`, { cause });
  }
}

function parseFaults(document: Json): FaultRule[] {
  const rules = Array.isArray(document) ? document : [document];
  return rules.map((rule, index) => {
    try {
      return parseFault(rule);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new LockstepError("USAGE", `faults[${index}]: ${reason}`, { cause });
    }
  });
}
