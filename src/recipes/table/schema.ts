import { z } from "zod";
import { nameSchema, notionIdSchema } from "../../config/named.ts";
import { checkedString } from "../../config/schedule.ts";
import { storeUrlProblem } from "../../config/store-url.ts";

const urlSchema = z.union([
  checkedString(storeUrlProblem),
  z.strictObject({
    env: checkedString(variableProblem).meta({
      description: "The variable in the environment that holds the address, password included.",
      examples: ["DATABASE_URL"],
    }),
  }),
]);

const nonEmpty = z.string().min(1).max(200);

const sqlTableSchema = z.strictObject({
  url: urlSchema.meta({
    description:
      'The table\'s database: "sqlite:" and a path relative to this file, "postgres://USER@HOST:PORT/DATABASE" without a password, or {"env": "DATABASE_URL"} for an address with one.',
    examples: ["sqlite:crm.db", { env: "DATABASE_URL" }],
  }),
  name: nonEmpty.meta({
    description: 'The table as it is spelled in the database; "schema.table" on Postgres.',
  }),
  key: nonEmpty.meta({ description: "The column that is the table's whole primary key." }),
  markerColumn: nonEmpty.optional().meta({
    description:
      "A nullable text column with a unique index of its own, in which Lockstep keeps the id of a row's page. Without one, the key of rows that Lockstep makes has to be free to choose (text or uuid, without a default).",
  }),
  softDelete: z
    .strictObject({
      column: nonEmpty.meta({ description: "The column that says that a row is deleted." }),
      kind: z
        .enum(["timestamp", "boolean"])
        .meta({ description: "What it holds: when it was deleted, or that it was." }),
    })
    .optional()
    .meta({ description: "How the table marks deleted rows, if it does." }),
  hardDelete: z.boolean().optional().meta({
    description: "Without softDelete: lets Lockstep DELETE rows whose page was deleted. Default false.",
  }),
  keyGenerator: z.enum(["uuid", "database"]).optional().meta({
    description:
      "Where keys of new rows come from. A key column with a default needs nothing said; otherwise a mapped field has to bring the key.",
  }),
});

const wordsSchema = z.record(z.string(), z.string());

const fieldSchema = z.strictObject({
  property: nonEmpty.meta({
    description: "The Notion property, by name or id. It names the field in plans and history.",
  }),
  column: nonEmpty.meta({ description: "The table's column." }),
  owner: z.enum(["notion", "table", "both"]).optional().meta({
    description:
      "Who decides. A change on the other side is taken back and kept in history. Default: both; of a computed field, the side that computes it.",
  }),
  conflict: z.enum(["notion", "table", "newest", "ask"]).optional().meta({
    description:
      'When both sides changed it: a side, the later change, or nobody until a person settles it. Default "ask".',
  }),
  map: z
    .strictObject({
      toTable: wordsSchema.meta({ description: "What each of Notion's words is called in the table." }),
      toNotion: wordsSchema.optional().meta({
        description:
          "The way back. Needed only for words of the table that several of Notion's words stand for.",
      }),
    })
    .optional()
    .meta({
      description: "Words that mean the same on both sides, such as the options of a select or a status.",
      examples: [
        { toTable: { "To do": "open", Doing: "open", Done: "closed" }, toNotion: { open: "To do" } },
      ],
    }),
  writeOnce: z.boolean().optional().meta({
    description:
      "Filled in on the other side while it is empty there, and left alone from then on. Default false.",
  }),
});

const share = z.number().min(0).max(1);

/** One entry of the `tables` section of the file. */
const tableSchema = z.strictObject({
  name: nameSchema.meta({ description: "What commands call this sync; unique among all syncs." }),
  notion: z
    .strictObject({
      database: notionIdSchema.meta({
        description: "Id of the Notion database or data source, or a link to it copied from Notion.",
      }),
      dataSource: nonEmpty.optional().meta({
        description: "For a database with several data sources: the name or id of one.",
      }),
      idProperty: nonEmpty.optional().meta({
        description:
          'A text property in which Lockstep keeps the key of a page\'s row; `lockstep table install` adds it. Default "Lockstep ID".',
      }),
      provisionOptions: z.boolean().optional().meta({
        description: "Adds options that a select lacks; otherwise such values wait. Default false.",
      }),
    })
    .meta({ description: "The Notion side." }),
  table: sqlTableSchema.meta({ description: "The table's side." }),
  fields: z.array(fieldSchema).min(1).meta({ description: "What is kept in agreement, field by field." }),
  match: z
    .strictObject({
      property: nonEmpty.meta({ description: "The property, which must be one of the fields." }),
      column: nonEmpty.meta({ description: "The column it is mapped to." }),
    })
    .optional()
    .meta({
      description:
        "A field by which pages and rows that are there already are known to be the same. Without it, each becomes a new record on the other side.",
    }),
  creates: z
    .strictObject({
      notion: z.boolean().optional().meta({ description: "New rows become pages. Default true." }),
      table: z.boolean().optional().meta({ description: "New pages become rows. Default true." }),
    })
    .optional()
    .meta({ description: "Where new records may be made." }),
  onDelete: z.enum(["unlink", "propagate", "restore"]).optional().meta({
    description:
      'What follows when a record is deleted on one side: the other one is parted from it and stays, is deleted too, or brings it back. Default "unlink".',
  }),
  onDeleteEdit: z.enum(["edit", "delete", "ask"]).optional().meta({
    description:
      'When a record was deleted on one side and edited on the other: the edit wins, the deletion does, or a person decides. Default "ask".',
  }),
  guard: z
    .strictObject({
      deletesMax: z
        .int()
        .min(0)
        .optional()
        .meta({ description: "Deletions within 24 hours that always pass. Default 10." }),
      deleteShareMax: share.optional().meta({
        description: "Share of the records that may be deleted within 24 hours. Default 0.1.",
      }),
      clearShareMax: share.optional().meta({
        description: "Share of the records in which one field may be emptied at once. Default 0.2.",
      }),
      changeShareMax: share.optional().meta({
        description: "Share of the records that may change at once. Default 0.9.",
      }),
    })
    .optional()
    .meta({ description: "What looks like an accident stops until a person approves it." }),
  pollSeconds: z.int().min(5).max(86_400).optional().meta({
    description: "How often `lockstep serve` and `lockstep worker` ask both sides for changes. Default 60.",
  }),
  sweepEveryHours: z.number().min(0).max(8760).optional().meta({
    description: "How often everything is listed, to find what is gone. 0: in every run. Default 24.",
  }),
  syncEnabled: z.boolean().optional().meta({
    description: "False: neither a schedule nor a sync of everything touches it. Default true.",
  }),
});

/** The `tables` section of the file. */
export const tablesSchema = z.array(tableSchema);

export type WrittenTable = z.output<typeof tableSchema>;

function variableProblem(text: string): string | null {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text)
    ? null
    : 'expected the name of a variable, as in "DATABASE_URL"';
}
