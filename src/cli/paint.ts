import { type CliIo, hasColor } from "./io.ts";

const codes = { red: 31, green: 32, yellow: 33 } as const;

export type Painter = (color: keyof typeof codes, text: string) => string;

/** Colours text for a person who can see it, and leaves it alone otherwise. */
export function painterFor(io: CliIo): Painter {
  if (!hasColor(io)) return (_color, text) => text;
  return (color, text) => `\x1b[${codes[color]}m${text}\x1b[39m`;
}
