import type { Channel } from "./channels.ts";
import { keepPeoples } from "./keep-peoples.ts";
import { type BoundOptionRule, type OptionField, optionRule } from "./option-rule.ts";

/**
 * People choose by name, the table keeps the id. A name that no file has waits where it is, and so does an id that lost
 * its file: nothing under way loses its channel because a file was moved.
 */
export function channelRule({
  channels,
  ...field
}: OptionField & {
  /** As they are now: files come and go while the mapping stays the same. */
  readonly channels: () => readonly Channel[];
}): BoundOptionRule {
  return optionRule(field, {
    words: channels().map((channel) => channel.name),
    policy: "left",
    accepts: keepPeoples,
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
  });
}
