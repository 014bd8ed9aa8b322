import { matchRoute } from "../../src/emulator/http/router.ts";
import type { Emulator, SeedPage } from "../../src/emulator/index.ts";
import { call, type Json, type JsonObject, startQuiet, title } from "./harness.ts";
import type { RecordedCall } from "./recordings.ts";
import { differences } from "./shape.ts";

/** The page every cassette starts from, and the one person of the recorded workspace. */
const recordedWorkspace = {
  name: "notion-sdk-py",
  people: [
    {
      id: "a4f789cc-7bc8-4cf0-82b9-a8ba7d985ecf",
      name: "Guillaume Gelin",
      email: "person@example.com",
      avatarUrl: "https://example.com/avatar.jpeg",
    },
  ],
};

/** Existed in the recorded workspaces before the first call. */
const rootPages: readonly SeedPage[] = [
  { id: "393abc1e-edcd-80f3-813b-e205934558c6", properties: {} },
  { id: "95ba0116-6776-4c19-9e45-54e77415f03b", properties: {} },
  {
    id: "250662d9-783d-483c-b131-341ed479f96c",
    properties: { title: title("Notional") },
    cover: { type: "external", external: { url: "https://example.com/cover.jpg" } },
  },
];

export interface Replayed {
  readonly call: RecordedCall;
  readonly differences: readonly string[];
}

/** Sends a cassette's calls, in order, to a fresh emulator. Calls to endpoints it does not serve are left out. */
export async function replayCassette(calls: readonly RecordedCall[]): Promise<Replayed[]> {
  const named = JSON.stringify(calls).replaceAll("-", "");
  const pages = rootPages.filter(({ id }) => id !== undefined && named.includes(id.replaceAll("-", "")));
  await using emulator = await startQuiet({
    seed: { ...recordedWorkspace, pages },
    asyncDelayMs: 0,
  });
  const { token } = emulator.workspace.addConnection({ name: recordedWorkspace.name, seesWorkspace: true });
  const ids = new Map<string, string>();
  const replayed: Replayed[] = [];
  for (const each of calls) {
    if (isServed(each)) replayed.push(await replayCall({ emulator, token, ids }, each));
  }
  return replayed;
}

export function isServed({ method, path, version }: RecordedCall): boolean {
  if (path === "/v1/invalid") return true;
  const match = matchRoute(method, path);
  return match?.route.versions.some((served) => served === version) ?? false;
}

interface Session {
  readonly emulator: Emulator;
  readonly token: string;
  /** Recorded id without dashes -> the emulator's id of the same object. */
  readonly ids: Map<string, string>;
}

async function replayCall({ emulator, token, ids }: Session, recorded: RecordedCall): Promise<Replayed> {
  const query = new URLSearchParams();
  for (const [name, value] of recorded.query) query.append(name, translate(value, ids));
  const line = `${recorded.method} ${translate(recorded.path, ids)}${query.size === 0 ? "" : `?${query}`}`;
  const answer = await call(emulator, line, {
    version: recorded.version,
    token: recorded.status === 401 ? "ntn_wrong" : token,
    ...(recorded.body === null ? {} : { body: JSON.parse(translate(JSON.stringify(recorded.body), ids)) }),
    ...(typeof recorded.body === "string" ? { contentType: recorded.contentType } : {}),
  });
  learnIds(recorded.answer, answer.body, ids);
  const status = recorded.status === answer.status ? [] : [`status: ${recorded.status} / ${answer.status}`];
  const expected: JsonObject = JSON.parse(translate(JSON.stringify(recorded.answer), ids));
  return { call: recorded, differences: [...status, ...differences(expected, answer.body)] };
}

const uuids = /[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}/g;

const taskPrefix = /^task_/;

/** Replaces every recorded id by the one the emulator gave to the same object. */
function translate(text: string, ids: ReadonlyMap<string, string>): string {
  return text.replace(uuids, (id) => ids.get(id.replaceAll("-", "")) ?? id);
}

/** Pairs the ids and cursors that stand in the same place of both answers. */
function learnIds(recorded: Json | undefined, answered: Json | undefined, ids: Map<string, string>): void {
  if (Array.isArray(recorded) && Array.isArray(answered)) {
    for (const [index, each] of recorded.entries()) learnIds(each, answered[index], ids);
  } else if (
    typeof recorded === "object" &&
    recorded !== null &&
    typeof answered === "object" &&
    answered !== null
  ) {
    if (Array.isArray(recorded) || Array.isArray(answered)) return;
    for (const key of Object.keys(recorded)) learnIds(recorded[key], answered[key], ids);
  } else if (
    typeof recorded === "string" &&
    typeof answered === "string" &&
    recorded.match(uuids)?.[0] === recorded.replace(taskPrefix, "")
  ) {
    ids.set(recorded.replace(taskPrefix, "").replaceAll("-", ""), answered.replace(taskPrefix, ""));
  }
}
