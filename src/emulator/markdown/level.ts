import type { State } from "../state/state.ts";

/** Where blocks are read. */
export interface Level {
  readonly state: State;
  readonly depth: number;
  /** The indentation around: what is indented no further does not belong here. */
  readonly indent: number;
  /** A closing tag that ends the level whatever the indentation. */
  readonly end: string | null;
}

/** Deeper text is read as if it stood no deeper. */
export const depthMax = 24;
