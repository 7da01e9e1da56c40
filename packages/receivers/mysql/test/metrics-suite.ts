import { eventually } from "@dbintel/e2e/condition";
import type { MysqlServer } from "@dbintel/e2e/servers";
import { pointsOf, type SeenPoint } from "@dbintel/pipeline/testing";
import type { StatementGuard } from "@dbintel/watching";
import { afterEach, expect, it } from "vitest";
import { correlatedMetrics, newRelicMetrics, otelcolMetrics, type Product } from "./metric-list.ts";
import { watch } from "./watch.ts";

/** What a suite has of the server that it shares with others. */
export interface SharedServer {
  readonly product: Product;
  readonly server: () => MysqlServer;
}

export function metricsSuite({ product, server }: SharedServer): void {
  const opened: { close(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
  });

  async function allPoints(options: Parameters<typeof watch>[1] = {}): Promise<readonly SeenPoint[]> {
    const look = watch(server(), options);
    opened.push(look);
    const polled = [await look.pollMetrics(), await look.pollObjects()];
    expect(polled.flatMap(({ problems = [] }) => problems)).toEqual([]);
    return polled.flatMap(({ batches }) => pointsOf(batches));
  }

  it("are all of the OpenTelemetry Collector's, with its units, kinds and attributes", async () => {
    const points = Map.groupBy(await allPoints(), ({ name }) => name);
    for (const { name, unit, kind, attribute: [attribute = "", ...values] = [], absent = {} } of otelcolMetrics) {
      const found = points.get(name) ?? [];
      const lacking = absent[product];
      if (lacking !== undefined && lacking.values === undefined) {
        expect(found, `${name} is absent: ${lacking.reason}`).toEqual([]);
        continue;
      }
      const shapes = new Set(found.map((point) => `${point.unit} ${point.type} ${point.monotonic}`));
      const shape = { "+": "sum true", S: "sum false", G: "gauge false" }[kind];
      expect([...shapes], name).toEqual([`${unit} ${shape}`]);
      const told = new Set(found.map(({ attributes }) => attributes.get(attribute)));
      const expected = values.filter((value) => !lacking?.values?.includes(value));
      expect(told, name).toEqual(new Set(values.length === 0 ? [undefined] : expected));
    }
  });

  it("are what New Relic's page shows, without a word in the configuration", async () => {
    const enabled = ({ enabled: usual }: { readonly enabled: boolean }) => usual;
    const points = Map.groupBy(await allPoints({ enabled }), ({ name }) => name);
    const lacking = otelcolMetrics.filter(({ absent }) => absent?.[product]?.values === undefined && absent?.[product]);
    for (const [name, attributes] of Object.entries(newRelicMetrics)) {
      if (lacking.some((listed) => listed.name === name)) continue;
      const [point] = points.get(name) ?? [];
      expect(point, name).toBeDefined();
      expect([...(point?.attributes.keys() ?? [])], name).toEqual(expect.arrayContaining([...attributes]));
    }
  });

  it("are what findings of too many connections are made of, without a word in the configuration", async () => {
    const points = await allPoints({ enabled: ({ enabled: usual }) => usual });
    for (const [name, kind] of correlatedMetrics) {
      const found = points.find((point) => point.name === name && point.attributes.get("kind") === kind);
      expect(Number(found?.value), name).toBeGreaterThanOrEqual(1);
    }
  });

  it("tell the transactions of InnoDB that are open, and which errors were met", async () => {
    const session = await server().connect();
    await session.query("START TRANSACTION");
    await session.query("UPDATE app.t SET v = 9 WHERE id = 1");
    await expect(session.query("SELECT * FROM app.missing")).rejects.toThrow(/doesn't exist/);
    // The server lists them anew only when nobody has asked for a moment.
    const points = await eventually(
      "the transaction is told",
      async () => {
        const found = await allPoints();
        const active = found.find(({ name }) => name === "mysql.innodb.transaction.active.count");
        return Number(active?.value) > 0 ? found : undefined;
      },
      { everyMs: 200 },
    );
    await session.query("ROLLBACK");
    await session.end();
    const met = points.filter(({ name }) => name === "mysql.error.count");
    // MariaDB has no such summary.
    if (product === "mariadb") expect(met).toEqual([]);
    else {
      const missing = met.find(({ attributes }) => attributes.get("db.response.status_code") === "1146");
      expect(missing?.attributes.get("error.type")).toBe("ER_NO_SUCH_TABLE");
      expect(Number(missing?.value)).toBeGreaterThanOrEqual(1);
    }
  });

  it("tell statements without their values, and none of the collector's own", async () => {
    await server().query("SELECT v FROM app.t WHERE id = 123456 /* hunter2 */");
    const events = (await allPoints()).filter(({ name }) => name === "mysql.statement_event.wait.time");
    const texts = events.map(({ attributes }) => String(attributes.get("digest_text")));
    expect(texts.some((text) => text.includes("`app`"))).toBe(true);
    expect(texts.join("\n")).not.toMatch(/dbintel|hunter2|123456/);
    expect(Math.max(...texts.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(120);
  });

  it("are asked for together where each has but one row", async () => {
    const asked: string[] = [];
    const guard: StatementGuard = {
      strained: false,
      ask({ collectorClass, work }) {
        asked.push(collectorClass);
        return work();
      },
    };
    const look = watch(server(), { enabled: ({ enabled }) => enabled });
    opened.push(look);
    const { batches, problems } = await look.pollMetrics(guard);
    expect(problems).toEqual([]);
    expect(asked).toEqual(product === "mysql" ? ["overview", "errors"] : ["overview"]);
    const names = pointsOf(batches).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["mysql.uptime", "mysql.innodb.history_list.length"]));
  });

  it("are asked for one by one where a grant lacks for one of them, which is told", async () => {
    await server().query("CREATE USER 'half'@'%' IDENTIFIED BY 'half'");
    const look = watch(server(), { user: { username: "half", password: "half" }, enabled: ({ enabled }) => enabled });
    opened.push(look);
    const { batches, problems = [] } = await look.pollMetrics();
    await server().query("DROP USER 'half'@'%'");
    const names = pointsOf(batches).map(({ name }) => name);
    expect(names).toContain("mysql.buffer_pool.limit");
    expect(names).not.toContain("mysql.innodb.history_list.length");
    expect(problems.map(({ code }) => code)).toContain("DBI_DATABASE_PERMISSION");
  });
}
