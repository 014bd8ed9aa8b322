import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const src = resolve(import.meta.dirname, "../../src");
const deployed = resolve(import.meta.dirname, "../../deploy/aws");

/** Who may import whom, by room. A room may always import itself. ARCHITECTURE.md explains why. */
const mayImport: Record<string, readonly string[]> = {
  core: [],
  connector: ["core"],
  "connectors/collection": ["core", "connector"],
  "connectors/notion": ["core", "connector", "http"],
  "connectors/sql": ["core", "connector"],
  "connectors/audible": ["core", "http"],
  "connectors/github": ["core", "connector", "http"],
  store: ["core", "connector"],
  http: ["core"],
  engine: ["core", "connector", "store"],
  recipes: ["core", "connector", "engine", "config"],
  config: ["core", "recipes"],
  app: [
    "core",
    "connector",
    "connectors/collection",
    "connectors/notion",
    "connectors/sql",
    "connectors/audible",
    "connectors/github",
    "store",
    "http",
    "engine",
    "recipes",
    "config",
    "emulator",
  ],
  cli: ["core", "app", "config", "store", "server", "mcp"],
  server: ["core", "app", "config", "store", "mcp"],
  mcp: ["core", "app", "config", "store"],
  emulator: [],
};

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

function roomOf(file: string): string {
  const path = relative(src, file);
  return Object.keys(mayImport).find((room) => path.startsWith(`${room}/`)) ?? path;
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const found = text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g);
  return [...found].map((match) => resolve(dirname(file), match[1] ?? ""));
}

const crossings = filesBelow(src).flatMap((file) =>
  importsOf(file)
    .filter((target) => roomOf(target) !== roomOf(file))
    .map((target) => ({ file: relative(src, file), from: roomOf(file), to: roomOf(target) })),
);

describe("rooms", () => {
  it("finds imports between rooms to judge", () => {
    expect(crossings.length).toBeGreaterThan(30);
  });

  it("import only what ARCHITECTURE.md allows them", () => {
    const forbidden = crossings.filter(({ from, to }) => to !== "index.ts" && !mayImport[from]?.includes(to));
    const fromRoot = forbidden.filter(({ from }) => from !== "index.ts");
    expect(fromRoot).toEqual([]);
  });

  it("are known to the serverless deployment as to any other face", () => {
    const allowed = ["core", "app", "config", "server", "recipes", "engine", "http", "store", "emulator"];
    const ours = (...rooms: readonly string[]) =>
      rooms
        .flatMap((room) => filesBelow(join(deployed, room)))
        .flatMap(importsOf)
        .filter((target) => target.startsWith(`${src}/`));
    const all = ours("handlers", "runtime", "stack", "local");
    expect(all.length).toBeGreaterThan(20);
    expect(all.map(roomOf).filter((room) => !allowed.includes(room))).toEqual([]);
    // Of the store, the definition of its tables alone: which store it is, `app/` decides. The stage on one machine makes them.
    const stores = (rooms: readonly string[]) =>
      new Set(rooms.filter((target) => roomOf(target) === "store").map((target) => relative(src, target)));
    expect(stores(ours("handlers", "runtime", "stack"))).toEqual(new Set(["store/dynamodb/tables.ts"]));
    expect([...stores(ours("local"))].filter((file) => !file.startsWith("store/dynamodb/"))).toEqual([]);
  });

  it("keep Notion's client, the clock and chance out of the core and the engine", () => {
    const banned = /\bDate\.now\(|\bnew Date\(\)|Math\.random\(|setTimeout\(|\bfetch\(|process\.env/;
    const offenders = filesBelow(src)
      .filter((file) => /^(core|engine|connector|recipes|store|http|connectors)/.test(relative(src, file)))
      .filter((file) => banned.test(readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, "")))
      .map((file) => relative(src, file));
    // The pull of real bytes happens in one place.
    expect(offenders.filter((file) => file !== "http/client.ts")).toEqual([]);
  });
});
