import type { Capabilities, WritableConnector } from "../../connector/connector.ts";
import type { Clock } from "../../core/clock.ts";
import { LockstepError } from "../../core/errors.ts";
import type { OptionValue } from "../../core/record.ts";
import { applyWrite } from "./apply.ts";
import type { GitHubClient } from "./client.ts";
import type { Collection } from "./collection.ts";
import { accessLost } from "./errors.ts";
import { fieldSchemas } from "./fields.ts";
import { findMarked } from "./find.ts";
import { observeIssue } from "./get.ts";
import { observeIssues } from "./get-many.ts";
import { type Identity, readIdentity } from "./identity.ts";
import { ensureLabels, type LabelWish, listLabels } from "./labels.ts";
import { createMilestones, listMilestones } from "./milestones.ts";
import { pullGitHub } from "./pull.ts";
import { outcomeOfError } from "./refused.ts";
import { createDirectory, type Repository } from "./repositories.ts";
import { createSeenIssues } from "./seen.ts";

export interface GitHubOptions {
  readonly client: GitHubClient;
  readonly clock: Clock;
  /** "owner/name" of each repository; the first takes new issues that name none. */
  readonly repositories: readonly [string, ...string[]];
  /**
   * Signs the marker in issue bodies, so that nobody else can make one. The first signs, all are believed: to change it, put
   * the new one in front.
   */
  readonly markerKeys: readonly [string, ...string[]];
  /** Fields that every comment moves, which are left out otherwise: "comments", "updated_at". */
  readonly derivedFields?: readonly string[];
  /** A milestone that does not exist is made when it is written. Default: it is refused. GitHub makes labels by itself. */
  readonly provisionMilestones?: boolean;
  /** How long a write without an answer may still take effect. GitHub ends a request after 10 s. */
  readonly lateWriteMs?: number;
  /** How long a change may stay out of lists. */
  readonly visibleAfterMs?: number;
}

/** The issues of one or several repositories. Pull requests are left out. */
export interface GitHubConnector extends WritableConnector {
  /** The configured repositories as they are now, in that order. Throws ACCESS_LOST. */
  repositories(signal?: AbortSignal): Promise<readonly Repository[]>;
  /** Their ids, as far as they are known already; asks nobody. */
  knownRepositoryIds(): readonly number[];
  /** Makes missing labels in every repository. Returns "owner/name: label" of what it made. */
  ensureLabels(labels: readonly LabelWish[], signal?: AbortSignal): Promise<readonly string[]>;
  /** Who writes when this connection writes. */
  identity(signal?: AbortSignal): Promise<Identity>;
}

/**
 * GitHub takes no preconditions: `expected` is not looked at, and the caller reads before it writes. What the connector keeps
 * (repository ids, who it is, milestones, issues of a moment ago) it has read, and reads again where it proves wrong.
 */
export function createGitHubConnector(options: GitHubOptions): GitHubConnector {
  const { client, clock, markerKeys, derivedFields = [] } = options;
  const directory = createDirectory(client, options.repositories);
  const identity = rememberIdentity(client);
  const milestones = createMilestones(client, options.provisionMilestones ?? false);
  const collection: Collection = {
    client,
    clock,
    directory,
    markerKeys,
    derivedFields: new Set(derivedFields),
    identity,
    seen: createSeenIssues(),
  };
  return {
    async describe(signal) {
      const repositories = await directory.read(signal);
      return {
        id: repositories.map(({ repositoryId }) => repositoryId).join(" "),
        name: repositories.map(({ fullName }) => fullName).join(", "),
        fields: fieldSchemas(await optionsIn(client, repositories, signal), collection.derivedFields),
        capabilities: capabilitiesOf(options),
        warnings: warningsOf(options.repositories, repositories),
      };
    },
    pull: (request) => pullGitHub(collection, request),
    get: (id, signal) => observeIssue(collection, id, signal),
    getMany: (ids, signal) => observeIssues(collection, ids, signal),
    async proveAccess(signal) {
      const all = await directory.read(signal);
      const closed = all.find(({ hasIssues }) => !hasIssues);
      if (closed !== undefined) throw issuesOff(closed);
      return `${all.map(({ fullName }) => fullName).join(", ")} was read`;
    },
    async apply(write, applying) {
      try {
        return await applyWrite({ collection, milestones, signal: applying.signal }, write, applying);
      } catch (error) {
        // Thrown is only what was read before anything was sent.
        if (!(error instanceof LockstepError) || error.code === "ACCESS_LOST") throw error;
        return outcomeOfError(error);
      }
    },
    find: (marker, signal) => findMarked(collection, marker, signal),
    repositories: directory.read,
    knownRepositoryIds: () => Object.values(directory.idByName()),
    ensureLabels: async (labels, signal) =>
      ensureLabels(client, { repositories: await directory.read(signal), labels }, signal),
    identity,
  };
}

function rememberIdentity(client: GitHubClient): (signal?: AbortSignal) => Promise<Identity> {
  let known: Identity | null = null;
  let asking: Promise<Identity> | null = null;
  return async (signal) => {
    if (known !== null) return known;
    // Writes begin side by side: one asks for all of them.
    asking ??= readIdentity(client, signal).finally(() => {
      asking = null;
    });
    known = await asking;
    return known;
  };
}

async function optionsIn(
  client: GitHubClient,
  repositories: readonly Repository[],
  signal: AbortSignal | undefined,
): Promise<{ readonly [field in "labels" | "milestone" | "repository"]: readonly OptionValue[] }> {
  const labels = new Map<string, OptionValue>();
  const milestones = new Map<string, OptionValue>();
  for (const { repositoryId, hasIssues } of repositories) {
    if (!hasIssues) continue;
    // Several repositories have labels of one name: to a row they are one, and have no id.
    for (const { id, name } of await listLabels(client, repositoryId, signal))
      labels.set(name.toLowerCase(), { id: labels.has(name.toLowerCase()) ? null : id, name });
    for (const { id, name } of await listMilestones(client, repositoryId, signal))
      milestones.set(name.toLowerCase(), { id: milestones.has(name.toLowerCase()) ? null : id, name });
  }
  return {
    labels: [...labels.values()],
    milestone: [...milestones.values()],
    repository: repositories.map(({ repositoryId, fullName }) => ({
      id: String(repositoryId),
      name: fullName,
    })),
  };
}

function warningsOf(names: readonly string[], repositories: readonly Repository[]): readonly string[] {
  return repositories.flatMap((repository, index) => {
    const { fullName, isArchived, hasIssues } = repository;
    const name = names[index] ?? fullName;
    const warnings: string[] = [];
    if (name.toLowerCase() !== fullName.toLowerCase())
      warnings.push(`${name} is now called ${fullName}: write the new name into the configuration`);
    if (isArchived) warnings.push(`${fullName} is archived: its issues can be read, not written`);
    if (!hasIssues) throw issuesOff(repository);
    return warnings;
  });
}

function issuesOff({ fullName }: Repository): LockstepError {
  return accessLost(
    new LockstepError(
      "GITHUB_FORBIDDEN",
      `Issues are switched off in ${fullName}: Settings → General → Features → Issues.`,
    ),
  );
}

function capabilitiesOf({ lateWriteMs = 60_000, visibleAfterMs = 60_000 }: GitHubOptions): Capabilities {
  return {
    canPullChanges: true,
    canSweep: true,
    canCertifyDeaths: true,
    canWrite: true,
    hasPreconditions: false,
    readsBeforeWriting: true,
    lateWriteMs,
    visibleAfterMs,
  };
}
