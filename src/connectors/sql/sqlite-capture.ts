import type { CaptureDialect } from "./capture.ts";
import { captureNames, objectName, quote, quoteText } from "./names.ts";
import type { Catalog, ColumnKind, Target } from "./table.ts";

/** Microseconds since 1970, in a way that old SQLite libraries understand too. */
const NOW = "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) * 1000";
const TEXT_NOW = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";

/** The triggers on the table itself; all of them have to be there. */
export function sqliteTriggers(table: string) {
  return {
    insert: objectName("lockstep_insert", table),
    update: objectName("lockstep_update", table),
    rekey: objectName("lockstep_rekey", table),
    delete: objectName("lockstep_delete", table),
    replaceByInsert: objectName("lockstep_replace_by_insert", table),
    replaceByUpdate: objectName("lockstep_replace_by_update", table),
  };
}

const record = (table: string) => quote(objectName("lockstep_record", table));

export const sqliteCapture: CaptureDialect = {
  installScript(target) {
    return [
      "PRAGMA journal_mode = WAL;",
      "BEGIN IMMEDIATE;",
      tables(target),
      ...dropTriggers(target.catalog.table),
      recorder(target),
      ...triggers(target),
      begin(target),
      "COMMIT;",
      "",
    ].join("\n");
  },
  removeScript({ table }: Catalog) {
    const names = captureNames(table);
    const drops = [names.changes, names.rows, names.capture].map(
      (name) => `DROP TABLE IF EXISTS ${quote(name)};`,
    );
    return ["BEGIN IMMEDIATE;", ...dropTriggers(table), ...drops, "COMMIT;", ""].join("\n");
  },
};

function tables({ names }: Target): string {
  return `CREATE TABLE IF NOT EXISTS ${quote(names.capture)} (
  installation INTEGER PRIMARY KEY,
  columns TEXT NOT NULL,
  installed_at TEXT NOT NULL,
  trimmed INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS ${quote(names.changes)} (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  key TEXT NOT NULL,
  operation TEXT NOT NULL,
  prior TEXT,
  note TEXT,
  at TEXT NOT NULL DEFAULT (${TEXT_NOW}),
  editor TEXT
);
CREATE TABLE IF NOT EXISTS ${quote(names.rows)} (
  key TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  created_at TEXT,
  editor TEXT,
  is_ours INTEGER NOT NULL
) WITHOUT ROWID;`;
}

function dropTriggers(table: string): string[] {
  const onTable = Object.values(sqliteTriggers(table)).map(
    (name) => `DROP TRIGGER IF EXISTS ${quote(name)};`,
  );
  return [...onTable, `DROP TRIGGER IF EXISTS ${record(table)};`];
}

/**
 * Keeps the version of each row. Two statements that never conflict instead of one upsert: inside a trigger, the outer
 * statement's OR REPLACE would take the place of what the upsert says.
 */
function recorder({ names, catalog }: Target): string {
  const rows = quote(names.rows);
  return `CREATE TRIGGER ${record(catalog.table)} AFTER INSERT ON ${quote(names.changes)} BEGIN
  INSERT INTO ${rows} (key, version, is_ours)
    SELECT NEW.key, 0, 0 WHERE NOT EXISTS (SELECT 1 FROM ${rows} WHERE key = NEW.key);
  UPDATE ${rows} SET version = NEW.seq, editor = NULL,
      created_at = CASE NEW.operation WHEN 'insert' THEN NEW.at ELSE created_at END,
      is_ours = CASE NEW.operation WHEN 'insert' THEN 0 ELSE is_ours END
    WHERE key = NEW.key;
END;`;
}

