import { startFilled } from "../../../src/emulator/emulator.ts";
import { matchRoute } from "../../../src/emulator/http/router.ts";
import { type Json, type JsonObject, object, text } from "../harness.ts";
import { partBytes } from "./before.ts";
import { compare, type Difference, IdMap } from "./compare.ts";
import { madeIn } from "./made.ts";
import { type Chain, type Folder, isRecord, objectsIn, type RecordedCall } from "./recorded.ts";
import { recordedOn } from "./recorded-on.ts";
import { buildWorld, recordedToken } from "./world.ts";

/** What came of one recorded call. */
export interface Replayed {
  readonly call: RecordedCall;
  readonly differences: readonly Difference[];
}

/** The clock stands here when a recording does not say when it was made; not on a whole minute, so that formats tell. */
const betweenCallsMs = 2_000;
const unknownTime = Date.parse("2026-05-04T12:13:14.567Z");

/** Sends a chain's calls, in order, to an emulator of its own that holds what the recordings show was there. */
export async function replayChain(chain: Chain, folder: Folder): Promise<Replayed[]> {
  const at = chain.calls.find((call) => call.at !== null)?.at ?? latestIn(chain) ?? unknownTime;
  // Not on a whole second, so that formats tell; a little later at every call, so that what takes time gets done.
  let now = Math.floor(at / 1000) * 1000 + 567;
  const name = workspaceName(folder);
  await using emulator = await startFilled(
    { clock: { now: () => now }, ratePerMinute: null, seed: { name }, asOf: recordedOn(chain) },
    (state) => buildWorld(state, chain, folder),
  );
  const ids = new IdMap();
  const made = madeIn(chain);
  for (const { answer } of chain.calls)
    for (const { id } of objectsIn(answer)) if (!made.has(text(id))) keep(ids, text(id));
  const replayed: Replayed[] = [];
  for (const call of chain.calls) {
    const answer = await send(emulator.url, translated(call, ids), call);
    now += betweenCallsMs;
    const status: Difference[] =
      answer.status === call.status
        ? []
        : [
            {
              path: "status",
              recorded: String(call.status),
              answered: `${answer.status} ${String(answer.body.message ?? "")}`,
            },
          ];
    replayed.push({
      call,
      differences: [...status, ...(status.length > 0 ? [] : compare(call.answer, answer.body, ids))],
    });
  }
  return replayed;
}

/** The latest moment that an answer mentions: it was read soon after. */
function latestIn({ calls }: Chain): number | null {
  const answers = JSON.stringify(calls.map(({ answer }) => answer));
  const keys = answers.includes('"state":"expired"') ? "start|end" : "created_time|last_edited_time|start";
  const pattern = new RegExp(`"(?:${keys})":"(\\d{4}-\\d\\d-\\d\\dT[^"]+)"`, "g");
  const texts = [...answers.matchAll(pattern)].map(([, time]) => time);
  const times = texts.map((text) => Date.parse(text ?? "")).filter((ms) => !Number.isNaN(ms));
  return times.length === 0 ? null : Math.max(...times);
}

/** Things that were there before keep their ids; things whose making was recorded get new ones. */
function keep(ids: IdMap, id: string): void {
  ids.learn(id, id);
}

function workspaceName(folder: Folder): string {
  const bots = [...folder.known.values()]
    .flat()
    .map((each) => each.bot)
    .filter(isRecord);
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
  for (const [name, value] of call.query)
    query.append(name, name === "start_cursor" ? ids.cursor(value) : ids.translate(value));
  const path = call.path
    .split("/")
    .map((part) => ids.translate(part))
    .join("/");
  return { path: query.size === 0 ? path : `${path}?${query}`, body: ids.translateAll(call.body) };
}

async function send(
  url: string,
  { path, body }: Line,
  call: RecordedCall,
): Promise<{ readonly status: number; readonly body: JsonObject }> {
  const response = await fetch(`${url}${path}`, {
    method: call.method,
    headers: {
      authorization: `Bearer ${call.status === 401 ? "ntn_wrong_dummy" : recordedToken}`,
      "notion-version": versionSent(call.version),
      "user-agent": call.userAgent,
      ...(body === null || formIn(call) !== null
        ? {}
        : { "content-type": call.formType ?? "application/json" }),
    },
    ...(body === null || call.method === "GET" ? {} : { body: contentOf(call, body) }),
  });
  return { status: response.status, body: object(JSON.parse(await response.text())) };
}

/** A form is sent as it was recorded, or made again from what is known of it. */
function contentOf(call: RecordedCall, body: Json): string | FormData {
  if (typeof body === "string" && call.formType !== null) return body;
  const fields = formIn(call);
  if (fields === null) return JSON.stringify(body);
  const { content_length: length, content_type: type, filename, number_of_parts: counts } = call.answer;
  const sentBefore = isRecord(counts) && counts.sent === 2 ? partBytes : 0;
  const bytes = new Uint8Array(Number(length) - sentBefore);
  const form = new FormData();
  form.append("file", new Blob([bytes], { type: text(type) }), text(filename));
  for (const field of fields) {
    const [name = "", value = ""] = field.split("=");
    if (name !== "file") form.append(name, value);
  }
  return form;
}

/** Fields of a form that was sent by curl: `name=value`, of files the name alone. */
function formIn({ body }: RecordedCall): string[] | null {
  const fields = isRecord(body) ? body.multipart_form : undefined;
  return Array.isArray(fields) ? fields.map(text) : null;
}
