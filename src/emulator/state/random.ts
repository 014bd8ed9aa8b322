/** Ids and random numbers from one seed: the same seed gives the same workspace. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** A whole number below 2^32. */
  integer(): number;
  /** Plain version 4 UUID: databases, users, requests. */
  uuid(): string;
  /** UUID as bots make them: a prefix shared by the workspace, then "81". */
  recordId(): string;
  /** Four characters, as property ids are before they are percent-encoded. */
  propertyId(): string;
  /** Letters and digits. */
  token(length: number): string;
  /** Where it stands; `restore` goes on from there. */
  save(): RandomState;
  restore(saved: RandomState): void;
}

export interface RandomState {
  readonly position: number;
  /** How the workspace's record ids begin. */
  readonly prefix: string;
}

const hexDigits = "0123456789abcdef";
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const propertyIdCharacters = `${letters}:;<=>?@[\\]^_\`{|}~`;
const tokenCharacters = `${letters}0123456789`;

export function createRandom(seed: number): Random {
  let state = seed >>> 0;

  /** mulberry32: small, fast, good enough to shuffle. */
  function integer(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  function pick(characters: string, length: number): string {
    let text = "";
    for (let index = 0; index < length; index++) text += characters[integer() % characters.length];
    return text;
  }

  const hex = (length: number): string => pick(hexDigits, length);
  let prefix = `${hex(8)}-${hex(4)}`;
  return {
    next: () => integer() / 2 ** 32,
    integer,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${"89ab"[integer() % 4]}${hex(3)}-${hex(12)}`,
    recordId: () => `${prefix}-81${hex(2)}-${"89ab"[integer() % 4]}${hex(3)}-${hex(12)}`,
    propertyId: () => pick(propertyIdCharacters, 4),
    token: (length) => pick(tokenCharacters, length),
    save: () => ({ position: state, prefix }),
    restore(saved) {
      state = saved.position >>> 0;
      prefix = saved.prefix;
    },
  };
}
