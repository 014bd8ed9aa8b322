import { DatabaseSync } from "node:sqlite";
import pg from "pg";
import { defaultSchema } from "../src/store/postgres/address.ts";

/** What the store's inbox holds for one sync, read past the store. */
export interface InboxView extends AsyncDisposable {
  /** From now on, each time an event is marked as handled is written down by a trigger. */
  watch(): Promise<void>;
  /** How many events wait. */
  waiting(): Promise<number>;
  /** Every stored event and how often it was marked as handled since `watch`. */
  handlings(): Promise<ReadonlyMap<string, number>>;
  /** Hints that finished runs say they have taken up, runs begun at `since` (ISO 8601) or later. */
  hintsOfRuns(since: string): Promise<number>;
}

type Ask = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

export async function viewInbox(storeUrl: string, syncId: string): Promise<InboxView> {
  const isSqlite = storeUrl.startsWith("sqlite:");
  const { ask, close } = isSqlite ? openFile(storeUrl.slice("sqlite:".length)) : await connect(storeUrl);
  return {
    async watch() {
      await ask("CREATE TABLE bench_handled (event_id TEXT NOT NULL)");
      for (const sql of isSqlite ? sqliteTrigger : postgresTrigger) await ask(sql);
    },
    async waiting() {
      const [row] = await ask(
        `SELECT count(*) AS n FROM pair_inbox WHERE sync_id = '${syncId}' AND handled_at IS NULL`,
      );
      return Number(row?.n);
    },
    async handlings() {
      const rows = await ask(`SELECT i.event_id AS id,
        (SELECT count(*) FROM bench_handled h WHERE h.event_id = i.event_id) AS n
        FROM pair_inbox i WHERE i.sync_id = '${syncId}'`);
      return new Map(rows.map(({ id, n }) => [String(id), Number(n)]));
    },
    async hintsOfRuns(since) {
      const rows = await ask(`SELECT certificate FROM runs WHERE started_at >= '${since}'`);
      return rows.reduce((sum, { certificate }) => sum + hintsIn(certificate), 0);
    },
    [Symbol.asyncDispose]: close,
  };
}

const sqliteTrigger = [
  "CREATE INDEX bench_handled_id ON bench_handled (event_id)",
  `CREATE TRIGGER bench_handling AFTER UPDATE OF handled_at ON pair_inbox
  BEGIN INSERT INTO bench_handled VALUES (NEW.event_id); END`,
];

const postgresTrigger = [
  "CREATE INDEX bench_handled_id ON bench_handled (event_id)",
  `CREATE FUNCTION bench_handle() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN INSERT INTO bench_handled VALUES (NEW.event_id); RETURN NULL; END'`,
  `CREATE TRIGGER bench_handling AFTER UPDATE OF handled_at ON pair_inbox
  FOR EACH ROW EXECUTE FUNCTION bench_handle()`,
];

function hintsIn(certificate: unknown): number {
  const read: unknown = typeof certificate === "string" ? JSON.parse(certificate) : certificate;
  return typeof read === "object" && read !== null && "hints" in read ? Number(read.hints) : 0;
}

function openFile(path: string): { readonly ask: Ask; readonly close: () => Promise<void> } {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  return {
    ask: async (sql) => database.prepare(sql).all(),
    close: async () => database.close(),
  };
}

async function connect(url: string): Promise<{ readonly ask: Ask; readonly close: () => Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`SET search_path TO "${defaultSchema}"`);
  return { ask: async (sql) => (await client.query(sql)).rows, close: () => client.end() };
}
