import type { Product } from "./database.ts";
import { postgresFirst } from "./ddl-postgres.ts";
import { sqliteFirst } from "./ddl-sqlite.ts";

/** What each column of a table of tasks is called; null: there is none. */
export interface ColumnNames {
  readonly title: string;
  readonly channel: string;
  readonly topic: string;
  readonly storyDirection: string | null;
  /** The state. */
  readonly status: string;
  readonly stage: string | null;
  readonly priority: string | null;
  readonly statusSince: string | null;
}

/** Of the table that Lockstep makes. */
export const ownColumns: ColumnNames = {
  title: "title",
  channel: "channel_id",
  topic: "topic",
  storyDirection: "story_direction",
  status: "status",
  stage: "stage",
  priority: "priority",
  statusSince: "status_since",
};

/** What a sync has to know about the table: how to name it, and which columns take part. */
export const tasksTable = {
  name: "tasks",
  key: "id",
  /** Holds the id of the row's page, which is what a row is marked with. */
  markerColumn: "notion_page_id",
  columns: ["title", "channel_id", "topic", "story_direction", "status", "stage", "priority", "status_since"],
} as const;

/** The same of each table of links (`linkTables`). */
export const linkTable = {
  key: "id",
  markerColumn: "notion_page_id",
  columns: ["name", "url", "task_pages"],
} as const;

/** Migration n turns schema n into schema n + 1. Appended to, never edited: databases out there have run them. */
export const migrations: Readonly<Record<Product, readonly string[]>> = {
  sqlite: [sqliteFirst],
  postgres: [postgresFirst],
};
