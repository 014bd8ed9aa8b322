import { LockstepError } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import {
  type Emulator,
  type FaultRule,
  parseFault,
  parseSeed,
  startEmulator as start,
} from "../emulator/index.ts";

/** How to start the emulator; documents as read from files. */
export interface EmulatorRequest {
  readonly port?: number;
  readonly ratePerMinute?: number;
  readonly seed?: Json;
  readonly faults?: Json;
}

/** Starts an emulated Notion. Throws USAGE naming what is wrong with the seed or the faults, or that the port is taken. */
export async function startEmulator({ seed, faults, ...options }: EmulatorRequest): Promise<Emulator> {
  try {
    return await start({
      ...options,
      ...(seed === undefined ? {} : { seed: parseSeed(seed) }),
      ...(faults === undefined ? {} : { faults: parseFaults(faults) }),
    });
  } catch (cause) {
    if (cause instanceof LockstepError || !(cause instanceof Error)) throw cause;
    throw new LockstepError("USAGE", `The emulator did not start: ${cause.message}`, { cause });
  }
}

function parseFaults(document: Json): FaultRule[] {
  return (Array.isArray(document) ? document : [document]).map((rule: Json, index) => {
    // A copy: the emulator keeps the rule, and counts in it.
    if (isJsonObject(rule)) return parseFault(JSON.parse(JSON.stringify(rule)));
    throw new LockstepError("USAGE", `faults[${index}]: expected { "match": { … }, "effect": { … } }`);
  });
}
