import { type Choice, type Setup, suggestColumns } from "../app/setup.ts";
import type { ConfigFile } from "../config/schema.ts";
import { LockstepError } from "../core/errors.ts";
import type { InitFlags } from "./commands/init.ts";

type WrittenTable = NonNullable<ConfigFile["tables"]>[number];

/** A configuration that backs up what the links stand for. Asks Notion, so that a wrong link shows now. */
export async function draftBackup(
  setup: Setup,
  { backup = [], scope }: InitFlags,
  signal: AbortSignal,
): Promise<ConfigFile> {
  const databases = [];
  const taken = new Set<string>();
  for (const link of backup) {
    const refs = await setup.find(link, signal);
    const name = freeName(shortName(refs[0]?.name ?? "notion"), taken);
    taken.add(name);
    databases.push({
      name,
      notionDatabaseId: link,
      projectScopeId: scope ?? name,
      ...(refs.length > 1 ? { dataSource: "all" } : {}),
    });
  }
  return { backup: { databases } };
}

/** A configuration for one table, with fields that go together by name where none are given. */
export async function draftTable(
  setup: Setup,
  flags: InitFlags & { readonly env: { readonly [name: string]: string | undefined } },
  signal: AbortSignal,
): Promise<ConfigFile> {
  const notion = required(flags.notion, "--notion");
  const table = required(flags.table, "--table");
  const key = required(flags.key, "--key");
  const [ref, ...others] = await setup.find(notion, signal);
  if (ref === undefined || others.length > 0) {
    const names = [ref, ...others].flatMap((each) =>
      each === undefined ? [] : [`"${each.name}" (${each.id})`],
    );
    throw new LockstepError(
      "USAGE",
      `--notion: expected a database with one data source, got ${names.join(", ") || "none"}; give the id of one.`,
    );
  }
  const markerColumn = flags.marker ?? null;
  const request = { url: addressIn(flags), name: table, key, markerColumn };
  const columns = await setup.columns(request, signal);
  const properties = await setup.properties(ref.id, signal);
  const written: WrittenTable = {
    name: flags.name ?? shortName(table),
    notion: { database: notion },
    table: {
      url: flags.urlEnv === undefined ? request.url : { env: flags.urlEnv },
      name: table,
      key,
      ...(markerColumn === null ? {} : { markerColumn }),
    },
    fields: fieldsOf(flags.field ?? [], { properties, columns: columns.filter(({ name }) => name !== key) }),
    ...(flags.match === undefined ? {} : { match: pairIn(flags.match, "--match") }),
  };
  return { tables: [written] };
}

function fieldsOf(
  given: readonly string[],
  { properties, columns }: { readonly properties: readonly Choice[]; readonly columns: readonly Choice[] },
): WrittenTable["fields"] {
  if (given.length > 0) return given.map((text) => pairIn(text, "--field"));
  const suggested = suggestColumns(properties, columns);
  if (suggested.size > 0) return [...suggested].map(([property, column]) => ({ property, column }));
  const names = (choices: readonly Choice[]) => choices.map(({ name }) => `"${name}"`).join(", ");
  throw new LockstepError(
    "USAGE",
    `No property has the name of a column: name them with --field "Property=column". Properties: ${names(properties)}. ` +
      `Columns: ${names(columns)}.`,
  );
}

/** "Property=column". The last equals sign counts: a property may have one in its name. */
function pairIn(text: string, flag: string): { property: string; column: string } {
  const at = text.lastIndexOf("=");
  const [property, column] = [text.slice(0, Math.max(0, at)).trim(), text.slice(at + 1).trim()];
  if (at > 0 && property !== "" && column !== "") return { property, column };
  throw new LockstepError("USAGE", `${flag}: expected "Property=column", got "${text}".`);
}

function addressIn({ url, urlEnv, env }: Parameters<typeof draftTable>[1]): string {
  if (urlEnv === undefined) return required(url, "--url");
  const address = env[urlEnv];
  if (address !== undefined && address !== "") return address;
  throw new LockstepError("SECRET_MISSING", `${urlEnv} is not set, and --url-env names it.`);
}

function required(value: string | undefined, flag: string): string {
  if (value !== undefined && value !== "") return value;
  throw new LockstepError(
    "USAGE",
    `${flag} is missing; a two-way sync needs --notion, --url, --table and --key.`,
  );
}

/** The name, numbered if it is taken. */
function freeName(name: string, taken: ReadonlySet<string>): string {
  let free = name;
  for (let number = 2; taken.has(free); number += 1) free = `${name}-${number}`;
  return free;
}

/** A name for commands: what people call it, without spaces. */
function shortName(name: string): string {
  const short = name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60);
  return short === "" ? "notion" : short;
}
