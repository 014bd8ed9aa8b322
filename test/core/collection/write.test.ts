import { describe, expect, it } from "vitest";
import type { CollectionRecord, CollectionWrite } from "../../../src/core/collection/record.ts";
import {
  applyCollectionWrite,
  checkCollectionCommit,
  collectionChainFlaw,
  type Written,
} from "../../../src/core/collection/write.ts";

type As = Parameters<typeof applyCollectionWrite>[2];

const as: As = { by: "import", runId: "run-1", at: "2026-11-21T10:00:00.000Z", revision: 7 };
const later: As = { by: "notion:person", runId: null, at: "2026-11-21T11:00:00.000Z", revision: 8 };
const byFile = { origin: "export", confidence: 1 } as const;
const byPerson = { origin: "person", confidence: 1 } as const;

function writeOf(write: Partial<CollectionWrite> = {}): CollectionWrite {
  return { collection: "books", id: "B1", fields: {}, reason: "imported", expected: 0, ...write };
}

function written(before: CollectionRecord | null, write: Partial<CollectionWrite>, how: As = as): Written {
  const result = applyCollectionWrite(before, writeOf(write), how);
  if (result === null) throw new Error("it changed nothing");
  return result;
}

/** A record as an import made it, and the version that says so. */
const made = () =>
  written(null, {
    fields: { title: "Eragon", tags: ["b", "a"], note: null },
    provenance: { title: byFile },
    marker: "page-1",
  });

describe("a write to no record", () => {
  it("makes a live one of what is not empty, first of its history", () => {
    const { record, version } = made();
    expect(record).toEqual({
      collection: "books",
      id: "B1",
      marker: "page-1",
      status: "live",
      fields: { tags: ["b", "a"], title: "Eragon" },
      provenance: { title: byFile },
      revision: 7,
      createdAt: as.at,
      updatedAt: as.at,
      head: { seq: 1, hash: version.hash },
    });
    expect(Object.keys(record.fields)).toEqual(["tags", "title"]);
    expect(version).toMatchObject({
      recordId: "B1",
      seq: 1,
      prevHash: "",
      fields: { title: "Eragon", tags: ["b", "a"], $status: "live", $marker: "page-1" },
      prior: { title: null, tags: null, $status: null, $marker: null },
      provenance: { title: byFile },
      priorProvenance: { title: null },
      by: "import",
      reason: "imported",
      runId: "run-1",
      at: as.at,
    });
    expect(version.fields).not.toHaveProperty("note");
  });

  it("is a change even when it says nothing", () => {
    const { record, version } = written(null, {});
    expect(record).toMatchObject({ marker: null, status: "live", fields: {}, provenance: {} });
    expect(version.fields).toEqual({ $status: "live" });
  });

  it("may begin with another status", () => {
    const { record, version } = written(null, { status: "trashed" });
    expect(record.status).toBe("trashed");
    expect(version.fields).toEqual({ $status: "trashed" });
  });
});

