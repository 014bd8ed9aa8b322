import type { CollectionRecord } from "../../../src/core/collection/record.ts";
import type { Json } from "../../../src/core/json.ts";
import { freshMs } from "../../../src/engine/two-way/act.ts";
import { openPair } from "../../../src/engine/two-way/link.ts";
import type { BookStatus } from "../../../src/recipes/library/model.ts";
import { statusNamesDefault as words } from "../../../src/recipes/library/status.ts";
import type { InboxEvent } from "../../../src/store/pair-store.ts";
import { type Entry, fieldsOf, primaryOf, type RecordChange, type ShelfWatch } from "./shelf-watch.ts";
import { isMerged } from "./shelving.ts";
import {
  bookProperties as book,
  type LibraryWorld,
  listOf,
  type PageChange,
  type Shown,
  seriesProperties as series,
} from "./world.ts";

/** What Lockstep computes or decides, and people's words there are set back. */
const computed: ReadonlySet<string> = new Set([
  series.ownedTotal,
  series.gaps,
  series.nextRelease,
  series.key,
  series.externalId,
  series.books,
  book.asin,
]);
const dates: readonly string[] = [book.purchased, book.released, series.nextRelease];
/** Who may put records into the trash by a plan that was asked for. */
const tidiers: readonly string[] = ["cleanup", "reset", "undo"];

/** The library's own rules, looked at from outside at every write to a page and every change of a record. */
export class LibraryRules {
  readonly entries: Entry[] = [];
  readonly #world: LibraryWorld;
  readonly #watch: ShelfWatch;
  readonly #days: Set<string>;

  constructor(world: LibraryWorld, watch: ShelfWatch) {
    this.#world = world;
    this.#watch = watch;
    this.#days = new Set(world.catalogue.volumes.flatMap(({ released, purchased }) => [released, purchased]));
  }

  onPage(change: PageChange): void {
    if (change.by === "person") {
      for (const name of dates) {
        const day = change.fields[name]?.to;
        if (typeof day === "string") this.#days.add(day);
      }
      return;
    }
    this.#checkDays(change);
    if (change.presence.from === "absent") return;
    if (change.presence.to === "trashed" && change.presence.from === "live") this.#checkBinned(change);
    if (change.presence.from === "trashed" && change.presence.to === "live") this.#checkUnbinned(change);
    for (const [name, { from, to }] of Object.entries(change.fields))
      this.#checkKept(change, name, { from, to });
  }

  onRecord(change: RecordChange): void {
    const { shelf, before, after } = change;
    if (before === null) this.#checkFirst(change);
    if (before?.status === "live" && after.status === "trashed") this.#checkTrashed(change);
    if (before?.status === "trashed" && after.status === "live") this.#checkBroughtBack(change);
    if (shelf === "books") this.#checkStatus(change);
  }

  /** L10: every day on a page is one that a file or a person has named. */
  #checkDays({ fields, id }: PageChange): void {
    for (const name of dates) {
      const day = fields[name]?.to ?? null;
      if (day !== null && !this.#days.has(String(day)))
        this.#fail("L10", `${name} became ${JSON.stringify(day)}, a day that nobody has named`, id);
    }
  }

  /** L3: what a person wrote stays, but for what came between a look and a write, and for what follows from a status. */
  #checkKept(change: PageChange, name: string, value: { readonly from: Shown; readonly to: Shown }): void {
    if (computed.has(name) || this.#isTidied(name, value)) return;
    const { from, to } = value;
    const last = this.#world.of(change.id).findLast(({ seq, fields }) => seq < change.seq && name in fields);
    if (last?.by !== "person" || last.at >= (change.sentAt ?? 0) - freshMs) return;
    // A box that nobody has ticked on a new page is no word.
    if (last.presence.from === "absent" && from === false) return;
    const isStatus = name === book.status || name === series.finalStatus;
    if (isStatus && to === words.poubelle) return;
    if (
      this.#watch.wasInDoubt(change.shelf, change.id, { at: last.at, field: name }) ||
      this.#wasRetold(change, name, last.at) ||
      this.#isUnseen(change, name, { value: from, since: last.at }) ||
      this.#isMerged(change, name, last.at)
    )
      return;
    this.#fail("L3", `${name} was ${show(from)}, a person's word, and was set to ${show(to)}`, change.id);
  }

