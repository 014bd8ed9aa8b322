import { hash } from "node:crypto";
import type { Secrets } from "../config/config.ts";
import type { PlanningConfig } from "../config/planning.ts";
import type { WritableConnector } from "../connector/connector.ts";
import { createGitHubConnector, type GitHubConnector } from "../connectors/github/connector.ts";
import { type Identity, readIdentity } from "../connectors/github/identity.ts";
import type { Side } from "../core/two-way/mapping.ts";
import type { EngineDeps } from "../engine/sync.ts";
import type { PairSide } from "../engine/two-way/definition.ts";
import { readState } from "../engine/two-way/state.ts";
import { type IssueFacts, noFacts } from "../recipes/planning/facts.ts";
import { withPlanningFields } from "../recipes/planning/issue-view.ts";
import { kindsOf } from "../recipes/planning/labels.ts";
import { admits } from "../recipes/planning/recipe.ts";
import { withPlanningRows } from "../recipes/planning/row-view.ts";
import type { TableMemory } from "../recipes/table/recipe.ts";
import type { Run } from "../store/store.ts";
import type { GitHubAccess } from "./github-access.ts";
import type { Herald } from "./herald.ts";
import type { SyncOptions } from "./lockstep.ts";
import type { NotionAccess } from "./notion-access.ts";
import type { PairSource } from "./pairs.ts";
import { Ledger } from "./planning-ledger.ts";
import { PlanningStep } from "./planning-step.ts";

export interface PlanningParts {
  readonly deps: EngineDeps;
  readonly secrets: Pick<Secrets, "github" | "notionToken">;
  readonly access: NotionAccess;
  readonly herald: Herald;
  readonly github: GitHubAccess;
}

type PassRequest = SyncOptions & { readonly polls: readonly Side[] };

interface AroundPass {
  readonly pass: (options: PassRequest) => Promise<Run>;
  /** Notion's side as the sync writes it. */
  readonly rows: () => Promise<WritableConnector>;
}

const keysKept = 5;

/**
 * Where no key is set. Made from Notion's token, which outlives the store and is no issue author's to know; a workflow's own
 * GitHub token would be another one in each run.
 */
function derivedKey(notionToken: string | null): string {
  return hash("sha256", `lockstep marker key ${notionToken ?? ""}`);
}

/** What runs beside a planning sync: both sides as it wants to see them, and what follows its pull requests. */
export class Planning {
  readonly config: PlanningConfig;
  private readonly parts: PlanningParts;
  private readonly facts = new Map<string, IssueFacts>();
  private areFactsKnown = false;
  /** The first signs, all are believed. */
  private markerKeys: readonly [string, ...string[]];
  private self: Identity | null = null;
  private connected: GitHubConnector | null = null;

  constructor(config: PlanningConfig, parts: PlanningParts) {
    this.config = config;
    this.parts = parts;
    this.markerKeys = [parts.secrets.github.markerKey ?? derivedKey(parts.secrets.notionToken)];
  }

  /** Notion's side. */
  rows(source: PairSource, connector: WritableConnector, { propertyIds }: TableMemory): WritableConnector {
    return withPlanningRows(connector, {
      config: this.config,
      statusId: propertyIds[this.config.fields.status.property] ?? null,
      knownOf: (ids) => this.knownOf(source, "left", ids),
    });
  }

  /** GitHub's side. Throws SECRET_MISSING. */
  issues(source: PairSource): Pick<PairSide, "connector" | "collectionId" | "meter"> {
    const client = this.parts.github.connect();
    const { config } = this;
    const connector = withPlanningFields(this.connector(), {
      config,
      kinds: kindsOf(config),
      factsOf: (id) => (this.areFactsKnown ? (this.facts.get(id) ?? noFacts) : null),
      clock: this.parts.deps.clock,
      admits: (record) => admits(config, record),
      knownOf: (ids) => this.knownOf(source, "right", ids),
    });
    const meter = () => {
      const { calls, repeats } = client.stats();
      return { calls, retries: repeats, waitingMs: 0 };
    };
    return { connector, collectionId: config.repositories.join(", "), meter };
  }

  connector(): GitHubConnector {
    const [first = "", ...others] = this.config.repositories;
    this.connected ??= createGitHubConnector({
      client: this.parts.github.connect(),
      clock: this.parts.deps.clock,
      repositories: [first, ...others],
      markerKeys: this.markerKeys,
      provisionMilestones: true,
    });
    return this.connected;
  }

  /**
   * One pass with what belongs around it: first a look at the pull requests, so that their rows show them; then what the
   * statuses ask for, and a second pass over what that has changed.
   */
  async around(source: PairSource, options: PassRequest, { pass, rows }: AroundPass): Promise<Run> {
    const { deps } = this.parts;
    await using ledger = await Ledger.open(deps, source.syncId, source.config.name);
    const markerKeys = await this.useKeys(ledger);
    const { signal } = options;
    const { config } = this;
    const step = new PlanningStep({
      ...this.parts,
      config,
      ledger,
      source,
      planning: this,
      rows,
      markerKeys,
      signal,
    });
    this.areFactsKnown = true;
    await step.begin(this.facts);
    const accepted = readState(await deps.store.pairs.getState(source.syncId)).acceptedPrint;
    if (accepted !== null) await step.look(options.polls);
    const run = await pass(options);
    if (run.status !== "succeeded") return run;
    if (await step.act()) await pass({ ...options, isFull: false, polls: [] });
    return run;
  }

  /** Who writes on GitHub; null: nobody has asked yet. */
  get knownIdentity(): Identity | null {
    return this.self;
  }

  /** Who writes on GitHub; asked once. */
  async identity(signal?: AbortSignal): Promise<Identity> {
    this.self ??= await readIdentity(this.parts.github.connect(), signal);
    return this.self;
  }

  /** What is told of an issue from now on. Returns whether that is news. */
  tell(issueId: string, facts: IssueFacts): boolean {
    const before = this.facts.get(issueId) ?? noFacts;
    this.facts.set(issueId, facts);
    return JSON.stringify(before) !== JSON.stringify(facts);
  }

  /** A key that came in place of another one does not make strangers of what was signed before. */
  private async useKeys(ledger: Ledger): Promise<readonly [string, ...string[]]> {
    const [current] = this.markerKeys;
    const { markerKeys: before } = ledger.state;
    const keys: readonly [string, ...string[]] = [current, ...before.filter((key) => key !== current)];
    if (before[0] !== current) await ledger.setState({ markerKeys: keys.slice(0, keysKept) });
    if (keys.length !== this.markerKeys.length) this.connected = null;
    this.markerKeys = keys;
    return keys;
  }

  private async knownOf(
    { syncId }: PairSource,
    side: Side,
    ids: readonly string[],
  ): Promise<ReadonlySet<string>> {
    const links = await this.parts.deps.store.pairs.findLinks(syncId, side, ids);
    return new Set(links.flatMap((link) => (side === "left" ? link.leftId : link.rightId) ?? []));
  }
}
