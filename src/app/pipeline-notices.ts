import type { PipelineConfig } from "../config/config.ts";
import { commentOnce } from "../connectors/notion/comments.ts";
import { LockstepError } from "../core/errors.ts";
import type { EngineDeps } from "../engine/sync.ts";
import type { PairNotice } from "../engine/two-way/definition.ts";
import { boardProperties } from "../recipes/pipeline/board.ts";
import type { Channel } from "../recipes/pipeline/channels.ts";
import { entryIn } from "../recipes/pipeline/entry.ts";
import { parseStep } from "../recipes/pipeline/step.ts";
import { refusalComment, refusalLog, validateEntry, waitingComment } from "../recipes/pipeline/validate.ts";
import type { Herald } from "./herald.ts";
import type { NotionAccess, NotionConnection } from "./notion-access.ts";

export interface NoticeParts {
  readonly deps: EngineDeps;
  readonly access: NotionAccess;
  readonly herald: Herald;
  readonly channels: () => readonly Channel[];
}

const toldMax = 10_000;

/** Tells people why an entry was put back: in the log, and on the page when that is wanted. */
export class PipelineNotices {
  private readonly config: PipelineConfig;
  private readonly parts: NoticeParts;
  private connection: NotionConnection | null = null;
  /** By page: what was told of it last, and in which run. A record is looked at several times in one. */
  private readonly told = new Map<string, string>();

  constructor(config: PipelineConfig, parts: NoticeParts) {
    this.config = config;
    this.parts = parts;
  }

  async tell(notice: PairNotice): Promise<void> {
    const { leftId: pageId, rightId, refused, values } = notice;
    await this.tellWaiting(notice);
    const status = refused.find(({ field, side }) => field === boardProperties.status && side === "left");
    if (pageId === null || status === undefined) return;
    if (this.isTold(pageId, `${notice.runId} ${status.message}`)) return;
    const { herald, deps, channels } = this.parts;
    const entry = entryIn(values.left);
    const { problems } = validateEntry(entry, channels());
    const ids = { correlation_id: pageId, task_id: rightId, run: notice.runId };
    if (status.message !== refusalComment(problems)) {
      const { value, message } = status;
      const fields = { ...ids, page_id: pageId, title: entry.title, wanted: value, problem: message };
      herald.tell("warn", "pipeline.move_refused", fields);
      return;
    }
    for (const { event, ...fields } of refusalLog(problems, { pageId, entry, at: deps.clock.now() }))
      herald.tell("warn", event, { ...fields, ...ids });
    if (this.config.isCommenting) await this.comment(pageId, status.message);
  }

  /** A value on the board that the task under way goes on without. What a draft lacks, its status page lists. */
  private async tellWaiting({
    leftId: pageId,
    rightId,
    unmappable,
    values,
    runId,
  }: PairNotice): Promise<void> {
    const waiting = unmappable.filter(({ side }) => side === "left");
    const step = values.right[boardProperties.status];
    const isUnderWay = typeof step === "string" && parseStep(step)?.state !== "draft";
    if (pageId === null || waiting.length === 0 || !isUnderWay) return;
    const text = waitingComment(waiting);
    if (this.isTold(`${pageId} waiting`, `${runId} ${text}`)) return;
    for (const { field, message } of waiting)
      this.parts.herald.tell("warn", "pipeline.value_waits", {
        correlation_id: pageId,
        page_id: pageId,
        task_id: rightId,
        title: entryIn(values.left).title,
        field,
        problem: message,
        run: runId,
      });
    if (this.config.isCommenting) await this.comment(pageId, text);
  }

  private isTold(pageId: string, what: string): boolean {
    if (this.told.get(pageId) === what) return true;
    if (this.told.size >= toldMax) this.told.clear();
    this.told.set(pageId, what);
    return false;
  }

  /** On the page it can be read by whoever queued the entry. Its text is the proof that it was said already. */
  private async comment(pageId: string, text: string): Promise<void> {
    try {
      this.connection ??= this.parts.access.connect();
      await commentOnce(this.connection.http, { pageId, text });
    } catch (error) {
      if (!(error instanceof LockstepError)) throw error;
      this.parts.herald.tell("error", "pipeline.comment_failed", {
        page_id: pageId,
        correlation_id: pageId,
        problem: `${error.code}: ${error.message}`,
      });
    }
  }
}
