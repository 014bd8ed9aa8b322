import type { Observation } from "../../connector/connector.ts";
import { LockstepError } from "../../core/errors.ts";
import { isJsonObject, type Json } from "../../core/json.ts";
import { type Collection, decodeAll } from "./collection.ts";
import { memberOf } from "./identity.ts";
import { type Issue, type JsonObject, readIssue, textOf } from "./issue.ts";
import { nodesIn } from "./readiness-graphql.ts";
import { type IssueRef, parseRecordId, recordIdOf } from "./repositories.ts";

const labelsMax = 100;
const assigneesMax = 20;
const members = `id fullDatabaseId number title body state stateReason locked createdAt updatedAt closedAt url
  repository { databaseId nameWithOwner } author { __typename login } comments { totalCount }
  milestone { id number title dueOn }
  labels(first: ${labelsMax}) { nodes { id name } pageInfo { hasNextPage } }
  assignees(first: ${assigneesMax}) { nodes { id login } pageInfo { hasNextPage } }`;

type Named = IssueRef & { readonly fullName: string };

/**
 * Several issues as they are now, in one GraphQL query. What is not there, has moved, or has more labels than one answer
 * shows is left out: reading it by itself says what has become of it. A server without GraphQL shows none.
 */
export async function observeIssues(
  collection: Collection,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Observation>> {
  const names = new Map(Object.entries(collection.directory.idByName()).map(([name, id]) => [id, name]));
  const asked = ids.flatMap((id): Named[] => {
    const ref = parseRecordId(id);
    const fullName = ref === null ? undefined : names.get(ref.repositoryId);
    return ref === null || fullName === undefined ? [] : [{ ...ref, fullName }];
  });
  if (asked.length === 0) return new Map();
  const at = collection.clock.monotonic();
  const issues = await queryIssues(collection, asked, signal);
  for (const issue of issues) collection.seen.keep(recordIdOf(issue), { issue, at, etag: null });
  const records = await decodeAll(collection, issues, signal);
  return new Map(
    records.map((record) => {
      const presence = record.presence === "trashed" ? ("trashed" as const) : ("live" as const);
      return [record.id, { presence, record }];
    }),
  );
}

async function queryIssues(
  { client }: Collection,
  asked: readonly Named[],
  signal: AbortSignal | undefined,
): Promise<readonly Issue[]> {
  const { document, variables } = documentFor(asked);
  try {
    const { status, body } = await client.query(document, variables, signal);
    const data = memberOf(body, "data");
    if (status !== 200 || !isJsonObject(data)) return [];
    return asked.flatMap((ref, index) => issueIn(data[`r${index}`], ref) ?? []);
  } catch (error) {
    // Its limit is another one than that of reading one by one, and so is its trouble.
    if (!(error instanceof LockstepError) || error.code === "CANCELLED") throw error;
    return [];
  }
}

function documentFor(asked: readonly Named[]): {
  readonly document: string;
  readonly variables: { readonly [key: string]: Json };
} {
  const variables: Record<string, Json> = {};
  const declared: string[] = [];
  const parts = asked.map(({ fullName, number }, index) => {
    const [owner = "", name = ""] = fullName.split("/");
    Object.assign(variables, { [`o${index}`]: owner, [`n${index}`]: name, [`i${index}`]: number });
    declared.push(`$o${index}: String!`, `$n${index}: String!`, `$i${index}: Int!`);
    return `r${index}: repository(owner: $o${index}, name: $n${index}) { databaseId issue(number: $i${index}) { ${members} } }`;
  });
  return { document: `query(${declared.join(", ")}) { ${parts.join("\n")} }`, variables };
}

function issueIn(repository: Json | undefined, { repositoryId, number }: IssueRef): Issue | null {
  const node = memberOf(repository, "issue");
  // A name may have been given to another repository meanwhile, and a number lead to where its issue went.
  const places = [repository, memberOf(node, "repository")].map((place) => memberOf(place, "databaseId"));
  if (!isJsonObject(node) || node.number !== number || places.some((id) => id !== repositoryId)) return null;
  const isCut = [node.labels, node.assignees].some(
    (list) => memberOf(memberOf(list, "pageInfo"), "hasNextPage") !== false,
  );
  if (isCut) return null;
  const read = readIssue(restShaped(node), repositoryId);
  return "issue" in read ? read.issue : null;
}

/** As the REST API shows it, so that there is one way to read an issue. */
function restShaped(node: JsonObject): JsonObject {
  const { milestone, author } = node;
  const login = textOf(memberOf(author, "login"));
  // GraphQL names an App's bot without what REST puts behind it.
  const suffix =
    memberOf(author, "__typename") === "Bot" && login?.endsWith("[bot]") === false ? "[bot]" : "";
  return {
    id: node.fullDatabaseId ?? null,
    node_id: node.id ?? null,
    number: node.number ?? null,
    title: node.title ?? null,
    body: node.body ?? null,
    state: (textOf(node.state) ?? "").toLowerCase(),
    state_reason: textOf(node.stateReason)?.toLowerCase() ?? null,
    locked: node.locked ?? false,
    created_at: node.createdAt ?? null,
    updated_at: node.updatedAt ?? null,
    closed_at: node.closedAt ?? null,
    html_url: node.url ?? null,
    repository_url: `/repos/${textOf(memberOf(node.repository, "nameWithOwner")) ?? ""}`,
    user: login === null ? null : { login: `${login}${suffix}` },
    comments: memberOf(node.comments, "totalCount") ?? 0,
    milestone: isJsonObject(milestone) ? { ...milestone, due_on: milestone.dueOn ?? null } : null,
    labels: [...nodesIn(node.labels)],
    assignees: [...nodesIn(node.assignees)],
  };
}
