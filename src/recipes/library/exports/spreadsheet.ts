/** One row of a sheet, numbered as the spreadsheet shows it; cells as text, "" for empty ones. */
export interface SheetRow {
  readonly row: number;
  readonly cells: readonly string[];
}

/** The sheets of a file in their order, or what is wrong with it as a whole. */
export type Spreadsheet =
  | { readonly sheets: readonly (readonly SheetRow[])[] }
  | { readonly expected: string; readonly got: string };

/** Ten thousand books with their descriptions take a quarter of it. */
const FILE_BYTES_MAX = 32 * 1024 * 1024;
/** Unpacked, as far as the file itself says: a small file can hold more than a machine. */
const UNPACKED_BYTES_MAX = 512 * 1024 * 1024;

/**
 * Reads an XLSX file. The library for it, loaded when there is such a file, unpacks it as a whole and parses it as a
 * stream, so that a file is held in memory once, and its size has a bound.
 */
export async function readSpreadsheet(chunks: AsyncIterable<Uint8Array>): Promise<Spreadsheet> {
  const file = await collect(chunks);
  if (file === null) return { expected: `at most ${FILE_BYTES_MAX / 1024 / 1024} MiB`, got: "a larger file" };
  const unpacked = unpackedBytes(file);
  if (unpacked === null)
    return { expected: "a spreadsheet (XLSX)", got: "a ZIP file that is cut short or broken" };
  if (unpacked > UNPACKED_BYTES_MAX) {
    return { expected: "a spreadsheet that fits into memory", got: `${unpacked} bytes when unpacked` };
  }
  const { default: readXlsxFile } = await import("read-excel-file/node");
  try {
    const sheets = await readXlsxFile(file, { trim: false });
    return { sheets: sheets.map(({ data }) => rowsOf(data)) };
  } catch (error) {
    // Whatever it stumbles over is in the file: a part that is missing, or that is no XML.
    if (!(error instanceof Error)) throw error;
    return {
      expected: "a spreadsheet (XLSX)",
      got: `a ZIP file that cannot be read as one (${error.message.slice(0, 100)})`,
    };
  }
}

async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Buffer | null> {
  const held: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > FILE_BYTES_MAX) return null;
    held.push(chunk);
  }
  return Buffer.concat(held);
}

/** https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT, 4.3.12 and 4.3.16 */
const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;

/** What a ZIP file says its entries unpack to; null when it has no whole directory. */
function unpackedBytes(file: Buffer): number | null {
  const end = file.lastIndexOf(Buffer.from([0x50, 0x4b, 0x05, 0x06]));
  if (end < 0 || end + END_BYTES > file.length || file.readUInt32LE(end) !== END_SIGNATURE) return null;
  const count = file.readUInt16LE(end + 10);
  let at = file.readUInt32LE(end + 16);
  let bytes = 0;
  for (let entry = 0; entry < count; entry += 1) {
    if (at + ENTRY_BYTES > end || file.readUInt32LE(at) !== ENTRY_SIGNATURE) return null;
    bytes += file.readUInt32LE(at + 24);
    at += ENTRY_BYTES + file.readUInt16LE(at + 28) + file.readUInt16LE(at + 30) + file.readUInt16LE(at + 32);
  }
  return bytes;
}

/** Rows that hold anything. */
function rowsOf(data: readonly (readonly unknown[])[]): readonly SheetRow[] {
  return data
    .map((cells, at) => ({ row: at + 1, cells: cells.map(textOf) }))
    .filter(({ cells }) => cells.some((cell) => cell !== ""));
}

/** A date is the day that the sheet shows: spreadsheets know no zones, and the library puts them at UTC. */
function textOf(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  if (!(cell instanceof Date)) return String(cell).trim();
  return Number.isNaN(cell.getTime()) ? "" : cell.toISOString().slice(0, 10);
}
