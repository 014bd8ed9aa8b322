// What a worker needs: the public edge of this folder.

export { openTaskDatabase, type TaskDatabase } from "./database.ts";
export { migrateTasks } from "./migrate.ts";
export { type ClaimedJob, createTaskQueue, type Held, type Task, type TaskQueue } from "./queue.ts";
export type { State, Status } from "./statuses.ts";
export type { Step } from "./step.ts";
