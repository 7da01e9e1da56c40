import { type MysqlServer, startMariadb } from "@dbintel/e2e/servers";
import { describeMariadb } from "@dbintel/e2e/servers/vitest";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { nodesOf, type Plan } from "../src/plan.ts";
import { diffPlans } from "../src/plan-diff.ts";
import { type PlanHashes, planHashes } from "../src/plan-hash.ts";
import { readPlan } from "../src/reading.ts";
import { byCustomer, join, otherConstants } from "./shop-statements.ts";

const schema = [
  "create database shop",
  "use shop",
  "create table customer (id int primary key, name varchar(50), region varchar(20))",
  "create table orders (id int primary key, customer_id int, total int, note varchar(50), key orders_customer (customer_id))",
  "insert into customer select seq, concat('name ', seq), concat('region ', seq % 10) from seq_1_to_2000",
  "insert into orders select seq, seq % 2000 + 1, seq % 100, concat('note ', seq) from seq_1_to_20000",
  "analyze table customer, orders",
];

describeMariadb("the plans of MariaDB", () => {
  let server: MysqlServer;
  let connection: Connection;
  beforeAll(async () => {
    server = await startMariadb();
    connection = await server.connect();
    for (const sql of schema) await connection.query(sql);
  });
  afterAll(async () => {
    await connection?.end();
    await server?.stop();
  });

  const plan = async (sql: string, command = "explain"): Promise<Plan> => {
    const [rows] = await connection.query<RowDataPacket[]>(`${command} format=json ${sql}`);
    const reading = readPlan(Object.values(rows[0] ?? {}).join(""));
    if (reading.plan === undefined) throw new Error(reading.message);
    return reading.plan;
  };
  const hashes = async (sql: string, command?: string): Promise<PlanHashes> => planHashes(await plan(sql, command));

  it.each(otherConstants)("have the same hashes with other constants: %s", async (one, other) => {
    expect(await hashes(other)).toEqual(await hashes(one));
  });

  it("have the same hashes with other statistics and with actual figures", async () => {
    const before = await hashes(join);
    expect(await hashes(join, "analyze")).toEqual(before);
    await connection.query("insert into orders select 20000 + seq, seq % 2000 + 1, seq % 7, 'more' from seq_1_to_5000");
    await connection.query("analyze table orders");
    expect(await hashes(join)).toEqual(before);
  });

  it("have other hashes when an index was dropped, and the old ones when it is back", async () => {
    const before = await hashes(byCustomer);
    await connection.query("drop index orders_customer on orders");
    const after = await hashes(byCustomer);
    await connection.query("create index orders_customer on orders (customer_id)");
    expect(after.shape).not.toBe(before.shape);
    expect(await hashes(byCustomer)).toEqual(before);
  });

  it("know a condition again that an index answered in part", async () => {
    const sql = "select note from orders o where customer_id > 1990 and customer_id % 2 = 1";
    const pushed = await plan(sql);
    await connection.query("drop index orders_customer on orders");
    const filtered = await plan(sql);
    await connection.query("create index orders_customer on orders (customer_id)");
    const differences = diffPlans(pushed, filtered);
    expect(differences.slice(1)).toEqual(
      ["customer_id > ?", "customer_id mod ? = ?"].map((condition) => ({
        kind: "condition_moved",
        relation: "o",
        condition,
        from: "index_condition",
        to: "filter",
      })),
    );
  });

  it("have other hashes when tables are joined in another order", async () => {
    const [one, other] = ["customer c straight_join orders o", "orders o straight_join customer c"].map(
      (tables) => `select * from ${tables} on c.id = o.customer_id`,
    );
    expect((await hashes(one ?? "")).shape).not.toBe((await hashes(other ?? "")).shape);
  });

  it("have another full hash when a condition left the index", async () => {
    const sql = "select note from orders where customer_id > 1990 and customer_id % 2 = 1";
    const pushed = await hashes(sql);
    await connection.query("set optimizer_switch = 'index_condition_pushdown=off'");
    const filtered = await hashes(sql);
    await connection.query("set optimizer_switch = default");
    expect(filtered.shape).toBe(pushed.shape);
    expect(filtered.full).not.toBe(pushed.full);
  });

  it("are read with what ANALYZE measured", async () => {
    const { root, executionMs } = await plan(join, "analyze");
    expect(executionMs).toBeGreaterThan(0);
    const nodes = [...nodesOf(root)];
    expect(nodes.map(({ operation, relation }) => [operation, relation])).toEqual([
      ["query_block", undefined],
      ["nested_loop", undefined],
      ["ALL", "c"],
      ["ref", "o"],
    ]);
    expect(nodes[2]).toMatchObject({
      kind: "sequential_scan",
      conditions: [{ role: "filter", text: "c.region = ?" }],
      estimate: { rows: 2000, examinedRows: 2000 },
      actual: { rows: 200, loops: 1 },
      removed: { byFilter: 1800 },
    });
    expect(nodes[3]).toMatchObject({ index: "orders_customer", keyParts: ["customer_id"], actual: { loops: 200 } });
  });

  it.each([
    "select * from orders where customer_id in (1, 2, 3) or id = 5",
    "select *, (select max(total) from orders o where o.customer_id = c.id) from customer c where c.id < 10",
    "select 1 from orders union select 2 from customer where name = 'x' union all select 3",
    "with recursive r as (select 1 as n union all select n + 1 from r where n < 5) select * from r",
    "select * from customer a, customer b where a.name = concat(b.name, 'x') and a.id < 50",
    "update orders set note = 'x' where id = 5",
    "select row_number() over (partition by region order by id) from customer order by name",
    "select distinct region from customer where name not in (select note from orders)",
    "select * from (select region, count(*) c from customer group by region) x join customer y on x.region = y.region",
    "select 1 from customer where 1 = 0",
  ])("are read from EXPLAIN and ANALYZE alike: %s", async (sql) => {
    const explained = await plan(sql);
    expect([...nodesOf(explained.root)].length).toBeGreaterThan(1);
    expect(await hashes(sql, "analyze")).toEqual(planHashes(explained));
  });
});
