import { compare } from "../memory-shelf.ts";

export function byIdOf(a: { readonly id: string }, b: { readonly id: string }): number {
  return compare(a.id, b.id);
}