describe("a write to a record", () => {
  it("that says what is there already is none", () => {
    const { record } = made();
    const again: Partial<CollectionWrite> = {
      fields: { title: "Eragon", tags: ["b", "a"], note: null },
      provenance: { title: { ...byFile }, other: null },
      status: "live",
      marker: "page-1",
    };
    expect(applyCollectionWrite(record, writeOf(again), as)).toBeNull();
  });

  it("changes what it names, leaves the rest, and continues the history", () => {
    const { record: before } = made();
    const { record, version } = written(before, { fields: { title: "Eldest" } }, later);
    expect(record).toMatchObject({
      marker: "page-1",
      status: "live",
      fields: { title: "Eldest", tags: ["b", "a"] },
      provenance: { title: byFile },
      revision: 8,
      createdAt: as.at,
      updatedAt: later.at,
      head: { seq: 2, hash: version.hash },
    });
    expect(version).toMatchObject({
      seq: 2,
      prevHash: before.head.hash,
      fields: { title: "Eldest" },
      prior: { title: "Eragon" },
      provenance: {},
      by: "notion:person",
      runId: null,
    });
  });

  it("empties a field, and keeps its order of objects out of what it says", () => {
    const { record: before } = written(null, { fields: { places: { b: 1, a: 2 } } });
    expect(applyCollectionWrite(before, writeOf({ fields: { places: { a: 2, b: 1 } } }), as)).toBeNull();
    const { record, version } = written(before, { fields: { places: null } });
    expect(record.fields).toEqual({});
    expect(version).toMatchObject({ fields: { places: null }, prior: { places: { a: 2, b: 1 } } });
  });

  it("parts it from its page, puts it in the trash and brings it back", () => {
    const parted = written(made().record, { marker: null });
    expect(parted.record.marker).toBeNull();
    expect(parted.version).toMatchObject({ fields: { $marker: null }, prior: { $marker: "page-1" } });
    const trashed = written(parted.record, { status: "trashed" });
    expect(trashed.record).toMatchObject({ status: "trashed", marker: null });
    expect(trashed.version).toMatchObject({ fields: { $status: "trashed" }, prior: { $status: "live" } });
    const untouched = written(trashed.record, { fields: { title: "Eldest" } });
    expect(untouched.record.status).toBe("trashed");
  });

  it.each([
    ["by whom", byPerson],
    ["how sure", { ...byFile, confidence: 0.5 }],
  ])("that changes only %s a value was said is a change", (_, provenance) => {
    const { record, version } = written(made().record, { provenance: { title: provenance } });
    expect(record.provenance).toEqual({ title: provenance });
    expect(version).toMatchObject({
      fields: {},
      provenance: { title: provenance },
      priorProvenance: { title: byFile },
    });
  });

  it("forgets by whom a value was said", () => {
    const { record, version } = written(made().record, { provenance: { title: null } });
    expect(record.provenance).toEqual({});
    expect(version).toMatchObject({ provenance: { title: null }, priorProvenance: { title: byFile } });
  });
});

describe("the chain of versions", () => {
  const history = () => {
    const first = made();
    const second = written(first.record, { fields: { title: "Eldest" }, provenance: { title: null } });
    const third = written(second.record, { status: "trashed" });
    return { versions: [first.version, second.version, third.version] as const, head: third.record.head };
  };

  it("holds what was written", () => {
    const { versions, head } = history();
    expect(collectionChainFlaw(versions, head)).toBeNull();
    expect(collectionChainFlaw([], { seq: 0, hash: "" })).toBeNull();
  });

  it("shows a version that is missing, at the beginning, inside and at the end", () => {
    const { versions, head } = history();
    const [first, second, third] = versions;
    expect(collectionChainFlaw([second, third], head)).toBe("version 1 is missing");
    expect(collectionChainFlaw([first, third], head)).toBe("version 2 is missing");
    expect(collectionChainFlaw([first, second], head)).toBe("version 3 was written last, 2 is the last");
  });

  it.each([
    ["a value", { fields: { title: "Brisingr" } }],
    ["a value that was there before", { prior: { title: "Brisingr" } }],
    ["by whom it was said", { provenance: { title: byPerson } }],
    ["by whom it was said before", { priorProvenance: { title: byPerson } }],
    ["who wrote it", { by: "somebody" }],
    ["when", { at: later.at }],
  ])("shows that %s was changed afterwards", (_, change) => {
    const { versions, head } = history();
    const [first, second, third] = versions;
    const changed = { ...second, ...change };
    expect(collectionChainFlaw([first, changed, third], head)).toBe("version 2 is not what was written");
  });

  it("shows a version that continues another", () => {
    const { versions, head } = history();
    const [first, second, third] = versions;
    const other = { ...second, prevHash: third.hash };
    expect(collectionChainFlaw([first, other, third], head)).toBe("version 2 continues another version");
  });
});

describe("a commit", () => {
  const commitOf = (...writes: readonly Partial<CollectionWrite>[]) => ({
    ...as,
    writes: writes.map((write) => writeOf(write)),
  });

  it("may write many records, of one name in two collections", () => {
    const commit = commitOf({ id: "B1" }, { id: "B2" }, { id: "B1", collection: "series" });
    expect(() => checkCollectionCommit(commit)).not.toThrow();
  });

  it("does not write one record twice", () => {
    expect(() => checkCollectionCommit(commitOf({ id: "B1" }, { id: "B1" }))).toThrow(
      new TypeError("B1 of books is written twice in one commit"),
    );
  });

  it("does not write what the collection keeps itself as if it were a field", () => {
    expect(() => checkCollectionCommit(commitOf({ fields: { title: "a", $status: "trashed" } }))).toThrow(
      new TypeError('"$status" is no field of books'),
    );
  });
});
