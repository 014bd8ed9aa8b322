import { canonicalJson, isJsonObject, type Json, sortKeys } from "../core/json.ts";
import type { Emulator, TrueRow } from "../emulator/index.ts";
import type { Task } from "../store/store.ts";
import type { DemoCalls } from "./demo.ts";
import type { Lockstep, RunReport } from "./lockstep.ts";

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Page ids of what happened in the demo. */
export interface Told {
  readonly edited: string;
  readonly disputed: string;
  readonly added: string;
  readonly trashed: string;
  readonly deletedForGood: string;
}

interface Evidence {
  readonly emulator: Emulator;
  readonly lockstep: Lockstep;
  readonly dataSources: readonly string[];
  readonly told: Told;
  readonly runs: readonly RunReport[];
  readonly calls: readonly DemoCalls[];
}

/** Compares what the store says with what the emulator knows: it is asked directly, not through its API. */
export async function checkAgainstTruth(evidence: Evidence): Promise<readonly Check[]> {
  const rows = evidence.dataSources.flatMap((id) => evidence.emulator.workspace.rows(id));
  const taskByRow = new Map<string, Task>();
  for (const row of rows) taskByRow.set(row.id, await evidence.lockstep.tasks.get(row.id));
  const live = rows.filter((row) => !row.inTrash && !row.isDeletedForGood && !row.isArchived);
  const { told } = evidence;
  return [
    checkRuns(evidence.runs),
    checkPresence(live, taskByRow),
    checkValues(live, taskByRow),
    checkLongRelation(live, taskByRow),
    await checkUntouched(evidence),
    await checkVersions(evidence, "edit, addition and revival are in history", [
      { pageId: told.edited, versions: ["live", "live"] },
      { pageId: told.added, versions: ["live"] },
      { pageId: told.trashed, versions: ["live", "deleted", "live"] },
    ]),
    await checkConflict(evidence),
    checkMissing(taskByRow.get(told.deletedForGood)),
    checkQuietRun(evidence.runs),
    checkCalls(evidence),
    await checkVerification(evidence),
  ];
}

function checkRuns(runs: readonly RunReport[]): Check {
  const bad = runs.filter(({ run }) => run.status !== "succeeded" || !isComplete(run.certificate));
  return {
    name: "every run succeeded and certified that it read everything",
    ok: bad.length === 0 && runs.length > 0,
    detail:
      bad.length === 0
        ? `${runs.length} runs`
        : bad.map(({ sync, run }) => `${sync}: ${run.status}`).join(", "),
  };
}

function isComplete(certificate: Json): boolean {
  return isJsonObject(certificate) && certificate.isComplete === true;
}

function checkPresence(live: readonly TrueRow[], taskByRow: ReadonlyMap<string, Task>): Check {
  const present = live.filter((row) => taskByRow.get(row.id)?.current.isDeleted === false);
  return {
    name: "every live row has a live task",
    ok: present.length === live.length,
    detail: `${present.length} of ${live.length}`,
  };
}

/** Every property of every row, in full, as the emulator holds it. */
function checkValues(live: readonly TrueRow[], taskByRow: ReadonlyMap<string, Task>): Check {
  let same = 0;
  const different: string[] = [];
  for (const row of live) {
    const kept = taskByRow.get(row.id)?.current.metadata.notionProperties;
    for (const [name, value] of Object.entries(row.properties)) {
      if (stableText(propertyValue(kept, name)) === stableText(value)) same += 1;
      else different.push(`${name} of ${row.id}`);
    }
  }
  return {
    name: "every property value is kept, of every type",
    ok: different.length === 0 && same > 0,
    detail: different.length === 0 ? `${same} values` : `${different.length} differ, first: ${different[0]}`,
  };
}

/** Without what differs at every read: the signature and the expiry of a hosted file's address. */
function stableText(value: Json): string {
  return JSON.stringify(sortKeys(value), (key, member: unknown) =>
    key === "file" && typeof member === "object" && member !== null && "url" in member
      ? String(member.url).split("?")[0]
      : member,
  );
}

function propertyValue(properties: Json | undefined, name: string): Json {
  const property = isJsonObject(properties) ? properties[name] : undefined;
  return isJsonObject(property) && typeof property.type === "string"
    ? (property[property.type] ?? null)
    : null;
}

