import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import type { Clock, Ids } from "../core/clock.ts";

/** The real clock. The only place, with `ids` below, where time and randomness enter. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    await delay(ms, undefined, signal === undefined ? {} : { signal });
  },
};

export const systemIds: Ids = {
  next: () => uuidV7(nextMoment(Date.now()), randomness.take(8)),
  random: () => Math.random(),
};

/** A moment of an id: its millisecond, and its place among those of the same one, of at most 4,096. */
interface Moment {
  readonly timeMs: number;
  readonly count: number;
}

/** Each later than the one before, so that ids of one process sort as they were made, also when the clock is set back. */
function risingMoments(): (now: number) => Moment {
  let last: Moment = { timeMs: 0, count: 0 };
  return (now) => {
    const { timeMs, count } = last;
    if (now > timeMs) last = { timeMs: now, count: 0 };
    else last = count === 0xfff ? { timeMs: timeMs + 1, count: 0 } : { timeMs, count: count + 1 };
    return last;
  };
}

const nextMoment = risingMoments();

/** Random bytes drawn in blocks: one call to the system for each id costs more than the rest of the id. */
const randomness = {
  block: Buffer.alloc(0),
  take(bytes: number): Buffer {
    if (this.block.length < bytes) this.block = randomBytes(8192);
    const taken = this.block.subarray(0, bytes);
    this.block = this.block.subarray(bytes);
    return taken;
  },
};

/** UUID version 7 (RFC 9562, with a counter): 48 bits of time, 12 of the count, then randomness. `random` holds 8 bytes. */
function uuidV7({ timeMs, count }: Moment, random: Uint8Array): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(timeMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | count, 6);
  bytes.set(random, 8);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Names this process for leases: machine, process id, and when it started, so that a reused id is told apart. */
export function processOwner(): string {
  return `${hostname()}/${process.pid}/${startOf(process.pid) ?? "0"}`;
}

/** True when the owner ran on this machine and its process is gone. Other machines are never judged. */
export function isOwnerDead(owner: string): boolean {
  const [host, pidText, start] = owner.split("/");
  const pid = Number(pidText);
  if (host !== hostname() || !Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH";
  }
  const startNow = startOf(pid);
  return startNow !== null && start !== "0" && start !== startNow;
}

/** When a process started, in clock ticks since boot (Linux); null where the system does not say. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in brackets and may hold spaces; the start time is field 22.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}
