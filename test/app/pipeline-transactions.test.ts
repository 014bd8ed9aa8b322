import { AsyncLocalStorage } from "node:async_hooks";
import { DatabaseSync, StatementSync } from "node:sqlite";
import pg from "pg";
import { describe, expect, it } from "vitest";
import type { Product } from "../../src/recipes/pipeline/database.ts";
import { PipelineWorld, quiet, secret, until } from "./pipeline-world.ts";

const products: readonly Product[] = ["sqlite", "postgres"];

/**
 * Whether the flow of work that asks is inside a transaction, by what was sent to the database in it. Watches both drivers
 * until disposed. Other flows may well be: what counts is that none waits for Notion inside one.
 */
function watchTransactions() {
  const flow = new AsyncLocalStorage<{ isOpen: boolean }>();
  let begun = 0;
  const see = (sql: unknown) => {
    const text = typeof sql === "string" ? sql.trimStart().slice(0, 20).toUpperCase() : "";
    if (/^(BEGIN|START TRANSACTION|SAVEPOINT)/.test(text)) {
      flow.enterWith({ isOpen: true });
      begun += 1;
    } else if (/^(COMMIT|ROLLBACK|END\b)/.test(text)) {
      const transaction = flow.getStore();
      if (transaction !== undefined) transaction.isOpen = false;
    }
  };
  const exec = DatabaseSync.prototype.exec;
  const prepare = DatabaseSync.prototype.prepare;
  const query = pg.Client.prototype.query;
  const [run, all, get] = [
    StatementSync.prototype.run,
    StatementSync.prototype.all,
    StatementSync.prototype.get,
  ];
  DatabaseSync.prototype.exec = function watched(sql) {
    exec.call(this, sql);
    see(sql);
  };
  const statements = new WeakMap<object, string>();
  DatabaseSync.prototype.prepare = function watched(sql, ...more) {
    const statement = prepare.call(this, sql, ...more);
    statements.set(statement, sql);
    return statement;
  };
  for (const [name, real] of Object.entries({ run, all, get })) {
    Object.defineProperty(StatementSync.prototype, name, {
      configurable: true,
      writable: true,
      value(this: object, ...values: unknown[]) {
        const result = Reflect.apply(real, this, values);
        see(statements.get(this));
        return result;
      },
    });
  }
  Object.defineProperty(pg.Client.prototype, "query", {
    configurable: true,
    writable: true,
    value(this: object, ...values: unknown[]) {
      const [first] = values;
      see(typeof first === "object" && first !== null && "text" in first ? first.text : first);
      return Reflect.apply(query, this, values);
    },
  });
  return {
    isOpen: () => flow.getStore()?.isOpen === true,
    begun: () => begun,
    [Symbol.dispose]() {
      DatabaseSync.prototype.exec = exec;
      DatabaseSync.prototype.prepare = prepare;
      Object.assign(StatementSync.prototype, { run, all, get });
      pg.Client.prototype.query = query;
    },
  };
}

/** Notes every request to Notion that is made inside a transaction. */
function watchRequests(notionUrl: string, isInside: () => boolean) {
  const real = globalThis.fetch;
  const offences: string[] = [];
  let requests = 0;
  globalThis.fetch = async (input, init) => {
    const url = String(input instanceof Request ? input.url : input);
    if (url.startsWith(notionUrl)) {
      requests += 1;
      if (isInside()) offences.push(`${init?.method ?? "GET"} ${url}`);
    }
    return real(input, init);
  };
  return {
    offences,
    requests: () => requests,
    [Symbol.dispose]() {
      globalThis.fetch = real;
    },
  };
}

describe.each(products)("requests to Notion on %s", (product) => {
  it("are never made while a database transaction is open", async () => {
    using transactions = watchTransactions();
    await using world = await PipelineWorld.open({
      product,
      links: { assets: true },
      section: { comments: true },
    });
    using requests = watchRequests(world.emulator.url, transactions.isOpen);
    const lockstep = await world.running({ webhookSecrets: [secret] });
    const pages = [1, 2, 3, 4, 5, 6].map((number) =>
      world.addEntry(number % 2 === 0 ? world.status("Queued") : { Topic: { rich_text: [] } }),
    );
    await world.run("INSERT INTO tasks (title, topic, channel_id) VALUES ('Made', 'By a program', 'news')");
    await world.sync(lockstep);
    await using followed = world.follow(lockstep);
    const queue = world.queue();
    for (const [index, page] of pages.entries()) {
      world.edit(page, world.status(index % 2 === 0 ? "Queued" : "Archived"));
      await world.tell(lockstep, page, { id: `e${index}` });
    }
    for (let round = 0; round < 3; round += 1) {
      const job = await queue.claim({ worker: "w", leaseMs: 3_600_000 });
      if (job !== null) {
        await queue.addLink(job, { kind: "assets", url: `https://a.example/${round}`, name: "a" });
        await queue.complete(job, { state: "awaiting_review", stage: null });
      }
      await world.visible();
      const before = followed.runs.length;
      world.clock.advance(61_000);
      await until(() => followed.runs.length > before);
      await quiet();
    }
    expect(requests.offences).toEqual([]);
    expect(requests.requests(), "there were requests to judge").toBeGreaterThan(40);
    expect(transactions.begun(), "and transactions").toBeGreaterThan(40);
  });

  it("would be caught if one were", async () => {
    using transactions = watchTransactions();
    await using world = await PipelineWorld.open({ product });
    await world.init();
    using requests = watchRequests(world.emulator.url, transactions.isOpen);
    const ask = async () => void (await fetch(`${world.emulator.url}/v1/users/me`));
    await ask();
    await world.hold(ask);
    await ask();
    expect(requests.offences).toHaveLength(1);
  });
});
