import type { StatusMeaning } from "../recipes/planning/statuses.ts";
import type { PairConfig } from "./config.ts";

/** Who decides about a field, and what happens when both sides changed it. */
export interface PlanningDirection {
  readonly owner: "notion" | "github" | "both";
  readonly conflict: "notion" | "github" | "newest" | "ask";
}

/** A field under the property that holds it. */
export interface PlanningField extends PlanningDirection {
  readonly property: string;
}

/** How a label is told from the others: by a list, or by how it begins. */
export type LabelWords = { readonly prefix: string } | { readonly labels: Readonly<Record<string, string>> };

/** The fields that take part; null: off. */
export interface PlanningFields {
  readonly title: PlanningField;
  readonly status: PlanningField;
  /** `managed` null: every label that says nothing else. */
  readonly labels: (PlanningField & { readonly managed: readonly string[] | null }) | null;
  readonly priority: (PlanningField & { readonly words: LabelWords }) | null;
  readonly sprint: (PlanningField & { readonly words: LabelWords | "milestone" }) | null;
  /** `people`: Notion user ids by GitHub login. */
  readonly assignees: (PlanningField & { readonly people: Readonly<Record<string, string>> }) | null;
  readonly due: PlanningField | null;
  readonly body: PlanningDirection | null;
}

/** What status changes do to pull requests. */
export interface PlanningPulls {
  readonly review: readonly string[];
  readonly ship: readonly string[];
  /** Says on GitHub that an open issue waits for its merge. */
  readonly shippingLabel: string;
  /** "{number}-{slug}". */
  readonly branchPattern: string;
  readonly branchProperty: string;
  readonly method: "merge" | "squash" | "rebase";
  /** null: the repository's default branch. */
  readonly base: string | null;
  /** A merge needs an approving review, also where the repository asks for none. */
  readonly isReviewNeeded: boolean;
}

/** A Notion database in which a team plans, and the issues of its repositories. */
export interface PlanningConfig {
  readonly name: string;
  readonly notion: {
    readonly id: string | null;
    readonly parentPageId: string | null;
    readonly statusType: "status" | "select";
    readonly idProperty: string;
  };
  /** "owner/name"; the first is where a row goes that names none. */
  readonly repositories: readonly string[];
  /** Which issues become rows; null: all. */
  readonly filter: {
    readonly label: string | null;
    readonly author: string | null;
    readonly milestone: string | null;
  };
  readonly creates: { readonly rows: boolean; readonly issues: boolean };
  readonly statuses: readonly StatusMeaning[];
  readonly fields: PlanningFields;
  /** null: pull requests are left alone. */
  readonly pulls: PlanningPulls | null;
  readonly comments: "off" | "notion" | "github" | "both";
  readonly isCommentingConflicts: boolean;
  readonly whenArchived: "close" | "nothing";
  readonly images: "keep" | "neutralise";
  readonly pollSeconds: number;
  readonly sweepEveryHours: number;
  readonly alertVariable: string | null;
  readonly isEnabled: boolean;
  readonly isFollowed: boolean;
}

/** Planning as a two-way sync. */
export interface PlanningPairConfig extends PairConfig {
  readonly planning: PlanningConfig;
}
