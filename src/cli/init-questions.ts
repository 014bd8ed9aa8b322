import { type Setup, suggestColumns } from "../app/setup.ts";
import { LockstepError } from "../core/errors.ts";
import type { CommandContext } from "./command.ts";
import type { InitFlags } from "./commands/init.ts";
import { oneLine } from "./table.ts";

type Ask = (question: string) => Promise<string>;

/** Asks for whatever the flags do not say. */
export async function askFlags({ io }: CommandContext, setup: Setup, flags: InitFlags): Promise<InitFlags> {
  const { ask, signal } = io;
  if (ask === undefined) return flags;
  const say = (text: string) => io.stderr.write(`${text}\n`);
  const shared = await setup.shared(signal);
  if (shared.length === 0) {
    throw new LockstepError(
      "NOTION_NOT_FOUND",
      "No database is shared with this connection. Open one in Notion, choose … → Connections, and add the connection.",
    );
  }
  say("Shared with this connection:");
  for (const [index, { name }] of shared.entries()) say(`  ${index + 1}  ${oneLine(name)}`);
  const kind = await choose(
    ask,
    "Back up databases, or keep one in agreement with a SQL table? [backup/table] ",
    ["backup", "table"],
  );
  if (kind === "backup") {
    const chosen = await pick(ask, "Which ones? (numbers, separated by spaces) ", shared);
    return { ...flags, backup: chosen.map(({ id }) => id) };
  }
  const [database] = await pick(ask, "Which one? (a number) ", shared);
  if (database === undefined) return flags;
  return askTable(ask, say, setup, { ...flags, notion: database.id });
}

async function askTable(
  ask: Ask,
  say: (text: string) => void,
  setup: Setup,
  flags: InitFlags & { readonly notion: string },
): Promise<InitFlags> {
  const url = await demand(
    ask,
    "Address of the table's database (sqlite:PATH or postgres://USER@HOST/DATABASE): ",
  );
  const name = await demand(ask, "Name of the table: ");
  const key = (await ask("Column that is its primary key [id]: ")).trim() || "id";
  const marker = (
    await ask("Text column for the id of a row's page, if it has one [lockstep_id, - for none]: ")
  ).trim();
  const markerColumn = marker === "-" ? null : marker || "lockstep_id";
  const columns = await setup.columns({ url, name, key, markerColumn });
  const properties = await setup.properties(flags.notion);
  const free = columns.filter((column) => column.name !== key);
  const suggested = suggestColumns(properties, free);
  say(`Columns: ${free.map((column) => column.name).join(", ")}`);
  say("For each property: Enter takes what is in brackets, - leaves it out, or name a column.");
  const fields: string[] = [];
  for (const property of properties) {
    const proposal = suggested.get(property.name);
    const answer = (
      await ask(`  ${oneLine(property.name)} (${property.type}) [${proposal ?? "-"}]: `)
    ).trim();
    const column = answer === "" ? proposal : answer;
    if (column !== undefined && column !== "-") fields.push(`${property.name}=${column}`);
  }
  return {
    ...flags,
    url,
    table: name,
    key,
    field: fields,
    ...(markerColumn === null ? {} : { marker: markerColumn }),
  };
}

async function choose(ask: Ask, question: string, options: readonly string[]): Promise<string> {
  for (;;) {
    const answer = (await ask(question)).trim().toLowerCase();
    const found = answer === "" ? undefined : options.find((option) => option.startsWith(answer));
    if (found !== undefined) return found;
  }
}

async function demand(ask: Ask, question: string): Promise<string> {
  for (;;) {
    const answer = (await ask(question)).trim();
    if (answer !== "") return answer;
  }
}

async function pick<T>(ask: Ask, question: string, from: readonly T[]): Promise<readonly T[]> {
  for (;;) {
    const numbers = (await ask(question)).split(/[\s,]+/).filter((text) => text !== "");
    const picked = numbers.map((text) => from[Number(text) - 1]).filter((each) => each !== undefined);
    if (picked.length > 0 && picked.length === numbers.length) return picked;
  }
}
