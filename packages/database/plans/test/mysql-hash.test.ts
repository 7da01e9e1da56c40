import { type MysqlServer, startMysql } from "@dbintel/e2e/servers";
import { describeMysql } from "@dbintel/e2e/servers/vitest";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodesOf, type Plan } from "../src/plan.ts";
import { diffPlans } from "../src/plan-diff.ts";
import { type PlanHashes, planHashes } from "../src/plan-hash.ts";
import { readPlan } from "../src/reading.ts";

const numbers = "with recursive n (i) as (select 1 union all select i + 1 from n where i < 20000)";
const schema = [
  "drop database if exists plans",
  "create database plans",
  "use plans",
  "set cte_max_recursion_depth = 30000",
  "create table customer (id int primary key, name varchar(50), region varchar(20))",
  "create table orders (id int primary key, customer_id int, total int, note varchar(50), key orders_customer (customer_id))",
  `insert into customer ${numbers} select i, concat('name ', i), concat('region ', i % 10) from n where i <= 2000`,
  `insert into orders ${numbers} select i, i % 2000 + 1, i % 100, concat('note ', i) from n`,
  "analyze table customer, orders",
];

/** How a session asks for a plan, and the format that is read. */
const formats = {
  mysql_json_v1: { settings: "set explain_json_format_version = 1", explain: "explain format=json" },
  mysql_json_v2: { settings: "set explain_json_format_version = 2", explain: "explain format=json" },
  mysql_tree: { settings: "set explain_json_format_version = 2", explain: "explain format=tree" },
} as const;
type Format = keyof typeof formats;

const join = "select * from orders o join customer c on c.id = o.customer_id where c.region = 'region 3'";
const byCustomer = "select * from orders where customer_id = 7 and note like '%12%'";
const grouped = `select region, count(*) n from customer c join orders o on o.customer_id = c.id
  group by region having n > 5 order by 2 desc limit 3`;
const various = [
  "select * from orders where customer_id in (11, 12, 13) or id = 15",
  "select *, (select max(total) from orders o where o.customer_id = c.id) from customer c where c.id < 110",
  "select 11 from orders union select 12 from customer where name = 'secret' union all select 13",
  "with recursive r as (select 11 as n union all select n + 1 from r where n < 15) select * from r",
  "select * from customer a, customer b where a.name = concat(b.name, 'secret') and a.id < 150",
  "select row_number() over (partition by region order by id) from customer where name <> 'secret' order by name",
  "select distinct region from customer where name not in (select note from orders where note <> 'secret')",
  "select * from (select region, count(*) c from customer group by region) x join customer y on x.region = y.region",
  "select * from customer c where exists (select 11 from orders o where o.customer_id = c.id and o.note = 'secret')",
  "select * from customer c left join orders o on o.customer_id = c.id and o.total > 11 where c.region = 'secret'",
  "select total, sum(id) from orders where note > 'secret' group by total with rollup",
  "select * from orders order by note, total limit 11",
  "select 'secret', concat(name, 'secret'), (select note from orders where note = 'secret' limit 1) from customer",
  "select * from (select id + 12345 as n, count(*), id * 12345 from orders group by 1, 3) x where x.`id * 12345` > 3",
  "select 11 from customer where 1 = 0",
  "select count(*) from orders",
  "select * from json_table('[11]', '$[*]' columns (a int path '$')) j join customer c on c.id = j.a",
  "insert into customer select id + 100000, 'secret', note from orders where id > 19990",
];

/** All that is text in a plan. */
function textsOf({ root, query }: Plan): readonly string[] {
  return [...nodesOf(root)].flatMap(({ conditions, sortKeys, groupKeys, relation = "", index = "" }) => [
    ...conditions.map(({ text }) => text),
    ...sortKeys,
    ...groupKeys,
    relation,
    index,
    query?.text ?? "",
  ]);
}

