import type { Chain, RecordedCall } from "./recorded.ts";

/** When the answers of a folder came into its library's repository, by the repository's history. */
interface Saved {
  /** The day of most; what came earlier is not told apart, for nothing in it changed until then. */
  readonly usual: string;
  readonly later: { readonly [day: string]: readonly string[] };
}

const saved: { readonly [folder: string]: Saved } = {
  "notion-sdk-py": { usual: "2026-07-04", later: {} },
  "notion-sdk-py-2.5.0": {
    usual: "2024-12-30",
    later: {
      "2025-08-25": [
        "test_file_uploads_create",
        "test_file_uploads_create_external",
        "test_file_uploads_create_multipart",
        "test_file_uploads_list",
        "test_file_uploads_list_with_pagination",
        "test_file_uploads_list_with_stat_cursor",
        "test_file_uploads_list_with_status_filter",
        "test_file_uploads_retrieve",
        "test_file_uploads_send",
      ],
    },
  },
  notional: { usual: "2024-05-04", later: {} },
  "kristaxlab-notion-sdk": { usual: "2026-04-26", later: {} },
  notion_ruby_mapping: {
    usual: "2025-09-15",
    later: {
      "2025-10-04": ["retrieve_property_place"],
      "2025-10-22": ["create_page_parent_data_source_with_template"],
      "2025-10-25": ["create_page_parent_data_source_with_default_template"],
      "2025-12-15": [
        "append_block_children_block_audio",
        "append_block_children_page_audio",
        "retrieve_block_audio",
        "update_block_audio_caption",
        "update_block_audio_url",
      ],
      "2026-01-25": [
        "create_page_after_block",
        "create_page_page_end",
        "create_page_page_start",
        "list_data_source_templates_limit_1",
        "list_data_source_templates_next_1",
        "list_data_source_templates_no_limit",
        "move_page_to_data_source",
        "move_page_to_page",
        "retrieve_data_source_unpermitted_data_source",
      ],
      "2026-03-23": [
        "append_block_children_append_after",
        "append_block_children_block_heading_4",
        "append_block_children_block_toggle_heading_4",
        "append_block_children_end",
        "append_block_children_page_heading_4",
        "append_block_children_page_table",
        "append_block_children_page_toggle_heading_4",
        "append_block_children_start",
        "create_page_parent_data_source_with_markdown",
        "create_page_parent_page_with_markdown",
        "markdown_page_by_insert_after_todo",
        "markdown_page_by_insert_bottom",
        "markdown_page_by_replace_todo",
        "markdown_page_by_replace_todo_allow_deleting_content",
        "retrieve_block_heading_4",
        "retrieve_block_toggle_heading_4",
        "retrieve_data_source_test_template",
        "update_block_heading4_color",
        "update_block_heading4_rta",
        "update_block_toggle_heading4_color",
        "update_block_toggle_heading4_rta",
      ],
      "2026-05-04": [
        "destroy_comment_by_id",
        "query_data_source_select_multi_values",
        "retrieve_comment_edit_text",
        "update_comment_markdown",
        "update_comment_rich_text",
      ],
    },
  },
  "notion_ruby_mapping-2025-06": {
    usual: "2022-09-02",
    later: {
      "2022-11-13": ["retrieve_users_all"],
      "2023-01-25": ["retrieve_database_created", "search_sample_table"],
      "2023-06-04": [
        "query_database_filter_properties",
        "retrieve_database_database",
        "retrieve_page_db_first",
        "retrieve_page_with_many_relations",
        "retrieve_property_relation_with_many_relations",
        "retrieve_property_unique_id",
      ],
      "2023-07-13": [
        "append_block_children_append_after",
        "retrieve_block_append_after_parent",
        "retrieve_block_append_after_previous",
        "retrieve_page_top",
      ],
      "2024-02-05": ["retrieve_database_button", "retrieve_property_button"],
      "2024-09-15": ["retrieve_block_link_mention"],
      "2025-02-11": ["retrieve_page_wiki", "retrieve_property_verification"],
      "2025-06-18": [
        "create_file_upload_image",
        "retrieve_page_file_upload",
        "update_block_file_file_upload",
        "update_block_image_file_upload",
        "update_page_set_cover_file_upload",
        "update_page_set_file_property_file_upload",
        "update_page_set_icon_file_upload",
        "upload_file_image",
      ],
      "2025-06-26": [
        "complete_a_file_upload",
        "create_file_upload_video",
        "update_block_video_file_upload",
        "update_page_set_cover_link",
        "upload_file_video1",
        "upload_file_video2",
      ],
      "2025-06-29": [
        "create_file_upload_external_url",
        "retrieve_a_file_upload",
        "update_block_pdf_file_upload",
      ],
    },
  },
};

/**
 * The day a chain was recorded, by the best evidence there is: the answer's Date header; the moment of the last write that its
 * answers show; the moment the links in it were signed; the day it was saved. Never by which members an answer has.
 */
export function recordedOn({ calls }: Chain): string {
  const [first] = calls;
  if (first === undefined) throw new Error("a chain has at least one call");
  const at = first.at ?? lastWrite(calls) ?? lastSignature(calls);
  return at === null ? savedOn(first) : new Date(at).toISOString().slice(0, 10);
}

function lastWrite(calls: readonly RecordedCall[]): number | null {
  const writes = calls.filter(
    ({ method, path, status }) => method !== "GET" && status === 200 && !/\/(query|search)$/.test(path),
  );
  return latest(writes, /"(?:created_time|last_edited_time)":"([^"]+)"/g);
}

/** Links to files end an hour after they were signed. */
function lastSignature(calls: readonly RecordedCall[]): number | null {
  const expiry = latest(calls, /"url":"[^"]*","expiry_time":"([^"]+)"/g);
  return expiry === null ? null : expiry - 3_600_000;
}

function latest(calls: readonly RecordedCall[], pattern: RegExp): number | null {
  const texts = [...JSON.stringify(calls.map(({ answer }) => answer)).matchAll(pattern)];
  return texts.length === 0 ? null : Math.max(...texts.map(([, text]) => Date.parse(text ?? "")));
}

function savedOn({ file }: RecordedCall): string {
  const [folder = "", ...path] = file.split("/");
  const days = saved[folder];
  if (days === undefined) throw new Error(`nothing says when ${file} was recorded`);
  const name = folder.startsWith("notion_ruby_mapping") ? path.at(-1)?.replace(".json", "") : path[0];
  const [later] = Object.entries(days.later).filter(([, names]) => names.includes(name ?? ""));
  return later?.[0] ?? days.usual;
}
