import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { classifyError } from "@dbintel/guard";
import { createTestHost, pointsOf } from "@dbintel/pipeline/testing";
import type { WatchedPoll } from "@dbintel/watching";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import type { postgresqlConfig } from "../src/config.ts";
import { customSqlPart } from "../src/custom-sql/part.ts";
import { postgresql } from "../src/index.ts";
import { watchedServer } from "../src/server.ts";
import { never } from "./watch.ts";

type Queries = NonNullable<z.input<typeof postgresqlConfig>["custom_queries"]>;
const gauge = [{ name: "shop.value", column: "value" }];

describePostgres(18, "custom queries", () => {
  let server: PostgresServer;
  const sessions: { close(): Promise<void> }[] = [];
  beforeAll(async () => {
    server = await startPostgres();
    await server.query("CREATE TABLE orders (id int PRIMARY KEY, state text, amount numeric)");
    await server.query("INSERT INTO orders SELECT i, 'state ' || i % 3, i * 1.5 FROM generate_series(1, 30) i");
    await server.query("CREATE DATABASE shop");
  });
  afterAll(async () => {
    await Promise.all(sessions.map((session) => session.close()));
    await server?.stop();
  });

  /** One poll for each query. */
  function polls(...queries: Queries): readonly (() => ReturnType<WatchedPoll["poll"]["poll"]>)[] {
    const { config } = postgresql({
      ...{ endpoint: `${server.host}:${server.port}`, username: server.superuser, password: server.password },
      ...{ tls: { insecure: true }, custom_queries: queries },
    });
    const added: WatchedPoll[] = [];
    const watch = {
      add: (poll: WatchedPoll) => void added.push(poll),
      closes: (session: { close(): Promise<void> }) => void sessions.push(session),
    };
    const next = { metrics: { consume: async () => {} } };
    customSqlPart(watchedServer({ config, host: createTestHost(), next, watch }));
    const guard = { ask: async () => undefined, strained: false };
    return added.map(
      ({ poll }) =>
        () =>
          poll.poll({ signal: never, guard }),
    );
  }

  async function ask(query: Queries[number]) {
    const [poll] = polls(query);
    const { batches, problems } = (await poll?.()) ?? { batches: [] };
    const points = pointsOf(batches).map(({ name, value, attributes }) => [
      name,
      Object.fromEntries(attributes),
      value,
    ]);
    return { points, problems: problems?.map(({ message }) => message) ?? [] };
  }

  it("become metrics: each row a data point, with labels, and without what is NULL", async () => {
    const { points, problems } = await ask({
      name: "orders",
      sql: `SELECT state, count(*) AS orders, sum(amount) AS amount, 9007199254740993 AS large, true AS open,
                   CASE WHEN state = 'state 1' THEN 1 END AS first, 7 AS number
              FROM orders GROUP BY state ORDER BY state -- by state`,
      metrics: [
        { name: "shop.orders", column: "orders", type: "sum", number: "int", unit: "{orders}" },
        { name: "shop.amount", column: "amount" },
        { name: "shop.large", column: "large", type: "counter", number: "int" },
        { name: "shop.open", column: "open", number: "int" },
        { name: "shop.first", column: "first" },
      ],
      labels: { "shop.state": "state", "shop.number": "number" },
    });
    expect(problems).toEqual([]);
    const labels = (state: number) => ({ "shop.state": `state ${state}`, "shop.number": "7" });
    expect(points).toEqual([
      ...[0, 1, 2].map((state) => ["shop.orders", labels(state), 10n]),
      ...[247.5, 217.5, 232.5].map((amount, state) => ["shop.amount", labels(state), amount]),
      ...[0, 1, 2].map((state) => ["shop.large", labels(state), 9007199254740993n]),
      ...[0, 1, 2].map((state) => ["shop.open", labels(state), 1n]),
      ["shop.first", labels(1), 1],
    ]);
  });

  it("are chosen by the server's version", async () => {
    const versions = { "<14": "SELECT 13 AS value", ">=14 <18": "SELECT 14 AS value", ">=18": "SELECT 18 AS value" };
    expect((await ask({ name: "v", versions, metrics: gauge })).points).toEqual([["shop.value", {}, 18]]);
    const old = ask({ name: "old", versions: { "<14": "SELECT 1 AS value" }, metrics: gauge });
    expect((await old).problems).toEqual([expect.stringContaining("custom query old has no statement for 18")]);
  });

  it("run in each of several databases, and those that work are told", async () => {
    const { points, problems } = await ask({
      ...{ name: "where", sql: "SELECT length(current_database()) AS value", metrics: gauge },
      databases: ["postgres", "shop", "nowhere"],
    });
    expect(points).toEqual([
      ["shop.value", { "postgresql.database.name": "postgres" }, 8],
      ["shop.value", { "postgresql.database.name": "shop" }, 4],
    ]);
    expect(problems).toEqual([
      expect.stringMatching(/^custom query where in database nowhere failed: .* has no database/),
    ]);
  });

  it("are bounded: in rows, in labels, and one data point for each set of labels", async () => {
    const many = await ask({
      name: "many",
      sql: "SELECT id AS value FROM orders",
      metrics: gauge,
      max_rows: 5,
      labels: { id: "value" },
    });
    expect(many.points).toHaveLength(5);
    expect(many.problems).toEqual([expect.stringContaining("more than 5 rows")]);
    const same = await ask({ name: "same", sql: "SELECT id AS value FROM orders WHERE id < 3", metrics: gauge });
    expect(same).toEqual({ points: [["shop.value", {}, 1]], problems: [expect.stringContaining("same labels")] });
    const long = await ask({
      ...{ name: "long", metrics: gauge, labels: { text: "text" } },
      sql: String.raw`SELECT 1 AS value, E'\x1b[31m' || repeat('é', 1000) AS text`,
    });
    const text = String(Object.values(long.points[0]?.[1] ?? {})[0]);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(257);
    expect(text).toMatch(/^\ufffd\[31mé+$/);
  });

  it("say what is missing of their columns, and what is no number", async () => {
    const { points, problems } = await ask({
      ...{ name: "columns", sql: "SELECT 'many' AS value, 3 AS other" },
      metrics: [...gauge, { name: "shop.other", column: "other" }, { name: "shop.gone", column: "gone" }],
    });
    expect(points).toEqual([["shop.other", {}, 3]]);
    expect(problems).toEqual([
      expect.stringContaining("in column value what is no number"),
      expect.stringContaining("no column gone: it has value, other"),
    ]);
  });

  it("are not run when the server thinks them too costly", async () => {
    const sql = "SELECT count(*) AS value FROM generate_series(1, 900000) a, generate_series(1, 900000) b";
    await expect(ask({ name: "dear", sql, metrics: gauge, max_cost: 1000 })).rejects.toMatchObject({
      message: expect.stringMatching(/^custom query dear would cost \d+.*, max_cost is 1000$/),
    });
  });

  it("fail alone: each names itself, and a slow one is no overload of the server", async () => {
    const failures = polls(
      {
        name: "slow",
        sql: "SELECT count(*) AS value FROM generate_series(1, 2000000000)",
        metrics: gauge,
        timeout: "50ms",
        max_cost: 0,
      },
      { name: "broken", sql: "SELECT nothing AS value FROM nowhere", metrics: gauge },
      { name: "writing", sql: "SELECT lo_create(4711) AS value", metrics: gauge },
      { name: "fine", sql: "SELECT 1 AS value", metrics: gauge },
    );
    const outcomes = await Promise.allSettled(failures.map((poll) => poll()));
    const reasons = outcomes.map((outcome) => (outcome.status === "rejected" ? outcome.reason : undefined));
    expect(reasons.map((reason) => reason?.message)).toEqual([
      expect.stringMatching(/^custom query slow failed: .*statement timeout/),
      expect.stringMatching(/^custom query broken failed: .*nowhere/),
      expect.stringMatching(/^custom query writing failed: .*read-only transaction/),
      undefined,
    ]);
    expect(reasons.map(classifyError)).toEqual(["other", "configuration", "failover", "other"]);
    const [last] = outcomes.slice(-1);
    expect(last?.status === "fulfilled" && pointsOf(last.value.batches)).toHaveLength(1);
  });
});

describe("the setting custom_queries", () => {
  const settings = (query: object) => () =>
    postgresql({ username: "otel", password: "s3cr3t", custom_queries: [query as Queries[number]] });

  it.each([
    [{ name: "a", sql: "DELETE FROM t", metrics: gauge }, "must begin with SELECT, WITH or SHOW"],
    [{ name: "a", sql: "SELECT 1; SELECT 2", metrics: gauge }, "is more than one statement"],
    [{ name: "a", metrics: gauge }, "give either sql or versions"],
    [{ name: "a", sql: "SELECT 1", versions: {}, metrics: gauge }, "give either sql or versions"],
    [{ name: "a", versions: { "14": "SELECT 1" }, metrics: gauge }, 'a range such as ">=14 <17"'],
    [{ name: "a", sql: "SELECT 1", metrics: [] }, "metrics"],
    [{ name: "a", sql: "SELECT 1", metrics: [...gauge, ...gauge] }, "shop.value is named twice"],
    [{ name: "a b", sql: "SELECT 1", metrics: gauge }, "expected a name"],
    [{ name: "a", sql: "SELECT 1", metrics: gauge, timeout: "0s" }, "must be longer than 0"],
    [{ name: "a", sql: "SELECT 1", metrics: gauge, max_rows: 1e6 }, "max_rows"],
  ])("refuses %o", (query, message) => {
    expect(settings(query)).toThrow(message);
  });
});
