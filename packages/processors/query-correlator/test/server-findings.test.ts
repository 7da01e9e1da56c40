import type { AnyValue, LogRecordInit } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import { Correlators, type Values } from "./correlators.ts";

const mysqlResource: Values = { "mysql.instance.endpoint": "db.example:3306", "db.system.name": "mysql" };

function codesOf(values: Values | undefined): readonly AnyValue[] {
  return findingsOf(values).map((finding) => finding.get("id") ?? "");
}

function findingsOf(values: Values | undefined) {
  return (values?.["db.query.findings"] ?? []) as readonly ReadonlyMap<string, AnyValue>[];
}

/** A session of MySQL that computes. */
function sample(thread: bigint): LogRecordInit {
  return {
    eventName: "db.server.query_sample",
    attributes: {
      "db.namespace": "shop",
      "db.query.text": "SELECT * FROM orders WHERE id = ?",
      "mysql.threads.thread_id": thread,
      "mysql.threads.processlist_command": "Query",
    },
  };
}

/** Both sides of a deadlock, as the receivers for MySQL and PostgreSQL tell it. */
function deadlock(id: string, others: Values = {}): readonly LogRecordInit[] {
  return ["shop.orders", "shop.stock"].map((relation) => ({
    eventName: "db.deadlock",
    attributes: { "dbintel.deadlock.id": id, "mysql.blocking.lock.relation": relation, ...others },
  }));
}

describe("connections", () => {
  /** So many minutes in which a server is asked; answers with the findings that its samples were told. */
  async function pass(correlators: Correlators, perMinute: number, minutes: number, open = 20) {
    const told = new Set<AnyValue>();
    for (let minute = 0; minute < minutes; minute++) {
      await correlators.clock.advance(60_000);
      // From five sixths of it to seven sixths.
      made += Math.round((perMinute * (50 + ((minute * 37) % 21))) / 60);
      const points = [
        { name: "mysql.threads", value: open, attributes: { kind: "connected" } },
        { name: "mysql.threads", value: 7, attributes: { kind: "cached" } },
        { name: "mysql.connection.limit", value: 100, attributes: {} },
        { name: "mysql.connection.count", value: made, attributes: {} },
      ];
      await correlators.metrics(points, mysqlResource);
      const samples = await correlators.logs([sample(1n), sample(2n)], mysqlResource);
      for (const code of codesOf(samples[0])) told.add(code);
      expect(codesOf(samples[1])).toEqual([]);
    }
    return [...told];
  }
  let made = 0;

  it("are a storm when they are made far faster than usual, and none in usual hours or when the server begins anew", async () => {
    const correlators = await Correlators.start();
    expect(await pass(correlators, 60, 6 * 60)).toEqual([]);
    made = 0;
    expect(await pass(correlators, 70, 30)).toEqual([]);
    expect(await pass(correlators, 6000, 5)).toEqual(["connection_storm"]);
  });

  it("are told when few are left", async () => {
    const correlators = await Correlators.start();
    expect(await pass(correlators, 60, 5, 89)).toEqual([]);
    expect(await pass(correlators, 60, 5, 95)).toEqual(["connections_exhausted"]);
  });

  it("of PostgreSQL are those of all databases together", async () => {
    const correlators = await Correlators.start();
    const backends = ["shop", "billing"].map((name) => ({
      name: "postgresql.backends",
      value: 48,
      attributes: { "postgresql.database.name": name },
    }));
    await correlators.metrics([...backends, { name: "postgresql.connection.max", value: 100, attributes: {} }]);
    const [told] = await correlators.logs([
      { eventName: "db.server.query_sample", attributes: { "db.namespace": "shop", "postgresql.pid": 7n } },
    ]);
    expect(codesOf(told)).toEqual(["connections_exhausted"]);
  });
});

describe("deadlocks", () => {
  it("are told once, with what they were about", async () => {
    const correlators = await Correlators.start();
    const [first, second] = await correlators.logs(deadlock("a", { "dbintel.deadlock.count": 4n }), mysqlResource);
    expect(codesOf(first)).toEqual(["deadlocks"]);
    expect(codesOf(second)).toEqual([]);
    const [finding] = findingsOf(first);
    expect(finding?.get("priority")).toBe("P1");
    expect(finding?.get("evidence")).toEqual(
      expect.arrayContaining(["deadlocks=4 {deadlock}", "sessions=2 {session}", "relations=shop.orders, shop.stock"]),
    );
  });

  it("of PostgreSQL are no samples of what its sessions do", async () => {
    const correlators = await Correlators.start();
    const records = deadlock("b", { "postgresql.pid": 7n, "db.namespace": "shop" });
    const [told] = await correlators.logs(records);
    expect(codesOf(told)).toEqual(["deadlocks"]);
    expect(told).not.toHaveProperty("db.query.wait.category");
  });

  it("are forgotten, and one now and then is little", async () => {
    const correlators = await Correlators.start();
    for (let hour = 0; hour < 24; hour++) {
      await correlators.clock.advance(3_600_000);
      const [told] = await correlators.logs(deadlock(String(hour)), mysqlResource);
      expect(told?.["db.query.findings.priority"]).toMatch(/^P[23]$/);
    }
  });
});
