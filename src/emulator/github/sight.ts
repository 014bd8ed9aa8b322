import type { Repository, Token } from "./state.ts";

/** Public repositories are seen by everybody, others by tokens that cover them. */
export function canSee(token: Token, repository: Repository): boolean {
  return !repository.isPrivate || token.repositories === null || token.repositories.has(repository.id);
}
