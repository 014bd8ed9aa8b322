import type { PairPolicy } from "./mapping.ts";
import type { Base, SidePresence } from "./pair.ts";

/** What a presence means to a pair. */
export type Standing = "absent" | "live" | "dead" | "out" | "unknown";

export const standings: Readonly<Record<SidePresence, Standing>> = {
  absent: "absent",
  live: "live",
  trashed: "dead",
  gone: "dead",
  out: "out",
  unknown: "unknown",
};

/**
 * What a pair needs. Where a row names no side, the presences do: a record is created where it is absent, brought back
 * where it is dead.
 * - `died`: it died on one side: the policy says
 * - `returned`: dead on both sides once, and somebody has brought one of them back
 */
export type RecordRow =
  | "nothing"
  | "create"
  | "adopt"
  | "fields"
  | "died"
  | "settle"
  | "unlink"
  | "revive"
  | "returned";

type Row = Readonly<Record<Standing, RecordRow>>;

const inert: Row = {
  absent: "nothing",
  live: "nothing",
  dead: "nothing",
  out: "nothing",
  unknown: "nothing",
};

/**
 * Base, then left, then right. It is its own mirror. Three lines of it keep people's work safe: nothing follows from
 * `unknown`, not even beside a death; a record that is out of the collection is parted from its pair, never a death;
 * and a death acts only on a pair that was alive at the last agreement.
 */
export const recordTable = {
  none: {
    absent: { absent: "nothing", live: "create", dead: "nothing", out: "nothing", unknown: "nothing" },
    live: { absent: "create", live: "adopt", dead: "nothing", out: "nothing", unknown: "nothing" },
    dead: inert,
    out: inert,
    unknown: inert,
  },
  live: {
    absent: { absent: "nothing", live: "nothing", dead: "nothing", out: "unlink", unknown: "nothing" },
    live: { absent: "nothing", live: "fields", dead: "died", out: "unlink", unknown: "nothing" },
    dead: { absent: "nothing", live: "died", dead: "settle", out: "unlink", unknown: "nothing" },
    out: { absent: "unlink", live: "unlink", dead: "unlink", out: "unlink", unknown: "nothing" },
    unknown: inert,
  },
  dead: {
    absent: inert,
    live: { absent: "nothing", live: "revive", dead: "returned", out: "unlink", unknown: "nothing" },
    dead: { absent: "nothing", live: "returned", dead: "nothing", out: "nothing", unknown: "nothing" },
    out: { absent: "nothing", live: "unlink", dead: "nothing", out: "nothing", unknown: "nothing" },
    unknown: inert,
  },
  unlinked: { absent: inert, live: inert, dead: inert, out: inert, unknown: inert },
} as const satisfies Readonly<Record<Base["status"], Readonly<Record<Standing, Row>>>>;

/** What becomes of the survivor of a pair. */
export type DeathRow = "propagate-delete" | "unlink" | "restore" | "ask";

/** A survivor that is as it was when both last agreed. */
export const deathTable = {
  propagate: "propagate-delete",
  unlink: "unlink",
  restore: "restore",
} as const satisfies Readonly<Record<PairPolicy["onDelete"], DeathRow>>;

/** A survivor that somebody has edited since: the edit and the deletion are two people's words against each other. */
export const editedDeathTable = {
  edit: "restore",
  delete: "propagate-delete",
  ask: "ask",
} as const satisfies Readonly<Record<PairPolicy["onDeleteEdit"], DeathRow>>;
