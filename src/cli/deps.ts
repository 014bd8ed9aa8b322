import type { Lockstep } from "../app/lockstep.ts";
import type { Config, Secrets } from "../config/config.ts";
import type { Json } from "../core/json.ts";

/** A running emulator, as far as the command line needs it. */
export interface RunningEmulator {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

export interface EmulatorRequest {
  readonly port?: number;
  readonly ratePerMinute?: number;
  readonly seed?: Json;
  readonly faults?: Json;
}

export interface DemoRequest {
  readonly isOnce: boolean;
  readonly onLine: (text: string) => void;
  readonly signal: AbortSignal;
}

/** What the demo found; it says more than this, and all of it is printed with `--json`. */
export interface DemoReport {
  readonly ok: boolean;
}

/** What the commands stand on. */
export interface CliDeps {
  openLockstep(options: { config: Config; secrets: Secrets; baseUrl?: string }): Promise<Lockstep>;
  runDemo(request: DemoRequest): Promise<DemoReport>;
  startEmulator(request: EmulatorRequest): Promise<RunningEmulator>;
  /** Wall time in milliseconds, to pace progress lines. */
  now(): number;
}

/** The real parts, each loaded when a command first needs it: start-up time counts. */
export const realDeps: CliDeps = {
  openLockstep: async (options) => (await import("../app/open.ts")).openLockstep(options),
  runDemo: async (request) => (await import("../app/demo.ts")).runDemo(request),
  startEmulator: async (request) => {
    const { startEmulator } = await import("../app/emulator.ts");
    // The emulator checks its seed and its faults itself, naming the path of what is wrong.
    return startEmulator(request as Parameters<typeof startEmulator>[0]);
  },
  now: () => Date.now(),
};
