import { z } from "zod";
import { nameSchema, notionIdSchema } from "../../config/named.ts";
import { checkedString } from "../../config/schedule.ts";
import { storeUrlProblem } from "../../config/store-url.ts";

const variable = checkedString((text) =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) ? null : 'expected the name of a variable, as in "DATABASE_URL"',
);

const nonEmpty = z.string().min(1).max(200);

const linkSchema = z.union([z.literal(true), notionIdSchema]).optional();

const notionSchema = z.strictObject({
  database: notionIdSchema.optional().meta({
    description:
      "Id of the board's database or data source, or a link to it. `lockstep init` writes it here after it has made one.",
  }),
  parentPage: notionIdSchema.optional().meta({
    description: "Without a database: the page in which `lockstep init` makes it, by id or link.",
  }),
  statusProperty: z.enum(["select", "status"]).optional().meta({
    description:
      'What the board\'s Status is: a "status" has Notion\'s three groups, a "select" can be changed freely. Default "select".',
  }),
  links: z
    .strictObject({
      assets: linkSchema.meta({ description: "Pictures and whatever else goes into a video." }),
      videos: linkSchema.meta({ description: "Parts and whole videos." }),
      audio: linkSchema.meta({ description: "Voices, music, sounds." }),
    })
    .optional()
    .meta({
      description:
        "Databases for the files that workers make, each with a relation on the board: true for `lockstep init` to make it, which then writes its id here.",
      examples: [{ assets: true, videos: true }],
    }),
});

const columnsSchema = z.strictObject({
  title: nonEmpty.meta({ description: "Text, at least 255 characters." }),
  channel: nonEmpty.meta({ description: "Text: the id of a channel." }),
  topic: nonEmpty.meta({ description: "Text, at least 1,000 characters." }),
  storyDirection: nonEmpty.optional().meta({ description: "Text without a limit." }),
  status: nonEmpty.meta({ description: "Text: one of the nine states." }),
  stage: nonEmpty.optional().meta({ description: "Text: a status of the board that means the state." }),
  priority: nonEmpty.optional().meta({ description: "Text: low, normal or high." }),
  statusSince: nonEmpty.optional().meta({ description: "A time, kept by your programs." }),
});

const tableSchema = z.strictObject({
  url: z
    .union([
      checkedString(storeUrlProblem),
      z.strictObject({ env: variable.meta({ description: "The variable that holds the address." }) }),
    ])
    .optional()
    .meta({
      description:
        'Where the tasks are: "sqlite:" and a path relative to this file, "postgres://…" without a password, or {"env": "DATABASE_URL"}. Default: the store\'s database on Postgres, "sqlite:tasks.db" beside this file otherwise.',
    }),
  existing: z
    .strictObject({
      name: nonEmpty.meta({ description: 'The table; "schema.table" on Postgres.' }),
      key: nonEmpty.meta({ description: "The column that is its whole primary key." }),
      markerColumn: nonEmpty.meta({
        description: "A nullable text column with a unique index of its own, for the id of a row's page.",
      }),
      columns: columnsSchema.meta({ description: "What each column is called." }),
    })
    .optional()
    .meta({
      description:
        "A table of yours in place of the one that Lockstep makes. It has no queue: your programs look for pending tasks.",
    }),
});

/** The `pipeline` section of the file. */
export const pipelineSchema = z.strictObject({
  name: nameSchema
    .optional()
    .meta({ description: 'What commands call the board\'s sync. Default "pipeline".' }),
  notion: notionSchema.meta({ description: "The board." }),
  table: tableSchema.optional().meta({ description: "The table of tasks." }),
  channels: nonEmpty.optional().meta({
    description:
      'The folder with a YAML file for each channel, relative to this file. Default "channel_configs".',
  }),
  pushSeconds: z.int().min(5).max(86_400).optional().meta({
    description: "How often what changed in the table is written to the board. Default 60.",
  }),
  pollSeconds: z.int().min(5).max(86_400).optional().meta({
    description: "How often the board is asked for changes while no webhook is heard. Default 60.",
  }),
  heartbeatSeconds: z.int().min(5).max(86_400).optional().meta({
    description: "The same while webhooks work: to notice when they stop. Default 300.",
  }),
  sweepEveryHours: z.number().min(0).max(8760).optional().meta({
    description: "How often everything is listed, to find what is gone. 0: in every run. Default 24.",
  }),
  moves: z
    .record(z.string(), z.array(z.string()))
    .optional()
    .meta({
      description:
        "To which statuses people may move an entry, by the status it comes from. A status that is named here replaces its default.",
      examples: [{ "Review Approved": ["Under Review", "Archived"] }],
    }),
  comments: z.boolean().optional().meta({
    description:
      "Why an entry was put back is also written on its page, once for each reason. Default false.",
  }),
  alerts: z
    .strictObject({
      webhookUrlEnv: variable.meta({
        description:
          "The variable with an address that takes Slack-compatible JSON: a text when something breaks, and when it works again.",
        examples: ["SLACK_WEBHOOK_URL"],
      }),
    })
    .optional()
    .meta({ description: "Who is told of failures, beside the log." }),
  syncEnabled: z.boolean().optional().meta({
    description: "False: neither serve nor a sync of everything touches it. Default true.",
  }),
});

export type WrittenPipeline = z.output<typeof pipelineSchema>;
