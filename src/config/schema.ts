import { z } from "zod";
import { backupSchema } from "../recipes/backup/config.ts";
import { checkedString } from "./schedule.ts";

/** The configuration as written in the file, before any default is filled in. */
export const configFileSchema = z
  .strictObject({
    $schema: z.string().optional().meta({ description: "Where editors find this schema." }),
    store: checkedString(storeProblem)
      .optional()
      .meta({
        description:
          'Where the backup is kept: "sqlite:" and a path, relative to this file. Default "sqlite:lockstep.db".',
        examples: ["sqlite:lockstep.db"],
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
    backup: backupSchema.meta({ description: "Which databases are backed up, and when." }),
  })
  .meta({
    title: "Lockstep configuration",
    description: "Backs up Notion databases into a versioned store.",
  });

/** What `defineConfig` and the JSON file take. */
export type ConfigFile = z.input<typeof configFileSchema>;

function storeProblem(text: string): string | null {
  const expected = 'expected "sqlite:" and a path, as in "sqlite:lockstep.db"';
  if (!text.startsWith("sqlite:") || text === "sqlite:") return expected;
  return text.includes(":memory:") ? `${expected}; a store in memory is gone when the command ends` : null;
}
