import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import type { Batch } from "@dbintel/pdata";
import { createTestHost, pointsOf } from "@dbintel/pipeline/testing";
import type { Connection } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { mysql } from "../src/index.ts";
import { eventsOf, never } from "./watch.ts";

const schemas = ["shop_a", "shop_b", "shop_c", "stock", "old_shop"] as const;

const servers = [
  { suite: describeOwnMysql, start: () => startMysql({ own: true }) },
  { suite: describeMariadb, start: () => startMariadb() },
] as const;

for (const { suite, start } of servers) {
  suite("the schemas that are reported", () => {
    let server: MysqlServer;
    let session: Connection;
    beforeAll(async () => {
      server = await start();
      session = await server.connect();
      for (const schema of schemas) {
        await session.query(`CREATE DATABASE ${schema}`);
        await session.query(`CREATE TABLE ${schema}.t (id int PRIMARY KEY)`);
      }
    });
    afterAll(async () => {
      session?.destroy();
      await server?.stop();
    });

    /** What a receiver tells of them, as soon as it has told of `wanted` by events, table usage and sizes. */
    async function told(settings: Record<string, unknown>, wanted: number) {
      const { definition, config } = mysql({
        ...{ endpoint: `${server.host}:${server.port}`, username: server.superuser, password: server.password },
        ...{ tls: { insecure: true }, initial_delay: "0s", timeout: "1h" },
        // Time passes here while answers are under way: none of them is slow, and what they cost is no share of it.
        ...{ budget: { max_database_share: "100000%" }, circuit_breaker: { slow_call_duration: "10h" } },
        top_query_collection: { collection_interval: "10s", max_explain_each_interval: 0 },
        object_collection: { collection_interval: "10s", size_interval: "10s" },
        active_sessions: { enabled: false },
        ...settings,
      });
      const host = createTestHost();
      const batches: Batch[] = [];
      const consume = async (batch: Batch) => void batches.push(batch);
      const next = { logs: { consume }, metrics: { consume } };
      const receiver = definition.create({ id: "mysql", config, host, next });
      const points = (metric: string) => pointsOf(batches).filter(({ name }) => name === metric);
      const named = (metric: string) => points(metric).flatMap(({ attributes }) => attributes.get("schema") ?? []);
      const seen = () => ({
        // Of what found no row of its own the server keeps no schema.
        events: new Set(
          eventsOf(batches).flatMap((event) =>
            event.text("dbintel.delta.kind") === "overflow" ? [] : [event.text("db.namespace")],
          ),
        ),
        usage: new Set(named("mysql.table.io.wait.count")),
        sizes: new Set(named("mysql.table.size")),
      });
      await receiver.start({ signal: never });
      try {
        await eventually("they are told", async () => {
          for (const schema of schemas) {
            await session.query(`USE ${schema}`);
            await session.query("SELECT id FROM t WHERE id = 1");
          }
          await host.clock.advance(10_000);
          return Object.values(seen()).every((names) => names.size >= wanted) ? true : undefined;
        });
        return { host, ...seen() };
      } finally {
        await receiver.stop({ signal: never });
      }
    }

    it("are max_databases at most, the same everywhere, and a problem says that there are more", async () => {
      const { host, events, usage, sizes } = await told({ max_databases: 3 }, 3);
      expect(events.size).toBe(3);
      expect(usage).toEqual(events);
      expect(sizes).toEqual(events);
      expect(host.statuses.at(-1)).toMatchObject({
        message: `${server.host}:${server.port} has more than 3 schemas; the rest is left out`,
        hint: expect.stringContaining("raise max_databases"),
      });
    });

    it("are those that databases and exclude_databases choose, which makes room", async () => {
      const chosen = { databases: ["shop_?", "*shop"], exclude_databases: ["old_*"], max_databases: 3 };
      const { host, events, usage, sizes } = await told(chosen, 3);
      expect(events).toEqual(new Set(["shop_a", "shop_b", "shop_c"]));
      expect(usage).toEqual(events);
      expect(sizes).toEqual(events);
      expect(host.lines.filter(({ level }) => level === "warn" || level === "error")).toEqual([]);
    });
  });
}
