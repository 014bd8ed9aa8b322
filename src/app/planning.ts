import { hash } from "node:crypto";
import type { Secrets } from "../config/config.ts";
import type { PlanningConfig } from "../config/planning.ts";
import type { WritableConnector } from "../connector/connector.ts";
import { type Granted, issueRights, probeRights, pullRequestRights } from "../connectors/github/access.ts";
import { createGitHubConnector, type GitHubConnector } from "../connectors/github/connector.ts";
import { type Identity, readIdentity } from "../connectors/github/identity.ts";
import { changePageMarkdown, readPageMarkdown } from "../connectors/notion/page-markdown.ts";
import type { Side } from "../core/two-way/mapping.ts";
import type { Values } from "../core/two-way/pair.ts";
import type { EngineDeps } from "../engine/sync.ts";
import type { PairSide } from "../engine/two-way/definition.ts";
import { openPair } from "../engine/two-way/link.ts";
import { readState } from "../engine/two-way/state.ts";
import type { HttpClient } from "../http/client.ts";
import { type IssueFacts, noFacts } from "../recipes/planning/facts.ts";
import { withPlanningFields } from "../recipes/planning/issue-view.ts";
import { kindsOf } from "../recipes/planning/labels.ts";
import { admits } from "../recipes/planning/recipe.ts";
import type { ContentOptions, PageContent } from "../recipes/planning/row-content.ts";
import { withPlanningRows } from "../recipes/planning/row-view.ts";
import { type Unmapped, unmappedIn } from "../recipes/planning/unmapped.ts";
import type { TableMemory } from "../recipes/table/recipe.ts";
import type { Run } from "../store/store.ts";
import { Alerts } from "./alerts.ts";
import type { GitHubAccess } from "./github-access.ts";
import type { Herald } from "./herald.ts";
import type { SyncOptions } from "./lockstep.ts";
import type { NotionAccess } from "./notion-access.ts";
import type { PairSource } from "./pairs.ts";
import { followedFrom, Ledger, readFollowDocs } from "./planning-ledger.ts";
import { Origins } from "./planning-origins.ts";
import { PlanningStep } from "./planning-step.ts";
import { PassTroubles, type Trouble, TroubleWatch } from "./planning-troubles.ts";
import { isPlanningPair } from "./right-side.ts";
import { RunWatch } from "./run-watch.ts";

export interface PlanningParts {
  readonly deps: EngineDeps;
  readonly secrets: Pick<Secrets, "github" | "notionToken" | "alertUrl">;
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

function pageContentOf(http: HttpClient): PageContent {
  return {
    read: (pageId, signal) => readPageMarkdown(http, pageId, signal),
    async change(pageId, change, { sendBy, signal }) {
      const changed = await changePageMarkdown(http, { pageId, change }, { sendBy, signal });
      return "error" in changed ? { refused: changed.error.message } : changed;
    },
  };
}

/** What runs beside a planning sync: both sides as it wants to see them, and what follows its pull requests. */
export class Planning implements AsyncDisposable {
  readonly config: PlanningConfig;
  private readonly parts: PlanningParts;
  private readonly facts = new Map<string, IssueFacts>();
  private areFactsKnown = false;
  /** The first signs, all are believed. */
  private markerKeys: readonly [string, ...string[]];
  private readonly alerts: Alerts;
  private readonly runs: RunWatch;
  private readonly watch: TroubleWatch;
  /** What is left out, after the last pass. */
  private troubles: readonly Trouble[] = [];
  private reported = JSON.stringify([[], []]);
  private http: HttpClient | null = null;
  private self: Identity | null = null;
  private connected: GitHubConnector | null = null;

  constructor(config: PlanningConfig, parts: PlanningParts) {
    this.config = config;
    this.parts = parts;
    const { deps, herald, secrets } = parts;
    this.alerts = new Alerts({ clock: deps.clock, herald, url: secrets.alertUrl, job: "planning" });
    this.runs = new RunWatch(this.alerts);
    this.watch = new TroubleWatch(this.alerts);
    this.markerKeys = [parts.secrets.github.markerKey ?? derivedKey(parts.secrets.notionToken)];
  }

  /** Told after each run that it followed: people hear when it stops working. */
  ran({ config }: PairSource, run: Run): void {
    if (!isPlanningPair(config)) return;
    this.runs.ran(config.name, run);
    this.watch.stands(config.name, this.troubles);
  }

  settled(): Promise<void> {
    return this.alerts.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.alerts[Symbol.asyncDispose]();
  }

  /** Notion's side. */
  rows(source: PairSource, connector: WritableConnector, { propertyIds }: TableMemory): WritableConnector {
    return withPlanningRows(connector, {
      config: this.config,
      statusId: propertyIds[this.config.fields.status.property] ?? null,
      knownOf: (ids) => this.knownOf(source, "left", ids),
      content: this.content(),
    });
  }

  private content(): ContentOptions | null {
    const { fields, images } = this.config;
    if (fields.body === null) return null;
    this.http ??= this.parts.access.connect().http;
    return {
      images,
      isSilentWithoutLine: fields.body.owner === "notion",
      pages: pageContentOf(this.http),
    };
  }

