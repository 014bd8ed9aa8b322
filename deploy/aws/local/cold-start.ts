// One cold start: how long from loading a bundle to the answer of its first invocation, and the memory it took.

const [, , folder = ""] = process.argv;
const startedAt = performance.now();
Object.assign(process.env, {
  AWS_ACCESS_KEY_ID: "dummy",
  AWS_SECRET_ACCESS_KEY: "dummy",
  // Refused at once.
  AWS_ENDPOINT_URL: "http://127.0.0.1:9",
  LOCKSTEP_SECRET_NAMES: "NOTION_TOKEN=lockstep/dev/notion-token",
  AWS_MAX_ATTEMPTS: "1",
});
const { handler } = await import(`${folder}/index.mjs`);
const context = { awsRequestId: "cold", getRemainingTimeInMillis: () => 60_000 };
await handler({ Records: [] }, context).catch(() => {});
const ms = performance.now() - startedAt;
console.log(JSON.stringify({ ms, mb: process.memoryUsage().rss / 1024 / 1024 }));
