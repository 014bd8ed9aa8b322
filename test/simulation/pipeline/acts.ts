import { boardProperties as board } from "../../../src/recipes/pipeline/board.ts";
import { states, statuses } from "../../../src/recipes/pipeline/statuses.ts";
import { defaultMoves } from "../../../src/recipes/pipeline/transitions.ts";
import type { Act, Performer } from "../acts.ts";
import { createOn, PROGRAM, pickRecord, type Written, write } from "../hands.ts";
import type { boardActKinds } from "../options.ts";
import type { World } from "../world.ts";
import { channels, UNKNOWN_CHANNEL } from "./subject.ts";

const LONG = "x".repeat(1_100);
const draftWords = ["Draft", "Draft", "Queued", "Ready for Planning", null];

/** What people do on the board, and programs in the table. */
export const boardPerformers: Readonly<Record<(typeof boardActKinds)[number], Performer>> = {
  /** Half of the entries are complete. */
  plan(world, act) {
    const { token, pick, field } = act;
    const flaw = pick % 8;
    createOn(world, "left", {
      [board.title]: flaw === 0 ? null : flaw === 1 ? `${token}${LONG}` : token,
      [board.topic]: flaw === 2 ? null : `${token} topic`,
      [board.channel]: flaw === 3 ? null : channelOf(flaw === 4 ? field : field % 2),
      [board.status]: draftWords[field % draftWords.length] ?? null,
    });
  },
  /** Fills in, changes, empties or overfills what belongs to people. */
  write(world, act) {
    const name = [board.title, board.topic, board.topic, board.storyDirection][act.field % 4] ?? board.title;
    const what = act.field % 7;
    change(world, act, { [name]: what === 0 ? null : what === 1 ? `${act.token}${LONG}` : act.token });
  },
  /** To where people may move the entry from where it is. */
  move(world, act) {
    const id = pickRecord(world, { ...act, side: "left" }, "live");
    if (id === null) return;
    const from = world.plain("left", id, board.status) ?? "Draft";
    const targets = Object.entries(defaultMoves).find(([name]) => name === from)?.[1] ?? [];
    const to = targets[act.field % Math.max(1, targets.length)];
    if (to !== undefined) write(world, "left", id, { [board.status]: to });
  },
  /** To wherever the mouse let go. */
  misplace(world, act) {
    change(world, act, { [board.status]: statuses[act.field % (statuses.length + 1)]?.name ?? null });
  },
  choose(world, act) {
    const isPriority = act.field % 2 === 0;
    const priority = ["Low", "Normal", "High", "Urgent", null][act.pick % 5] ?? null;
    change(
      world,
      act,
      isPriority ? { [board.priority]: priority } : { [board.channel]: channelOf(act.pick) },
    );
  },
  addTask(world, { token, field }) {
    const status = field % 3 === 0 ? "pending" : "draft";
    world.table.add({ title: token, topic: `${token} topic`, channel_id: "news", status }, PROGRAM);
  },
  /** To any state, also to the one it is in. */
  moveTask(world, act) {
    const state = states[act.field % states.length] ?? "draft";
    const stages = statuses.filter((status) => status.state === state);
    const stage = act.pick % 3 === 0 ? (stages[act.pick % stages.length]?.name ?? null) : null;
    changeTask(world, act, { status: state, stage });
  },
  retitleTask(world, act) {
    changeTask(world, act, { title: act.token });
  },
};

function channelOf(index: number): string {
  return [...channels.map(({ name }) => name), UNKNOWN_CHANNEL][index % (channels.length + 1)] ?? "";
}

function change(world: World, act: Act, values: Written): void {
  const id = pickRecord(world, { ...act, side: "left" }, "live");
  if (id !== null) write(world, "left", id, values);
}

/** A program is told at once what the table does not take. */
function changeTask(world: World, act: Act, values: Record<string, string | null>): void {
  const id = pickRecord(world, { ...act, side: "right" }, "live");
  if (id === null) return;
  try {
    world.table.change(id, { values }, PROGRAM);
  } catch (error) {
    if (!(error instanceof Error && "errcode" in error)) throw error;
  }
}