function checkLongRelation(live: readonly TrueRow[], taskByRow: ReadonlyMap<string, Task>): Check {
  const lengths = live.flatMap((row) => {
    const kept = taskByRow.get(row.id)?.current.metadata.notionProperties;
    return Object.values(isJsonObject(kept) ? kept : {}).flatMap((property) =>
      isJsonObject(property) && Array.isArray(property.relation) ? [property.relation.length] : [],
    );
  });
  const longest = Math.max(0, ...lengths);
  return {
    name: "a relation longer than the 25 entries Notion lists is complete",
    ok: longest > 25,
    detail: `${longest} entries`,
  };
}

/** In Tasks: rows of Contacts may change by themselves, when a row that they relate to goes. */
async function checkUntouched({ told, lockstep, emulator, dataSources }: Evidence): Promise<Check> {
  const touched = new Set(Object.values(told));
  const untouched = emulator.workspace.rows(dataSources[0] ?? "").filter((row) => !touched.has(row.id));
  let versions = 0;
  for (const row of untouched) {
    versions += (await lockstep.history(row.id, { fromVersion: 1, limit: 10 })).versions.length;
  }
  return {
    name: "rows that nobody touched have one version",
    ok: versions === untouched.length,
    detail: `${versions} versions of ${untouched.length} rows after four runs`,
  };
}

async function checkVersions(
  { lockstep }: Evidence,
  name: string,
  expected: readonly { pageId: string; versions: readonly string[] }[],
): Promise<Check> {
  const found: string[] = [];
  let isAsExpected = true;
  for (const { pageId, versions } of expected) {
    const history = await lockstep.history(pageId, { fromVersion: 1, limit: 20 });
    const states = history.versions.map((version) => (version.isDeleted ? "deleted" : "live"));
    isAsExpected &&= canonicalJson(states) === canonicalJson(versions);
    found.push(states.join(" → "));
  }
  return { name, ok: isAsExpected, detail: found.join("; ") };
}

async function checkConflict({ lockstep, told }: Evidence): Promise<Check> {
  const { task, versions } = await lockstep.history(told.disputed, { fromVersion: 1, limit: 20 });
  const flagged = versions.filter((version) => version.conflictFlag);
  const hasAgentTitle = versions.some((version) => version.title.includes("the agent's title"));
  const { title, description } = task.current;
  const isRight =
    title === "Renew the domain before Friday" && description === "The registrar wants a new card.";
  return {
    name: "the conflict is flagged, Notion's title won, the agent's edits are in history",
    ok: flagged.length === 1 && hasAgentTitle && isRight,
    detail: `version ${flagged.map((version) => version.versionNum).join(", ")} flagged: "${title}"`,
  };
}

function checkMissing(task: Task | undefined): Check {
  return {
    name: "a row that answers 404 is marked missing, not deleted",
    ok: task?.source?.state === "missing" && !task.current.isDeleted,
    detail: `state ${task?.source?.state ?? "none"}, since ${task?.source?.missingSince ?? "never"}`,
  };
}

function checkQuietRun(runs: readonly RunReport[]): Check {
  const last = runs.slice(-2);
  const written = last.reduce(
    (sum, { run }) => sum + run.counts.created + run.counts.updated + run.counts.deleted + run.counts.revived,
    0,
  );
  return {
    name: "a run with nothing changed writes nothing",
    ok: written === 0,
    detail: `${written} versions written`,
  };
}

function checkCalls({ emulator, runs, calls }: Evidence): Check {
  const counted = calls.flatMap(({ byRoute }) => Object.values(byRoute)).reduce((sum, each) => sum + each, 0);
  const claimed = runs.reduce((sum, { run }) => sum + run.calls, 0);
  // Finding out which data source an id stands for belongs to no run: two requests per database, once.
  const lookups = counted - claimed;
  return {
    name: "the runs' evidence names every request, and none was refused for its rate",
    ok: lookups >= 0 && lookups <= 4 && emulator.calls.rateLimited === 0,
    detail: `${counted} requests: ${claimed} in runs, ${lookups} to find the data sources`,
  };
}

async function checkVerification({ lockstep, runs }: Evidence): Promise<Check> {
  const results = [];
  for (const { run } of runs) results.push(await lockstep.verifyRun(run.id, {}));
  // The row that was deleted for good is missing: listed by the store, no longer by Notion. Everything else agrees.
  const failed = results.flatMap((result) =>
    result.checks.filter((check) => !check.ok).map((check) => check.name),
  );
  return {
    name: "every run's certificate still holds (`lockstep runs --verify`)",
    ok: failed.length === 0,
    detail:
      failed.length === 0 ? `${results.length} runs, digests of all their versions agree` : failed.join(", "),
  };
}
