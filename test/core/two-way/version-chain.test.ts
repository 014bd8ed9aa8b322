import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chainStart,
  chainVersion,
  type PairVersion,
  type VersionDraft,
  verifyChain,
} from "../../../src/core/two-way/version-chain.ts";

function draft(n: number): VersionDraft {
  return {
    linkId: "link-1",
    side: "left",
    origin: "person",
    actor: "ada",
    detectedBy: "poll",
    fields: { title: `title ${n}`, tags: ["a", "b"], nested: { b: 1, a: null } },
    prior: { title: `title ${n - 1}` },
    reason: "edited there",
    recordRevision: "2026-01-01T00:00:00.000Z",
    runId: "run-1",
    at: "2026-01-01T00:01:00.000Z",
  };
}

function chainOf(
  count: number,
  change: (draft: VersionDraft) => VersionDraft = (same) => same,
): PairVersion[] {
  const versions: PairVersion[] = [];
  for (let n = 1; n <= count; n += 1)
    versions.push(chainVersion(change(draft(n)), versions.at(-1) ?? chainStart));
  return versions;
}

/** The chain with the members of version `seq` replaced. */
const forged = (seq: number, members: Partial<PairVersion>) =>
  chainOf(5).map((version) => (version.seq === seq ? { ...version, ...members } : version));

describe("chainVersion", () => {
  it("numbers from 1 and names the hash before it", () => {
    const [first, second] = chainOf(2);
    expect(first).toMatchObject({
      ...draft(1),
      seq: 1,
      prevHash: "",
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(second).toMatchObject({ seq: 2, prevHash: first?.hash });
  });

  it("hashes the canonical JSON of every other member", () => {
    const canonical =
      '{"actor":"ada","at":"2026-01-01T00:01:00.000Z","detectedBy":"poll","fields":{"nested":{"a":null,"b":1},' +
      '"tags":["a","b"],"title":"title 1"},"linkId":"link-1","origin":"person","prevHash":"","prior":{"title":"title 0"},' +
      '"reason":"edited there","recordRevision":"2026-01-01T00:00:00.000Z","runId":"run-1","seq":1,"side":"left"}';
    expect(chainOf(1)[0]?.hash).toBe(createHash("sha256").update(canonical).digest("hex"));
  });

  it("gives equal versions equal hashes, whatever the order of their members", () => {
    const reversed = (each: VersionDraft): VersionDraft => ({
      ...each,
      fields: Object.fromEntries(Object.entries(each.fields).reverse()),
    });
    expect(chainOf(3, reversed)).toEqual(chainOf(3));
  });
});

describe("verifyChain", () => {
  it("finds nothing wrong with what was written, also when it was stored as JSON in between", () => {
    expect(verifyChain(chainOf(20))).toBeNull();
    expect(verifyChain(JSON.parse(JSON.stringify(chainOf(20))))).toBeNull();
    expect(verifyChain([])).toBeNull();
  });

  it("proves a history page by page, from the version before each page", () => {
    const versions = chainOf(7);
    expect(verifyChain(versions.slice(3), versions[2])).toBeNull();
    expect(verifyChain(versions.slice(4), versions[2])).toMatchObject({ seq: 5 });
  });

  const other: { [Name in keyof PairVersion]: PairVersion[Name] } = {
    linkId: "link-2",
    seq: 9,
    side: "right",
    origin: "engine",
    actor: null,
    detectedBy: "sweep",
    fields: { title: "title 3", tags: ["b", "a"], nested: { b: 1, a: null } },
    prior: {},
    reason: "edited here",
    recordRevision: "2026-01-01T00:00:00.001Z",
    runId: "run-2",
    at: "2026-01-01T00:01:00.001Z",
    prevHash: "0".repeat(64),
    hash: "0".repeat(64),
  };
  it.each(Object.entries(other))("finds another %s", (member, value) => {
    expect(verifyChain(forged(3, { [member]: value }))).toMatchObject({ seq: member === "seq" ? 9 : 3 });
  });

  it.each([
    ["left out", [1, 2, 4, 5], 4],
    ["left out at the start", [2, 3, 4, 5], 2],
    ["twice", [1, 2, 2, 3], 2],
    ["in the wrong order", [1, 3, 2], 3],
  ])("finds a version that is %s", (_, order, seq) => {
    const versions = chainOf(5);
    const given = order.flatMap((n) => versions[n - 1] ?? []);
    expect(verifyChain(given)).toMatchObject({
      linkId: "link-1",
      seq,
      message: expect.stringContaining("expected"),
    });
  });

  it("finds a version that was changed and hashed anew, by the one after it", () => {
    const versions = chainOf(5);
    const changed = chainVersion({ ...draft(3), actor: "eve" }, versions[1] ?? chainStart);
    expect(verifyChain(versions.with(2, changed))).toMatchObject({ seq: 4 });
  });

  it("finds a version of another link", () => {
    const versions = [...chainOf(2), ...chainOf(3, (each) => ({ ...each, linkId: "link-2" })).slice(2)];
    expect(verifyChain(versions)).toMatchObject({ linkId: "link-2", message: "it belongs to another link" });
  });

  it("finds any one flipped bit", () => {
    const bytes = Buffer.from(JSON.stringify(chainOf(3)));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length * 8 - 1 }), (bit) => {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        const text = flipped.toString("utf8");
        let versions: unknown;
        try {
          versions = JSON.parse(text);
        } catch {
          return true;
        }
        return !Array.isArray(versions) || isFlawed(versions);
      }),
      { numRuns: 2000 },
    );
  });
});

/** What is no version any more (a member lost its name) counts as found when the hash notices, or nothing can be read. */
function isFlawed(versions: PairVersion[]): boolean {
  try {
    return verifyChain(versions) !== null;
  } catch {
    return true;
  }
}
