import { z } from "zod";
import { nameSchema, notionIdSchema } from "../../config/named.ts";
import { checkedString } from "../../config/schedule.ts";

const nonEmpty = z.string().min(1).max(200);

const repository = checkedString((text) =>
  /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})\/[A-Za-z0-9._-]{1,100}$/.test(text)
    ? null
    : 'expected a repository as "owner/name"',
);

const direction = {
  owner: z.enum(["notion", "github", "both"]).optional().meta({
    description: "Who decides. A change on the other side is taken back and kept in history. Default both.",
  }),
  conflict: z.enum(["notion", "github", "newest", "ask"]).optional().meta({
    description:
      'When both sides changed it: a side, the later change, or nobody until a person settles it. Default "ask".',
  }),
};

const property = nonEmpty.optional().meta({ description: "The Notion property, by name or id." });

/** false: off. Absent: on, as by default. */
function field<T extends z.ZodRawShape>(shape: T) {
  return z.union([z.literal(false), z.strictObject({ property, ...direction, ...shape })]).optional();
}

const labelWords = {
  prefix: nonEmpty.optional().meta({
    description: 'How such labels begin, as in "priority: "; the rest is the option\'s name.',
  }),
  labels: z
    .record(z.string(), nonEmpty)
    .optional()
    .meta({
      description: "Or the label of each option, by its name.",
      examples: [{ High: "P1", Low: "P3" }],
    }),
};

const statusSchema = z.strictObject({
  state: z.enum(["open", "closed"]).meta({ description: "What the issue is then." }),
  reason: z.enum(["completed", "not_planned", "duplicate"]).optional().meta({
    description: 'Why a closed issue is closed. Default "completed".',
  }),
  label: nonEmpty
    .optional()
    .meta({ description: "A label that an open issue carries while it has this status." }),
});

const fieldsSchema = z.strictObject({
  title: z.strictObject(direction).optional().meta({ description: "Always kept in step." }),
  status: z
    .strictObject({ property, ...direction })
    .optional()
    .meta({ description: "A select or a status; always kept in step." }),
  labels: field({
    managed: z.array(nonEmpty).optional().meta({
      description:
        "Only these labels are kept in step; others are left alone on both sides. Absent: all but those that say status, priority or sprint.",
    }),
  }).meta({ description: "A multi-select." }),
  priority: field(labelWords).meta({ description: "A select, and one label of a kind." }),
  sprint: field({
    ...labelWords,
    milestone: z
      .boolean()
      .optional()
      .meta({ description: "The issue's milestone instead of a label. Default true." }),
  }).meta({ description: "A select, and the milestone or one label of a kind." }),
  assignees: field({
    people: z
      .record(z.string(), notionIdSchema)
      .optional()
      .meta({
        description:
          "Notion's id of a user by GitHub login. Whoever is not here is left alone on both sides, and reported.",
        examples: [{ octocat: "11111111-2222-4333-8444-555555555555" }],
      }),
  }).meta({ description: "People." }),
  due: field({}).meta({
    description: 'A date, and a line "Due: 2026-01-31" at the end of the issue\'s text. Off by default.',
  }),
  body: z
    .union([z.literal(false), z.strictObject(direction)])
    .optional()
    .meta({ description: "The page's content and the issue's text, as Markdown. Off by default." }),
});

const pullsSchema = z.strictObject({
  review: z.array(nonEmpty).optional().meta({
    description:
      'At these statuses a draft is opened for the row\'s branch, or a draft that is there is marked ready. Default ["Ready for Review"].',
  }),
  ship: z.array(nonEmpty).optional().meta({
    description: 'At these the pull request is merged once nothing is missing. Default ["Done", "Shipped"].',
  }),
  shippingLabel: nonEmpty.optional().meta({
    description: 'Says on GitHub that an open issue waits for its merge. Default "status: shipping".',
  }),
  branch: nonEmpty.optional().meta({
    description:
      'How branches are named: {number} is the issue\'s, {slug} is made of its title. Default "{number}-{slug}".',
  }),
  branchProperty: nonEmpty
    .optional()
    .meta({ description: 'The property that may name a branch. Default "Branch".' }),
  method: z
    .enum(["merge", "squash", "rebase"])
    .optional()
    .meta({ description: 'How to merge. Default "squash".' }),
  base: nonEmpty.optional().meta({ description: "The branch to merge into. Default: the repository's own." }),
  requireReview: z.boolean().optional().meta({
    description: "A merge needs an approving review, also where the repository asks for none. Default false.",
  }),
});

