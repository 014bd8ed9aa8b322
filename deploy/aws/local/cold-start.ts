// One cold start, in a process of its own: from loading a bundle to the answer of its first invocation, and the memory it took.

const [, , file = "", input = "null"] = process.argv;
const startedAt = performance.now();
const { handler } = await import(file);
const loadMs = performance.now() - startedAt;
const context = { awsRequestId: "cold", getRemainingTimeInMillis: () => 60_000 };
const failed = await handler(JSON.parse(input), context).then(
  (answer: { readonly statusCode?: number; readonly body?: string } | null | undefined) =>
    (answer?.statusCode ?? 200) < 300 ? null : answer?.body,
  (error: unknown) => String(error),
);
const ms = performance.now() - startedAt;
const mb = process.memoryUsage().rss / 1024 / 1024;
console.log(JSON.stringify({ loadMs, ms, mb, failed }));
process.exit();
