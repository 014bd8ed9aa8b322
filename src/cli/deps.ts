import type { Audible, OpenAudibleRequest } from "../app/audible.ts";
import type { DemoOptions, DemoReport } from "../app/demo.ts";
import type { EmulatorRequest } from "../app/emulator.ts";
import type { InitPipelineReport, InitPipelineRequest } from "../app/init-pipeline.ts";
import type { InitLibraryRequest, LibrarySetup } from "../app/library-setup.ts";
import type { Lockstep } from "../app/lockstep.ts";
import type { InitPlanningRequest, PlanningSetup } from "../app/planning-setup.ts";
import type { Setup, SetupRequest } from "../app/setup.ts";
import type { StoreCopyReport, StoreCopyRequest, StoreMigration } from "../app/store-copy.ts";
import type { Config, Secrets } from "../config/config.ts";

export interface OpenRequest {
  readonly config: Config;
  readonly secrets: Secrets;
  readonly baseUrl?: string;
  readonly openLibraryBaseUrl?: string;
  readonly githubUrl?: string;
  /** Leaves no store behind where there was none: for commands that only look. */
  readonly isReadOnly: boolean;
  /** It answers others while syncs run. */
  readonly isServing: boolean;
}

/** A running emulator, as far as the command line needs it. */
export interface RunningEmulator {
  readonly url: string;
  readonly token: string;
  /** The whole workspace, as a value JSON can hold. */
  snapshot(): object;
  close(): Promise<void>;
}

/** What the commands stand on. */
export interface CliDeps {
  openLockstep(options: OpenRequest): Promise<Lockstep>;
  openSetup(request: SetupRequest): Promise<Setup>;
  setUpPipeline(request: InitPipelineRequest): Promise<InitPipelineReport>;
  setUpLibrary(request: InitLibraryRequest): Promise<LibrarySetup>;
  setUpPlanning(request: InitPlanningRequest): Promise<PlanningSetup>;
  runDemo(request: DemoOptions): Promise<DemoReport>;
  runPipelineDemo(request: DemoOptions): Promise<DemoReport>;
  runLibraryDemo(request: DemoOptions): Promise<DemoReport>;
  runPlanningDemo(request: DemoOptions): Promise<DemoReport>;
  startEmulator(request: EmulatorRequest): Promise<RunningEmulator>;
  openAudible(request: OpenAudibleRequest): Promise<Audible>;
  migrateStore(url: string): Promise<StoreMigration>;
  copyStore(request: StoreCopyRequest): Promise<StoreCopyReport>;
  /** Wall time in milliseconds, to pace progress lines. */
  now(): number;
}

/** The real parts, each loaded when a command first needs it: start-up time counts. */
export const realDeps: CliDeps = {
  openLockstep: async (options) => (await import("../app/open.ts")).openLockstep(options),
  openSetup: async (request) => (await import("../app/setup.ts")).createSetup(request),
  setUpPipeline: async (request) => (await import("../app/init-pipeline.ts")).initPipeline(request),
  setUpLibrary: async (request) => (await import("../app/library-setup.ts")).initLibrary(request),
  setUpPlanning: async (request) => (await import("../app/planning-setup.ts")).initPlanning(request),
  runDemo: async (request) => (await import("../app/demo.ts")).runDemo(request),
  runPipelineDemo: async (request) => (await import("../app/pipeline-demo.ts")).runPipelineDemo(request),
  runLibraryDemo: async (request) => (await import("../app/library-demo.ts")).runLibraryDemo(request),
  runPlanningDemo: async (request) => (await import("../app/planning-demo.ts")).runPlanningDemo(request),
  startEmulator: async (request) => (await import("../app/emulator.ts")).startEmulator(request),
  openAudible: async (request) => (await import("../app/audible.ts")).openAudible(request),
  migrateStore: async (url) => (await import("../app/store-copy.ts")).migrateStore(url),
  copyStore: async (request) => (await import("../app/store-copy.ts")).copyStore(request),
  now: () => Date.now(),
};
