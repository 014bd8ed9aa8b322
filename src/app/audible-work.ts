import { hash } from "node:crypto";
import { type FileHandle, mkdir, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { AudibleClient, LibraryPage, LibraryPlace } from "../connectors/audible/client.ts";
import type { AudibleCredentials } from "../connectors/audible/credentials.ts";
import { isJsonObject, type Json } from "../core/json.ts";

/** A library changes: what was read longer ago than this is asked for again (ms). */
const KEPT_MS = 24 * 3_600_000;
const ownerOnly = 0o600;
const endKey = "library read";

export interface WorkRequest {
  /** Where the export's files go. */
  readonly folder: string;
  /** Whose library: answers for another device or marketplace are of no use. */
  readonly credentials: Pick<AudibleCredentials, "serial">;
  readonly locale: string;
  /** ms since the epoch. */
  readonly now: number;
}

/**
 * What an export has read so far, line by line beside its files, so that one that is cut off goes on where it was. Readable
 * by its owner alone, and gone when the export is written.
 */
export class AudibleWork {
  /** Answers that an earlier export had left. */
  readonly found: number;
  private readonly folder: string;
  private readonly path: string;
  private readonly header: string;
  private readonly answers: Map<string, Json>;
  /** Of the file that is right; what follows was cut off in the middle. */
  private bytes: number;
  private file: FileHandle | null = null;

  private constructor(
    parts: Pick<WorkRequest, "folder"> & { readonly path: string; readonly header: string },
    { answers, bytes }: Remains,
  ) {
    this.folder = parts.folder;
    this.path = parts.path;
    this.header = parts.header;
    this.answers = answers;
    this.bytes = bytes;
    this.found = answers.size;
  }

  static async open({ folder, credentials, locale, now }: WorkRequest): Promise<AudibleWork> {
    const path = join(folder, `.audible-export-${locale}.partial`);
    const owner = hash("sha256", `${locale} ${credentials.serial}`).slice(0, 32);
    const header = JSON.stringify({ audibleExport: owner, startedAt: new Date(now).toISOString() });
    const text = await readFile(path, "utf8").catch(() => "");
    return new AudibleWork({ folder, path, header }, remainsIn(text, owner, now));
  }

  /** undefined: nobody has asked. */
  get(key: string): Json | undefined {
    return this.answers.get(key);
  }

  async put(answers: readonly (readonly [string, Json])[]): Promise<void> {
    for (const [key, answer] of answers) this.answers.set(key, answer);
    const isFirst = this.file === null;
    this.file ??= await this.openFile();
    const first = isFirst && this.bytes === 0 ? `${this.header}\n` : "";
    const lines = answers.map(([key, answer]) => `${JSON.stringify([key, answer])}\n`);
    await this.file.appendFile(first + lines.join(""));
    // What was asked for once need not be asked for again, also when the machine stops.
    await this.file.datasync();
  }

  /** Begins anew. */
  async clear(): Promise<void> {
    this.answers.clear();
    await this.close();
    await rm(this.path, { force: true });
    this.bytes = 0;
  }

  async close(): Promise<void> {
    await this.file?.close();
    this.file = null;
  }

  private async openFile(): Promise<FileHandle> {
    await mkdir(this.folder, { recursive: true });
    if (this.bytes === 0) await rm(this.path, { force: true });
    const file = await open(this.path, "a", ownerOnly);
    await file.chmod(ownerOnly);
    await file.truncate(this.bytes);
    return file;
  }
}

interface Remains {
  readonly answers: Map<string, Json>;
  readonly bytes: number;
}

function remainsIn(text: string, owner: string, now: number): Remains {
  const answers = new Map<string, Json>();
  // The last one has no end where the writing was cut off.
  const lines = text.split("\n").slice(0, -1);
  const header = parse(lines[0]);
  const startedAt = isJsonObject(header) ? Date.parse(String(header.startedAt)) : Number.NaN;
  const isOurs = isJsonObject(header) && header.audibleExport === owner;
  if (!isOurs || !(startedAt <= now && now - startedAt < KEPT_MS)) return { answers, bytes: 0 };
  let bytes = Buffer.byteLength(`${lines[0]}\n`);
  for (const line of lines.slice(1)) {
    const entry = parse(line);
    if (!Array.isArray(entry) || typeof entry[0] !== "string") break;
    answers.set(entry[0], entry[1] ?? null);
    bytes += Buffer.byteLength(`${line}\n`);
  }
  return { answers, bytes };
}

function parse(line: string | undefined): Json {
  try {
    return JSON.parse(line ?? "");
  } catch {
    return null;
  }
}

/** A client that asks for nothing that is known already, and keeps what it is told. */
export function remembering(client: AudibleClient, work: AudibleWork): AudibleClient {
  return {
    libraryPages: () => pagesOf(client, work),
    async findProduct(asin) {
      const known = work.get(`series ${asin}`);
      if (known !== undefined) return isJsonObject(known) ? known : null;
      const product = await client.findProduct(asin);
      await work.put([[`series ${asin}`, product]]);
      return product;
    },
    async getProducts(asins) {
      const lacking = asins.filter((asin) => work.get(`product ${asin}`) === undefined);
      const fresh = lacking.length === 0 ? [] : await client.getProducts(lacking);
      const byAsin = new Map(fresh.map((product) => [product.asin, product]));
      await work.put(lacking.map((asin) => [`product ${asin}`, byAsin.get(asin) ?? null]));
      return asins.flatMap((asin) => {
        const product = work.get(`product ${asin}`);
        return isJsonObject(product) ? [product] : [];
      });
    },
  };
}

async function* pagesOf(client: AudibleClient, work: AudibleWork): AsyncGenerator<LibraryPage> {
  const known = knownPages(work);
  if (work.get(endKey) !== undefined) {
    yield* known;
    return;
  }
  const rest = client.libraryPages(placeAfter(known))[Symbol.asyncIterator]();
  const next = await rest.next().catch(async (error: unknown) => {
    // A token of before may be taken no more: then the next try begins anew.
    if (known.some((page) => page.next !== null)) await work.clear();
    throw error;
  });
  // The library has changed since: pages of then and of now do not fit together.
  const isChanged = next.done !== true && known.some(({ total }) => total !== next.value.total);
  if (isChanged) {
    await work.clear();
    yield* keptPages(work, client.libraryPages()[Symbol.asyncIterator](), { count: 0 });
    return;
  }
  yield* known;
  yield* keptPages(work, rest, { count: known.length, next });
}

/** Keeps each page before it is handed on. */
async function* keptPages(
  work: AudibleWork,
  pages: AsyncIterator<LibraryPage>,
  from: { readonly count: number; readonly next?: IteratorResult<LibraryPage> },
): AsyncGenerator<LibraryPage> {
  let { count } = from;
  for (let page = from.next ?? (await pages.next()); page.done !== true; page = await pages.next()) {
    count += 1;
    const { items, total, next } = page.value;
    await work.put([[pageKey(count), { items, total, next }]]);
    yield page.value;
  }
  await work.put([[endKey, true]]);
}

function pageKey(number: number): string {
  return `page ${number}`;
}

function knownPages(work: AudibleWork): readonly LibraryPage[] {
  const pages: LibraryPage[] = [];
  for (;;) {
    const page = work.get(pageKey(pages.length + 1));
    if (!isJsonObject(page) || !Array.isArray(page.items)) return pages;
    const { total, next } = page;
    pages.push({
      items: page.items.filter((each: Json) => isJsonObject(each)),
      total: typeof total === "number" ? total : null,
      next: typeof next === "string" ? next : null,
    });
  }
}

function placeAfter(pages: readonly LibraryPage[]): LibraryPlace {
  const asins = new Set(pages.flatMap(({ items }) => items.map(({ asin }) => asin)));
  return { pages: pages.length, next: pages.at(-1)?.next ?? null, asins };
}
