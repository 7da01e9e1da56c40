import { type MysqlServer, startMysql } from "@dbintel/e2e/servers";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { expect, it } from "vitest";
import { nodesOf, type Plan } from "../src/plan.ts";
import { diffPlans } from "../src/plan-diff.ts";
import { type PlanHashes, planHashes } from "../src/plan-hash.ts";
import { readPlan } from "../src/reading.ts";
import { byCustomer, grouped, join, otherConstants } from "./shop-statements.ts";

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

/** How a session asks for a plan, and the format that is read. Before 8.3 there is one version of the JSON. */
const formats = {
  mysql_json_v1: { jsonVersion: 1, explain: "explain format=json" },
  mysql_json_v2: { jsonVersion: 2, explain: "explain format=json" },
  mysql_tree: { jsonVersion: 2, explain: "explain format=tree" },
} as const;
type Format = keyof typeof formats;

export const various = [
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

/** A MySQL with customers and their orders, and a session that explains statements. */
export class MysqlShop implements AsyncDisposable {
  readonly #server: MysqlServer;
  readonly #hasJsonVersions: boolean;
  readonly connection: Connection;

  private constructor(server: MysqlServer, connection: Connection, hasJsonVersions: boolean) {
    this.#server = server;
    this.connection = connection;
    this.#hasJsonVersions = hasJsonVersions;
  }

  static async start(): Promise<MysqlShop> {
    const server = await startMysql();
    const connection = await server.connect();
    for (const sql of schema) await connection.query(sql);
    const [versions] = await connection.query<RowDataPacket[]>("show variables like 'explain_json_format_version'");
    return new MysqlShop(server, connection, versions.length > 0);
  }

  async plan(sql: string, format: Format, explain: string = formats[format].explain): Promise<Plan> {
    const told = await this.#text(`${explain} ${sql}`, formats[format].jsonVersion);
    const reading = readPlan(told);
    if (reading.plan === undefined) throw new Error(`${reading.message}\n${told}`);
    if (reading.plan.format !== format) throw new Error(`read as ${reading.plan.format}: ${told}`);
    return reading.plan;
  }

  async hashes(sql: string, format: Format, explain?: string): Promise<PlanHashes> {
    return planHashes(await this.plan(sql, format, explain));
  }

  async #text(sql: string, jsonVersion: number): Promise<string> {
    if (this.#hasJsonVersions) await this.connection.query(`set explain_json_format_version = ${jsonVersion}`);
    const [rows] = await this.connection.query<RowDataPacket[]>(sql);
    const [plan] = Object.values(rows[0] ?? {});
    return typeof plan === "string" ? plan : JSON.stringify(plan);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.end();
    await this.#server.stop();
  }
}

/** What holds for plans in any format. `shop` is asked within tests. */
export function formatSuite(format: Format, shop: () => MysqlShop): void {
  const plan = (sql: string): Promise<Plan> => shop().plan(sql, format);
  const hashes = (sql: string): Promise<PlanHashes> => shop().hashes(sql, format);
  const query = (sql: string) => shop().connection.query(sql);

  it.each(otherConstants)("have the same hashes with other constants: %s", async (one, other) => {
    expect(await hashes(other)).toEqual(await hashes(one));
  });

  it("have the same hashes with other statistics", async () => {
    const before = await hashes(join);
    await query("insert into orders select id + 100000, customer_id, total, 'more' from orders where id <= 5000");
    await query("analyze table orders");
    expect(await hashes(join)).toEqual(before);
    await query("delete from orders where id > 100000");
    await query("analyze table orders");
  });

  it("have other hashes when an index was dropped, and the old ones when it is back", async () => {
    const before = await hashes(byCustomer);
    await query("drop index orders_customer on orders");
    const after = await hashes(byCustomer);
    await query("create index orders_customer on orders (customer_id)");
    expect(after.shape).not.toBe(before.shape);
    expect(await hashes(byCustomer)).toEqual(before);
  });

  it.each(["", "shop"])("have the same hashes in another schema: %s", async (alias) => {
    const sql = (schema: string): string =>
      `select * from ${schema}.orders ${alias} where note > 'b' and total = 7 order by total, note`;
    await query("create database copies");
    await query("create table copies.orders like orders");
    await query("insert into copies.orders select * from orders");
    const copied = await hashes(sql("copies"));
    await query("drop database copies");
    expect(copied).toEqual(await hashes(sql("plans")));
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
    await query("set optimizer_switch = 'index_condition_pushdown=off'");
    const filtered = await hashes(sql);
    await query("set optimizer_switch = default");
    expect(filtered.full).not.toBe(pushed.full);
  });

  it.each(various)("are read, without a constant: %s", async (sql) => {
    const told = await plan(sql);
    expect([...nodesOf(told.root)].length).toBeGreaterThan(0);
    expect(JSON.stringify(textsOf(told))).not.toMatch(/secret|\d\d/);
  });

  it("keep apart plans that differ", async () => {
    const all = [];
    for (const sql of [byCustomer, join, grouped, ...various]) all.push((await hashes(sql)).full);
    expect(new Set(all).size).toBe(all.length);
  });
}

/** Formats that say of the same operation the same with and without an index. */
export function filterSuite(format: Format, shop: () => MysqlShop): void {
  it("know a condition again that has become a filter, which qualifies its column", async () => {
    for (const sql of [
      byCustomer,
      byCustomer.replace("orders", "orders o"),
      join.replace("c.region = 'region 3'", "o.customer_id = 7"),
    ]) {
      const indexed = await shop().plan(sql, format);
      await shop().connection.query("drop index orders_customer on orders");
      const scanned = await shop().plan(sql, format);
      await shop().connection.query("create index orders_customer on orders (customer_id)");
      const differences = diffPlans(indexed, scanned);
      expect(differences.map(({ kind }) => kind)).toEqual(["access_changed", "condition_moved"]);
      expect(differences[1]).toMatchObject({ condition: "customer_id = ?", from: "index_condition", to: "filter" });
    }
  });
}