describeMysql("the plans of MySQL", () => {
  let server: MysqlServer;
  let connection: Connection;
  beforeAll(async () => {
    server = await startMysql();
    connection = await server.connect();
    for (const sql of schema) await connection.query(sql);
  });
  afterAll(async () => {
    await connection?.end();
    await server?.stop();
  });

  const text = async (sql: string, format: Format, explain: string = formats[format].explain): Promise<string> => {
    await connection.query(formats[format].settings);
    const [rows] = await connection.query<RowDataPacket[]>(`${explain} ${sql}`);
    const [plan] = Object.values(rows[0] ?? {});
    return typeof plan === "string" ? plan : JSON.stringify(plan);
  };
  const plan = async (sql: string, format: Format, explain?: string): Promise<Plan> => {
    const told = await text(sql, format, explain);
    const reading = readPlan(told);
    if (reading.plan === undefined) throw new Error(`${reading.message}\n${told}`);
    expect(reading.plan.format).toBe(format);
    return reading.plan;
  };
  const hashes = async (sql: string, format: Format, explain?: string): Promise<PlanHashes> =>
    planHashes(await plan(sql, format, explain));

  describe.each(Object.keys(formats) as Format[])("as %s", (format) => {
    it.each([
      [byCustomer, byCustomer.replace("7", "1999").replace("%12%", "x")],
      [join, join.replace("region 3", "region 9")],
      [grouped, grouped.replace("n > 5", "n > 100").replace("limit 3", "limit 7")],
      ["select * from orders where id in (1, 2, 3)", "select * from orders where id in (4, 5, 6, 7, 8)"],
    ])("have the same hashes with other constants: %s", async (one, other) => {
      expect(await hashes(other, format)).toEqual(await hashes(one, format));
    });

    it("have the same hashes with other statistics", async () => {
      const before = await hashes(join, format);
      await connection.query(
        "insert into orders select id + 100000, customer_id, total, 'more' from orders where id <= 5000",
      );
      await connection.query("analyze table orders");
      expect(await hashes(join, format)).toEqual(before);
      await connection.query("delete from orders where id > 100000");
      await connection.query("analyze table orders");
    });

    it("have other hashes when an index was dropped, and the old ones when it is back", async () => {
      const before = await hashes(byCustomer, format);
      await connection.query("drop index orders_customer on orders");
      const after = await hashes(byCustomer, format);
      await connection.query("create index orders_customer on orders (customer_id)");
      expect(after.shape).not.toBe(before.shape);
      expect(await hashes(byCustomer, format)).toEqual(before);
    });

    it.each(["", "shop"])("have the same hashes in another schema: %s", async (alias) => {
      const sql = (schema: string): string =>
        `select * from ${schema}.orders ${alias} where note > 'b' and total = 7 order by total, note`;
      await connection.query("create database copies");
      await connection.query("create table copies.orders like orders");
      await connection.query("insert into copies.orders select * from orders");
      const copied = await hashes(sql("copies"), format);
      await connection.query("drop database copies");
      expect(copied).toEqual(await hashes(sql("plans"), format));
    });

    it("have other hashes when tables are joined in another order", async () => {
      const [one, other] = ["customer c straight_join orders o", "orders o straight_join customer c"].map(
        (tables) => `select * from ${tables} on c.id = o.customer_id`,
      );
      expect((await hashes(one ?? "", format)).shape).not.toBe((await hashes(other ?? "", format)).shape);
    });

    it("have another full hash when a condition left the index", async () => {
      const sql = "select note from orders where customer_id > 1990 and customer_id % 2 = 1";
      const pushed = await hashes(sql, format);
      await connection.query("set optimizer_switch = 'index_condition_pushdown=off'");
      const filtered = await hashes(sql, format);
      await connection.query("set optimizer_switch = default");
      expect(filtered.full).not.toBe(pushed.full);
    });

    it.each(various)("are read, without a constant: %s", async (sql) => {
      const told = await plan(sql, format);
      expect([...nodesOf(told.root)].length).toBeGreaterThan(0);
      expect(JSON.stringify(textsOf(told))).not.toMatch(/secret|\d\d/);
    });
  });

  it.each([byCustomer, join, grouped, ...various])(
    "have the hashes of the tree in version 2 of the JSON: %s",
    async (sql) => {
      expect(await hashes(sql, "mysql_json_v2")).toEqual(await hashes(sql, "mysql_tree"));
    },
  );

  it.each([byCustomer, join, grouped])("have the same hashes with what EXPLAIN ANALYZE measured: %s", async (sql) => {
    const explained = await hashes(sql, "mysql_tree");
    const analyzed = await plan(sql, "mysql_tree", "explain analyze");
    expect(planHashes(analyzed)).toEqual(explained);
    expect(planHashes(await plan(sql, "mysql_json_v2", "explain analyze format=json"))).toEqual(explained);
    expect([...nodesOf(analyzed.root)].some(({ actual }) => (actual?.rows ?? 0) > 0)).toBe(true);
  });

  it.each(["mysql_json_v2", "mysql_tree"] as const)(
    "know a condition again that has become a filter, which qualifies its column, as %s",
    async (format) => {
      for (const sql of [
        byCustomer,
        byCustomer.replace("orders", "orders o"),
        join.replace("c.region = 'region 3'", "o.customer_id = 7"),
      ]) {
        const indexed = await plan(sql, format);
        await connection.query("drop index orders_customer on orders");
        const scanned = await plan(sql, format);
        await connection.query("create index orders_customer on orders (customer_id)");
        const differences = diffPlans(indexed, scanned);
        expect(differences.map(({ kind }) => kind)).toEqual(["access_changed", "condition_moved"]);
        expect(differences[1]).toMatchObject({ condition: "customer_id = ?", from: "index_condition", to: "filter" });
      }
    },
  );

  it("keep apart plans that differ", async () => {
    for (const format of Object.keys(formats) as Format[]) {
      const all = [];
      for (const sql of [byCustomer, join, grouped, ...various]) all.push((await hashes(sql, format)).full);
      expect(new Set(all).size).toBe(all.length);
    }
  });
});
