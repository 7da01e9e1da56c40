import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PlanNode } from "../src/plan.ts";
import { planHashes } from "../src/plan-hash.ts";
import { readPlan } from "../src/reading.ts";
import { type Shop, startShop } from "./postgresql-shop.ts";

const statements = [
  "select * from orders where customer_id = 7 and note like '%it''s (12)%'",
  "select c.name, count(*) from customer c join orders o on o.customer_id = c.id where o.total > 5 group by c.name order by 2 desc, 1 limit 3",
  "select * from customer c left join orders o on o.customer_id = c.id and o.total = 3 where c.region is null",
  "select * from orders where total = (select max(total) from orders where customer_id = 3)",
  "select * from customer c where exists (select 1 from orders o where o.customer_id = c.id and o.note = 'a, b')",
  "select id, (select count(*) from orders o where o.customer_id = c.id) from customer c where id < 5",
  "with big as materialized (select * from orders where total > 98) select * from big join customer on customer.id = big.customer_id",
  "with recursive t(n) as (select 1 union all select n + 1 from t where n < 10) select * from t",
  "select * from event where day between '2026-01-15' and '2026-02-15'",
  "select * from event where day = current_date - 1",
  "select id from customer except select customer_id from orders",
  "select customer_id from orders intersect all select id from customer",
  "select distinct region from customer",
  "select id, sum(total) over (partition by customer_id order by id) from orders where id < 100",
  "select * from generate_series(1, 10) g join (values (1, 'x'), (2, 'y')) v(a, b) on v.a = g",
  "select * from orders where id in (1, 2, 3) or customer_id = 5",
  "select * from orders where ctid = '(0,1)'",
  "select region, id % 3, count(*) from customer group by rollup (region, id % 3)",
  "select * from orders o1 join orders o2 using (customer_id) where o1.id < 10 order by o1.note, o2.note",
  "insert into customer select id + 100000, 'x', 'y' from customer where id < 3",
  "update orders set total = total + 1 where id = 3",
  "delete from orders where customer_id in (select id from customer where region = 'region 3')",
  "select * from customer order by region, id",
  "select sum(total) from orders where note > 'note 5' and note < E'note\\\\7\\n  ->  Seq Scan on secret  (cost=0.00..1.00 rows=1 width=4)'",
  "select now() where 1 = 2",
  "select * from (select id, row_number() over (order by id) r from orders) s where r < 10",
  "select 1 from orders for update limit 1",
];

const settings = [
  "",
  "set local enable_hashjoin = off; set local enable_hashagg = off",
  "set local enable_hashjoin = off; set local enable_mergejoin = off; set local enable_material = off",
  "set local enable_indexscan = off; set local enable_seqscan = off",
];

describePostgres(18, "plans as text", () => {
  let shop: Shop;
  beforeAll(async () => {
    shop = await startShop();
  });
  afterAll(() => shop?.[Symbol.asyncDispose]());

  it.each(settings)("are read as the JSON of the same plan is: %s", async (change) => {
    for (const sql of statements) {
      await shop.run(`begin; ${change}`);
      const json = await shop.plan(sql);
      const text = readPlan(await shop.explainText(sql));
      await shop.run("rollback");
      if (text.plan === undefined) throw new Error(`${text.message}: ${sql}`);
      expect([sql, described(text.plan.root)]).toEqual([sql, described(json.root)]);
      expect([sql, planHashes(text.plan)]).toEqual([sql, planHashes(json)]);
      expect(JSON.stringify(text.plan)).not.toMatch(/it''s|secret|region 3|note 5/);
    }
  });

  it("are read without costs where the caller says whose they are", async () => {
    for (const sql of statements) {
      const bare = await shop.explainText(sql, "costs off");
      const text = readPlan(bare, { syntax: "postgresql" });
      const json = await shop.plan(sql);
      if (text.plan === undefined) throw new Error(`${text.message}: ${sql}`);
      expect([sql, planHashes(text.plan)]).toEqual([sql, planHashes(json)]);
      expect(nodes(text.plan.root).every(({ estimate }) => estimate?.rows === undefined)).toBe(true);
      expect(JSON.stringify(text.plan)).not.toMatch(/it''s|secret|region 3|note 5/);
    }
    expect(readPlan("Seq Scan on orders").reason).toBe("unknown_format");
    for (const text of ["no plan", "Result or what", "Sort\nSort Key: secret", "<insufficient privilege>", ""]) {
      expect(readPlan(text, { syntax: "postgresql" }).plan).toBeUndefined();
    }
  });

  it("tell what happened, too", async () => {
    const options = "analyze, buffers, timing off, summary off";
    for (const sql of statements.filter((each) => each.startsWith("select"))) {
      const text = readPlan(await shop.explainText(sql, options));
      const json = await shop.plan(sql, `, ${options}`);
      const actuals = (root: PlanNode) => nodes(root).map(({ actual }) => [actual?.rows, actual?.loops]);
      expect([sql, text.plan && actuals(text.plan.root)]).toEqual([sql, actuals(json.root)]);
      const removed = (root: PlanNode) => nodes(root).map(({ removed: rows }) => rows?.byFilter ?? 0);
      expect([sql, text.plan && removed(text.plan.root)]).toEqual([sql, removed(json.root)]);
    }
  });

  it("are read from the message of auto_explain", async () => {
    const message = (query: string) =>
      `duration: 12.345 ms  plan:\nQuery Text: ${query}\nSort  (cost=1.05..1.05 rows=1 width=4) (actual rows=1.00 loops=1)\n` +
      "  Sort Key: id\n  ->  Seq Scan on orders  (cost=0.00..1.04 rows=1 width=4) (actual rows=1.00 loops=1)\n" +
      "        Filter: (note = 'jane\n  ->  Seq Scan on jane  (cost=0.00..1.04 rows=1 width=4)'::text)\nQuery Identifier: -42";
    const decoy = "Seq Scan on jane  (cost=0.00..1.10 rows=1 width=4)";
    for (const query of [
      "select 1",
      `select '\n${decoy}\n'`,
      `select 1 /* it's\n${decoy}\n*/ -- it's`,
      `select $$\n${decoy}$$`,
    ]) {
      const { plan } = readPlan(message(query));
      expect(plan).toMatchObject({ format: "postgresql_text", executionMs: 12.345, queryId: "-42" });
      expect(plan?.root).toMatchObject({
        operation: "Sort",
        children: [{ operation: "Seq Scan", relation: "orders" }],
      });
      expect(JSON.stringify(plan)).not.toContain("jane");
    }
  });
});

function nodes(node: PlanNode): readonly PlanNode[] {
  return [node, ...node.children.flatMap(nodes)];
}

/** What both formats tell. */
function described(node: PlanNode): unknown {
  const { operation, role, relation, alias, index, joinType, strategy, partialMode, conditions, sortKeys, estimate } =
    node;
  const sorted = conditions.map((condition) => `${condition.role} ${condition.text}`).toSorted();
  const own = {
    operation,
    role,
    relation,
    alias,
    index,
    joinType,
    strategy,
    partialMode,
    conditions: sorted,
    sortKeys,
  };
  return { ...own, groupKeys: node.groupKeys.toSorted(), estimate, children: node.children.map(described) };
}
