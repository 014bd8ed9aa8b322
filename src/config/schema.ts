import { z } from "zod";
import { backupSchema } from "../recipes/backup/config.ts";
import { librarySchema } from "../recipes/library/schema.ts";
import { pipelineSchema } from "../recipes/pipeline/schema.ts";
import { planningSchema } from "../recipes/planning/schema.ts";
import { tablesSchema } from "../recipes/table/schema.ts";
import { checkedString } from "./schedule.ts";
import { storeUrlProblem } from "./store-url.ts";

/** The configuration as written in the file, before any default is filled in. */
export const configFileSchema = z
  .strictObject({
    $schema: z.string().optional().meta({ description: "Where editors find this schema." }),
    store: checkedString(storeUrlProblem)
      .optional()
      .meta({
        description:
          'Where Lockstep keeps what it knows, the backup included: "sqlite:" and a path, relative to this file, or "postgres://USER@HOST:PORT/DATABASE" without a password, which comes from PGPASSWORD, or "dynamodb:STAGE". Default "sqlite:lockstep.db".',
        examples: ["sqlite:lockstep.db", "postgres://lockstep@localhost:5432/lockstep"],
      }),
    notion: z
      .strictObject({
        ratePerMinute: z
          .union([z.int().min(1).max(600), z.literal("auto")])
          .optional()
          .meta({
            description:
              'Requests a minute, all syncs together. Default 180, which every workspace allows; "auto" tries for 600 once.',
          }),
        timeoutMs: z.int().min(1000).max(600_000).optional().meta({
          description: "How long one request may take, in milliseconds. Default 60000.",
        }),
      })
      .optional()
      .meta({ description: "How Notion is spoken to. The token comes from NOTION_TOKEN, never from here." }),
    backup: backupSchema.optional().meta({ description: "Which databases are backed up, and when." }),
    tables: tablesSchema
      .optional()
      .meta({ description: "Which databases are kept in agreement with tables of yours, both ways." }),
    pipeline: pipelineSchema.optional().meta({
      description:
        "A board on which people plan and decide, and a table of tasks that programs work through.",
    }),
    library: librarySchema.optional().meta({
      description: "An audiobook library as two Notion databases, Series and Books.",
    }),
    planning: planningSchema.optional().meta({
      description: "A database in which a team plans, and the issues and pull requests of its repositories.",
    }),
  })
  .meta({
    title: "Lockstep configuration",
    description:
      "Backs up Notion databases into a versioned store, and keeps them in agreement with SQL tables.",
  });

/** What `defineConfig` and the JSON file take. */
export type ConfigFile = z.input<typeof configFileSchema>;
