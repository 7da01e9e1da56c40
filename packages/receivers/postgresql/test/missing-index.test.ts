import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describeExtension, describePostgres } from "@dbintel/e2e/servers/vitest";
import { createTestHost, type SeenEvent, type TestHost } from "@dbintel/pipeline/testing";
import { afterAll, beforeAll, expect, it } from "vitest";
import { AdviceErrand } from "../src/advice/advice-errand.ts";
import { MissingIndexErrand } from "../src/advice/missing-index-errand.ts";
import { KnownScans } from "../src/plans/known-scans.ts";
import { eventsOfVisits } from "./visiting.ts";
import { watchStatements } from "./watch.ts";

const secret = "planted-secret";
/** Reads what it may, and may keep its session out of pg_stat_statements. */
const monitor = { username: "monitor", password: "monitor-password" };

const statements = {
  byCustomer: "SELECT count(*) FROM orders WHERE customer = 7",
  byCustomerAndState: `SELECT sum(id) FROM orders o WHERE o.customer = 7 AND o.state = '${secret}' AND o.id > 3`,
  byReservedWord: `SELECT min(id) FROM orders WHERE "order" IN (1, 2)`,
  notSelective: "SELECT max(id) FROM orders WHERE state = 'open'",
  byPattern: "SELECT avg(id) FROM orders WHERE note LIKE '%7%'",
  all: "SELECT count(*), sum(id) FROM orders",
  ofFew: "SELECT count(*) FROM few WHERE id = 7",
  ofPartitions: "SELECT count(*) FROM events WHERE person = 7",
  /** Most of its cost is elsewhere. */
  deep: `SELECT id FROM orders WHERE rare = 5 ${"UNION ALL (SELECT id FROM orders ORDER BY note LIMIT 1) ".repeat(12)}`,
};

const suites = [
  { hypopg: false, describeIt: (suite: () => void) => describePostgres(18, "indexes that statements lack", suite) },
  {
    hypopg: true,
    describeIt: (suite: () => void) => describeExtension(15, "hypopg", "indexes that statements lack", suite),
  },
];

