import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { pointsOf, type SeenPoint } from "@dbintel/pipeline/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { objects, visitDatabases } from "./visiting.ts";

describe("tables and indexes of a real server", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ settings: { autovacuum: false } });
    await server.query("CREATE DATABASE app");
    await server.query("CREATE DATABASE many");
  });

  afterAll(() => server.stop());

  const inApp = { database: "app" };
  const app = (sql: string) => server.query(sql, [], inApp);

  function look(database: string, settings: Record<string, number> = {}) {
    return visitDatabases(server, { errands: [objects(settings)], reportsDatabase: (name) => name === database });
  }

  async function points(database: string, settings: Record<string, number> = {}): Promise<readonly SeenPoint[]> {
    const databases = look(database, settings);
    const { batches, problems } = await databases.round();
    await databases.close();
    expect(problems).toEqual([]);
    return pointsOf(batches);
  }

  function value(
    all: readonly SeenPoint[],
    name: string,
    attributes: Record<string, string>,
  ): bigint | number | undefined {
    const found = all.filter(
      (point) =>
        point.name === name && Object.entries(attributes).every(([key, text]) => point.attributes.get(key) === text),
    );
    expect(found.length).toBeLessThan(2);
    return found[0]?.value;
  }

  it("equal what the server's views say", async () => {
    await app("CREATE TABLE orders (id int PRIMARY KEY, note text) WITH (fillfactor = 50)");
    await app("INSERT INTO orders SELECT g, repeat('x', 100) FROM generate_series(1, 5000) g");
    await app("UPDATE orders SET note = 'short' WHERE id <= 1000");
    await app("DELETE FROM orders WHERE id > 4500");
    await app("ANALYZE orders");
    const truth = await eventually("the statistics are there", async () => {
      const [row] = await server.query<Record<string, string>>(
        `SELECT t.*, i.*, pg_total_relation_size(t.relid) AS size, c.relpages::int * 8192 AS pages
           FROM pg_stat_user_tables t JOIN pg_statio_user_tables i USING (relid) JOIN pg_class c ON c.oid = relid`,
        [],
        inApp,
      );
      return Number(row?.n_tup_del) === 500 && Number(row?.analyze_count) === 1 ? row : undefined;
    });
    const all = await points("app");
    const orders = {
      "db.namespace": "app",
      "postgresql.schema.name": "public",
      "postgresql.table.name": "public.orders",
    };
    for (const [name, attributes, column] of [
      ["postgresql.operations", { operation: "ins" }, "n_tup_ins"],
      ["postgresql.operations", { operation: "upd" }, "n_tup_upd"],
      ["postgresql.operations", { operation: "hot_upd" }, "n_tup_hot_upd"],
      ["postgresql.operations", { operation: "del" }, "n_tup_del"],
      ["postgresql.rows", { state: "live" }, "n_live_tup"],
      ["postgresql.rows", { state: "dead" }, "n_dead_tup"],
      ["postgresql.blocks_read", { source: "heap_hit" }, "heap_blks_hit"],
      ["postgresql.blocks_read", { source: "heap_read" }, "heap_blks_read"],
      ["postgresql.blocks_read", { source: "idx_hit" }, "idx_blks_hit"],
      ["postgresql.blocks_read", { source: "toast_hit" }, "toast_blks_hit"],
      ["postgresql.blocks_read", { source: "tidx_hit" }, "tidx_blks_hit"],
      ["postgresql.sequential_scans", {}, "seq_scan"],
      ["postgresql.table.vacuum.count", {}, "vacuum_count"],
      ["dbintel.postgresql.table.maintenance", { operation: "analyze" }, "analyze_count"],
      ["dbintel.postgresql.table.rows_read", { scan: "sequential" }, "seq_tup_read"],
      ["dbintel.postgresql.table.rows_read", { scan: "index" }, "idx_tup_fetch"],
      ["dbintel.postgresql.table.newpage_updates", {}, "n_tup_newpage_upd"],
      ["dbintel.postgresql.table.modified_since_analyze", {}, "n_mod_since_analyze"],
    ] as const) {
      expect([name, attributes, value(all, name, { ...orders, ...attributes })]).toEqual([
        name,
        attributes,
        BigInt(truth[column] ?? -1),
      ]);
    }
    // Autovacuum's formulas with the server's defaults: 50 + 0.2 × rows dead, and 1000 + 0.2 × rows inserted.
    const need = value(all, "dbintel.postgresql.table.vacuum.need", orders);
    expect(need).toBeCloseTo(Math.max(Number(truth.n_dead_tup) / 950, 5000 / 1900), 5);
    expect(value(all, "postgresql.table.count", { "db.namespace": "app" })).toBe(1n);
    const pkey = { "postgresql.index.name": "orders_pkey", "postgresql.table.name": "public.orders" };
    expect(value(all, "postgresql.index.scans", pkey)).toBe(2n);
    expect(value(all, "postgresql.index.size", pkey)).toBeGreaterThanOrEqual(8192n);
    expect(value(all, "postgresql.table.size", orders)).toBeGreaterThanOrEqual(BigInt(truth.pages ?? 0));
    expect(value(all, "postgresql.table.size", orders)).toBeLessThanOrEqual(BigInt(truth.size ?? 0));
  });

  it("follow a table's own settings for vacuum", async () => {
    await app(
      "CREATE TABLE tuned (id int) WITH (autovacuum_vacuum_threshold = 10, autovacuum_vacuum_scale_factor = 0)",
    );
    await app("INSERT INTO tuned SELECT generate_series(1, 100)");
    await app("DELETE FROM tuned WHERE id <= 40");
    const tuned = { "postgresql.table.name": "public.tuned" };
    const need = await eventually("the statistics are there", async () => {
      const all = await points("app");
      const dead = value(all, "postgresql.rows", { ...tuned, state: "dead" });
      return dead === 40n ? value(all, "dbintel.postgresql.table.vacuum.need", tuned) : undefined;
    });
    expect(need).toBe(4);
  });

  it("wait for no lock on a table", async () => {
    // By a session that has ended, which has told all that it did: to make the index it has read the table.
    await app("CREATE TABLE locked (id int PRIMARY KEY)");
    const holder = await server.connect(inApp);
    await holder.query("BEGIN");
    await holder.query("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE");
    const all = await points("app");
    await holder.query("ROLLBACK");
    await holder.end();
    expect(value(all, "postgresql.sequential_scans", { "postgresql.table.name": "public.locked" })).toBe(1n);
  });

  it("are bounded: of 10,000 tables the largest and busiest one by one, and the others together", async () => {
    const session = await server.connect({ database: "many" });
    for (let thousand = 0; thousand < 10; thousand++) {
      await session.query(
        `DO $$ BEGIN FOR i IN ${thousand * 1000} .. ${thousand * 1000 + 999} LOOP
           EXECUTE format('CREATE TABLE t%s (a int)', i); END LOOP; END $$`,
      );
    }
    const databases = look("many", { max_tables: 20 });
    const first = pointsOf((await databases.round()).batches);
    const tables = (all: readonly SeenPoint[]) =>
      all.filter(({ name }) => name === "postgresql.sequential_scans").map((point) => point.attributes);
    expect(tables(first)).toHaveLength(21);
    expect(value(first, "postgresql.table.count", { "db.namespace": "many" })).toBe(10_000n);
    const other = { "db.namespace": "many", "dbintel.aggregate": "other", operation: "ins" };
    expect(value(first, "postgresql.operations", other)).toBe(0n);
    // Neither of them was reported alone before: t7777 is so from now on, and what it did until here is in the rest.
    await session.query("INSERT INTO t7777 SELECT generate_series(1, 500)");
    await session.query("INSERT INTO t8888 SELECT generate_series(1, 300)");
    await session.end();
    await eventually("the statistics are there", async () => {
      const [row] = await server.query<{ rows: string }>("SELECT sum(n_tup_ins) AS rows FROM pg_stat_user_tables", [], {
        database: "many",
      });
      return row?.rows === "800" ? true : undefined;
    });
    await databases.host.clock.advance(60_000);
    const second = pointsOf((await databases.round()).batches);
    await databases.close();
    expect(tables(second)).toHaveLength(21);
    expect(tables(second).map((attributes) => attributes.get("postgresql.table.name"))).toContain("public.t7777");
    expect(value(second, "postgresql.operations", other)).toBe(800n);
  }, 200_000);
});
