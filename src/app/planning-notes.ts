import type { Json } from "../core/json.ts";
import { openPair } from "../engine/two-way/link.ts";
import { rowFacts } from "../recipes/planning/board.ts";
import type { PairConflict, PairLink } from "../store/pair-store.ts";
import type { CommentCopier } from "./planning-comments.ts";
import { newFollowDoc } from "./planning-ledger.ts";
import type { Fate } from "./planning-once.ts";
import type { StepParts } from "./planning-step.ts";

const conflictsMax = 200;
const valueLengthMax = 300;
const sendWithinMs = 15_000;

const partedNote =
  "Its issue is gone from these repositories (deleted, or transferred elsewhere). The row is kept.";
const archivedNote =
  "The row of this issue was deleted in Notion, so it was closed as not planned. Reopen it to bring the row back.";

/** What people are told on the page or the issue itself. */
export class PlanningNotes {
  private readonly parts: StepParts;
  private readonly copier: CommentCopier;
  private readonly propertyIds: Readonly<Record<string, string>>;

  constructor(
    parts: StepParts,
    { copier, propertyIds }: { copier: CommentCopier; propertyIds: Readonly<Record<string, string>> },
  ) {
    this.parts = parts;
    this.copier = copier;
    this.propertyIds = propertyIds;
  }

  /** Both values, once for each conflict: whoever reads the page can settle it there by making both sides say the same. */
  async tellConflicts(): Promise<void> {
    const { deps, source, ledger, config } = this.parts;
    if (!config.isCommentingConflicts) return;
    const { pairs } = deps.store;
    const open = await pairs.listConflicts({ syncId: source.syncId, isOpen: true, limit: conflictsMax });
    const told = new Set(ledger.state.toldConflicts);
    const news = open.filter(({ id, winner }) => winner === null && !told.has(id));
    const stillOpen = new Set(open.map(({ id }) => id));
    if (news.length === 0 && [...told].every((id) => stillOpen.has(id))) return;
    for (const conflict of news) {
      const [link] = await pairs.getLinks(source.syncId, [conflict.linkId]);
      const pageId = link?.leftId ?? null;
      if (pageId === null) continue;
      if ((await this.copier.tell(pageId, conflictText(conflict))) === "there") told.add(conflict.id);
    }
    await ledger.setState({ toldConflicts: [...told].filter((id) => stillOpen.has(id)) });
  }

  /** What has lost its counterpart is told so, once. */
  async tellParted(): Promise<void> {
    const { deps, source, ledger } = this.parts;
    for await (const link of deps.store.pairs.iterateLinks(source.syncId)) {
      if (link.status !== "unlinked" && link.status !== "dead") continue;
      const doc = ledger.find(link.id) ?? newFollowDoc;
      const key = `parted ${openPair(link).doc.seen.left?.revision}`;
      if (doc.isParted || doc.refused?.key === key) continue;
      const fate = await this.part(link);
      if (fate === "there") await ledger.put(link.id, { ...doc, isParted: true });
      // A row in the trash takes no note, and is written to when it is back.
      if (fate === "refused") await ledger.put(link.id, { ...doc, refused: { key, at: deps.clock.now() } });
    }
  }

  private async part(link: PairLink): Promise<Fate> {
    const { seen } = openPair(link).doc;
    const { leftId, rightId } = link;
    if (link.status === "unlinked" && seen.right?.presence === "out" && leftId !== null)
      return seen.left?.presence === "live" ? this.markRow(leftId, seen.left.revision) : "there";
    const isClosed =
      link.status === "dead" && seen.left?.presence !== "live" && seen.right?.presence === "trashed";
    if (isClosed && rightId !== null)
      return this.copier.say({ issueId: rightId }, `archived:${link.id}`, archivedNote);
    return "later";
  }

  private async markRow(pageId: string, revision: string): Promise<Fate> {
    const note = this.propertyIds[rowFacts.note];
    if (note === undefined) return "there";
    const { deps, rows, signal } = this.parts;
    const connector = await rows();
    const outcome = await connector.apply(
      {
        kind: "update",
        id: pageId,
        fields: { [note]: { plain: partedNote, rich: null } },
        expected: { revision },
      },
      { sendBy: deps.clock.monotonic() + sendWithinMs, signal },
    );
    if (outcome.kind === "applied") return "there";
    return outcome.kind === "refused" && outcome.retryAfterMs === null ? "refused" : "later";
  }
}

function conflictText({ id, field, left, right }: PairConflict): string {
  return [
    `"${field}" was changed here and on GitHub:`,
    `• here: ${shown(left)}`,
    `• on GitHub: ${shown(right)}`,
    `Make both the same, or run: lockstep conflicts resolve ${id} --take notion (or github)`,
  ].join("\n");
}

function shown(value: Json): string {
  const text = value === null ? "(empty)" : typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= valueLengthMax ? text : `${text.slice(0, valueLengthMax - 1)}…`;
}
