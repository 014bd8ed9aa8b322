/** A point in time as a database writes it, in its parts. Times with an offset are moved to UTC. */
export interface Moment {
  /** "2026-01-02" */
  readonly day: string;
  /** "03:04:05.000", or with six digits where the last three say something; null: a whole day. */
  readonly time: string | null;
  readonly isUtc: boolean;
}

const form =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/** null: nothing that can be said in ISO 8601 with a year of four digits (infinity, BC, other spellings). */
export function parseMoment(text: string): Moment | null {
  const found = form.exec(text.trim());
  if (found === null) return null;
  const [, year, month, day, hour, minute, second = "00", fraction = "", zone] = found;
  const micros = fraction.padEnd(6, "0");
  const date = `${year}-${month}-${day}`;
  if (hour === undefined)
    return isReal(`${date}T00:00:00Z`, date) ? { day: date, time: null, isUtc: false } : null;
  const wall = `${date}T${hour}:${minute}:${second}`;
  if (!isReal(`${wall}Z`, wall)) return null;
  const at = new Date(Date.parse(`${wall}Z`) - offsetMs(zone)).toISOString();
  // Out of four digits by its offset.
  if (!/^\d{4}-/.test(at)) return null;
  const kept = micros.endsWith("000") ? micros.slice(0, 3) : micros;
  return { day: at.slice(0, 10), time: `${at.slice(11, 19)}.${kept}`, isUtc: zone !== undefined };
}

/** As records carry it: "2026-01-02", "2026-01-02T03:04:05.000", "2026-01-02T03:04:05.000Z". */
export function momentText({ day, time, isUtc }: Moment): string {
  return time === null ? day : `${day}T${time}${isUtc ? "Z" : ""}`;
}

/** JavaScript turns 31 February into 3 March, which is not what anybody wrote. */
function isReal(iso: string, written: string): boolean {
  const ms = Date.parse(iso);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(written);
}

function offsetMs(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone.startsWith("-") ? -1 : 1) * minutes * 60_000;
}
