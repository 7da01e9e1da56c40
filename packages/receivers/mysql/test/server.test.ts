import { eventually } from "@dbintel/e2e/condition";
import { freePort, type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { adviceSuite } from "./advice-suite.ts";
import { canarySuite } from "./canary-suite.ts";
import { fillServer, type Product } from "./metric-list.ts";
import { metricsSuite } from "./metrics-suite.ts";
import { objectsSuite } from "./objects-suite.ts";
import { settingsSuite } from "./settings-suite.ts";
import { eventsOf, watch } from "./watch.ts";

/** Suites that share a server, because starting one takes longer than all of them. */
function suites(product: Product, start: () => Promise<MysqlServer>) {
  let started: MysqlServer;
  beforeAll(async () => {
    started = await start();
    await fillServer(started);
  });
  afterAll(() => started?.stop());

  it("tells all of it of one and the same server", async () => {
    const look = watch(started);
    const polled = [await look.pollMetrics(), await look.pollObjects(), await look.pollReplication()];
    await look.close();
    const resources = polled.flatMap(({ batches }) =>
      batches.flatMap((batch) => [...batch.resources()].map(({ attributes }) => [...attributes.entries()])),
    );
    expect(resources.length).toBeGreaterThanOrEqual(polled.length);
    for (const resource of resources) expect(resource).toEqual(resources[0]);
    expect(new Map(resources[0]).get("db.system.name")).toBe(product);
  });

  it("keeps what it asks out of what it reports", async () => {
    const look = watch(started);
    await look.poll();
    for (let round = 0; round < 2; round++) {
      await look.pollMetrics();
      await look.pollObjects();
      await look.pollReplication();
      await look.pollDeadlocks();
    }
    await started.query("SELECT id FROM app.t WHERE v = 987654");
    const texts = await eventually("the statement is reported", async () => {
      const found = eventsOf((await look.poll()).batches).map((event) => event.text("db.query.text"));
      return found.some((text) => /WHERE `?v`? = /.test(text)) ? found : undefined;
    });
    await look.close();
    expect(texts.filter((text) => /^SHOW|performance_schema|information_schema/.test(text))).toEqual([]);
  });

  const shared = { product, server: () => started };
  describe("its metrics", () => metricsSuite(shared));
  describe("its tables and indexes", () => objectsSuite(shared));
  describe("its indexes", () => adviceSuite(shared));
  describe("its canary query", () => canarySuite(shared));
  describe("changes of its settings", () => settingsSuite(shared));
}

describeOwnMysql("a server as a whole", () =>
  suites("mysql", async () => {
    const mysqlx = {
      "loose-mysqlx": "ON",
      "loose-mysqlx-port": await freePort(),
      "loose-mysqlx-socket": "mysqlx.sock",
    };
    return await startMysql({ own: true, settings: { ...mysqlx, "loose-mysqlx-bind-address": "127.0.0.1" } });
  }),
);
describeMariadb("a server as a whole", () => suites("mariadb", () => startMariadb()));
