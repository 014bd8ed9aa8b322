import { contentColumns, rank, rules } from "./ddl.ts";
import { linkTables } from "./links.ts";

const postgresDiffers = `(${contentColumns.map((column) => `NEW.${column}`).join(", ")}) IS DISTINCT FROM
    (${contentColumns.map((column) => `OLD.${column}`).join(", ")})`;

const postgresJobs = `
CREATE TABLE task_jobs (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  task_id uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  priority smallint NOT NULL,
  state text NOT NULL DEFAULT 'ready' CHECK (state IN ('ready', 'running', 'done', 'dead', 'cancelled')),
  attempt integer NOT NULL DEFAULT 0,
  attempts_max integer NOT NULL DEFAULT 5,
  run_at bigint NOT NULL DEFAULT 0,
  lease_until bigint,
  worker text,
  last_error text,
  correlation_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
CREATE INDEX task_jobs_ready ON task_jobs (priority, id) WHERE state = 'ready';
CREATE UNIQUE INDEX task_jobs_running ON task_jobs (task_id) WHERE state = 'running';
CREATE INDEX task_jobs_task ON task_jobs (task_id, id);
CREATE FUNCTION tasks_queued() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF TG_OP = 'UPDATE' AND NEW.status <> OLD.status THEN
    UPDATE task_jobs SET state = 'cancelled', finished_at = now()
      WHERE task_id = NEW.id
        AND ((state = 'ready' AND NEW.status <> 'retry') OR (state = 'running' AND NEW.status = 'pending'));
  END IF;
  IF NEW.status = 'pending' AND (TG_OP = 'INSERT' OR NEW.status <> OLD.status) THEN
    INSERT INTO task_jobs (task_id, priority, correlation_id)
      VALUES (NEW.id, ${rank("NEW.priority")}, NEW.correlation_id);
    PERFORM pg_notify('lockstep_task_jobs', NEW.id::text);
  END IF;
  IF TG_OP = 'UPDATE' AND NEW.priority <> OLD.priority THEN
    UPDATE task_jobs SET priority = ${rank("NEW.priority")} WHERE task_id = NEW.id AND state = 'ready';
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER tasks_queued AFTER INSERT OR UPDATE OF status, priority ON tasks
  FOR EACH ROW EXECUTE FUNCTION tasks_queued();`;

const postgresPaged = `
CREATE FUNCTION task_links_paged_new() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  SELECT CASE WHEN notion_page_id IS NULL THEN '[]' ELSE jsonb_build_array(notion_page_id) END INTO NEW.task_pages
    FROM tasks WHERE id = NEW.task_id;
  NEW.task_pages := coalesce(NEW.task_pages, '[]');
  RETURN NEW;
END $$;
CREATE FUNCTION task_links_paged() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
  pages jsonb := CASE WHEN NEW.notion_page_id IS NULL THEN '[]' ELSE jsonb_build_array(NEW.notion_page_id) END;
BEGIN
${Object.values(linkTables)
  .map((table) => `  UPDATE ${table} SET task_pages = pages WHERE task_id = NEW.id;`)
  .join("\n")}
  RETURN NULL;
END $$;
CREATE TRIGGER task_links_paged AFTER UPDATE OF notion_page_id ON tasks
  FOR EACH ROW WHEN (NEW.notion_page_id IS DISTINCT FROM OLD.notion_page_id) EXECUTE FUNCTION task_links_paged();`;

const postgresLinks = (table: string) => `
CREATE TABLE ${table} (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  notion_page_id text UNIQUE,
  task_id uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
  name text NOT NULL DEFAULT '',
  url text NOT NULL CHECK (url <> ''),
  task_pages jsonb NOT NULL DEFAULT '[]',
  created_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (task_id, url)
);
CREATE TRIGGER ${table}_paged_new BEFORE INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION task_links_paged_new();`;

/** Schema 1. */
export const postgresFirst = `
CREATE TABLE tasks (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  notion_page_id text UNIQUE,
  title varchar(255),
  channel_id varchar(64),
  topic varchar(1000),
  story_direction text,
  status text NOT NULL DEFAULT 'draft',
  stage text,
  priority text NOT NULL DEFAULT 'normal',
  correlation_id text,
  status_since timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  synced_at timestamptz,${rules}
);
CREATE INDEX tasks_channel ON tasks (channel_id);
CREATE INDEX tasks_status ON tasks (status);
CREATE FUNCTION tasks_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.correlation_id := coalesce(NEW.correlation_id, NEW.notion_page_id, NEW.id::text);
  RETURN NEW;
END $$;
CREATE TRIGGER tasks_named BEFORE INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION tasks_named();
CREATE FUNCTION tasks_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF ${postgresDiffers} THEN
    NEW.updated_at := now();
  END IF;
  IF (NEW.status, NEW.stage) IS DISTINCT FROM (OLD.status, OLD.stage) THEN
    NEW.status_since := now();
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER tasks_touched BEFORE UPDATE ON tasks FOR EACH ROW EXECUTE FUNCTION tasks_touched();
${postgresJobs}
${postgresPaged}
${Object.values(linkTables).map(postgresLinks).join("\n")}`;
