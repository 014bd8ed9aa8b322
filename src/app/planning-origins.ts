import type { Connector } from "../connector/connector.ts";
import { findBoundSeal } from "../connectors/github/marker.ts";
import { parseRecordId } from "../connectors/github/repositories.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { SourceRecord } from "../core/record.ts";
import { openPair } from "../engine/two-way/link.ts";
import type { PairStore } from "../store/pair-store.ts";

/** Linked issues that one that nobody knows may have been, looked up at most. */
const candidatesMax = 5;

export interface OriginParts {
  readonly syncId: string;
  readonly titleField: string;
  readonly markerKeys: readonly string[];
  /** Reads an issue wherever it is, as GitHub tells it. */
  readonly connector: Pick<Connector, "get">;
}

interface Linked {
  readonly id: string;
  readonly repository: number;
  readonly createdAt: string;
  readonly title: Json;
}

/**
 * Where an issue came from that was transferred into one of the repositories. It has another id there; but the old one leads to it, and
 * that is GitHub's own word. Asked are the one that a marker of ours in it names, and linked ones of other repositories that
 * were made at the same time or are called the same. Good for one pass: what it links itself is not looked through.
 */
export class Origins {
  private readonly pairs: PairStore;
  private readonly parts: OriginParts;
  private linked: Promise<readonly Linked[]> | null = null;

  constructor(pairs: PairStore, parts: OriginParts) {
    this.pairs = pairs;
    this.parts = parts;
  }

  /** The same record, with the id that it had before; and with the marker that was made for it there. */
  async traced(record: SourceRecord, signal?: AbortSignal): Promise<SourceRecord> {
    const seal = findBoundSeal(bodyOf(record), this.parts.markerKeys);
    const linked = (await this.candidatesFor(record)).map(({ id }) => id);
    const named = seal === null || seal.issueId === record.id ? [] : [seal.issueId];
    const candidates = new Set([...named, ...linked]);
    if (candidates.size === 0) return record;
    const known = await this.pairs.findLinks(this.parts.syncId, "right", [record.id]);
    if (known.length > 0) return record;
    for (const id of candidates) {
      const observation = await this.parts.connector.get(id, signal);
      const isHere = observation.presence === "moved" && placeOf(observation.record) === record.id;
      if (!isHere) continue;
      const isMarked = seal !== null && seal.issueId === id && seal.marker !== "";
      return { ...record, movedFrom: id, ...(isMarked ? { marker: seal.marker, isOurs: true } : {}) };
    }
    return record;
  }

  private async candidatesFor({ id, createdAt, fields }: SourceRecord): Promise<readonly Linked[]> {
    this.linked ??= this.read();
    const repository = parseRecordId(id)?.repositoryId;
    const alike = (await this.linked).flatMap((one) => {
      const likeness = Number(one.createdAt === createdAt) + Number(one.title === fields.title);
      return one.repository === repository || likeness === 0 ? [] : [{ one, likeness }];
    });
    return alike
      .sort((a, b) => b.likeness - a.likeness)
      .slice(0, candidatesMax)
      .map(({ one }) => one);
  }

  private async read(): Promise<readonly Linked[]> {
    const linked: Linked[] = [];
    for await (const link of this.pairs.iterateLinks(this.parts.syncId)) {
      const seen = openPair(link).doc.seen.right;
      const ref = link.rightId === null ? null : parseRecordId(link.rightId);
      if (link.rightId === null || ref === null || seen === null) continue;
      const title = seen.values[this.parts.titleField] ?? null;
      linked.push({ id: link.rightId, repository: ref.repositoryId, createdAt: seen.createdAt, title });
    }
    return linked;
  }
}

function bodyOf({ raw }: SourceRecord): string {
  const body = isJsonObject(raw.issue) ? raw.issue.body : null;
  return typeof body === "string" ? body : "";
}

/** The id that an issue has where it is now. */
function placeOf({ fields }: SourceRecord): string | null {
  const { repository, number } = fields;
  return isJsonObject(repository) && typeof number === "number" ? `${String(repository.id)}/${number}` : null;
}
