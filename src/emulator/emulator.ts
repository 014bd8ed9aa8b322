import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type CallLog, createCallLog } from "./http/calls.ts";
import { answerControl, isControlRequest } from "./http/control.ts";
import { createFaults, type FaultRule, type Faults } from "./http/faults.ts";
import { answerFile, isFileRequest } from "./http/files.ts";
import { isLoopback } from "./http/hosts.ts";
import { answerBug, closeServer, listen } from "./http/listen.ts";
import { Memory } from "./http/memory.ts";
import { createRates } from "./http/rates.ts";
import { answerApi, type Service } from "./http/server.ts";
import { Veil } from "./http/veil.ts";
import { plantSeed } from "./plant-seed.ts";
import type { CursorStyle } from "./query/query.ts";
import { Sessions } from "./query/sessions.ts";
import { parseSeed, type WorkspaceSeed } from "./seed.ts";
import { parseSnapshot, restoreSnapshot, type Snapshot, takeSnapshot } from "./snapshot.ts";
import { createSettableClock, type EmulatorClock, type SettableClock } from "./state/clock.ts";
import { createFileStore } from "./state/file-store.ts";
import { createRandom } from "./state/random.ts";
import { createState, type State } from "./state/state.ts";
import { createWebhooks, type Webhooks } from "./webhooks/webhooks.ts";
import { personActor } from "./workspace/lookup.ts";
import { addConnection } from "./workspace/people.ts";
import { createWorkspace, type Workspace } from "./workspace/workspace.ts";

export interface EmulatorOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  readonly host?: string;
  /** Without it only loopback addresses are listened on, and the controls answer to loopback names only. */
  readonly allowRemote?: boolean;
  /** Wall milliseconds. Without it the emulator has a clock of its own, which `emulator.clock` and the control routes move. */
  readonly clock?: EmulatorClock;
  /** Milliseconds: its own clock stands still there until it is moved. */
  readonly fixedAt?: number;
  /** Ids and the order of unsorted queries follow from it. */
  readonly randomSeed?: number;
  readonly seed?: WorkspaceSeed;
  /** A workspace as it was left; nothing of a seed or a token is used then. */
  readonly snapshot?: Snapshot;
  /** The first connection's token; it sees the whole workspace until something is taken away from it. */
  readonly token?: string;
  /** Requests per minute and token; null: unlimited. */
  readonly ratePerMinute?: number | null;
  readonly workspaceRatePerMinute?: number | null;
  /** Rows a query gives at most. */
  readonly queryCap?: number;
  readonly cursorStyle?: CursorStyle;
  /** A day (`2025-06-01`): answers have the form that Notion's had then. Without it: the newest. */
  readonly asOf?: string;
  readonly faults?: readonly FaultRule[];
  readonly webhooks?: {
    /** How long edits of one kind to one thing are gathered; default 1,000. In Notion it is up to a minute. */
    readonly aggregationMs?: number;
    /** Whether webhooks off this machine are sent to. */
    readonly allowRemote?: boolean;
  };
  /** How long templates and asynchronous writes take. */
  readonly asyncDelayMs?: number;
  /** Whether `/_emulator/*` and the page at `/` answer. */
  readonly control?: boolean;
}

export interface Emulator {
  /** Without the `/v1`: what clients take as base URL. */
  readonly url: string;
  /** The first connection's. */
  readonly token: string;
  readonly workspace: Workspace;
  readonly calls: CallLog;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  /** Null when a clock was given. */
  readonly clock: SettableClock | null;
  /** The whole workspace, as JSON. */
  snapshot(): Snapshot;
  /** Puts the workspace back to a snapshot. Cursors expire, deliveries not made yet are forgotten. */
  restore(snapshot: Snapshot): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const defaults = {
  host: "127.0.0.1",
  token: "ntn_emulator_dummy",
  ratePerMinute: 180,
  queryCap: 10_000,
  randomSeed: 1,
  aggregationMs: 1000,
  asyncDelayMs: 1000,
} as const;

/** Webhooks and faults draw from their own numbers: the workspace's ids do not depend on them. */
const webhookSeed = 0x776562;
const faultSeed = 0x666c74;

/** Starts Notion's API on a local port. Rejects when the port is taken or the seed is wrong. */
export function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  return startFilled(options, () => undefined);
}

