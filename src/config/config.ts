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

/** The whole configuration, validated, with every default filled in. Holds no secret. */
export interface Config {
  /** The file it came from, absolute. */
  readonly file: string;
  /** Store URL, its path made absolute: "sqlite:/abs/lockstep.db". */
  readonly store: string;
  readonly notion: {
    /** Requests a minute for the token; "auto" starts at 180 and tries for 600 once. */
    readonly ratePerMinute: number | "auto";
    readonly timeoutMs: number;
  };
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
}

/** What comes from the environment alone. */
export interface Secrets {
  readonly notionToken: string | null;
  readonly adminToken: string | null;
}
