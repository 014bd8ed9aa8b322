/** How a file begins: what it is, by its bytes. */
export type FileKind = "zip" | "json" | "delimited" | "empty";

const SPACES: ReadonlySet<number> = new Set([9, 10, 13, 32]);
/** Enough to see past spaces at the beginning, and to hold a header. */
const PEEK_BYTES = 64 * 1024;

export interface TextSource {
  readonly kind: FileKind;
  /** The first bytes, as text. */
  readonly beginning: string;
  /** The whole file in UTF-8, without a byte order mark. To be read once. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Looks at the beginning of a file, and turns UTF-16 (as Excel saves "Unicode text") into UTF-8. */
export async function openText(chunks: AsyncIterable<Uint8Array>): Promise<TextSource> {
  const raw = await peek(chunks);
  const encoding = utf16Of(raw.beginning);
  const isUtf8Marked = raw.beginning.subarray(0, 3).equals(Buffer.from([0xef, 0xbb, 0xbf]));
  if (encoding === null && !isUtf8Marked) return describe(raw.beginning, raw.bytes);
  const text = encoding === null ? skip(raw.bytes, 3) : transcode(raw.bytes, encoding);
  const decoded = await peek(text);
  return describe(decoded.beginning, decoded.bytes);
}

function describe(beginning: Buffer, bytes: AsyncIterable<Uint8Array>): TextSource {
  const first = beginning.find((byte) => !SPACES.has(byte));
  const isZip = beginning.subarray(0, 4).equals(Buffer.from("PK\u0003\u0004", "latin1"));
  const isJson = first === 0x5b || first === 0x7b;
  const kind = first === undefined ? "empty" : isZip ? "zip" : isJson ? "json" : "delimited";
  return { kind, beginning: beginning.toString("utf8"), bytes };
}

async function peek(
  chunks: AsyncIterable<Uint8Array>,
): Promise<{ readonly beginning: Buffer; readonly bytes: AsyncIterable<Uint8Array> }> {
  const iterator = chunks[Symbol.asyncIterator]();
  const seen: Uint8Array[] = [];
  let length = 0;
  let isEnded = false;
  while (length < PEEK_BYTES && !isEnded) {
    const next = await iterator.next();
    isEnded = next.done === true;
    if (next.done !== true) {
      seen.push(next.value);
      length += next.value.length;
    }
  }
  return { beginning: Buffer.concat(seen), bytes: resume(seen, iterator) };
}

async function* resume(
  seen: readonly Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* seen;
  for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
}

function utf16Of(beginning: Buffer): "utf-16le" | "utf-16be" | null {
  if (beginning[0] === 0xff && beginning[1] === 0xfe) return "utf-16le";
  return beginning[0] === 0xfe && beginning[1] === 0xff ? "utf-16be" : null;
}

async function* skip(bytes: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of bytes) {
    if (left < chunk.length) yield chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

async function* transcode(bytes: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<Uint8Array> {
  const decoder = new TextDecoder(encoding);
  for await (const chunk of bytes) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}