/** The same, with a workspace that `fill` completes before the first request. */
export async function startFilled(options: EmulatorOptions, fill: (state: State) => void): Promise<Emulator> {
  const host = options.host ?? defaults.host;
  if (options.allowRemote !== true && !isLoopback(host)) {
    throw new TypeError(
      `The emulator listens on loopback addresses only, got host ${host}. Set allowRemote (--allow-remote) to let other machines in.`,
    );
  }
  if (options.asOf !== undefined && !isDay(options.asOf))
    throw new TypeError(`The emulator's asOf must be a day such as 2025-06-01, got ${options.asOf}.`);
  const parts = createParts(options);
  fillWorkspace(parts, options);
  fill(parts.state);
  const service = serviceOf(parts, options);
  const server = createServer((request, response) => {
    answer({ ...parts, service, options }, request, response).catch((error: unknown) =>
      answerBug(error, request, response),
    );
  });
  const port = await listen(server, options.port ?? 0, host);
  const url = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
  parts.state.files.origin = url;
  const close = async (): Promise<void> => {
    parts.webhooks.close();
    await closeServer(server);
    parts.state.files.close();
  };
  return {
    url,
    get token() {
      return firstToken(parts.state);
    },
    workspace: parts.workspace,
    calls: parts.calls,
    faults: parts.faults,
    webhooks: parts.webhooks,
    clock: parts.clock,
    snapshot: parts.snapshot,
    restore: parts.restore,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function isDay(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text));
}

type Parts = ReturnType<typeof createParts>;

function createParts(options: EmulatorOptions) {
  const clock = options.clock === undefined ? createSettableClock(Date.now, options.fixedAt ?? null) : null;
  const time = options.clock ?? clock ?? { now: Date.now };
  const randomSeed = options.randomSeed ?? defaults.randomSeed;
  const random = createRandom(randomSeed);
  const state = createState({
    workspaceName: options.seed?.name ?? "Emulated workspace",
    random,
    now: () => time.now(),
    asyncDelayMs: options.asyncDelayMs ?? defaults.asyncDelayMs,
    files: createFileStore(String(randomSeed)),
  });
  const sessions = new Sessions(random);
  const faults = createFaults(createRandom(randomSeed ^ faultSeed), options.faults ?? []);
  const webhooks = createWebhooks({
    state,
    random: createRandom(randomSeed ^ webhookSeed),
    aggregationMs: options.webhooks?.aggregationMs ?? defaults.aggregationMs,
    allowRemote: options.webhooks?.allowRemote ?? false,
    nextFault: (eventType) => faults.nextDelivery(eventType),
  });
  const [veil, memory] = [new Veil(state), new Memory()];
  return {
    state,
    sessions,
    veil,
    memory,
    clock,
    calls: createCallLog(),
    faults,
    webhooks,
    workspace: createWorkspace(state, { sessions, webhooks }, null),
    snapshot: () => takeSnapshot(state, clock?.isFixed ?? false),
    restore(snapshot: Snapshot): void {
      restoreSnapshot(state, parseSnapshot(snapshot));
      if (snapshot.isClockFixed) clock?.fix(snapshot.now);
      sessions.expireAll();
      webhooks.drop();
      veil.clear();
      memory.clear();
    },
  };
}

/** A snapshot, or a seed with a connection and at least one person. */
function fillWorkspace({ state, workspace, restore }: Parts, options: EmulatorOptions): void {
  if (options.snapshot !== undefined) {
    restore(options.snapshot);
    return;
  }
  const seed = options.seed === undefined ? {} : parseSeed(options.seed);
  const token = options.token ?? defaults.token;
  addConnection(state, { name: "Emulator connection", token, seesWorkspace: true });
  if ((seed.people ?? []).length === 0)
    workspace.addPerson({ name: "Ada Lovelace", email: "ada@example.com" });
  plantSeed(state, seed, () => personActor(state, undefined));
}

function firstToken(state: State): string {
  const [token = ""] = state.connections.keys();
  return token;
}

function serviceOf(parts: Parts, options: EmulatorOptions): Service {
  const { state, sessions, faults, veil, memory, calls } = parts;
  return {
    state,
    sessions,
    rates: createRates({
      perToken: options.ratePerMinute === undefined ? defaults.ratePerMinute : options.ratePerMinute,
      perWorkspace: options.workspaceRatePerMinute ?? null,
      now: state.now,
    }),
    queryCap: options.queryCap ?? defaults.queryCap,
    cursorStyle: options.cursorStyle ?? "live",
    asOf: options.asOf ?? null,
    faults,
    veil,
    memory,
    record: (entry) => calls.add(entry),
  };
}

async function answer(
  parts: Parts & { readonly service: Service; readonly options: EmulatorOptions },
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { options, service } = parts;
  if ((options.control ?? true) && isControlRequest(request)) {
    return answerControl({ ...parts, allowRemote: options.allowRemote ?? false }, request, response);
  }
  if (isFileRequest(request)) return answerFile(parts.state, request, response);
  return answerApi(service, request, response);
}
