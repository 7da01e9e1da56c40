import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, expect, it } from "vitest";
import { planAttributes } from "../src/attributes.ts";
import { describeDifferences } from "../src/diff-text.ts";
import type { FindingId, FindingThresholds } from "../src/findings/finding.ts";
import { findingsOf } from "../src/findings/findings.ts";
import { nodesOf, type Plan } from "../src/plan.ts";
import { diffPlans } from "../src/plan-diff.ts";
import { planHashes } from "../src/plan-hash.ts";
import { readPlan } from "../src/reading.ts";
import { type Shop, startShop } from "./postgresql-shop.ts";

describePostgres(18, "the plans of PostgreSQL", () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(() => shop?.[Symbol.asyncDispose]());

  /** The plan under settings or changes that are taken back. */
  const planUnder = async (change: string, sql: string, options?: string): Promise<Plan> => {
    await shop.run(`begin; ${change}`);
    const plan = await shop.plan(sql, options);
    await shop.run("rollback");
    return plan;
  };

  const analyzed = ", analyze, buffers, verbose";
  const byCustomer = "select * from orders where customer_id = 7 and note like '%12%'";

  it("are described by attributes", async () => {
    const plan = await shop.plan(byCustomer, analyzed);
    expect(Object.fromEntries(planAttributes(plan))).toMatchObject({
      "db.query.plan.format": "postgresql_json",
      "db.query.plan.hash": planHashes(plan).full,
      "db.query.plan.shape_hash": planHashes(plan).shape,
      "db.query.plan.operation": "Bitmap Heap Scan",
      "db.query.plan.rows": 1,
      "db.query.plan.depth": 2,
      "db.query.plan.node_count": 2,
      "db.query.plan.has_seq_scan": false,
      "db.query.plan.has_sort": false,
      "db.query.plan.relations": "orders",
      "db.query.plan.indexes": "orders_customer",
      "db.query.plan.actual_rows": 1,
      "db.query.plan.actual_loops": 1,
      "db.query.plan.estimate_error": 1,
    });
    const { startupCost = 0, totalCost = 0 } = plan.root.estimate ?? {};
    expect(planAttributes(plan).get("db.query.plan.cost")).toBe(totalCost);
    expect(planAttributes(plan).get("db.query.plan.efficiency")).toBe(1 / totalCost);
    expect(totalCost).toBeGreaterThan(startupCost);
  });

  it("do not take the columns of a sort for a sort", async () => {
    const plan = await shop.plan("select id as sort from orders order by id");
    expect(planAttributes(plan).get("db.query.plan.has_sort")).toBe(false);
  });

  it("are read from the message of auto_explain, with the statement's fingerprint and id", async () => {
    await shop.run(
      `set auto_explain.log_min_duration = 0; set auto_explain.log_format = json; set auto_explain.log_analyze = on;
       set auto_explain.log_verbose = on`,
    );
    await shop.run(byCustomer);
    await shop.run("set auto_explain.log_min_duration = -1");
    const log = await shop.log();
    const message = log.slice(log.lastIndexOf("duration: "), log.lastIndexOf("\n\t}") + "\n\t}".length);
    const { plan } = readPlan(message);
    expect(plan?.query?.text).toBe("select * from orders where customer_id = ? and note like ?");
    expect(plan?.queryId).toMatch(/^-?\d+$/);
    expect(plan?.executionMs).toBeGreaterThan(0);
    expect(plan && planHashes(plan)).toEqual(planHashes(await shop.plan(byCustomer, ", verbose")));
  });

  it("tell the loss of an index in words", async () => {
    const before = await shop.plan(byCustomer);
    const after = await planUnder("drop index orders_customer", byCustomer);
    expect(describeDifferences(diffPlans(before, after))).toBe(
      [
        "orders: Bitmap Heap Scan using orders_customer became Seq Scan (no longer uses orders_customer)",
        "orders: customer_id = ? was an index condition and is now a filter",
      ].join("\n"),
    );
  });

  it("tell another join, join order and steps in words", async () => {
    const sql = "select c.id, count(*) from customer c join orders o on o.customer_id = c.id group by c.id order by 2";
    const before = await shop.plan(sql);
    const after = await planUnder("set local enable_hashjoin = off; set local enable_hashagg = off", sql);
    expect(describeDifferences(diffPlans(before, after)).split("\n")).toEqual([
      "orders o: Seq Scan became Index Only Scan using orders_customer",
      "customer c: Seq Scan became Index Only Scan using customer_pkey",
      "join order: orders o, customer c became customer c, orders o",
      "join of customer, orders: Hash Join became Merge Join",
      "step removed: Aggregate Hashed by c.id",
      "step added: Aggregate Sorted by c.id",
    ]);
    expect(diffPlans(before, before)).toEqual([]);
  });

  const small: Partial<FindingThresholds> = {
    sequentialScanRows: 20_000,
    discardedRows: 10_000,
    loops: 200,
    estimateRows: 500,
    parallelRows: 20_000,
  };
  const spread = "set local work_mem = '64kB'; set local enable_hashagg = off";

  it.each<[FindingId, string, string, string]>([
    ["large_sequential_scan", "", "select * from orders where note = 'note 7'", "orders"],
    ["filter_discards_rows", "", "select * from orders where note = 'note 7'", "orders"],
    ["missing_parallelism", "", "select * from orders where note = 'note 7'", "orders"],
    ["disk_sort", spread, "select * from orders order by note", ""],
    ["hash_batches", spread, "select * from orders a join orders b on a.note = b.note", ""],
    ["temporary_files", spread, "with w as materialized (select * from orders) select count(*) from w", "w"],
    ["repeated_subplan", "", "select (select max(total) from orders where customer_id = c.id) from customer c", ""],
    [
      "nested_loop_explosion",
      "set local enable_hashjoin = off; set local enable_mergejoin = off; set local enable_material = off; set local enable_bitmapscan = off; set local enable_indexscan = off",
      "select 1 from orders o join customer c on c.name = o.note where o.id <= 300",
      "customer",
    ],
    [
      "stale_statistics",
      "insert into orders select n, 7, 5000, 'late' from generate_series(20001, 22000) n",
      "select * from orders where total = 5000",
      "orders",
    ],
    [
      "lossy_bitmap",
      `${spread}; set local enable_seqscan = off; insert into wide select n, repeat('x', 900) from generate_series(1, 20000) n`,
      "select * from wide where id > 0",
      "wide",
    ],
  ])("show %s", async (id, change, sql, relation) => {
    if (id === "lossy_bitmap") await shop.run("create table wide (id int, filler text); create index on wide (id)");
    const plan = await planUnder(change, sql, analyzed);
    const finding = findingsOf(plan, small).find((found) => found.id === id);
    expect(finding, JSON.stringify(findingsOf(plan, small))).toBeDefined();
    expect(finding?.relation ?? "").toBe(relation);
    expect(Object.keys(finding?.evidence ?? {}).length).toBeGreaterThan(0);
  });

  it("show heap_fetches", async () => {
    const plan = await planUnder(
      "set local enable_seqscan = off; set local enable_bitmapscan = off",
      "select id from orders",
      analyzed,
    );
    const found = findingsOf(plan, { heapFetches: 20_000 });
    const heap = found.find(({ id }) => id === "heap_fetches");
    expect(heap?.evidence.index).toBe("orders_pkey");
    expect(heap?.evidence.heap_fetches).toBeGreaterThanOrEqual(20_000);
  });

  it("show nothing about a plan that is fine", async () => {
    expect(findingsOf(await shop.plan("select * from orders where id = 7", analyzed))).toEqual([]);
    expect(findingsOf(await shop.plan(byCustomer, analyzed))).toEqual([]);
  });

  it("blame no estimate for what LIMIT left unread", async () => {
    const plan = await shop.plan("select * from orders limit 3", analyzed);
    expect(planAttributes(plan).get("db.query.plan.estimate_error")).toBe(1);
  });

  it("hold no constant", async () => {
    const sql = `with w as materialized (select 'zqsecretqz' as s, 9078051 as n)
      select o.note || 'zqsecretqz', (select count(*) from customer where name > 'zqsecretqz' and 9078051 < o.total)
      from orders o join w on o.total < 9078051 and o.note <> s, generate_series(9078051, 9078052) g
      where o.note in ('zqsecretqz', 'b') or o.id = 9078051
      group by 1, o.total, o.id having count(*) < 9078051 order by o.note || 'zqsecretqz', o.total + 9078051`;
    const text = await shop.explain(sql, ", verbose, settings");
    expect(text).toContain("zqsecretqz");
    const { plan } = readPlan(text);
    expect([...nodesOf(plan?.root ?? (await shop.plan(sql)).root)].length).toBeGreaterThan(5);
    expect(JSON.stringify(plan)).not.toMatch(/zqsecretqz|9078051/);
  });
});
