// A Notion emulator in a process of its own, so that serving costs the measured process nothing.
// Usage: node bench/server.ts ROWS  ->  prints one line of JSON: {url, token, databaseId, dataSourceId}
import { startEmulator } from "../src/emulator/index.ts";

const rows = Number(process.argv[2] ?? 1000);
const queryCap = Number(process.argv[3] ?? 10_000);
const emulator = await startEmulator({ ratePerMinute: null, queryCap });
const { databaseId, dataSourceIds } = emulator.workspace.createDatabase({
  title: "Bench",
  dataSources: [
    {
      name: "Bench",
      properties: {
        Name: { title: {} },
        Notes: { rich_text: {} },
        State: { status: {} },
        Kind: { select: { options: [{ name: "bug" }, { name: "feature" }, { name: "chore" }] } },
        Labels: { multi_select: { options: [{ name: "red" }, { name: "green" }, { name: "blue" }] } },
        Due: { date: {} },
        Estimate: { number: { format: "number" } },
        Done: { checkbox: {} },
        Link: { url: {} },
      },
    },
  ],
});
const [dataSourceId = ""] = dataSourceIds;
const text = (content: string) => [{ type: "text", text: { content } }];
const started = Date.UTC(2026, 0, 1);
emulator.workspace.addRows(dataSourceId, rows, (i) => ({
  // About seven rows a minute, over weeks: created and edited when people would have.
  createdAt: started + i * 8_000,
  editedAt: started + i * 8_000 + 3_600_000,
  properties: {
    Name: { title: text(`Row ${i}: a title of ordinary length`) },
    Notes: { rich_text: text(`Notes of row ${i}. ${"Some more words. ".repeat(12)}`) },
    State: { status: { name: ["Not started", "In progress", "Done"][i % 3] ?? "Done" } },
    Kind: { select: { name: ["bug", "feature", "chore"][i % 3] ?? "bug" } },
    Labels: { multi_select: [{ name: "red" }, { name: "blue" }] },
    Due: { date: { start: "2026-03-01" } },
    Estimate: { number: i % 13 },
    Done: { checkbox: i % 3 === 2 },
    Link: { url: `https://example.com/items/${i}` },
  },
}));
console.log(JSON.stringify({ url: emulator.url, token: emulator.token, databaseId, dataSourceId }));
process.on("SIGTERM", () => void emulator.close().then(() => process.exit(0)));
