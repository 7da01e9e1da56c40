import { eventually } from "@dbintel/e2e/condition";
import { startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { expect, it } from "vitest";
import { createShop } from "./shop.ts";
import { runWorkload } from "./workload.ts";

describePostgres(18, "the workload", () => {
  it("shows slow and fast queries, the N+1 pattern, a lock wait and an address in SQL, and ends when told", async () => {
    await using server = await startPostgres();
    const logins = await createShop(server);
    const stop = new AbortController();
    const workload = runWorkload(server, logins, stop.signal);

    await eventually("a session waits for a lock", async () => {
      const [row] = await server.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
      return row;
    });
    await eventually("an address is seen in SQL", async () => {
      const [row] = await server.query(
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT id, name FROM customers%@customer.example%'",
      );
      return row;
    });
    stop.abort();
    await workload;

    const statements = await server.query<{ database: string; query: string; calls: number; mean: number }>(
      `SELECT datname AS database, query, calls::int, mean_exec_time AS mean
         FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid ORDER BY mean_exec_time DESC`,
    );
    const one = (part: string) => statements.find(({ query }) => query.includes(part));
    const list = one("FROM orders ORDER BY placed_at");
    expect(one("FROM customers WHERE id")?.calls).toBe(60 * (list?.calls ?? 0));
    expect(one("date_trunc")?.mean).toBeGreaterThan(10 * (one("FROM customers WHERE id")?.mean ?? Infinity));
    expect(new Set(statements.map(({ database }) => database))).toEqual(new Set(["shop", "warehouse", "postgres"]));
    expect(await server.query("SELECT 1 FROM pg_stat_activity WHERE usename IN ('shop_app', 'analyst')")).toEqual([]);
  });
});