function triggers(target: Target): string[] {
  const { key, captured, catalog, names } = target;
  const table = quote(catalog.table);
  const name = sqliteTriggers(catalog.table);
  const [changes, rows] = [quote(names.changes), quote(names.rows)];
  const old = keyOf(target, "OLD");
  const fresh = keyOf(target, "NEW");
  const others = captured.filter((column) => column !== key);
  const isChanged = others.map((column) => differ(column.name)).join(" OR ") || "0";
  const columns = `${changes} (key, operation, prior, note)`;
  return [
    `CREATE TRIGGER ${quote(name.insert)} AFTER INSERT ON ${table} WHEN ${isKey(target, "NEW")} BEGIN
  INSERT INTO ${columns} VALUES (${fresh}, 'insert', NULL, NULL);
END;`,
    `CREATE TRIGGER ${quote(name.update)} AFTER UPDATE ON ${table}
WHEN ${isKey(target, "NEW")} AND NOT (${differ(key.name)}) AND (${isChanged}) BEGIN
  INSERT INTO ${columns} VALUES (${fresh}, 'update', (${priorOf(target, "changed")}), NULL);
END;`,
    `CREATE TRIGGER ${quote(name.rekey)} AFTER UPDATE ON ${table} WHEN ${differ(key.name)} BEGIN
  INSERT INTO ${columns} SELECT ${old}, 'delete', (${priorOf(target, "all")}), 'key changed to ' || ${fresh} WHERE ${isKey(target, "OLD")};
  INSERT INTO ${columns} SELECT ${fresh}, 'insert', NULL, 'key was ' || ${old} WHERE ${isKey(target, "NEW")};
  UPDATE ${rows} SET is_ours = coalesce((SELECT is_ours FROM ${rows} WHERE key = ${old}), 0) WHERE key = ${fresh};
END;`,
    `CREATE TRIGGER ${quote(name.delete)} AFTER DELETE ON ${table} WHEN ${isKey(target, "OLD")} BEGIN
  INSERT INTO ${columns} VALUES (${old}, 'delete', (${priorOf(target, "all")}), NULL);
END;`,
    ...replaceTriggers(target),
  ];
}

/**
 * OR REPLACE deletes the rows in its way without firing their delete triggers. So rows that a new value collides with
 * are noted before; those that stay after all (an upsert, OR IGNORE) are merely read once more.
 */
function replaceTriggers(target: Target): string[] {
  const { catalog, names } = target;
  const table = quote(catalog.table);
  const name = sqliteTriggers(catalog.table);
  const collide = catalog.uniques
    .map((columns) => columns.map((column) => `t.${quote(column)} = NEW.${quote(column)}`).join(" AND "))
    .map((condition) => `(${condition})`)
    .join(" OR ");
  const note = (where: string) => `  INSERT INTO ${quote(names.changes)} (key, operation, prior, note)
    SELECT ${keyOf(target, "t")}, 'replace', (${priorOf(target, "all", "t")}), NULL
    FROM ${table} AS t WHERE (${collide}) AND ${isKey(target, "t")}${where};`;
  const isSelf = `t.${quote(target.key.name)} IS OLD.${quote(target.key.name)}`;
  return [
    `CREATE TRIGGER ${quote(name.replaceByInsert)} BEFORE INSERT ON ${table} BEGIN\n${note("")}\nEND;`,
    `CREATE TRIGGER ${quote(name.replaceByUpdate)} BEFORE UPDATE OF ${[...new Set(catalog.uniques.flat())].map(quote).join(", ")} ON ${table} BEGIN\n${note(` AND NOT (${isSelf})`)}\nEND;`,
  ];
}

const keyOf = ({ key }: Target, of: string) => `CAST(${of}.${quote(key.name)} AS TEXT)`;

/** Keys of another type than their column's, and NULL, which SQLite allows in text keys, cannot name a record. */
export const sqliteKeyType = (kind: ColumnKind) => (kind === "integer" ? "'integer'" : "'text'");
const isKey = ({ key }: Target, of: string) =>
  `typeof(${of}.${quote(key.name)}) = ${sqliteKeyType(key.kind)}`;

/** A JSON object of the old values. Bytes become null: JSON cannot hold them, and the write would fail. */
function priorOf({ captured, key }: Target, which: "changed" | "all", of = "OLD"): string {
  const wanted = which === "all" ? captured : captured.filter((column) => column !== key);
  const values = wanted.map(({ name }) => {
    const column = `${of}.${quote(name)}`;
    const where = which === "all" ? "" : ` WHERE ${differ(name)}`;
    return `SELECT ${quoteText(name)} AS n, CASE typeof(${column}) WHEN 'blob' THEN NULL ELSE ${column} END AS v${where}`;
  });
  return `SELECT json_group_object(n, v) FROM (\n    ${values.join("\n    UNION ALL ")})`;
}

/** Whatever the column's collation: a change of case is a change. */
function differ(column: string): string {
  return `OLD.${quote(column)} IS NOT NEW.${quote(column)} COLLATE BINARY`;
}

/** Sequence numbers go on from the present time, so that no revision of an earlier capture comes again. */
function begin({ names, captured }: Target): string {
  const [changes, capture] = [quoteText(names.changes), quote(names.capture)];
  const columns = quoteText(JSON.stringify(captured.map((column) => column.name)));
  return `INSERT INTO sqlite_sequence (name, seq)
  SELECT ${changes}, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = ${changes});
UPDATE sqlite_sequence SET seq = max(seq + 1, ${NOW}) WHERE name = ${changes};
INSERT INTO ${capture} (installation, columns, installed_at)
  SELECT seq, ${columns}, ${TEXT_NOW} FROM sqlite_sequence WHERE name = ${changes};`;
}