  /** GitHub's side. Throws SECRET_MISSING. */
  issues(source: PairSource): Pick<PairSide, "connector" | "collectionId" | "meter"> {
    const client = this.parts.github.connect();
    const { config } = this;
    const plain = this.connector();
    const origins = new Origins(this.parts.deps.store.pairs, {
      syncId: source.syncId,
      titleField: config.fields.title.property,
      markerKeys: this.markerKeys,
      connector: plain,
    });
    const connector = withPlanningFields(plain, {
      config,
      kinds: kindsOf(config),
      factsOf: (id) => (this.areFactsKnown ? (this.facts.get(id) ?? noFacts) : null),
      clock: this.parts.deps.clock,
      admits: (record) => admits(config, record),
      knownOf: (ids) => this.knownOf(source, "right", ids),
      traced: (record, signal) => origins.traced(record, signal),
    });
    const meter = () => {
      const { calls, repeats } = client.stats();
      return { calls, retries: repeats, waitingMs: 0 };
    };
    return { connector, collectionId: config.repositories.join(", "), meter };
  }

  /** What earlier runs knew of pull requests: without it, an issue could not be said to be read whole. */
  async recall({ syncId }: PairSource): Promise<void> {
    if (this.areFactsKnown) return;
    const { deps } = this.parts;
    const docs = await readFollowDocs(deps, syncId);
    for (const { id, rightId } of await deps.store.pairs.getLinks(syncId, [...docs.keys()])) {
      const doc = docs.get(id);
      if (rightId !== null && doc !== undefined) this.facts.set(rightId, followedFrom(doc, rightId).facts);
    }
    this.areFactsKnown = true;
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
    const troubles = new PassTroubles();
    const step = new PlanningStep({
      ...this.parts,
      config,
      ledger,
      source,
      planning: this,
      rows,
      markerKeys,
      troubles,
      signal,
    });
    this.areFactsKnown = true;
    await step.begin(this.facts);
    const accepted = readState(await deps.store.pairs.getState(source.syncId)).acceptedPrint;
    if (accepted !== null) await step.look(options.polls);
    const run = await pass(options);
    if (run.status === "succeeded" && (await step.act()))
      await pass({ ...options, trigger: "due", isFull: false, polls: [] });
    const isWhole = run.status === "succeeded" && options.polls.length === 2;
    // Awaited here: the ledger is held until this is written.
    return await this.withTroubles(run, { ledger, troubles, isWhole });
  }

  /** Counts what was left out, and says so in the run's own evidence. */
  private async withTroubles(
    run: Run,
    of: { readonly ledger: Ledger; readonly troubles: PassTroubles; readonly isWhole: boolean },
  ): Promise<Run> {
    const { clock, store } = this.parts.deps;
    const { ledger, troubles, isWhole } = of;
    const at = new Date(clock.now()).toISOString();
    const before = ledger.state.troubles;
    this.troubles = troubles.after(before, { at, isWhole });
    if (before.length + this.troubles.length > 0) await ledger.setState({ troubles: this.troubles });
    if (troubles.warnings.length === 0) return run;
    const told: Run = { ...run, warnings: [...run.warnings, ...troubles.warnings] };
    await store.saveRun(told);
    return told;
  }

  /** Says who is assigned and in no map, whenever that has changed. */
  report({ logins, people }: Unmapped): void {
    const found = JSON.stringify([logins, people]);
    if (found === this.reported) return;
    this.reported = found;
    if (logins.length + people.length === 0) return;
    const fields = { sync: this.config.name, github_logins: [...logins], notion_users: [...people] };
    this.parts.herald.tell("warn", "planning.people_unmapped", fields);
  }

  /** Who is assigned and in no map, as both sides were last seen. Asks the store only. */
  async unmapped({ syncId }: PairSource): Promise<Unmapped> {
    const seen: Readonly<Record<Side, Values>>[] = [];
    for await (const link of this.parts.deps.store.pairs.iterateLinks(syncId)) {
      const { left, right } = openPair(link).doc.seen;
      seen.push({ left: left?.values ?? {}, right: right?.values ?? {} });
    }
    return unmappedIn(this.config, seen);
  }

  /** Tries out every right that the configuration asks for, in every repository. Writes nothing. */
  async rights(signal?: AbortSignal): Promise<readonly Granted[]> {
    const client = this.parts.github.connect();
    const rights = this.config.pulls === null ? issueRights : [...issueRights, ...pullRequestRights];
    const granted: Granted[] = [];
    for (const repository of await this.connector().repositories(signal))
      granted.push(...(await probeRights(client, { repository, rights }, signal)));
    return granted;
  }

  /** Who writes on GitHub; null: nobody has asked yet. */
  get knownIdentity(): Identity | null {
    return this.self;
  }

  /** One of the configured repositories, whatever it is called by now; as far as a pass has come to know them. */
  isRepository(id: number): boolean {
    return this.connected?.knownRepositoryIds().includes(id) === true;
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
