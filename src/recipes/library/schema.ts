import { z } from "zod";
import { nameSchema, notionIdSchema } from "../../config/named.ts";
import { checkedString, cronProblem, timeZoneProblem } from "../../config/schedule.ts";

const optionName = checkedString((text) =>
  text.trim() === text && text !== "" && text.length <= 100 && !text.includes(",")
    ? null
    : "expected the name of an option: up to 100 characters, no comma",
);

const notionSchema = z.strictObject({
  series: notionIdSchema.optional().meta({
    description: "Id of the Series database or data source, or a link to it. `lockstep init` writes it here.",
  }),
  books: notionIdSchema.optional().meta({
    description: "Id of the Books database or data source, or a link to it. `lockstep init` writes it here.",
  }),
  parentPage: notionIdSchema.optional().meta({
    description: "Without databases: the page in which `lockstep init` makes them, by id or link.",
  }),
});

/** The `library` section of the file. */
export const librarySchema = z.strictObject({
  name: nameSchema.optional().meta({
    description:
      'What the library is called. Its syncs are called so too, with "-series" and "-books". Default "library".',
  }),
  notion: notionSchema.meta({ description: "The two databases." }),
  statuses: z
    .strictObject({
      notStarted: optionName.optional().meta({ description: 'Default "Not started".' }),
      inProgress: optionName.optional().meta({ description: 'Default "In progress".' }),
      finished: optionName.optional().meta({ description: 'Default "Finished".' }),
      poubelle: optionName.optional().meta({ description: 'Default "La Poubelle".' }),
    })
    .optional()
    .meta({
      description:
        'What the four statuses are called in Notion. Default "Not started", "In progress", "Finished", "La Poubelle".',
      examples: [{ poubelle: "Abandoned" }],
    }),
  openLibrary: z
    .strictObject({
      contact: z
        .string()
        .min(3)
        .max(200)
        .meta({
          description:
            "An e-mail address or a URL by which Open Library can reach you: it asks that of those who ask it much.",
          examples: ["you@example.org"],
        }),
    })
    .optional()
    .meta({
      description:
        "Ask Open Library for the series of books that Audible's own data leaves without one. Left out: it is not asked.",
    }),
  timeZone: checkedString(timeZoneProblem).optional().meta({
    description: 'The zone that says which day it is. Dates never shift by it. Default "America/Denver".',
  }),
  recompute: z
    .strictObject({
      cron: checkedString(cronProblem)
        .optional()
        .meta({ description: 'When `lockstep serve` recomputes every series. Default "15 4 * * *".' }),
      syncEnabled: z.boolean().optional().meta({ description: "False: only when asked to. Default true." }),
    })
    .optional()
    .meta({ description: "Final Status, gaps and next releases change with the days." }),
  cascadeMax: z.int().min(0).max(100_000).optional().meta({
    description:
      "More books than this are not thrown away by themselves; a person has to say so. Default 50.",
  }),
  pollSeconds: z.int().min(5).max(86_400).optional().meta({
    description: "How often Notion is asked for changes. Default 60.",
  }),
  sweepEveryHours: z.number().min(0).max(8760).optional().meta({
    description: "How often everything is listed, to find what is gone. 0: in every run. Default 24.",
  }),
  syncEnabled: z.boolean().optional().meta({
    description: "False: neither serve nor a sync of everything touches it. Default true.",
  }),
});

export type WrittenLibrary = z.output<typeof librarySchema>;
