import { type FSWatcher, watch } from "node:fs";
import type { Config, PipelineConfig, PipelinePairConfig, Secrets } from "../config/config.ts";
import { LockstepError } from "../core/errors.ts";
import type { EngineDeps } from "../engine/sync.ts";
import type { AgreedPair, PairNotice } from "../engine/two-way/definition.ts";
import {
  type Channel,
  type Channels,
  openChannels,
  readChannelFolder,
} from "../recipes/pipeline/channels.ts";
import { openTaskDatabase, type TaskDatabase } from "../recipes/pipeline/database.ts";
import { noteSynced } from "../recipes/pipeline/synced.ts";
import { gathered } from "../store/gathered.ts";
import type { Run } from "../store/store.ts";
import { Alerts } from "./alerts.ts";
import type { Herald } from "./herald.ts";
import type { NotionAccess } from "./notion-access.ts";
import type { NotionEvent } from "./notion-webhook.ts";
import type { PairSource } from "./pairs.ts";
import { correlationsOf, hasMissed, logVersions } from "./pipeline-log.ts";
import { PipelineNotices } from "./pipeline-notices.ts";
import { isPipelinePair } from "./right-side.ts";
import { RunWatch } from "./run-watch.ts";
import { urlOf } from "./sql-table.ts";
import { WebhookHealth } from "./webhook-health.ts";

export interface PipelineParts {
  readonly deps: EngineDeps;
  readonly secrets: Pick<Secrets, "webhookSecrets" | "alertUrl" | "databaseUrls">;
  readonly access: NotionAccess;
  readonly herald: Herald;
}

const channelsCause = "channels";

/** null: none is configured. Throws CONFIG_INVALID naming file and line of whatever is wrong with a channel. */
export async function openPipeline({
  config: { pipeline },
  ...parts
}: PipelineParts & { readonly config: Pick<Config, "pipeline"> }): Promise<Pipeline | null> {
  if (pipeline === undefined) return null;
  const { deps, herald, secrets } = parts;
  const alerts = new Alerts({ clock: deps.clock, herald, url: secrets.alertUrl, job: "pipeline" });
  const { channelsFolder } = pipeline;
  const channels = await openChannels({
    read: () => readFolder(channelsFolder),
    onGood: () => alerts.clear(channelsCause),
    watch: (onChange) => watchFolder(channelsFolder, onChange),
    onProblem: ({ message }) =>
      alerts.raise({
        cause: channelsCause,
        severity: "warning",
        text: `${message} The last good ones stay in use.`,
      }),
  });
  return new Pipeline(pipeline, { ...parts, alerts, channels });
}

/** What runs beside the syncs of a pipeline: its channels, what people are told, and who watches over it. */
export class Pipeline implements AsyncDisposable {
  readonly config: PipelineConfig;
  private readonly parts: PipelineParts & { readonly alerts: Alerts; readonly health: WebhookHealth };
  private readonly files: Channels;
  private readonly notices: PipelineNotices;
  private readonly runs: RunWatch;
  private readonly logging = new Set<Promise<unknown>>();
  private readonly logDelivery: (delivery: StoredDelivery) => Promise<undefined>;
  /** Opened at the first use, beside the syncs' own connection. */
  private tasks: TaskDatabase | null = null;

  constructor(
    config: PipelineConfig,
    { channels, ...parts }: PipelineParts & { readonly alerts: Alerts; readonly channels: Channels },
  ) {
    const { deps, alerts, secrets } = parts;
    const isExpected = secrets.webhookSecrets.length > 0;
    this.config = config;
    this.files = channels;
    this.parts = { ...parts, health: new WebhookHealth({ clock: deps.clock, alerts, isExpected }) };
    this.notices = new PipelineNotices(config, { ...parts, channels: () => channels.current() });
    this.runs = new RunWatch(alerts);
    this.logDelivery = gathered((deliveries) => this.logDeliveries(deliveries));
  }

  channels(): readonly Channel[] {
    return this.files.current();
  }

  /** How often to ask whom (ms): the board seldom while webhooks tell, the table at every push. */
  intervals(): { readonly pollMs: number; readonly pushMs: number } {
    const { heartbeatSeconds, pollSeconds, pushSeconds } = this.config;
    const seconds = this.parts.health.isHealthy ? heartbeatSeconds : pollSeconds;
    return { pollMs: seconds * 1_000, pushMs: pushSeconds * 1_000 };
  }

