// What the two databases' tables have in common. Migrations out there were made of it: never edited, only added to.

/** What both databases check alike. A test holds it against the statuses. */
export const rules = `
  CONSTRAINT title_is_short CHECK (length(title) <= 255),
  CONSTRAINT topic_is_short CHECK (length(topic) <= 1000),
  CONSTRAINT only_a_draft_is_incomplete CHECK (
    status = 'draft' OR (coalesce(title, '') <> '' AND coalesce(topic, '') <> '')
  ),
  CONSTRAINT status_is_known CHECK (status IN (
    'draft', 'pending', 'processing', 'awaiting_review', 'approved', 'rejected', 'completed', 'failed', 'retry'
  )),
  CONSTRAINT stage_means_status CHECK (stage IS NULL
    OR (status = 'draft' AND stage IN ('Draft', 'Ready for Planning'))
    OR (status = 'pending' AND stage = 'Queued')
    OR (status = 'processing' AND stage IN (
      'Processing', 'Assets Generating', 'Assets Ready', 'Composites Creating', 'Composites Ready',
      'Videos Generating', 'Videos Ready', 'Audio Generating', 'Audio Ready', 'SFX Generating', 'SFX Ready',
      'Assembling Video', 'Uploading'))
    OR (status = 'awaiting_review' AND stage IN ('Ready for Review', 'Under Review'))
    OR (status = 'approved' AND stage = 'Review Approved')
    OR (status = 'rejected' AND stage = 'Review Rejected')
    OR (status = 'completed' AND stage IN ('Upload Complete', 'Archived'))
    OR (status = 'failed' AND stage IN ('Error: Invalid Input', 'Error: API Failure', 'Error: Manual Review'))
    OR (status = 'retry' AND stage = 'Error: Retriable')
  ),
  CONSTRAINT priority_is_known CHECK (priority IN ('low', 'normal', 'high'))`;

/** Jobs go by numbers, of which the lowest comes first. */
export const rank = (priority: string) =>
  `CASE ${priority} WHEN 'high' THEN 0 WHEN 'normal' THEN 1 ELSE 2 END`;

/** What counts as a change of a task's content; `synced_at` does not. */
export const content = "title, channel_id, topic, story_direction, status, stage, priority, correlation_id";
export const contentColumns = content.split(", ");
