import { startFilled } from "../../../src/emulator/emulator.ts";
import { matchRoute } from "../../../src/emulator/http/router.ts";
import { type Json, type JsonObject, object, text } from "../harness.ts";
import { compare, type Difference, IdMap } from "./compare.ts";
import { type Chain, type Folder, isRecord, objectsIn, type RecordedCall } from "./recorded.ts";
import { buildWorld, madeBy, recordedToken } from "./world.ts";

/** What came of one recorded call. */
export interface Replayed {
  readonly call: RecordedCall;
  readonly differences: readonly Difference[];
}

/** The clock stands here when a recording does not say when it was made; not on a whole minute, so that formats tell. */
const unknownTime = Date.parse("2026-05-04T12:13:14.567Z");

/** Sends a chain's calls, in order, to an emulator of its own that holds what the recordings show was there. */
export async function replayChain(chain: Chain, folder: Folder): Promise<Replayed[]> {
  const at = chain.calls.find((call) => call.at !== null)?.at ?? unknownTime;
  const now = (Math.floor(at / 1000)) * 1000 + 567;
  const name = workspaceName(folder);
  await using emulator = await startFilled(
    { clock: { now: () => now }, ratePerMinute: null, seed: { name } },
    (state) => buildWorld(state, chain, folder),
  );
  const ids = new IdMap();
  const made = new Set(chain.calls.flatMap(madeBy));
  for (const { answer } of chain.calls)
    for (const { id } of objectsIn(answer)) if (!made.has(text(id))) keep(ids, text(id));
  const replayed: Replayed[] = [];
  for (const call of chain.calls) {
    const answer = await send(emulator.url, translated(call, ids), call);
    const status: Difference[] =
      answer.status === call.status
        ? []
        : [{ path: "status", recorded: String(call.status), answered: `${answer.status} ${String(answer.body.message ?? "")}` }];
    replayed.push({ call, differences: [...status, ...(status.length > 0 ? [] : compare(call.answer, answer.body, ids))] });
  }
  return replayed;
}

/** Things that were there before keep their ids; things whose making was recorded get new ones. */
function keep(ids: IdMap, id: string): void {
  ids.learn(id, id);
}

function workspaceName(folder: Folder): string {
  const bots = [...folder.known.values()].flat().map((each) => each.bot).filter(isRecord);
  const named = bots.find((bot) => typeof bot.workspace_name === "string");
  return text(named?.workspace_name ?? "Recorded workspace");
}

export function isServed({ method, path, version, status }: RecordedCall): boolean {
  if (status === 400 && path === "/v1/invalid") return true;
  const match = matchRoute(method, path);
  return match?.route.versions.some((served) => served === versionSent(version)) ?? false;
}

/** 2022-02-22 is no longer served; the oldest version that is reads the same. */
function versionSent(version: string): string {
  return version === "2022-02-22" ? "2022-06-28" : version;
}

interface Line {
  readonly path: string;
  readonly body: Json;
}

function translated(call: RecordedCall, ids: IdMap): Line {
  const query = new URLSearchParams();
  for (const [name, value] of call.query) query.append(name, ids.translate(value));
  const path = call.path.split("/").map((part) => ids.translate(part)).join("/");
  return { path: query.size === 0 ? path : `${path}?${query}`, body: ids.translateAll(call.body) };
}

async function send(
  url: string,
  { path, body }: Line,
  call: RecordedCall,
): Promise<{ readonly status: number; readonly body: JsonObject }> {
  const hasBody = body !== null && call.method !== "GET";
  const response = await fetch(`${url}${path}`, {
    method: call.method,
    headers: {
      authorization: `Bearer ${call.status === 401 ? "ntn_wrong_dummy" : recordedToken}`,
      "notion-version": versionSent(call.version),
      ...(hasBody ? { "content-type": "application/json" } : {}),
    },
    ...(hasBody ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: object(JSON.parse(await response.text())) };
}