  /** Series that went to the trash are taken out of a relation. */
  #isTidied(name: string, { from, to }: { readonly from: Shown; readonly to: Shown }): boolean {
    const live = (value: Shown) =>
      listOf(value).filter((id) => this.#world.presence("series", id) === "live");
    return name === book.series && live(from).join() === live(to).join();
  }

  #isMerged(change: PageChange, name: string, since: number): boolean {
    const shown = change.fields[name];
    if (name !== book.series || shown === undefined) return false;
    const [from, to] = [listOf(shown.from), listOf(shown.to)];
    return isMerged({ world: this.#world, watch: this.#watch }, { change, from, to, since });
  }

  /** Changed and changed back before anybody looked: nobody can know that a person said so. */
  #isUnseen(
    { shelf, id }: PageChange,
    name: string,
    { value, since }: { readonly value: Shown; readonly since: number },
  ): boolean {
    const link = this.#watch.linksOf(shelf).find(({ leftId }) => leftId === id);
    const base = link === undefined ? undefined : openPair(link).doc.base[name]?.left;
    // What was never agreed on counts as empty.
    const agreed = base === undefined || (Array.isArray(base) && base.length === 0) ? null : base;
    if (JSON.stringify(agreed) !== JSON.stringify(value)) return false;
    const field = fieldsOf[shelf][name] ?? "series";
    const { rightId = null } = link ?? {};
    return !this.#watch.changes.some(
      ({ by, at, before, after }) =>
        by === "Notion" &&
        after.id === rightId &&
        at >= since &&
        JSON.stringify(before?.fields[field]) !== JSON.stringify(after.fields[field]),
    );
  }

  /** A player said so, or somebody took a run back; or the record had gone by a plan and was begun anew. */
  #wasRetold({ shelf, id }: PageChange, name: string, since: number): boolean {
    const partners = this.#watch.partnersOf(shelf, id);
    return this.#watch.changes.some((each) => {
      const { by, before, after } = each;
      if (each.shelf !== shelf || !partners.has(after.id) || each.at < since) return false;
      if (before?.status === "live" && after.status === "trashed" && by !== "Notion") return true;
      const isSaid = by === "undo" || by.startsWith("webhook");
      return isSaid && (name === book.status || name === series.finalStatus || by === "undo");
    });
  }

  /** L7: a page goes to the trash with its record, or as the second of two. */
  #checkBinned({ shelf, id }: PageChange): void {
    const partners = [...this.#watch.partnersOf(shelf, id)];
    const wasTrashed = (recordId: string) =>
      this.#watch.changes.some(
        (each) => each.shelf === shelf && each.after.id === recordId && each.after.status === "trashed",
      );
    const isSecond =
      partners.length === 0 || partners.some((each) => this.#watch.partnersOf(shelf, each).size > 1);
    if (!partners.some(wasTrashed) && !isSecond && !this.#wasBinnedByPerson(shelf, id))
      this.#fail("L7", `its record (${partners.join()}) never was in the trash`, id);
  }

  /** L7: a page that a person threw away comes back with its record, and not because a program has changed that. */
  #checkUnbinned({ shelf, id, seq }: PageChange): void {
    const moves = this.#world
      .of(id)
      .filter((each) => each.seq < seq && each.presence.from !== each.presence.to);
    const binned = moves.at(-1);
    if (binned?.by !== "person" || this.#watch.wasInDoubt(shelf, id, { at: binned.at, field: null })) return;
    // Taken out of our trash and thrown away again before anybody looked: it never was away from there.
    const ours = moves.findLast(({ by }) => by === "engine");
    const since = ours?.presence.to === "trashed" ? ours.at : binned.at;
    const partners = this.#watch.partnersOf(shelf, id);
    const isBack = this.#watch.changes.some(
      ({ at, before, after, ...each }) =>
        each.shelf === shelf &&
        at >= since &&
        partners.has(after.id) &&
        before?.status === "trashed" &&
        after.status === "live",
    );
    if (!isBack) this.#fail("L7", "a person threw it away, and its record never came back", id);
  }

  #wasBinnedByPerson(shelf: PageChange["shelf"], id: string): boolean {
    return this.#world
      .of(id)
      .some((each) => each.shelf === shelf && each.by === "person" && each.presence.to === "trashed");
  }

  /** L7: a record goes to the trash because a person threw its page away, or by a plan. */
  #checkTrashed({ shelf, by, before, after }: RecordChange): void {
    if (by === "Notion") {
      const pages = [...this.#watch.partnersOf(shelf, after.id)];
      if (!pages.some((page) => this.#wasBinnedByPerson(shelf, page)))
        this.#fail("L7", `${after.id} went to the trash, and nobody had thrown a page of it away`, pages[0]);
      return;
    }
    if (!tidiers.includes(by)) this.#fail("L7", `${after.id} was put into the trash by ${by}`, after.id);
    if (by === "cleanup" && (before?.fields.isSynthetic !== true || before.fields.isOwned === true))
      this.#fail("L7", `a cleanup put ${after.id} into the trash, which was not made up`, after.id);
  }

  /** L7: what a person threw away, a person takes out of the trash. */
  #checkBroughtBack({ by, before, after }: RecordChange): void {
    const isPersons = before?.provenance.$status?.origin === "person";
    if (isPersons && by !== "Notion" && by !== "undo")
      this.#fail("L7", `${after.id}, which a person threw away, was brought back by ${by}`, after.id);
  }

  /** L1: an import makes nothing that is there. */
  #checkFirst({ shelf, by, after }: RecordChange): void {
    if (by !== "import") return;
    const namesake = this.#watch
      .live("series")
      .find(
        ({ id, fields }) => id !== after.id && fields.name === after.fields.name && fields.asin === undefined,
      );
    if (shelf === "series" && namesake !== undefined)
      this.#fail("L1", `${after.id} was made by an import, and ${namesake.id} has its name`, after.id);
    const keyOf = ({ fields }: CollectionRecord) => (shelf === "books" ? fields.asin : fields.key);
    const twin = this.#watch.live(shelf).find((each) => each.id !== after.id && keyOf(each) === keyOf(after));
    if (twin !== undefined)
      this.#fail("L1", `${after.id} was made by an import, and ${twin.id} is the same ${shelf}`, after.id);
  }

  #checkStatus({ by, before, after }: RecordChange): void {
    const [from, to] = [statusOf(before), statusOf(after)];
    const isHand = by === "Notion" || by === "undo" || by.startsWith("webhook");
    if (to !== "poubelle" && from === "poubelle" && before?.status === after.status && !isHand)
      this.#fail("L4", `${after.id} was taken out of La Poubelle by ${by}`, after.id);
    if (to !== "poubelle" || from === "poubelle") return;
    const seriesId = primaryOf(after);
    // One that came back before anybody had looked never was away, and what is taken back sets nothing going.
    if (by !== "undo" && seriesId !== null && before?.fields.judged !== "poubelle")
      this.entries.push({ bookId: after.id, seriesId, revision: after.revision });
    if (!isHand && by !== "import") this.#checkFollower(by, from, after);
  }

  /** L4: who follows was not finished, and its own primary series has somebody to follow. */
  #checkFollower(by: string, from: BookStatus, after: CollectionRecord): void {
    if (from === "finished") this.#fail("L4", `${after.id} was finished, and ${by} threw it away`, after.id);
    const primary = primaryOf(after);
    const leader = this.#watch
      .live("books")
      .find((each) => each.id !== after.id && statusOf(each) === "poubelle" && primaryOf(each) === primary);
    if (primary === null || leader === undefined)
      this.#fail("L4", `${after.id} was thrown away by ${by}, and followed nobody`, after.id);
  }

  #fail(rule: string, message: string, id: string | undefined): void {
    this.#world.fail(rule, message, id ?? null);
  }
}

export function statusOf(record: CollectionRecord | null): BookStatus {
  const status: Json | undefined = record?.fields.status;
  return status === "inProgress" || status === "finished" || status === "poubelle" ? status : "notStarted";
}

/** As a webhook tells it: that something happened to a page, not what. */
export function hintAbout({ seq, id, at, presence }: PageChange, syncId: string): InboxEvent {
  const occurredAt = new Date(at).toISOString();
  return {
    syncId,
    source: "notion",
    eventId: `event-${seq}`,
    side: "left",
    recordId: id,
    kind: presence.from === "absent" ? "created" : presence.to === "trashed" ? "deleted" : "updated",
    changed: [],
    prior: {},
    occurredAt,
    receivedAt: occurredAt,
    detectedBy: "webhook",
    type: "page.properties_updated",
  };
}

function show(value: Shown): string {
  return JSON.stringify(value);
}
