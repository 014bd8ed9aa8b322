import type { Observation } from "../../connector/connector.ts";
import { isJsonObject } from "../../core/json.ts";
import type { SourceRecord } from "../../core/record.ts";
import type { Answer } from "./answer.ts";
import { type Collection, decodeAll } from "./collection.ts";
import { accessLost, isIssuesDisabled, refusal, saidIn } from "./errors.ts";
import { type Issue, readIssue, repositoryNameIn } from "./issue.ts";
import {
  getFollowing,
  type IssueRef,
  parseRecordId,
  readRepository,
  recordIdOf,
  repositoryPath,
} from "./repositories.ts";

/** What one issue is now. */
export type Looked =
  | { readonly kind: "here"; readonly issue: Issue }
  | { readonly kind: "elsewhere"; readonly issue: Issue }
  | { readonly kind: "gone"; readonly certificate: string }
  | { readonly kind: "unknown"; readonly reason: string };

/**
 * What one issue is now. A 410 that says "deleted" is a death certificate once its repository, with issues switched on, has been
 * read beside it; a 404 is not: it is what lost access looks like, and an issue that moved where the token cannot follow.
 */
export async function observeIssue(
  collection: Collection,
  id: string,
  signal?: AbortSignal,
): Promise<Observation> {
  const ref = parseRecordId(id);
  if (ref === null) return { presence: "unknown", reason: `"${id}" is no id of an issue` };
  const looked = await lookAtIssue(collection, ref, signal);
  switch (looked.kind) {
    case "unknown":
      return { presence: "unknown", reason: looked.reason };
    case "gone":
      return { presence: "gone", certificate: looked.certificate };
    case "elsewhere":
    case "here": {
      const [record] = await decodeAll(collection, [looked.issue], signal);
      return record === undefined
        ? { presence: "unknown", reason: `issue ${id} could not be read` }
        : placed(record, {
            id,
            isElsewhere: looked.kind === "elsewhere" || !(await isOurs(collection, ref, signal)),
          });
    }
  }
}

/** A record that left keeps the id that it is known by. */
function placed(
  record: SourceRecord,
  { id, isElsewhere }: { readonly id: string; readonly isElsewhere: boolean },
): Observation {
  if (isElsewhere) return { presence: "moved", record: { ...record, id, presence: "moved" } };
  const presence = record.presence === "trashed" ? "trashed" : "live";
  return { presence, record };
}

/** One that is no longer configured has left the collection with all its issues. */
async function isOurs(
  { directory }: Collection,
  ref: IssueRef,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  return (await directory.ids(signal)).includes(ref.repositoryId);
}

/** Reads the issue, or hears that it has not changed since it was last read. */
export async function lookAtIssue(
  collection: Collection,
  ref: IssueRef,
  signal?: AbortSignal,
): Promise<Looked> {
  const { client, clock, seen } = collection;
  const id = recordIdOf(ref);
  const known = seen.get(id);
  const at = clock.monotonic();
  const start = repositoryPath(ref, `/issues/${ref.number}`);
  const { answer, path } = await getFollowing(client, start, { etag: known?.etag ?? null, signal });
  if (answer.status === 304 && known !== null) {
    seen.keep(id, { ...known, at });
    return { kind: "here", issue: known.issue };
  }
  seen.forget(id);
  if (answer.status === 200) {
    const where = path === start ? ref : await whereIs(collection, answer, { path, signal });
    const looked = judge(answer, ref, where);
    if (looked.kind === "here") seen.keep(id, { issue: looked.issue, at, etag: answer.etag });
    return looked;
  }
  return judgeAbsence(collection, { answer, ref, signal });
}

function judge(answer: Answer, ref: IssueRef, where: IssueRef | null): Looked {
  if (where === null)
    return { kind: "unknown", reason: `issue ${recordIdOf(ref)} moved to where it cannot be told` };
  const read = readIssue(answer.body, where.repositoryId);
  if ("reason" in read) return { kind: "unknown", reason: read.reason };
  const { issue } = read;
  if (issue.isPullRequest) return { kind: "unknown", reason: `${recordIdOf(ref)} is a pull request` };
  const isSame = where.repositoryId === ref.repositoryId && issue.number === ref.number;
  return { kind: isSame ? "here" : "elsewhere", issue };
}

/** Which issue a redirect led to: its path names it by id, or the repository is asked for its own. */
async function whereIs(
  { client }: Collection,
  answer: Answer,
  { path, signal }: { readonly path: string; readonly signal: AbortSignal | undefined },
): Promise<IssueRef | null> {
  const [, id, number] = /^\/repositories\/(\d+)\/issues\/(\d+)/.exec(path) ?? [];
  if (id !== undefined) return { repositoryId: Number(id), number: Number(number) };
  const body = isJsonObject(answer.body) ? answer.body : {};
  const name = repositoryNameIn(body.repository_url);
  if (name === "" || typeof body.number !== "number") return null;
  const { repositoryId } = await readRepository(client, `/repos/${name}`, {
    what: `repository ${name}`,
    signal,
  });
  return { repositoryId, number: body.number };
}

async function judgeAbsence(
  { client }: Collection,
  {
    answer,
    ref,
    signal,
  }: { readonly answer: Answer; readonly ref: IssueRef; readonly signal: AbortSignal | undefined },
): Promise<Looked> {
  const what = `issue ${recordIdOf(ref)}`;
  const error = refusal(what, answer);
  if (answer.status === 401) throw accessLost(error);
  const isDeleted =
    answer.status === 410 && /\bdeleted\b/i.test(saidIn(answer.body)) && !isIssuesDisabled(answer.body);
  if (!isDeleted) return { kind: "unknown", reason: error.message };
  const repository = await readRepository(client, repositoryPath(ref), {
    what: `the repository of ${what}`,
    signal,
  });
  if (!repository.hasIssues) return { kind: "unknown", reason: error.message };
  return {
    kind: "gone",
    certificate: `GitHub answered 410 "${saidIn(answer.body)}" for issue ${ref.number} of ${repository.fullName}, which was read beside it`,
  };
}
