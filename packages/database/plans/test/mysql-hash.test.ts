import { describeMysql } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nodesOf } from "../src/plan.ts";
import { planHashes } from "../src/plan-hash.ts";
import { filterSuite, formatSuite, MysqlShop } from "./mysql-shop.ts";
import { byCustomer, grouped, join } from "./shop-statements.ts";

describeMysql("the plans of MySQL", () => {
  let shop: MysqlShop;
  beforeAll(async () => {
    shop = await MysqlShop.start();
  });
  afterAll(() => shop?.[Symbol.asyncDispose]());

  describe("as the first version of its JSON", () => formatSuite("mysql_json_v1", () => shop));

  describe("as a tree", () => {
    formatSuite("mysql_tree", () => shop);
    filterSuite("mysql_tree", () => shop);

    it.each([byCustomer, join, grouped])("have the same hashes with what EXPLAIN ANALYZE measured: %s", async (sql) => {
      const explained = await shop.hashes(sql, "mysql_tree");
      const analyzed = await shop.plan(sql, "mysql_tree", "explain analyze");
      expect(planHashes(analyzed)).toEqual(explained);
      expect([...nodesOf(analyzed.root)].some(({ actual }) => (actual?.rows ?? 0) > 0)).toBe(true);
    });
  });
});
