import { describe, expect, it } from "vitest";
import { readCassettes } from "./recordings.ts";
import { isServed, type Replayed, replayCassette } from "./replay.ts";

/** A way the emulator's answer may differ from a recorded one. */
interface Deviation {
  readonly file: RegExp;
  readonly difference: RegExp;
  readonly reason: string;
}

/** Everything else must agree: status, error text, keys, types, time formats, flags, list lengths, names, titles. */
const deviations: { readonly [folder: string]: readonly Deviation[] } = {
  "notion-sdk-py": [
    {
      file: /get-file_uploads-200/,
      difference: /^\$\.(results: \d+ \/ \d elements|next_cursor: uuid|has_more: true)/,
      reason: "the recorded workspace held the uploads of earlier cassettes",
    },
    {
      file: /get-users/,
      difference: /^\$\.results: 2 \/ 3 elements$/,
      reason: "the emulator starts with a connection of its own, which is listed too",
    },
  ],
  "notion-sdk-py-2.5.0": [
    {
      file: /get-invalid-400/,
      difference: /^\$\.request_id: absent \/ uuid$/,
      reason: "recorded in 2024; recordings of 2026 carry a request id here",
    },
    {
      file: /get-file_uploads-200/,
      difference: /^\$\.(results: \d+ \/ \d elements|next_cursor: uuid|has_more: true)/,
      reason: "the recorded workspace held the uploads of earlier cassettes",
    },
    {
      file: /get-users/,
      difference: /^\$\.results: 2 \/ 3 elements$/,
      reason: "the emulator starts with a connection of its own, which is listed too",
    },
    {
      file: /databases/,
      difference: /\.description: absent \/ null$/,
      reason: "columns have descriptions in every version since the recording of 2024",
    },
    {
      file: /file_uploads/,
      difference: /^\$\.(in_trash|complete_url): absent \//,
      reason: "added to every version since the recording of 2025",
    },
    {
      file: /comments/,
      difference: /\.display_name: absent \/ object$/,
      reason: "added to every version since the recording of 2024",
    },
    {
      file: /get-users|users-me/,
      difference: /\.(email_verified|workspace_id|workspace_limits): absent \//,
      reason: "added to every version since the recording of 2024",
    },
    {
      file: /search|pages/,
      difference: /\.(is_archived|is_locked): absent \/ boolean$/,
      reason: "added to every version since the recording of 2024",
    },
    {
      file: /blocks/,
      difference: /\.paragraph\.icon: absent \/ null$/,
      reason: "added to every version since the recording of 2024",
    },
  ],
  notional: [
    {
      file: /databases/,
      difference: /\.description: absent \/ null$/,
      reason: "columns have descriptions in every version since the recording of 2024",
    },
    {
      file: /pages|query/,
      difference: /\.(is_archived|is_locked): absent \/ boolean$/,
      reason: "added to every version since the recording of 2024",
    },
    {
      file: /blocks/,
      difference: /\.paragraph\.icon: absent \/ null$/,
      reason: "added to every version since the recording of 2024",
    },
    {
      file: /get-pages/,
      difference: /^\$\.parent\./,
      reason: "the recorded root page stood in another page, ours stands at the top",
    },
    {
      file: /test_compound_filter.*query/,
      difference: /(plain_text|content): Item \d \/ Item \d$/,
      reason: "a query without sorts promises no order",
    },
    {
      file: /test_link_preview.*400/,
      difference: /^\$\.message: /,
      reason: "the lines name the same branches in another order, with the block types added since",
    },
  ],
};

/** Cassettes that read what stood in the recorded workspace before, which nobody recorded making. */
const unseeded: { readonly [folder: string]: readonly string[] } = {
  "notion-sdk-py-2.5.0": ["test_file_uploads_list_with_stat_cursor"],
  notional: [
    "test_iterate_page_blocks",
    "test_me_bot",
    "test_parse_simple_table",
    "test_ping_session",
    "test_simple_search",
    "test_synced_block",
    "test_user_list",
  ],
};

/** Recorded calls of the cassettes that can be replayed. */
const servedCalls: { readonly [folder: string]: number } = {
  "notion-sdk-py": 332,
  "notion-sdk-py-2.5.0": 164,
  notional: 197,
};

function allowed(folder: string, replayed: Replayed, difference: string): Deviation | undefined {
  return deviations[folder]?.find(
    (deviation) => deviation.file.test(replayed.call.file) && deviation.difference.test(difference),
  );
}

describe("recorded calls, replayed", () => {
  for (const [folder, expected] of Object.entries(servedCalls)) {
    it(`answers ${expected} calls of ${folder} as Notion did`, async () => {
      const used = new Set<Deviation>();
      const unexpected: string[] = [];
      let count = 0;
      for (const [cassette, calls] of readCassettes(folder)) {
        if (unseeded[folder]?.includes(cassette)) continue;
        for (const replayed of await replayCassette(calls)) {
          count++;
          for (const difference of replayed.differences) {
            const deviation = allowed(folder, replayed, difference);
            if (deviation === undefined) unexpected.push(`${replayed.call.file} ${difference}`);
            else used.add(deviation);
          }
        }
      }
      expect(unexpected).toEqual([]);
      expect(count).toBe(expected);
      expect(deviations[folder]?.filter((deviation) => !used.has(deviation))).toEqual([]);
    });
  }

  it("leaves out no call for want of an endpoint", () => {
    const cassettes = Object.keys(servedCalls).flatMap((folder) =>
      [...readCassettes(folder).values()].flat(),
    );
    expect(cassettes.filter((call) => !isServed(call)).map((call) => call.file)).toEqual([]);
  });
});