/** The `planning` section of the file. */
export const planningSchema = z.strictObject({
  name: nameSchema.optional().meta({ description: 'What commands call it. Default "planning".' }),
  notion: z
    .strictObject({
      database: notionIdSchema.optional().meta({
        description:
          "Id of the database or data source, or a link to it. `lockstep init` writes it here after it has made one.",
      }),
      parentPage: notionIdSchema.optional().meta({
        description: "Without a database: the page in which `lockstep init` makes it, by id or link.",
      }),
      statusProperty: z.enum(["select", "status"]).optional().meta({
        description: 'What Status is when `lockstep init` makes it. Default "select".',
      }),
      idProperty: nonEmpty.optional().meta({
        description: 'The text property in which Lockstep keeps the issue\'s id. Default "Lockstep ID".',
      }),
    })
    .meta({ description: "The database in which the team plans." }),
  repositories: z.array(repository).min(1).max(50).meta({
    description:
      'Repositories as "owner/name". A row says which in its property "Repository"; one that says nothing means the first.',
  }),
  filter: z
    .strictObject({
      label: nonEmpty.optional().meta({ description: "A label it has to have." }),
      author: nonEmpty.optional().meta({ description: "The login of who made it." }),
      milestone: nonEmpty.optional().meta({ description: "The title of its milestone." }),
    })
    .optional()
    .meta({ description: "Which new issues become rows; all of these have to hold. Default: every issue." }),
  creates: z
    .strictObject({
      rows: z.boolean().optional().meta({ description: "New issues become rows. Default true." }),
      issues: z.boolean().optional().meta({ description: "New rows become issues. Default true." }),
    })
    .optional()
    .meta({ description: "Where new records may be made." }),
  statuses: z.record(nonEmpty, statusSchema).optional().meta({
    description:
      "What each status of the board means on GitHub; the first of each kind is what an issue becomes.",
  }),
  fields: fieldsSchema
    .optional()
    .meta({ description: "Which fields take part, and who decides about each." }),
  pulls: z
    .union([z.literal(false), pullsSchema])
    .optional()
    .meta({ description: "What status changes do to pull requests. false: nothing." }),
  comments: z.enum(["off", "notion", "github", "both"]).optional().meta({
    description: 'Where comments of the other side are copied to, with author and link. Default "off".',
  }),
  conflictComments: z.boolean().optional().meta({
    description: "Comments on the row when both sides changed a field. Default false.",
  }),
  whenArchived: z.enum(["close", "nothing"]).optional().meta({
    description:
      'What becomes of the issue whose row is deleted: closed as not planned, or nothing. Default "close".',
  }),
  images: z.enum(["keep", "neutralise"]).optional().meta({
    description: 'Pictures in texts that cross over. Default "neutralise".',
  }),
  pollSeconds: z
    .int()
    .min(5)
    .max(86_400)
    .optional()
    .meta({ description: "How often both sides are asked. Default 60." }),
  sweepEveryHours: z.number().min(0).max(8760).optional().meta({
    description: "How often everything is listed, to find what is gone. Default 24.",
  }),
  alerts: z
    .strictObject({
      webhookUrlEnv: checkedString((text) =>
        /^[A-Za-z_][A-Za-z0-9_]*$/.test(text) ? null : 'expected the name of a variable, as in "ALERT_URL"',
      ).meta({ description: "The variable with an address that takes Slack-compatible JSON." }),
    })
    .optional()
    .meta({ description: "Who is told of failures, beside the log." }),
  syncEnabled: z.boolean().optional().meta({
    description: "False: neither a schedule nor a sync of everything touches it. Default true.",
  }),
});

export type WrittenPlanning = z.output<typeof planningSchema>;
