import type {
  DatabaseSpec,
  DatabaseSpecs,
  OptionSpec,
  PropertySpec,
  ViewSpec,
} from "../../connector/database-spec.ts";
import type { Channel } from "./channels.ts";
import type { LinkKind } from "./links.ts";
import { errorStatuses, type Status, statuses } from "./statuses.ts";
import { type Priority, priorities, priorityNames } from "./validate.ts";

export interface BoardOptions {
  /** People's choice: a status property has groups, a select can be changed freely. */
  readonly statusType: "status" | "select";
  readonly channels: readonly Channel[];
  /** Databases that were asked for. */
  readonly links: readonly LinkKind[];
}

/** What the properties are called where Lockstep makes them; bound by id from then on. */
export const boardProperties = {
  title: "Title",
  channel: "Channel",
  topic: "Topic",
  storyDirection: "Story Direction",
  status: "Status",
  priority: "Priority",
  timeInStatus: "Time in Status",
  statusSince: "Status Since",
  created: "Created",
  updated: "Updated",
  externalId: "Lockstep ID",
} as const;

export const linkProperties = { name: "Name", url: "URL", task: "Task", externalId: "Lockstep ID" } as const;

const linkTitles: Readonly<Record<LinkKind, string>> = { assets: "Assets", videos: "Videos", audio: "Audio" };

/** The board and the databases beside it. Keys: `tasks`, and the kinds that were asked for. */
export function boardSpecs(options: BoardOptions): DatabaseSpecs {
  const links = options.links.map((kind) => [kind, linkSpec(kind)] as const);
  return { tasks: tasksSpec(options), ...Object.fromEntries(links) };
}

function tasksSpec({ statusType, channels, links }: BoardOptions): DatabaseSpec {
  const names = boardProperties;
  const properties: Record<string, PropertySpec> = {
    [names.title]: { type: "title" },
    [names.channel]: { type: "select", options: channels.map(({ name }) => ({ name })) },
    [names.topic]: { type: "rich_text" },
    [names.storyDirection]: { type: "rich_text" },
    [names.status]: { type: statusType, options: statusOptions(statusType) },
    [names.priority]: { type: "select", options: priorityOptions },
    [names.statusSince]: {
      type: "date",
      description: "Kept by Lockstep: since when the task has its status.",
    },
    [names.timeInStatus]: { type: "formula", expression: timeInStatus },
    [names.created]: { type: "created_time" },
    [names.updated]: { type: "last_edited_time" },
  };
  for (const kind of links) {
    properties[linkTitles[kind]] = { type: "relation", to: kind, mirror: linkProperties.task };
  }
  properties[names.externalId] = externalId;
  return { title: "Video Pipeline", properties, views: boardViews(channels) };
}

const externalId: PropertySpec = {
  type: "rich_text",
  description: "Kept by Lockstep: the id of the row this page stands for. Leave it as it is.",
};

/** One page for each file that a worker made. Its `Task` comes from the relation of the board. */
function linkSpec(kind: LinkKind): DatabaseSpec {
  const { name, url } = linkProperties;
  return {
    title: linkTitles[kind],
    properties: {
      [name]: { type: "title" },
      [url]: { type: "url" },
      [linkProperties.externalId]: externalId,
    },
    views: [],
  };
}

function statusOptions(statusType: BoardOptions["statusType"]): readonly OptionSpec[] {
  return statuses.map(({ name, color, group }) =>
    statusType === "status" ? { name, color, group } : { name, color },
  );
}

const priorityColors: Readonly<Record<Priority, "gray" | "blue" | "red">> = {
  low: "gray",
  normal: "blue",
  high: "red",
};
const priorityOptions = priorities.map((priority) => ({
  name: priorityNames[priority],
  color: priorityColors[priority],
}));

/**
 * "12 min", "5 h", "3 d". A page's last edit would not do, since every edit moves it; until the first push has set
 * `Status Since`, the status is as old as the page.
 */
const since = `if(empty(prop("${boardProperties.statusSince}")), prop("${boardProperties.created}"), prop("${boardProperties.statusSince}"))`;
const minutes = `dateBetween(now(), ${since}, "minutes")`;
const timeInStatus = [
  `if(${minutes} < 60, format(max(0, ${minutes})) + " min"`,
  `if(${minutes} < 2880, format(floor(${minutes} / 60)) + " h"`,
  `format(floor(${minutes} / 1440)) + " d"))`,
].join(", ");

function boardViews(channels: readonly Channel[]): readonly ViewSpec[] {
  const { title, channel, status, priority, timeInStatus: time } = boardProperties;
  const card = [title, channel, time];
  const list = [title, channel, status, priority, time];
  const ofStatus = (name: string, wanted: readonly Status[]): ViewSpec => ({
    name,
    type: "table",
    filter: { property: status, isOneOf: wanted },
    shown: list,
  });
  return [
    { name: "Board by Status", type: "board", groupBy: status, shown: card },
    ofStatus("All Errors", errorStatuses),
    ofStatus("Ready for Review", ["Ready for Review"]),
    {
      name: "High Priority",
      type: "table",
      filter: { property: priority, isOneOf: [priorityNames.high] },
      shown: list,
    },
    ...channels.map(
      ({ name }): ViewSpec => ({
        name: `Channel: ${name}`,
        type: "table",
        filter: { property: channel, isOneOf: [name] },
        shown: list,
      }),
    ),
  ];
}
