import { invalidCursor } from "../http/errors.ts";
import type { Json } from "../json.ts";
import type { Random } from "../state/random.ts";

/** A list that is being read page by page. */
export interface Session {
  /** What the list belongs to: a cursor is good for nothing else. */
  readonly subject: string;
  readonly items: readonly Json[];
  /** There was more than a query may give. */
  readonly isCapped?: boolean;
}

/** Where in a list a reader is. */
export interface Place {
  readonly name: string;
  readonly session: Session;
  readonly offset: number;
}

/** Sessions kept at a time; older ones expire, their cursors with them. */
const sessionsMax = 1000;
const tokenLength = 24;

/** Cursors name a session and a place in it, and mean nothing to clients. */
export class Sessions {
  readonly #random: Random;
  readonly #sessions = new Map<string, Session>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Keeps a session and gives its name for cursors. */
  open(session: Session): string {
    const name = this.#random.token(tokenLength);
    this.#sessions.set(name, session);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size > sessionsMax && oldest !== undefined) this.#sessions.delete(oldest);
    return name;
  }

  cursor(name: string, offset: number): string {
    return `${name}${offset.toString(36)}`;
  }

  /** The session a cursor belongs to; refuses cursors of other lists and of sessions that are gone. */
  find(cursor: string, subject: string): Place {
    const name = cursor.slice(0, tokenLength);
    const session = this.#sessions.get(name);
    const offset = Number.parseInt(cursor.slice(tokenLength), 36);
    if (session?.subject !== subject || !Number.isInteger(offset) || offset > session.items.length)
      throw invalidCursor();
    return { name, session, offset };
  }

  /** Makes a cursor invalid, and every other of the same list. */
  expire(cursor: string): void {
    this.#sessions.delete(cursor.slice(0, tokenLength));
  }

  /** Makes every cursor given out so far invalid. */
  expireAll(): void {
    this.#sessions.clear();
  }
}
