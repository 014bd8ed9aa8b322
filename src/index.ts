export { openLockstep } from "./app/open.ts";
export type { Lockstep } from "./app/lockstep.ts";
export { defineConfig } from "./config/define-config.ts";
