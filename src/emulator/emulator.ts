import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type CallLog, createCallLog } from "./http/calls.ts";
import { answerControl } from "./http/control.ts";
import { createFaults, type FaultRule, type Faults } from "./http/faults.ts";
import { createRates } from "./http/rates.ts";
import { answerApi, type Service } from "./http/server.ts";
import { plantSeed } from "./plant-seed.ts";
import type { CursorStyle } from "./query/query.ts";
import { Sessions } from "./query/sessions.ts";
import { parseSeed, type WorkspaceSeed } from "./seed.ts";
import { createSettableClock, type EmulatorClock } from "./state/clock.ts";
import { createRandom } from "./state/random.ts";
import { createState } from "./state/state.ts";
import { personActor } from "./workspace/lookup.ts";
import { addConnection } from "./workspace/people.ts";
import { createWorkspace, type Workspace } from "./workspace/workspace.ts";

export interface EmulatorOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  readonly host?: string;
  /** Wall milliseconds. Without it the emulator has a clock of its own that its control route can move. */
  readonly clock?: EmulatorClock;
  /** Ids and the order of unsorted queries follow from it. */
  readonly randomSeed?: number;
  readonly seed?: WorkspaceSeed;
  /** The first connection's token; it sees the whole workspace until something is taken away from it. */
  readonly token?: string;
  /** Requests per minute and token; null: unlimited. */
  readonly ratePerMinute?: number | null;
  readonly workspaceRatePerMinute?: number | null;
  /** Rows a query gives at most. */
  readonly queryCap?: number;
  readonly cursorStyle?: CursorStyle;
  readonly faults?: readonly FaultRule[];
  /** Whether `/__emulator/*` answers. */
  readonly control?: boolean;
}

export interface Emulator {
  /** Without the `/v1`: what clients take as base URL. */
  readonly url: string;
  readonly token: string;
  readonly workspace: Workspace;
  readonly calls: CallLog;
  readonly faults: Faults;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const defaults = {
  host: "127.0.0.1",
  token: "ntn_emulator_dummy",
  ratePerMinute: 180,
  queryCap: 10_000,
  randomSeed: 1,
} as const;

/** Starts Notion's API on a local port. Rejects when the port is taken or the seed is wrong. */
export async function startEmulator(options: EmulatorOptions = {}): Promise<Emulator> {
  const ownClock = options.clock === undefined ? createSettableClock(Date.now) : null;
  const clock = options.clock ?? ownClock ?? { now: Date.now };
  const random = createRandom(options.randomSeed ?? defaults.randomSeed);
  const seed = options.seed === undefined ? {} : parseSeed(options.seed);
  const state = createState({
    workspaceName: seed.name ?? "Emulated workspace",
    random,
    now: () => clock.now(),
  });
  const token = options.token ?? defaults.token;
  addConnection(state, { name: "Emulator connection", token, seesWorkspace: true });
  const sessions = new Sessions(random);
  const workspace = createWorkspace(state, sessions);
  if ((seed.people ?? []).length === 0)
    workspace.addPerson({ name: "Ada Lovelace", email: "ada@example.com" });
  plantSeed(state, seed, () => personActor(state, undefined));

  const calls = createCallLog();
  const faults = createFaults(random, options.faults ?? []);
  const service: Service = {
    state,
    sessions,
    rates: createRates({
      perToken: options.ratePerMinute === undefined ? defaults.ratePerMinute : options.ratePerMinute,
      perWorkspace: options.workspaceRatePerMinute ?? null,
      now: () => clock.now(),
    }),
    queryCap: options.queryCap ?? defaults.queryCap,
    cursorStyle: options.cursorStyle ?? "live",
    nextFault: (method, path) => faults.next(method, path),
    record: (entry) => calls.add(entry),
  };
  const controls = { state, workspace, calls, faults, clock: ownClock };
  const server = createServer((request, response) => {
    const isControl = (options.control ?? true) && (request.url ?? "").startsWith("/__emulator");
    const answering = isControl
      ? answerControl(controls, request, response)
      : answerApi(service, request, response);
    answering.catch((error: unknown) => answerBug(error, request, response));
  });
  const host = options.host ?? defaults.host;
  const port = await listen(server, options.port ?? 0, host);
  const close = (): Promise<void> => closeServer(server);
  return {
    url: `http://${host}:${port}`,
    token,
    workspace,
    calls,
    faults,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A defect of the emulator itself. A code Notion never sends keeps it from passing for emulated behaviour. */
function answerBug(error: unknown, request: IncomingMessage, response: ServerResponse): void {
  // A client that hung up in the middle of its request is no defect.
  if (request.destroyed && !request.complete) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  response.writeHead(500, { "content-type": "application/json; charset=utf-8" });
  response.end(JSON.stringify({ object: "error", status: 500, code: "emulator_defect", message }));
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
