import type { BrowserContextOptions, Locator, Page } from "playwright-core";
import { expect } from "vitest";
import type { Emulator, EmulatorOptions } from "../../../src/emulator/index.ts";
import type { Open } from "../../support/browser.ts";
import { client, createBoard, type JsonObject, startQuiet, text, title } from "../harness.ts";

export const wide = { width: 1280, height: 800 };
export const narrow = { width: 400, height: 800 };

const columns: JsonObject = {
  Name: { title: {} },
  Notes: { rich_text: {} },
  Count: { number: {} },
  Price: { number: { format: "euro" } },
  State: { select: { options: [{ name: "Open" }, { name: "Shut" }, { name: "Later", color: "red" }] } },
  Stage: { status: {} },
  Tags: { multi_select: { options: [{ name: "red" }, { name: "green" }] } },
  Owner: { people: {} },
  Due: { date: {} },
  Until: { date: {} },
  Done: { checkbox: {} },
  Paid: { checkbox: {} },
  Link: { url: {} },
  Mail: { email: {} },
  Phone: { phone_number: {} },
  Files: { files: {} },
};

export interface World extends AsyncDisposable {
  readonly emulator: Emulator;
  readonly page: Page;
  readonly requests: readonly string[];
  readonly problems: readonly string[];
  readonly databaseId: string;
  readonly dataSourceId: string;
  /** The row "Alpha", and another, "Beta". */
  readonly row: string;
  readonly other: string;
  /** Who acts on the page: not the one who made what is there. */
  readonly grace: string;
}

/** The page at the board, with Grace chosen. */
export async function openBoard(
  open: Open,
  context: BrowserContextOptions = { viewport: wide },
  options: EmulatorOptions = {},
): Promise<World> {
  const emulator = await startQuiet(options);
  const { databaseId, dataSourceId } = createBoard(emulator, columns);
  const [row, other] = ["Alpha", "Beta"].map((name) =>
    emulator.workspace.createPage({ parent: { dataSourceId }, properties: { Name: title(name) } }),
  );
  const grace = emulator.workspace.addPerson({ name: "Grace" });
  const { page, requests, problems, ...opened } = await open(emulator.url, context);
  await named(page, "button", /^Board/).click();
  await page.getByLabel("Acting as").selectOption({ label: "Grace" });
  return {
    emulator,
    page,
    requests,
    problems,
    databaseId,
    dataSourceId,
    row: text(row),
    other: text(other),
    grace,
    async [Symbol.asyncDispose]() {
      await opened[Symbol.asyncDispose]();
      await emulator.close();
    },
  };
}

type Role = "button" | "textbox" | "checkbox" | "combobox" | "dialog" | "row" | "columnheader";

export function named(page: Page | Locator, role: Role, name: string | RegExp): Locator {
  return page.getByRole(role, { name, exact: typeof name === "string" });
}

/** Types into a cell and presses Enter. */
export async function type(page: Page, label: string, typed: string): Promise<void> {
  const cell = named(page, "textbox", label);
  await cell.fill(typed);
  await cell.press("Enter");
}

/** Waits until the page shows it. */
export const eventually = (look: () => unknown) => expect.poll(look, { interval: 20, timeout: 15_000 });
export const isThere = (found: Locator) => eventually(() => found.isVisible()).toBe(true);
export const isGone = (found: Locator) => eventually(() => found.count()).toBe(0);

export const read = async ({ emulator }: World, id: string) => {
  const page = await client(emulator).pages.retrieve({ page_id: id });
  if (!("properties" in page)) throw new TypeError(`a partial page: ${id}`);
  return page;
};
export const readSource = async ({ emulator, dataSourceId }: World) => {
  const source = await client(emulator).dataSources.retrieve({ data_source_id: dataSourceId });
  if (!("title" in source)) throw new TypeError(`a partial data source: ${dataSourceId}`);
  return source;
};
