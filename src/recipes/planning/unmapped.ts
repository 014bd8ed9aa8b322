import type { PlanningConfig } from "../../config/planning.ts";
import type { Json } from "../../core/json.ts";
import type { Side } from "../../core/two-way/mapping.ts";
import type { Values } from "../../core/two-way/pair.ts";
import { elementsOf } from "../../core/two-way/sets.ts";

/** Who is assigned somewhere and is in no map: kept where they are, on their own side alone. */
export interface Unmapped {
  /** GitHub logins. */
  readonly logins: readonly string[];
  /** Notion's user ids. */
  readonly people: readonly string[];
}

export function unmappedIn(
  { fields: { assignees } }: PlanningConfig,
  all: Iterable<Readonly<Record<Side, Values>>>,
): Unmapped {
  if (assignees === null) return { logins: [], people: [] };
  const mappedLogins = new Set(Object.keys(assignees.people).map((login) => login.toLowerCase()));
  const mappedPeople = new Set(Object.values(assignees.people));
  const [logins, people] = [new Set<string>(), new Set<string>()];
  const named = (value: Json | undefined) => (value === undefined ? [] : elementsOf(value));
  for (const { left, right } of all) {
    for (const login of named(right[assignees.property]))
      if (!mappedLogins.has(login.toLowerCase())) logins.add(login);
    for (const id of named(left[assignees.property])) if (!mappedPeople.has(id)) people.add(id);
  }
  return { logins: [...logins].sort(), people: [...people].sort() };
}
