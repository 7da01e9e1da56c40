import { describeMysql } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, expect, it } from "vitest";
import { filterSuite, formatSuite, MysqlShop, various } from "./mysql-shop.ts";
import { byCustomer, grouped, join } from "./shop-statements.ts";

describeMysql("the plans of MySQL as the second version of its JSON, since 8.3", () => {
  let shop: MysqlShop;
  beforeAll(async () => {
    shop = await MysqlShop.start();
  });
  afterAll(() => shop?.[Symbol.asyncDispose]());

  formatSuite("mysql_json_v2", () => shop);
  filterSuite("mysql_json_v2", () => shop);

  it.each([byCustomer, join, grouped, ...various])("have the hashes of the tree: %s", async (sql) => {
    expect(await shop.hashes(sql, "mysql_json_v2")).toEqual(await shop.hashes(sql, "mysql_tree"));
  });

  it.each([byCustomer, join, grouped])("have the same hashes with what EXPLAIN ANALYZE measured: %s", async (sql) => {
    const analyzed = await shop.hashes(sql, "mysql_json_v2", "explain analyze format=json");
    expect(analyzed).toEqual(await shop.hashes(sql, "mysql_json_v2"));
  });
});
