import { hash } from "node:crypto";
import { deflateSync, inflateSync } from "node:zlib";
import { LockstepError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { type Item, type Key, textIn } from "./items.ts";
import { ordinal } from "./keys.ts";
import type { Reads } from "./reads.ts";
import type { Writes } from "./writes.ts";

// What an item says is JSON text in `body`. A text too long for an item lies in parts of its own, packed, and the item
// names them by the text's hash: parts are never changed, so that they may be written before whatever names them.

/** An item may have 400 KB, its keys and the copies of them in its indexes included. */
const bodyBytesMax = 300_000;
const partBytes = 380_000;

export interface Bodies {
  /** The item, its body laid down apart when it is long. */
  sealed(item: Item): Promise<Item>;
  /** The items with their bodies. */
  opened(items: readonly Item[]): Promise<Item[]>;
  /** Lays a text down under a partition of its own, packed. */
  lay(pk: string, text: string): Promise<void>;
  /** null: there is none. */
  gather(pk: string): Promise<string | null>;
  forget(pk: string): Promise<void>;
}

export function createBodies(table: string, reads: Reads, writes: Writes): Bodies {
  async function lay(pk: string, text: string): Promise<void> {
    const packed = deflateSync(text, { level: 1 });
    const parts: Item[] = [];
    for (let start = 0; start < packed.length; start += partBytes) {
      const bytes = packed.subarray(start, start + partBytes);
      parts.push({ pk, sk: ordinal(parts.length), bytes, total: Math.ceil(packed.length / partBytes) });
    }
    await writes.putAll(table, parts);
  }

  async function gather(pk: string): Promise<string | null> {
    const parts = await reads.query({ table, pk });
    const bytes = parts.flatMap((part) => (part.bytes instanceof Uint8Array ? [part.bytes] : []));
    if (bytes.length === 0 || bytes.length !== parts[0]?.total) return null;
    return inflateSync(Buffer.concat(bytes)).toString();
  }

  async function open(item: Item): Promise<Item> {
    const digest = textIn(item, "bodyHash");
    if (digest === null) return item;
    const body = await gather(partsOf(digest));
    if (body === null || hash("sha256", body, "hex") !== digest) throw damaged(item);
    return { ...item, body };
  }

  return {
    lay,
    gather,
    async sealed(item) {
      const { body, ...rest } = item;
      if (typeof body !== "string" || Buffer.byteLength(body) <= bodyBytesMax) return item;
      const bodyHash = hash("sha256", body, "hex");
      await lay(partsOf(bodyHash), body);
      return { ...rest, pk: item.pk, sk: item.sk, bodyHash };
    },
    opened: (items) => Promise.all(items.map(open)),
    async forget(pk) {
      const parts = await reads.query({ table, pk });
      await writes.deleteAll(
        table,
        parts.map(({ sk }): Key => ({ table, pk, sk })),
      );
    },
  };
}

/** The text of an item's body. */
export function bodyText(value: object | Json): string {
  return JSON.stringify(value);
}

/** What `bodyText` wrote. The caller knows what it was. */
export function bodyOf<T>(item: Item): T {
  return JSON.parse(textIn(item, "body") ?? "null") as T;
}

function partsOf(digest: string): string {
  return `X#${digest}`;
}

function damaged({ pk, sk }: Item): LockstepError {
  return new LockstepError(
    "STORE_FAILED",
    `the item ${pk} ${sk} is not whole: parts of it are missing or are not what was written. Restore the tables to a ` +
      "moment before that (point-in-time recovery).",
  );
}
