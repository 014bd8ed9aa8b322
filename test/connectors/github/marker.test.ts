import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bodyWith, contentOf, findSeal, sealText } from "../../../src/connectors/github/marker.ts";

const key = "a key for tests";
const seal = { marker: "3f2a-page", scope: "issue:7/13", at: 1_795_000_000, trashedFrom: null };
const sealed = sealText(seal, key);

/** Text with the parts that a marker is made of, in any order. */
const tricky = fc
  .array(
    fc.constantFrom(
      "<!-- ",
      "-->",
      "lockstep:",
      "lockstep:1 ",
      " sig=",
      "\n\n",
      "\r\n",
      "\n",
      " ",
      "a",
      "<",
      ">",
      sealed,
      "🙂",
    ),
    { maxLength: 14 },
  )
  .map((parts) => parts.join(""));
const text = fc.oneof(fc.string({ unit: "grapheme" }), tricky);

describe("content and marker", () => {
  it("come apart as they were put together, whatever the content", () => {
    fc.assert(
      fc.property(text, (content) => {
        const clean = contentOf(content);
        expect(contentOf(clean)).toBe(clean);
        expect(contentOf(bodyWith(content, sealed))).toBe(clean);
        expect(findSeal(bodyWith(content, sealed), [key], [seal.scope])).toMatchObject(seal);
      }),
    );
  });

  it("keep every text that holds no such comment", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (content) => {
        fc.pre(!content.includes("<!--") && !content.includes("\r"));
        expect(contentOf(content)).toBe(content);
      }),
    );
  });

  it("cannot be made by writing it into the content", () => {
    fc.assert(
      fc.property(text, (content) => {
        expect(findSeal(bodyWith(content, null), [key], [seal.scope])).toBeNull();
      }),
    );
  });
});

describe("findSeal", () => {
  it("carries any marker, and what the state was", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 1 }),
        fc.constantFrom(null, "open", "completed"),
        (marker, trashedFrom) => {
          const comment = sealText({ ...seal, marker, trashedFrom }, key);
          expect(findSeal(`words\n\n${comment}`, [key], [seal.scope])).toMatchObject({ marker, trashedFrom });
        },
      ),
    );
  });

  it("believes no comment of which a single character was changed", () => {
    fc.assert(
      fc.property(fc.nat(sealed.length - 1), fc.constantFrom("0", "a", "/", " ", "x"), (index, other) => {
        const forged = sealed.slice(0, index) + other + sealed.slice(index + 1);
        fc.pre(forged !== sealed);
        expect(findSeal(forged, [key], [seal.scope])).toBeNull();
      }),
    );
  });

  it.each([
    { name: "of another issue", body: sealed, scopes: ["issue:7/14"], keys: [key] },
    { name: "of another repository", body: sealed, scopes: ["issue:8/13"], keys: [key] },
    { name: "of a comment", body: sealed, scopes: ["comment:7/13"], keys: [key] },
    { name: "with another key", body: sealed, scopes: [seal.scope], keys: ["another key"] },
    {
      name: "without a signature",
      body: "<!-- lockstep:1 id=p in=issue:7/13 at=1 -->",
      scopes: [seal.scope],
      keys: [key],
    },
    {
      name: "with half a signature",
      body: sealed.replace(/sig=.{16}/, "sig="),
      scopes: [seal.scope],
      keys: [key],
    },
  ])("does not believe one $name", ({ body, scopes, keys }) => {
    expect(findSeal(body, keys, scopes)).toBeNull();
  });

  it("believes older keys, and the last of several comments", () => {
    const later = sealText({ ...seal, marker: "later" }, "new key");
    expect(findSeal(`${sealed}\n${later}`, ["new key", key], [seal.scope])?.marker).toBe("later");
    expect(findSeal(sealed, ["new key", key], [seal.scope])?.marker).toBe(seal.marker);
  });

  it("finds it wherever a person has moved it to, line ends changed", () => {
    expect(findSeal(`Before\r\n${sealed}\r\nafter`, [key], [seal.scope])?.marker).toBe(seal.marker);
    expect(contentOf(`Before\r\n${sealed}\r\nafter`)).toBe("Before\n\nafter");
  });
});