for (const { hypopg, describeIt } of suites) {
  describeIt(() => {
    let server: PostgresServer;
    let statementWatch: ReturnType<typeof watchStatements>;

    const inShop = { database: "shop" };

    beforeAll(async () => {
      const settings = { autovacuum: false, max_parallel_workers_per_gather: 0 };
      server = await startPostgres({ major: hypopg ? 15 : 18, settings });
      await server.query(`CREATE ROLE ${monitor.username} LOGIN PASSWORD '${monitor.password}'`);
      await server.query(`GRANT pg_monitor, pg_read_all_data TO ${monitor.username}`);
      await server.query("GRANT SET ON PARAMETER pg_stat_statements.track TO monitor");
      await server.query("CREATE DATABASE shop");
      const session = await server.connect(inShop);
      await session.query(`
        CREATE SCHEMA sales;
        CREATE TABLE sales.orders AS
          SELECT g AS id, g % 5000 AS customer, g % 7000 AS "order", g % 60000 AS rare,
                 (CASE WHEN g % 2 = 0 THEN 'open' ELSE 'done' END)::varchar AS state, g::text AS note
            FROM generate_series(1, 120000) g;
        CREATE TABLE public.few AS SELECT g AS id FROM generate_series(1, 1000) g;
        CREATE TABLE public.events (person int, at int) PARTITION BY RANGE (at);
        CREATE TABLE public.events_1 PARTITION OF public.events FOR VALUES FROM (0) TO (130000);
        INSERT INTO public.events SELECT g % 6000, g FROM generate_series(1, 110000) g;
        ALTER DATABASE shop SET search_path = sales, public;
        ANALYZE`);
      if (hypopg) await session.query("CREATE SCHEMA tools; CREATE EXTENSION hypopg SCHEMA tools");
      if (hypopg) await session.query("GRANT USAGE ON SCHEMA tools TO monitor");
      await session.end();
      statementWatch = watchStatements(server, {
        user: monitor,
        explain: 50,
        reportsDatabase: (name) => name === "shop",
      });
      await statementWatch.poll();
      // A plan that the server was too busy for is asked for again later.
      await eventually("the plans of all statements are known", async () => {
        await run(Object.values(statements));
        await statementWatch.poll();
        await statementWatch.host.clock.advance(120_000);
        return statementWatch.scans.of("shop").length >= Object.keys(statements).length ? true : undefined;
      });
    });

    afterAll(async () => {
      await statementWatch.close();
      await server.stop();
    });

    async function run(texts: readonly string[]): Promise<void> {
      const session = await server.connect(inShop);
      for (const text of texts) await session.query(text);
      await session.end();
    }

    function watch(known: KnownScans = statementWatch.scans, host: TestHost = createTestHost()) {
      const errand = new MissingIndexErrand({ host, intervalMs: 300_000, endpoint: "test:5432", scans: known });
      return eventsOfVisits(server, { errand, host, database: "shop", user: monitor });
    }

    const objectsOf = (events: readonly SeenEvent[]) =>
      events.map((event) => event.text("dbintel.advice.object")).sort();

    it("are told by the conditions of statements, with the statement and no constant of it", async () => {
      const advice = watch();
      const events = await advice.look();
      expect(await advice.look()).toEqual([]);
      await advice.close();
      expect(objectsOf(events)).toEqual([
        "public.events (person)",
        "sales.orders (customer)",
        "sales.orders (customer, state, id)",
        "sales.orders (order)",
        ...(hypopg ? [] : ["sales.orders (rare)"]),
      ]);
      const found = new Map(events.map((event) => [event.text("dbintel.advice.object"), event]));
      const byState = found.get("sales.orders (customer, state, id)");
      expect(Object.fromEntries(byState?.attributes ?? [])).toMatchObject({
        "db.namespace": "shop",
        "postgresql.schema.name": "sales",
        "db.collection.name": "orders",
        "dbintel.advice.rule": "missing_index",
        "dbintel.advice.state": "open",
        "dbintel.advice.columns": "customer, state, id",
        "dbintel.advice.evidence.rows": 120_000,
        "dbintel.advice.sql": "CREATE INDEX CONCURRENTLY ON sales.orders (customer, state, id);",
      });
      const [row] = await server.query<{ queryid: string }>(
        "SELECT queryid::text FROM pg_stat_statements WHERE query LIKE 'SELECT sum(id) FROM orders o WHERE%'",
      );
      expect(byState?.text("postgresql.queryid")).toBe(row?.queryid);
      expect(byState?.number("dbintel.advice.evidence.selectivity")).toBeLessThan(0.001);
      expect(
        JSON.stringify(
          events.map((event) => [...event.attributes]),
          stringsOfBigints,
        ),
      ).not.toContain(secret);
      expect(found.get("sales.orders (order)")?.text("dbintel.advice.sql")).toBe(
        'CREATE INDEX CONCURRENTLY ON sales.orders ("order");',
      );
      expect(found.get("public.events (person)")?.text("dbintel.advice.sql")).toBe(
        "CREATE INDEX ON public.events (person);",
      );
    });

    it("are told with what hypopg says of them, where there is one", async () => {
      const advice = watch();
      const events = await advice.look();
      await advice.close();
      const byCustomer = events.find((event) => event.text("dbintel.advice.object") === "sales.orders (customer)");
      expect(byCustomer).toBeDefined();
      const evidence = (name: string) => byCustomer?.attributes.get(`dbintel.advice.evidence.${name}`);
      if (!hypopg) {
        expect(evidence("gain_share")).toBeUndefined();
        return;
      }
      expect(evidence("gain_share")).toBeGreaterThan(0.9);
      expect(evidence("cost_before")).toBeGreaterThan(2000);
      expect(evidence("cost_after")).toBeLessThan(200);
      expect(evidence("index_bytes")).toBeGreaterThan(500_000);
      // Nothing was built, and the server sees the real plan again.
      const [row] = await server.query(
        "SELECT count(*)::int FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relname = 'orders'",
        [],
        inShop,
      );
      expect(row).toEqual({ count: 0 });
    });

    it("are gone when the index is there, also for who has not seen the statement since a restart", async () => {
      const first = watch();
      await first.look();
      await first.close();
      await run(['CREATE INDEX by_order ON orders ("order")', statements.byReservedWord]);
      // A collector that knows no statement of it yet goes by the catalogue.
      const known = new KnownScans(first.host.clock);
      const other = { queryId: "1", userId: 1, role: undefined, query: undefined, meanMs: 1 };
      known.learn({ ...other, database: "shop", plan: planOfAnother });
      const restarted = watch(known, createTestHost({ storage: first.host.storage }));
      expect(await restarted.look()).toEqual([]);
      const resolved = await restarted.look();
      expect(objectsOf(resolved)).toEqual(["sales.orders (order)"]);
      expect(resolved[0]?.text("dbintel.advice.state")).toBe("resolved");
      await restarted.close();
    });

    if (hypopg) return;
    it("take the place of what counters alone tell of a table", async () => {
      await run(["DO $$ BEGIN FOR i IN 1..10 LOOP PERFORM FROM events_1 WHERE person < 0; END LOOP; END $$"]);
      const sequential = async (known: KnownScans) => {
        const host = createTestHost();
        const errand = new AdviceErrand({
          host,
          intervalMs: 300_000,
          endpoint: "test:5432",
          scans: known,
          frequentScans: 10,
        });
        const advice = eventsOfVisits(server, { errand, host, database: "shop" });
        const events = await advice.look();
        await advice.close();
        return objectsOf(events.filter((event) => event.text("dbintel.advice.rule") === "sequential_scans"));
      };
      expect(await sequential(new KnownScans(createTestHost().clock))).toEqual(["public.events_1", "sales.orders"]);
      expect(await sequential(statementWatch.scans)).toEqual([]);
    });
  });
}

const planOfAnother = JSON.stringify([
  { Plan: { "Node Type": "Seq Scan", "Relation Name": "none", "Plan Rows": 1, Filter: "(a = 1)" } },
]);

function stringsOfBigints(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
