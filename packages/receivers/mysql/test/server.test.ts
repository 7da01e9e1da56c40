import { freePort, type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, describe } from "vitest";
import { canarySuite } from "./canary-suite.ts";
import { fillServer, type Product } from "./metric-list.ts";
import { metricsSuite } from "./metrics-suite.ts";
import { objectsSuite } from "./objects-suite.ts";
import { settingsSuite } from "./settings-suite.ts";

/** Suites that share a server, because starting one takes longer than all of them. */
function suites(product: Product, start: () => Promise<MysqlServer>) {
  let started: MysqlServer;
  beforeAll(async () => {
    started = await start();
    await fillServer(started);
  });
  afterAll(() => started?.stop());

  const shared = { product, server: () => started };
  describe("its metrics", () => metricsSuite(shared));
  describe("its tables and indexes", () => objectsSuite(shared));
  describe("its canary query", () => canarySuite(shared));
  describe("changes of its settings", () => settingsSuite(shared));
}

describeOwnMysql("a server as a whole", () =>
  suites("mysql", async () => {
    const mysqlx = { mysqlx: "ON", "mysqlx-port": await freePort(), "mysqlx-socket": "mysqlx.sock" };
    return await startMysql({ own: true, settings: { ...mysqlx, "mysqlx-bind-address": "127.0.0.1" } });
  }),
);
describeMariadb("a server as a whole", () => suites("mariadb", () => startMariadb()));
