import { randomUUID } from "node:crypto";
import { openSqliteStore } from "../../../src/store/sqlite/open.ts";
import { draft, minute } from "../../../src/store/suite/case.ts";

// Opens a store that others open at the same moment, and writes one task.
const [path = ""] = process.argv.slice(2);

await using store = await openSqliteStore({ path, ids: { next: randomUUID, random: Math.random } });
await store.createTask({ projectScopeId: "work", version: draft(), at: minute(0) });
