import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { planHashes, readPlan } from "@dbintel/plans";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { PlanSession, planSessionOptions } from "../src/plans/plan-session.ts";
import { never, settingsOf } from "./watch.ts";

/** Statements whose stored text leaves something open. */
const statements = [
  "SELECT id FROM orders WHERE placed > now() - interval '1 day'",
  "SELECT id FROM orders WHERE placed > now() - interval '1' day",
  "SELECT id FROM orders WHERE placed > date '2026-01-01'",
  "SELECT id FROM orders WHERE placed > timestamp '2026-01-01 00:00:00'",
  "SELECT id FROM orders WHERE placed > timestamp(3) with time zone '2026-01-01 00:00:00+00'",
  "SELECT extract(epoch from placed) FROM orders",
  "SELECT extract(year from placed) + 1 FROM orders WHERE extract(month from placed) = 3",
  "SELECT 1 + 2",
  "SELECT g FROM generate_series(1, 10) g",
  "SELECT mod(7, 3), id FROM orders",
  "SELECT date_trunc('day', placed), count(*) FROM orders GROUP BY date_trunc('day', placed)",
  "SELECT date_trunc('day', placed) AS day, left(note, 3), count(*) FROM orders GROUP BY date_trunc('day', placed), left(note, 3)",
  "SELECT xmlelement(name a, 'x')",
  "SELECT json_build_object('a', 1, 'b', note) FROM orders",
  "SELECT id FROM orders WHERE id IN (1, 2, 3, 4)",
  "SELECT id FROM orders WHERE id = ANY(ARRAY[1, 2])",
  "SELECT id FROM orders WHERE note LIKE 'a%' ESCAPE '!' LIMIT 5 OFFSET 2",
  "SELECT coalesce(note, 'none'), CASE WHEN id > 5 THEN 'a' ELSE 'b' END FROM orders",
  "SELECT substring(note from 1 for 2), position('a' in note), trim(both ' ' from note) FROM orders",
  "SELECT id FROM orders WHERE placed AT TIME ZONE 'UTC' > '2026-01-01'",
  "SELECT id, sum(id) OVER (ORDER BY id ROWS 3 PRECEDING) FROM orders",
  "SELECT id FROM orders TABLESAMPLE SYSTEM (10) REPEATABLE (1)",
  "SELECT id FROM orders ORDER BY 1 FETCH FIRST 3 ROWS ONLY",
  "SELECT id FROM orders FOR UPDATE",
  "WITH recent AS MATERIALIZED (SELECT id FROM orders WHERE id > 10) SELECT count(*) FROM recent r JOIN orders USING (id)",
  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT count(*) FROM n",
  "SELECT id FROM orders UNION SELECT id + 1 FROM orders EXCEPT SELECT 5",
  "INSERT INTO orders VALUES (1000001, now(), 'x') ON CONFLICT (id) DO UPDATE SET note = 'y'",
  "INSERT INTO orders (id, note) SELECT id + 2000000, note FROM orders WHERE id < 0",
  "UPDATE orders SET note = 'z' WHERE id = -1",
  "DELETE FROM orders WHERE id = -1 RETURNING id",
  "VALUES (1, 'a'), (2, 'b')",
  "TABLE orders",
  "SELECT jsonb '{\"a\": 1}' ->> 'a'",
  "SELECT id FROM orders WHERE (id, note) > (5, 'a')",
  "SELECT id, extract(day from placed) FROM orders -- to the end of the line",
];
const since15 = [
  "MERGE INTO orders o USING (VALUES (1, 'm')) s(id, note) ON o.id = s.id WHEN MATCHED THEN UPDATE SET note = s.note",
];

// The oldest, the last without GENERIC_PLAN, the newest.
for (const major of [13, 15, 18]) {
  describePostgres(major, "plans of texts as pg_stat_statements keeps them", () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres({ major });
      await server.query("CREATE TABLE orders (id int PRIMARY KEY, placed timestamptz, note text)");
      await server.query("INSERT INTO orders SELECT g, now(), 'n' || g FROM generate_series(1, 100) g");
    });
    afterAll(() => server.stop());

    it("are there for all", async () => {
      const session = await server.connect();
      const all = major >= 15 ? [...statements, ...since15] : statements;
      for (const sql of all) await session.query(sql);
      const { rows } = await session.query<{ query: string; userid: number }>(
        "SELECT query, userid FROM pg_stat_statements WHERE query ~ '^(SELECT|INSERT|UPDATE|DELETE|WITH|VALUES|TABLE|MERGE)' AND query !~ 'pg_|TABLE orders \\('",
      );
      await session.end();
      const settings = { ...settingsOf(server), sessionOptions: planSessionOptions };
      const connection = new DatabaseConnection(settings, "postgres");
      const plans = new PlanSession({ connection, versionNumber: major * 10_000 });
      const failed: [string, string][] = [];
      for (const { query, userid } of rows) {
        const outcome = await plans.explain({ query, userId: userid, role: "postgres" }, never);
        if (outcome.reason !== undefined) failed.push([query, outcome.reason]);
        else expect(hashOf(outcome.plan), query).toBe(outcome.hash);
      }
      await connection.close();
      expect(rows.length).toBeGreaterThanOrEqual(all.length);
      expect(failed).toEqual([]);
    });
  });
}

/** Of a plan as it leaves. */
function hashOf(text: string): string | undefined {
  const { plan } = readPlan(text);
  return plan === undefined ? undefined : planHashes(plan).full;
}
