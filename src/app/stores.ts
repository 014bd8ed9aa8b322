import { existsSync } from "node:fs";
import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { storeKindOf } from "../config/store-url.ts";
import type { Ids } from "../core/clock.ts";
import { openSqliteStore } from "../store/sqlite/open.ts";
import type { Store } from "../store/store.ts";
import type { StoreTables } from "../store/tables.ts";
import { threadedStore } from "../store/threaded/threaded.ts";
import { systemClock, systemIds } from "./platform.ts";

// The one place that knows which store an address means. What Postgres and DynamoDB need is loaded when there is one.

const system = { ids: systemIds, clock: systemClock };

/**
 * Opens the store, made when missing; tables of DynamoDB are made by a stack or by `openTables` alone. `isReadOnly`: one that
 * is missing is not made; an empty one takes its place.
 */
export async function openStore(
  url: string,
  { ids, isReadOnly }: { readonly ids: Ids; readonly isReadOnly: boolean },
): Promise<Store> {
  if (isReadOnly && !(await hasStore(url))) return openSqliteStore({ path: ":memory:", ids });
  switch (storeKindOf(url)) {
    case "sqlite":
      return openSqliteStore({ path: pathOf(url), ids });
    case "postgres":
      return (await import("../store/postgres/open.ts")).openPostgresStore({ url, ids });
    case "dynamodb":
      return (await import("../store/dynamodb/open.ts")).openDynamoStore({ url, ids, clock: systemClock });
  }
}

/**
 * The store for a process that answers others while it works: SQLite makes its thread wait for the disk, so it gets one of
 * its own. Ids are the system's. Postgres and DynamoDB are waited for elsewhere anyway.
 */
export async function openServingStore(url: string): Promise<Store> {
  const options = { ids: systemIds, isReadOnly: false };
  if (storeKindOf(url) !== "sqlite") return openStore(url, options);
  const edits = await openStore(url, options);
  const thread = new Worker(new URL(`./store-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: { path: pathOf(url) },
  });
  try {
    const store = await threadedStore(thread, edits);
    const close = async () => {
      await store.close();
      await edits.close();
    };
    return { ...store, close, [Symbol.asyncDispose]: close };
  } catch (error) {
    await edits.close();
    throw error;
  }
}

/** The store as tables, made when missing and brought up to date. */
export async function openTables(url: string): Promise<StoreTables> {
  switch (storeKindOf(url)) {
    case "sqlite":
      return (await import("../store/sqlite/tables.ts")).openSqliteTables(pathOf(url));
    case "postgres":
      return (await import("../store/postgres/tables.ts")).openPostgresTables(url);
    case "dynamodb":
      return (await import("../store/dynamodb/store-tables.ts")).openDynamoTables({ url, ...system });
  }
}

export async function hasStore(url: string): Promise<boolean> {
  switch (storeKindOf(url)) {
    case "sqlite":
      return existsSync(pathOf(url));
    case "postgres":
      return (await import("../store/postgres/database.ts")).hasDatabase({ url });
    case "dynamodb":
      return (await import("../store/dynamodb/open.ts")).hasDynamoStore({ url, ...system });
  }
}

function pathOf(url: string): string {
  return url.replace(/^sqlite:/, "");
}