  /** A signed delivery came. */
  heard(): void {
    this.parts.health.heard();
  }

  /** A delivery was stored for these syncs; none when it is none of ours or came again. Its sender does not wait for the log. */
  received(event: NotionEvent, stored: readonly string[]): void {
    if (stored.length === 0) return;
    const logging = this.logDelivery({ event, stored })
      .catch(() =>
        this.parts.herald.tell("warn", "pipeline.webhook", { event_id: event.id, type: event.type }),
      )
      .finally(() => this.logging.delete(logging));
    this.logging.add(logging);
  }

  /** Told of what was not taken over. Never throws: what people are told must not stop the work. */
  async notice(config: PipelinePairConfig, notice: PairNotice): Promise<void> {
    if (config.part === "tasks") await this.notices.tell(notice);
  }

  /** Notes in the table when rows were last in agreement with their pages. Never throws: the work itself is done. */
  async agreed(pairs: readonly AgreedPair[]): Promise<void> {
    const { deps, herald, secrets } = this.parts;
    try {
      this.tasks ??= openTaskDatabase(urlOf(this.config.table.url, secrets.databaseUrls), deps.clock);
      const at = new Date(deps.clock.now()).toISOString();
      await noteSynced(this.tasks, { at, ids: pairs.map(({ rightId }) => rightId) });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      herald.tell("warn", "pipeline.synced_at_not_written", { problem });
    }
  }

  /** Told after each run that it followed: writes the log of its tasks, and watches over runs and webhooks. */
  async ran({ config, syncId }: PairSource, run: Run): Promise<void> {
    if (!isPipelinePair(config)) return;
    const { deps, herald, health } = this.parts;
    this.runs.ran(config.name, run);
    const pairs = deps.store.pairs;
    if (config.part === "tasks") await logVersions({ pairs, herald }, { syncId, run });
    if (run.trigger === "poll" && config.part === "tasks") health.polled(await hasMissed(pairs, run));
  }

  async settled(): Promise<void> {
    await Promise.allSettled(this.logging);
    await this.parts.alerts.settled();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.files[Symbol.dispose]();
    await Promise.allSettled(this.logging);
    await this.tasks?.[Symbol.asyncDispose]();
    await this.parts.alerts[Symbol.asyncDispose]();
  }

  /** The names of all pages in it are looked up at once, while the next deliveries gather. */
  private async logDeliveries(deliveries: readonly StoredDelivery[]): Promise<readonly undefined[]> {
    const { herald, deps } = this.parts;
    const syncIds = [...new Set(deliveries.flatMap(({ stored }) => stored))];
    const pageIds = [...new Set(deliveries.flatMap(({ event }) => event.pageId ?? []))];
    const correlations = await correlationsOf(deps.store.pairs, syncIds, pageIds);
    return deliveries.map(({ event: { id, type, pageId } }) => {
      const correlation = pageId === null ? null : (correlations.get(pageId) ?? pageId);
      const fields = { event_id: id, type, page_id: pageId, correlation_id: correlation };
      herald.tell("info", "pipeline.webhook", fields);
      return undefined;
    });
  }
}

/** A delivery, and the syncs that it was stored for. */
interface StoredDelivery {
  readonly event: NotionEvent;
  readonly stored: readonly string[];
}

async function readFolder(folder: string) {
  try {
    return await readChannelFolder(folder);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown";
    throw new LockstepError(
      "CONFIG_INVALID",
      `The pipeline's channels are described in ${folder}, one YAML file each, and it cannot be read (${code}). ` +
        "`lockstep init --recipe pipeline` makes it, with an example.",
      { cause },
    );
  }
}

/** Tells of changes while it can: a folder that cannot be watched is read again at the next start. */
function watchFolder(folder: string, onChange: () => void): Disposable {
  let watcher: FSWatcher | null = null;
  try {
    watcher = watch(folder, { persistent: false }, onChange);
    watcher.on("error", () => {});
  } catch {
    // Some file systems tell nobody.
  }
  return { [Symbol.dispose]: () => watcher?.close() };
}
