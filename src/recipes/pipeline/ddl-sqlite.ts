import { content, contentColumns, rank, rules } from "./ddl.ts";
import { linkTables } from "./links.ts";

const sqliteNow = "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";
/** A random UUID, as RFC 9562 spells it. */
const sqliteUuid =
  "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' || " +
  "substr('89ab', 1 + (abs(random()) % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))";
const sqliteDiffers = contentColumns.map((column) => `NEW.${column} IS NOT OLD.${column}`).join(" OR ");

/**
 * The triggers make the queue part of the transition itself, whoever makes it. A task that becomes pending gets a job, and
 * takes back what an earlier one left: its waiting retry, and the job of a worker that is still at it. A task that leaves
 * the queue by another hand than a worker's takes its job along.
 */
const sqliteJobs = `
CREATE TABLE task_jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  priority INTEGER NOT NULL,
  state TEXT NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'running', 'done', 'dead', 'cancelled')),
  attempt INTEGER NOT NULL DEFAULT 0,
  attempts_max INTEGER NOT NULL DEFAULT 5,
  run_at INTEGER NOT NULL DEFAULT 0,
  lease_until INTEGER,
  worker TEXT,
  last_error TEXT,
  correlation_id TEXT,
  created_at DATETIME NOT NULL DEFAULT (${sqliteNow}),
  finished_at DATETIME
);
CREATE INDEX task_jobs_ready ON task_jobs (priority, id) WHERE state = 'ready';
CREATE UNIQUE INDEX task_jobs_running ON task_jobs (task_id) WHERE state = 'running';
CREATE INDEX task_jobs_task ON task_jobs (task_id, id);
CREATE TRIGGER tasks_queued_new AFTER INSERT ON tasks WHEN NEW.status = 'pending' BEGIN
  INSERT INTO task_jobs (task_id, priority, correlation_id)
    VALUES (NEW.id, ${rank("NEW.priority")}, coalesce(NEW.correlation_id, NEW.notion_page_id, NEW.id));
END;
CREATE TRIGGER tasks_queued AFTER UPDATE OF status ON tasks WHEN NEW.status <> OLD.status BEGIN
  UPDATE task_jobs SET state = 'cancelled', finished_at = ${sqliteNow}
    WHERE task_id = NEW.id
      AND ((state = 'ready' AND NEW.status <> 'retry') OR (state = 'running' AND NEW.status = 'pending'));
  INSERT INTO task_jobs (task_id, priority, correlation_id)
    SELECT NEW.id, ${rank("NEW.priority")}, NEW.correlation_id WHERE NEW.status = 'pending';
END;
CREATE TRIGGER tasks_gone AFTER DELETE ON tasks BEGIN
  DELETE FROM task_jobs WHERE task_id = OLD.id;
END;
CREATE TRIGGER tasks_ranked AFTER UPDATE OF priority ON tasks WHEN NEW.priority <> OLD.priority BEGIN
  UPDATE task_jobs SET priority = ${rank("NEW.priority")} WHERE task_id = NEW.id AND state = 'ready';
END;`;

const sqliteLinks = (table: string) => `
CREATE TABLE ${table} (
  id TEXT PRIMARY KEY NOT NULL DEFAULT (${sqliteUuid}),
  notion_page_id TEXT UNIQUE,
  task_id TEXT NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  name TEXT NOT NULL DEFAULT '',
  url TEXT NOT NULL CHECK (url <> ''),
  task_pages JSON NOT NULL DEFAULT '[]',
  created_at DATETIME NOT NULL DEFAULT (${sqliteNow}),
  UNIQUE (task_id, url)
);
CREATE TRIGGER ${table}_paged_new AFTER INSERT ON ${table} BEGIN
  UPDATE ${table} SET task_pages = (
    SELECT CASE WHEN notion_page_id IS NULL THEN '[]' ELSE json_array(notion_page_id) END FROM tasks WHERE id = NEW.task_id
  ) WHERE id = NEW.id;
END;
CREATE TRIGGER ${table}_paged AFTER UPDATE OF notion_page_id ON tasks
WHEN NEW.notion_page_id IS NOT OLD.notion_page_id BEGIN
  UPDATE ${table} SET task_pages = CASE WHEN NEW.notion_page_id IS NULL THEN '[]' ELSE json_array(NEW.notion_page_id) END
    WHERE task_id = NEW.id;
END;`;

/** Schema 1. */
export const sqliteFirst = `
CREATE TABLE tasks (
  id TEXT PRIMARY KEY NOT NULL DEFAULT (${sqliteUuid}) CONSTRAINT id_is_a_uuid CHECK (length(id) = 36),
  notion_page_id TEXT UNIQUE,
  title VARCHAR(255),
  channel_id VARCHAR(64),
  topic VARCHAR(1000),
  story_direction TEXT,
  status TEXT NOT NULL DEFAULT 'draft',
  stage TEXT,
  priority TEXT NOT NULL DEFAULT 'normal',
  correlation_id TEXT,
  status_since DATETIME NOT NULL DEFAULT (${sqliteNow}),
  created_at DATETIME NOT NULL DEFAULT (${sqliteNow}),
  updated_at DATETIME NOT NULL DEFAULT (${sqliteNow}),
  synced_at DATETIME,${rules}
);
CREATE INDEX tasks_channel ON tasks (channel_id);
CREATE INDEX tasks_status ON tasks (status);
CREATE TRIGGER tasks_named AFTER INSERT ON tasks WHEN NEW.correlation_id IS NULL BEGIN
  UPDATE tasks SET correlation_id = coalesce(NEW.notion_page_id, NEW.id) WHERE id = NEW.id;
END;
CREATE TRIGGER tasks_touched AFTER UPDATE OF ${content} ON tasks WHEN ${sqliteDiffers} BEGIN
  UPDATE tasks SET updated_at = ${sqliteNow},
      status_since = CASE WHEN NEW.status IS NOT OLD.status OR NEW.stage IS NOT OLD.stage
        THEN ${sqliteNow} ELSE status_since END
    WHERE id = NEW.id;
END;
${sqliteJobs}
${Object.values(linkTables).map(sqliteLinks).join("\n")}`;
