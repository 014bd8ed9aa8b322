/** Notion's REST API on localhost, with state, limits and faults. See docs/emulator.md. */
export { type Emulator, type EmulatorOptions, startEmulator } from "./emulator.ts";
/** GitHub's REST and GraphQL APIs on localhost, as far as issues and pull requests go. See docs/github.md. */
export { type GitHubEmulator, type GitHubEmulatorOptions, startGitHubEmulator } from "./github/github.ts";
export type { GitHubPeople, Rights, TokenOptions } from "./github/people.ts";
export type { GitHubHook, GitHubWebhooks } from "./github/webhooks.ts";
export type { CallEntry, CallLog } from "./http/calls.ts";
export type { DeliveryEffect, FaultEffect, FaultMatch, FaultRule, Faults } from "./http/faults.ts";
export { parseFault } from "./http/parse-fault.ts";
export type { CursorStyle } from "./query/query.ts";
export { parseSeed, type SeedDatabase, type SeedPage, type WorkspaceSeed } from "./seed.ts";
export { seedFromAnswers } from "./seed-from-answers.ts";
export { parseSnapshot, type Snapshot } from "./snapshot.ts";
export type { EmulatorClock, SettableClock } from "./state/clock.ts";
export type { Capabilities } from "./state/state.ts";
export type { Delivery, DeliveryCounts } from "./webhooks/deliveries.ts";
export type { Webhooks } from "./webhooks/webhooks.ts";
export type {
  By,
  NewConnection,
  NewRow,
  NewWebhook,
  ParentId,
  TrueRow,
  Workspace,
} from "./workspace/workspace.ts";
