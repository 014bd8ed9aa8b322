import { hash } from "node:crypto";
import type { TransactWriteCommandInput } from "@aws-sdk/lib-dynamodb";

/** Attribute values as the SDK's document client reads and writes them. */
export type Value = string | number | boolean | null | Uint8Array | readonly Value[] | ValueMap;
export interface ValueMap {
  readonly [name: string]: Value;
}

export interface Key {
  readonly table: string;
  readonly pk: string;
  readonly sk: string;
}

/** An item with its keys, as it is stored. */
export type Item = ValueMap & { readonly pk: string; readonly sk: string };

export type WriteOperation = NonNullable<TransactWriteCommandInput["TransactItems"]>[number];

/** The document client's values are those of `Value`: nothing else was ever written. */
export function itemOf(attributes: Readonly<Record<string, unknown>>): Item {
  const { pk, sk } = attributes;
  if (typeof pk !== "string" || typeof sk !== "string") throw new TypeError("an item came without its keys");
  return { ...attributes, pk, sk } as Item;
}

export function keyName({ table, pk, sk }: Key): string {
  return `${table}\n${pk}\n${sk}`;
}

/** A number among an item's attributes; 0 where there is none. */
export function numberIn(item: ValueMap | null, name: string): number {
  const value = item?.[name];
  return typeof value === "number" ? value : 0;
}

export function textIn(item: ValueMap | null, name: string): string | null {
  const value = item?.[name];
  return typeof value === "string" ? value : null;
}

/** A request's own name: the same for the same content, so that it is carried out once however often it is sent. */
export function requestToken(content: unknown): string {
  return hash("sha256", JSON.stringify(content), "hex").slice(0, tokenLength);
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
const tokenLength = 36;
