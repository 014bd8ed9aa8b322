import type { Side } from "../../src/core/two-way/mapping.ts";
import type { Plain } from "./fields.ts";

export type Presence = "absent" | "live" | "trashed" | "out";

/** Something that truly happened to a record, as nobody but the simulation knows it. */
export interface Happening {
  /** Ascending; its place in the list. */
  readonly seq: number;
  readonly at: number;
  readonly side: Side;
  readonly id: string;
  readonly by: "person" | "engine";
  readonly fields: Readonly<Record<string, { readonly from: Plain; readonly to: Plain }>>;
  readonly presence: { readonly from: Presence; readonly to: Presence };
  /** When the request left its process; null for people. */
  readonly sentAt: number | null;
  readonly marker: string | null;
}

/** Everything that happened on both sides, in order, and what each field ever held. */
export class Ledger {
  readonly happenings: Happening[] = [];
  readonly #held = new Set<string>();
  readonly #byRecord = new Map<string, Happening[]>();

  add(happening: Omit<Happening, "seq">): Happening {
    const full = { ...happening, seq: this.happenings.length };
    this.happenings.push(full);
    const key = `${full.side} ${full.id}`;
    this.#byRecord.set(key, [...(this.#byRecord.get(key) ?? []), full]);
    for (const [field, { to }] of Object.entries(full.fields)) {
      this.#held.add(heldKey(full.side, field, to));
      if (typeof to === "object" && to !== null)
        for (const element of to) this.#held.add(heldKey(full.side, field, element));
    }
    return full;
  }

  of(side: Side, id: string): readonly Happening[] {
    return this.#byRecord.get(`${side} ${id}`) ?? [];
  }

  /** True when some record of the side ever held this value (or element) in this field. */
  hasHeld(side: Side, field: string, value: Plain): boolean {
    return this.#held.has(heldKey(side, field, value));
  }
}

function heldKey(side: Side, field: string, value: Plain): string {
  return `${side} ${field} ${JSON.stringify(value)}`;
}

/** Elements of a list that a change took out or put in. */
export function removed({ from, to }: { readonly from: Plain; readonly to: Plain }): readonly string[] {
  return listOf(from).filter((element) => !listOf(to).includes(element));
}

export function listOf(value: Plain): readonly string[] {
  return typeof value === "object" && value !== null ? value : [];
}
