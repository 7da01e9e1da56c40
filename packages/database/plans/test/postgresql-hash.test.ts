import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type PlanHashes, planHashes } from "../src/plan-hash.ts";
import { type Shop, startShop } from "./postgresql-shop.ts";

describePostgres(18, "the hashes of PostgreSQL's plans", () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(() => shop?.[Symbol.asyncDispose]());

  const hashes = async (sql: string, options?: string): Promise<PlanHashes> =>
    planHashes(await shop.plan(sql, options));

  /** The hashes under a setting or a change that is taken back. */
  const hashesUnder = async (change: string, sql: string): Promise<PlanHashes> => {
    await shop.run(`begin; ${change}`);
    const result = await hashes(sql);
    await shop.run("rollback");
    return result;
  };

  const join = "select * from orders o join customer c on c.id = o.customer_id where c.region = 'region 3'";
  const byCustomer = "select * from orders where customer_id = 7 and note like '%12%'";

  it.each([
    [byCustomer, "select * from orders where customer_id = 1999 and note like 'x'"],
    ["select * from orders where id in (1, 2, 3)", "select * from orders where id in (4, 5, 6, 7, 8, 9)"],
    [
      "select * from orders where id > 19990 and total = 3",
      "SELECT *\n FROM orders -- all\n WHERE total = -7 AND id > 19995",
    ],
    ["select * from event where day = '2026-01-05'", "select * from event where day = '2026-02-05'"],
  ])("are the same with other constants: %s", async (one, other) => {
    expect(await hashes(other)).toEqual(await hashes(one));
  });

  it("are the same for a generic plan with parameters", async () => {
    const raw = await hashes(byCustomer);
    const generic = await hashes("select * from orders where customer_id = $1 and note like $2", ", generic_plan");
    expect(generic).toEqual(raw);
  });

  it("are the same with other statistics, costs and actual figures", async () => {
    const before = await hashes(join);
    await shop.run("insert into orders select n, n % 2000 + 1, n % 7, 'more' from generate_series(20001, 30000) n");
    await shop.run("analyze orders");
    expect(await hashes(join)).toEqual(before);
    expect(await hashesUnder("set local cpu_tuple_cost = 0.02", join)).toEqual(before);
    expect(await hashes(join, ", analyze, buffers")).toEqual(before);
  });

  it.each([
    "select count(*) from orders where total < 70",
    "select * from orders where total > (select avg(total) from orders)",
  ])("are the same with workers and without: %s", async (sql) => {
    const cheapWorkers = `set local max_parallel_workers_per_gather = 2; set local parallel_setup_cost = 0;
      set local parallel_tuple_cost = 0; set local min_parallel_table_scan_size = 0`;
    await shop.run(`begin; ${cheapWorkers}`);
    const plan = await shop.plan(sql);
    await shop.run("rollback");
    expect(JSON.stringify(plan)).toContain('"Gather"');
    expect(planHashes(plan)).toEqual(await hashes(sql));
  });

  it("keep apart tables whose aliases differ by a number alone", async () => {
    const joined = (one: string, other: string): Promise<PlanHashes> =>
      hashesUnder(
        "set local join_collapse_limit = 1; set local enable_hashjoin = off; set local enable_mergejoin = off",
        `select * from ${one} t_1 left join ${other} t_2 on t_2.id = t_1.id`,
      );
    expect((await joined("orders", "customer")).shape).not.toBe((await joined("customer", "orders")).shape);
  });

  it("are the same however many partitions pruning leaves", async () => {
    const many = await hashes("select * from event where day > '2026-01-15' and id = 3");
    const two = await hashes("select * from event where day > '2026-02-15' and id = 3");
    const one = await hashes("select * from event where day > '2026-03-15' and id = 3");
    expect(two).toEqual(many);
    expect(one).toEqual(many);
  });

  it("differ when an index was dropped", async () => {
    const before = await hashes(byCustomer);
    const after = await hashesUnder("drop index orders_customer", byCustomer);
    expect(after.shape).not.toBe(before.shape);
    expect(after.full).not.toBe(before.full);
  });

  it("differ when another index is used in the same way", async () => {
    const sql = "select * from orders where customer_id = 7";
    const change = "drop index orders_customer; create index other on orders (customer_id)";
    expect((await hashesUnder(change, sql)).shape).not.toBe((await hashes(sql)).shape);
  });

  it("differ when tables are joined in another order, or in another way", async () => {
    const written = (sql: string): Promise<PlanHashes> => hashesUnder("set local join_collapse_limit = 1", sql);
    const one = await written(
      "select * from orders o cross join lateral (select * from customer c where c.id = o.id) x",
    );
    const other = await written("select * from customer c left join orders o on o.id = c.id");
    expect(other.shape).not.toBe(one.shape);
    const merge = await hashesUnder("set local enable_hashjoin = off; set local enable_nestloop = off", join);
    expect(merge.shape).not.toBe((await hashes(join)).shape);
  });

  it("differ in the full hash alone when a condition that the index answered has become a filter", async () => {
    const sql = "select note from orders where customer_id = 7 and total = 6";
    const narrow = `set local enable_bitmapscan = off; drop index orders_customer;
      create index orders_customer on orders`;
    const answered = await hashesUnder(`${narrow} (customer_id, total)`, sql);
    const filtered = await hashesUnder(`${narrow} (customer_id)`, sql);
    expect(filtered.shape).toBe(answered.shape);
    expect(filtered.full).not.toBe(answered.full);
  });

  it("keep apart 14 plans that differ", async () => {
    const statements = [
      "select * from orders",
      "select id from orders order by id",
      "select * from orders order by note",
      "select * from orders order by total, note",
      "select total, count(*) from orders group by total",
      "select note, count(*) from orders group by note",
      "select distinct on (note) note from orders order by note",
      "select * from orders limit 5",
      "select * from orders where id = 1",
      "select * from orders where id > 19990",
      "select * from customer where exists (select 1 from orders where customer_id = customer.id)",
      "select * from customer where not exists (select 1 from orders where customer_id = customer.id)",
      "select * from customer c left join orders o on o.customer_id = c.id",
      "update orders set total = 1 where id = 4",
    ];
    const all = [];
    for (const sql of statements) all.push((await hashes(sql)).full);
    expect(new Set(all).size).toBe(statements.length);
  });
});
