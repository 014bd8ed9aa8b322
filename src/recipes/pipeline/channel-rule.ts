import type { SideField } from "../../core/two-way/codecs/codec.ts";
import { learnWords, type OptionWords, wordForm } from "../../core/two-way/codecs/words.ts";
import type { FieldRule } from "../../core/two-way/mapping.ts";
import type { Channel } from "./channels.ts";
import { keepPeoples } from "./keep-peoples.ts";

/**
 * People choose by name, the table keeps the id. A name that no file has waits where it is, and so does an id that lost
 * its file: nothing under way loses its channel because a file was moved.
 */
export function channelRule({
  name,
  left,
  right,
  known,
  channels,
}: {
  readonly name: string;
  readonly left: SideField;
  readonly right: SideField;
  /** What options were first seen to mean, by their ids: people may rename them. */
  readonly known: OptionWords;
  /** As they are now: files come and go while the mapping stays the same. */
  readonly channels: () => readonly Channel[];
}): { readonly rule: FieldRule; readonly words: OptionWords } {
  const words = learnWords(left, new Set(channels().map((channel) => channel.name)), known);
  const rule: FieldRule = {
    name,
    left: left.schema.id,
    right: right.schema.id,
    owner: "both",
    policy: "left",
    isWriteOnce: false,
    accepts: keepPeoples,
    elements: null,
    forms: { left: wordForm(left, words), right: wordForm(right, {}) },
    toRight: (option) => {
      if (option === null) return { value: null };
      const wanted = String(option).trim().toLowerCase();
      const channel = channels().find((each) => each.name.toLowerCase() === wanted);
      return channel === undefined
        ? { unmappable: `channel ${JSON.stringify(option)} is not configured` }
        : { value: channel.id };
    },
    toLeft: (id) => {
      if (id === null) return { value: null };
      const channel = channels().find((each) => each.id === id);
      return channel === undefined
        ? { unmappable: `channel ${JSON.stringify(id)} is not configured` }
        : { value: channel.name };
    },
  };
  return { rule, words };
}
