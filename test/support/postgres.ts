import { randomBytes } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";

export interface TestDatabase extends AsyncDisposable {
  /** Of a database that nobody else uses. */
  readonly url: string;
  /** Runs SQL by hand, past the store, as the administrator; returns the rows of the last statement. */
  run(sql: string): Promise<readonly Record<string, unknown>[]>;
}

/** A new, empty database on the run's Postgres server; dropped at the end. */
export async function createDatabase(): Promise<TestDatabase> {
  const admin = await adminUrl();
  const name = `test_${randomBytes(6).toString("hex")}`;
  await runSql(admin, `CREATE DATABASE ${name}`);
  const url = admin.replace(/\/postgres$/, `/${name}`);
  return {
    url,
    run: (sql) => runSql(url, sql),
    [Symbol.asyncDispose]: async () => {
      await runSql(admin, `DROP DATABASE ${name} WITH (FORCE)`);
    },
  };
}

async function adminUrl(): Promise<string> {
  const starter = inject("postgresStarter");
  if (starter === undefined)
    throw new Error("test/support/global-setup.ts is not among vitest's globalSetup");
  const response = await fetch(starter);
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return text;
}

async function runSql(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const results = await client.query<Record<string, unknown>>(sql);
    const last = Array.isArray(results) ? results.at(-1) : results;
    return last?.rows ?? [];
  } finally {
    await client.end();
  }
}
