import type { Json, JsonObject } from "../json.ts";
import { parseSnapshot, type Snapshot } from "../snapshot.ts";
import { canSee } from "../state/access.ts";
import type { SettableClock } from "../state/clock.ts";
import type { State } from "../state/state.ts";
import { plainText } from "../values/rich-text.ts";
import { renderSchema } from "../values/schema.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import { dataSourceAt } from "../workspace/lookup.ts";
import { trueRows } from "../workspace/rows.ts";
import type { Workspace } from "../workspace/workspace.ts";
import type { CallLog } from "./calls.ts";
import { validationError } from "./errors.ts";
import type { Faults } from "./faults.ts";
import { parseFault } from "./parse-fault.ts";
import { actAsPerson } from "./person.ts";

/** What the control routes act on. */
export interface Controls {
  readonly state: State;
  readonly workspace: Workspace;
  readonly calls: CallLog;
  readonly faults: Faults;
  readonly webhooks: Webhooks;
  /** Null when the clock was given from outside. */
  readonly clock: SettableClock | null;
  readonly snapshot: () => Snapshot;
  readonly restore: (snapshot: Snapshot) => void;
}

export interface ControlCall {
  readonly body: JsonObject;
  readonly query: URLSearchParams;
}

type ControlRoute = (controls: Controls, call: ControlCall) => unknown;

/** By method and path under `/_emulator`. What a route returns is answered as JSON. */
export const controlRoutes: { readonly [line: string]: ControlRoute } = {
  "GET /": ({ state }) => summary(state),
  "GET /state": ({ state }) => summary(state),
  "GET /rows": ({ state }, { query }) => ({ rows: rowsIn(state, query) }),
  "GET /schema": ({ state }, { query }) => schemaOf(state, query),
  "GET /calls": ({ calls }) => callSummary(calls),
  "POST /calls/reset": ({ calls }) => {
    calls.reset();
    return callSummary(calls);
  },
  "GET /faults": ({ faults }) => ({ faults: faults.rules }),
  "POST /faults": ({ faults }, { body }) => {
    for (const rule of rulesIn(body)) faults.add(rule);
    return { faults: faults.rules };
  },
  "DELETE /faults": ({ faults }) => {
    faults.clear();
    return { faults: [] };
  },
  "GET /clock": ({ state, clock }) => clockState(state, clock),
  "POST /clock": async ({ state, clock, webhooks }, { body }) => {
    moveClock(clock, body);
    await webhooks.settle();
    return clockState(state, clock);
  },
  "GET /webhooks": ({ state }) => ({ webhooks: webhooksIn(state) }),
  "GET /deliveries": ({ webhooks }) => deliveriesOf(webhooks),
  "POST /deliveries/settle": async ({ webhooks }) => {
    await webhooks.settle();
    return deliveriesOf(webhooks);
  },
  "POST /deliveries/reset": ({ webhooks }) => {
    webhooks.reset();
    return deliveriesOf(webhooks);
  },
  "GET /snapshot": ({ snapshot }) => snapshot(),
  "POST /snapshot": ({ restore, state }, { body }) => {
    restore(snapshotIn(body));
    return summary(state);
  },
  "POST /person": ({ workspace }, { body }) => ({ result: actAsPerson(workspace, body) ?? null }),
};

function summary(state: State): Json {
  return {
    workspace: { id: state.workspaceId, name: state.workspaceName },
    now: new Date(state.now()).toISOString(),
    people: [...state.users.values()]
      .filter((user) => user.type === "person")
      .map(({ id, name }) => ({ id, name })),
    connections: [...state.connections.values()].map(({ name, botId }) => ({ name, botId })),
    pages: state.pages.size,
    blocks: state.blocks.size,
    databases: [...state.databases.values()].map((database) => ({
      id: database.id,
      title: plainText(database.title),
      inTrash: database.inTrash,
      seenBy: [...state.connections.values()]
        .filter((connection) => canSee(state, connection, database))
        .map(({ botId }) => botId),
      dataSources: database.dataSourceIds.map((id) => {
        const dataSource = state.dataSources.get(id);
        return { id, name: plainText(dataSource?.title), rows: dataSource?.rows.size ?? 0 };
      }),
    })),
  };
}

/** The truth about rows, and which connections (by bot) are shown each. */
function rowsIn(state: State, query: URLSearchParams): unknown[] {
  const limit = query.get("limit");
  const range =
    limit === null ? undefined : { limit: Number(limit), offset: Number(query.get("offset") ?? 0) };
  return trueRows(state, query.get("data_source") ?? "", range).map((row) => {
    const page = state.pages.get(row.id);
    const seenBy = [...state.connections.values()].filter(
      (connection) => page !== undefined && canSee(state, connection, page),
    );
    return { ...row, seenBy: seenBy.map(({ botId }) => botId) };
  });
}

function schemaOf(state: State, query: URLSearchParams): Json {
  const dataSource = dataSourceAt(state, query.get("data_source") ?? "");
  return { id: dataSource.id, properties: renderSchema(dataSource, state) };
}

function callSummary({ total, rateLimited, byRoute, recent }: CallLog): unknown {
  return { total, rateLimited, byRoute, recent };
}

/** One rule, or `{rules: […]}`. All are checked before any is added. */
function rulesIn(body: JsonObject) {
  if (!Array.isArray(body.rules)) return [parseFault(body)];
  return body.rules.map(parseFault);
}

function clockState(state: State, clock: SettableClock | null): Json {
  return { now: new Date(state.now()).toISOString(), isFixed: clock?.isFixed ?? null };
}

function moveClock(clock: SettableClock | null, body: JsonObject): void {
  if (clock === null) throw validationError("The emulator's clock was given from outside: move that one.");
  const { advanceMs, now, isFixed } = body;
  const wanted = typeof now === "string" ? Date.parse(now) : now;
  const isMoved = typeof wanted === "number" && !Number.isNaN(wanted);
  if (!isMoved && typeof advanceMs !== "number" && typeof isFixed !== "boolean")
    throw validationError("Moving the clock needs advanceMs, now or isFixed.");
  if (isFixed === true) clock.fix();
  if (isMoved) clock.set(wanted);
  else if (typeof advanceMs === "number") clock.advance(advanceMs);
  if (isFixed === false) clock.run();
}

/** Without their tokens: those go to the URLs alone. */
function webhooksIn(state: State): Json {
  return [...state.subscriptions.values()].map(({ verificationToken: _, events, ...subscription }) => ({
    ...subscription,
    events: [...events],
  }));
}

function deliveriesOf({ counts, pending, deliveries }: Webhooks): unknown {
  return { counts, pending, deliveries };
}

function snapshotIn(body: JsonObject): Snapshot {
  try {
    return parseSnapshot(body);
  } catch (error) {
    throw validationError(error instanceof Error ? error.message : String(error));
  }
}
