import type { StatusNames } from "../recipes/library/status.ts";
import type { LinkKind } from "../recipes/pipeline/links.ts";
import type { ColumnNames } from "../recipes/pipeline/table.ts";
import type { HumanMoves } from "../recipes/pipeline/transitions.ts";
import type { PlanningConfig } from "./planning.ts";

/** When a sync runs by itself. */
export interface ScheduleConfig {
  /** Five-field cron expression. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly isEnabled: boolean;
}

/** Where a Notion property goes: a task column, or a key of the task's metadata. */
export type TaskField = "title" | "description" | "status" | "resolution" | `metadata.${string}`;

export interface FieldMappingConfig {
  /** The property's name or its id, as written in the file. */
  readonly property: string;
  readonly field: TaskField;
}

/** One Notion database to back up, validated. */
export interface DatabaseConfig {
  /** Unique; what commands call it. */
  readonly name: string;
  /** A database id or a data source id, dashed lower-case UUID. */
  readonly notionId: string;
  /** Which data source of a database with several: "all", an id or a name; null: there must be only one. */
  readonly dataSource: string | null;
  readonly projectScopeId: string;
  readonly isEnabled: boolean;
  readonly fieldMappings: readonly FieldMappingConfig[];
  readonly schedule: ScheduleConfig;
}

/** Where a user's own database is: an address without a password, or the variable that holds one with it. */
export type DatabaseUrl = { readonly url: string } | { readonly variable: string };

/** Which word on one side says which on the other; several may say the same. */
export interface WordMapConfig {
  readonly toTable: Readonly<Record<string, string>>;
  readonly toNotion: Readonly<Record<string, string>>;
}

/** A Notion property and a column that are kept in agreement. */
export interface TableFieldConfig {
  /** Names or ids, as written in the file. The property names the field everywhere. */
  readonly property: string;
  readonly column: string;
  /** null: the side that computes it, or else both. */
  readonly owner: "notion" | "table" | "both" | null;
  /** Who wins when both sides changed it. */
  readonly conflict: "notion" | "table" | "newest" | "ask";
  readonly map: WordMapConfig | null;
  /** Filled in on the other side while it is empty there, and then left alone. */
  readonly isWriteOnce: boolean;
}

/** A Notion data source and what is kept in agreement with it: what running that takes, whatever its recipe. */
export interface PairConfig {
  /** Unique among all syncs. */
  readonly name: string;
  readonly notion: {
    /** A database id or a data source id, dashed lower-case UUID. */
    readonly id: string;
    /** Which data source of a database with several, by id or name; null: there must be only one. */
    readonly dataSource: string | null;
    /** Name or id of the text property that holds the key of the page's row. */
    readonly idProperty: string;
    /** A select gains the options that it lacks; false: they are refused. */
    readonly isProvisioningOptions: boolean;
  };
  readonly guard: {
    readonly deletesMax: number;
    readonly deleteShareMax: number;
    readonly clearShareMax: number;
    readonly changeShareMax: number;
  };
  readonly pollSeconds: number;
  readonly sweepEveryHours: number;
  readonly isEnabled: boolean;
  /** Servers and workers keep it in agreement by themselves; false: only when asked to. */
  readonly isFollowed: boolean;
}

/** A pair whose other side is a table in a SQL database. */
export interface SqlPairConfig extends PairConfig {
  readonly table: {
    readonly url: DatabaseUrl;
    /** As it is spelled in the database; "schema.table" on Postgres. */
    readonly name: string;
    readonly key: string;
    /** The text column that holds the id of the row's page; null: the key holds it in rows that we make. */
    readonly markerColumn: string | null;
    readonly softDelete: { readonly column: string; readonly kind: "timestamp" | "boolean" } | null;
    readonly isHardDeleting: boolean;
    readonly keyGenerator: "uuid" | "database" | null;
  };
}

/** A pair with the mapping that the user wrote. */
export interface TableConfig extends SqlPairConfig {
  readonly fields: readonly TableFieldConfig[];
  /** The field by which pages and rows that were there before are known to be the same; null: none. */
  readonly match: string | null;
  /** Where new records may be made. */
  readonly creates: { readonly notion: boolean; readonly table: boolean };
  readonly onDelete: "unlink" | "propagate" | "restore";
  readonly onDeleteEdit: "edit" | "delete" | "ask";
}

/** The board of a pipeline and its table, or the files of one kind and theirs. */
export interface PipelinePairConfig extends SqlPairConfig {
  readonly part: "tasks" | LinkKind;
  readonly pipeline: PipelineConfig;
}

/** A board on which people act, and a table of tasks that programs work through. */
export interface PipelineConfig {
  readonly name: string;
  readonly notion: {
    /** The board; null: `init` has not made it yet. */
    readonly id: string | null;
    /** Where `init` makes it. */
    readonly parentPageId: string | null;
    readonly statusType: "status" | "select";
    /** Databases for files by kind; null: asked for, and not made yet. */
    readonly links: Readonly<Partial<Record<LinkKind, string | null>>>;
  };
  readonly table: {
    readonly url: DatabaseUrl;
    /** Made by Lockstep, with a queue and tables of links. */
    readonly isOwn: boolean;
    readonly name: string;
    readonly key: string;
    readonly markerColumn: string;
    readonly columns: ColumnNames;
  };
  /** Absolute. */
  readonly channelsFolder: string;
  readonly pushSeconds: number;
  readonly pollSeconds: number;
  /** In place of `pollSeconds` while webhooks are heard. */
  readonly heartbeatSeconds: number;
  readonly sweepEveryHours: number;
  readonly moves: HumanMoves;
  readonly isCommenting: boolean;
  /** The variable with the address for alerts. */
  readonly alertVariable: string | null;
  readonly isEnabled: boolean;
  readonly isFollowed: boolean;
}

/** The Series or the Books of a library, and the collection of the same name in Lockstep's own store. */
export interface LibraryPairConfig extends PairConfig {
  readonly shelf: "series" | "books";
  readonly library: LibraryConfig;
}

/** An audiobook library: two databases, and what Lockstep knows of its books. */
export interface LibraryConfig {
  readonly name: string;
  readonly notion: {
    /** null: `init` has not made it yet. */
    readonly seriesId: string | null;
    readonly booksId: string | null;
    /** Where `init` makes them. */
    readonly parentPageId: string | null;
  };
  readonly statusNames: StatusNames;
  /** An address or a URL by which Open Library can reach who asks; null: it is not asked. */
  readonly openLibraryContact: string | null;
  /** IANA name; says which day it is. */
  readonly timeZone: string;
  readonly recompute: { readonly cron: string; readonly isEnabled: boolean };
  /** More books are not thrown away in one cascade without a person's word. */
  readonly cascadeMax: number;
  readonly pollSeconds: number;
  readonly sweepEveryHours: number;
  readonly isEnabled: boolean;
  readonly isFollowed: boolean;
}

/** The whole configuration, validated, with every default filled in. Holds no secret. */
export interface Config {
  /** The file it came from, absolute. */
  readonly file: string;
  /** Store URL, its path made absolute: "sqlite:/abs/lockstep.db", "postgres://user@host:5432/lockstep". */
  readonly store: string;
  readonly notion: {
    /** Requests a minute for the token; "auto" starts at 180 and tries for 600 once. */
    readonly ratePerMinute: number | "auto";
    readonly timeoutMs: number;
  };
  /** Without a `backup` section: no databases. */
  readonly backup: {
    readonly databases: readonly DatabaseConfig[];
    /** A sweep certifies deletions. 0: in every run. */
    readonly sweepEveryHours: number;
    readonly guard: {
      /** More certified deletes than both numbers allow stop the run (exit 3). */
      readonly deletesMax: number;
      readonly deleteShareMax: number;
    };
  };
  readonly tables: readonly TableConfig[];
  /** Absent: none. */
  readonly pipeline?: PipelineConfig;
  /** Absent: none. */
  readonly library?: LibraryConfig;
  /** Absent: none. */
  readonly planning?: PlanningConfig;
}

/** What comes from the environment alone. */
export interface Secrets {
  readonly notionToken: string | null;
  readonly adminToken: string | null;
  /** Webhook secrets that are accepted, newest first; none: webhooks are refused. */
  readonly webhookSecrets: readonly string[];
  /** Addresses of users' databases, by the variable that the configuration names; absent: not set. */
  readonly databaseUrls: Readonly<Record<string, string>>;
  /** Where alerts of the pipeline go beside the log; null: nowhere. A secret: whoever has it can post. */
  readonly alertUrl: string | null;
  /** What players of audiobooks prove their words with; null: they are not heard. */
  readonly playerSecret: string | null;
  readonly github: GitHubSecrets;
}

/** Who Lockstep is at GitHub: a token, or an app's installation. */
export interface GitHubSecrets {
  readonly auth:
    | { readonly kind: "token"; readonly token: string }
    | {
        readonly kind: "app";
        readonly appId: string;
        readonly privateKey: string;
        readonly installationId: number;
      }
    | null;
  /** Webhook secrets that are accepted, newest first; none: webhooks are refused. */
  readonly webhookSecrets: readonly string[];
  /** Signs what Lockstep leaves in issues; null: a key that the store keeps. */
  readonly markerKey: string | null;
}
