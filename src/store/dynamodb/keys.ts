import { hash } from "node:crypto";

// Texts for keys: bounded, well-formed, never empty, in the order of what they stand for.

/** A sort key has at most 1,024 bytes, and up to three of these texts stand in one. */
const keyBytesMax = 300;
const keyCharactersKept = 60;

/** A text as part of a key. Of a long one its beginning and its hash. Begins as every text with the same beginning does. */
export function keyText(value: string): string {
  if (value.isWellFormed() && Buffer.byteLength(value) <= keyBytesMax) return `=${value}`;
  const digest = hash("sha256", JSON.stringify(value), "hex");
  return `${keyBeginning(value)}\u{10ffff}#${digest}`;
}

/** What `keyText` of every text that begins like this begins with, as far as it can be told. */
export function keyBeginning(value: string): string {
  const kept = value.slice(0, keyCharactersKept).toWellFormed();
  return `=${kept.endsWith("\ufffd") ? kept.slice(0, -1) : kept}`;
}

const ordinalDigits = 17;
const ordinalZero = 2n ** 53n;

/** A whole number as text that sorts as the number does, negative ones too. */
export function ordinal(value: number): string {
  return (BigInt(value) + ordinalZero).toString().padStart(ordinalDigits, "0");
}

/** The number that `ordinal` wrote. */
export function ordinalValue(text: string): number {
  return Number(BigInt(text) - ordinalZero);
}

/** Sorts after every text that begins like this. */
export function endOf(beginning: string): string {
  return `${beginning}\u{10ffff}\u{10ffff}`;
}

/** The first text after this one. */
export function after(text: string): string {
  return `${text}\u0000`;
}
