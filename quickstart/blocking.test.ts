import { type AnyValue, logsBuilder } from "@dbintel/pdata";
import { expect, test } from "vitest";
import { BlockingTree } from "./blocking.ts";

function samples(...sessions: readonly Readonly<Record<string, AnyValue>>[]) {
  const logs = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (const attributes of sessions) logs.record({ eventName: "db.server.query_sample", attributes });
  return logs.build();
}

const waiter = (pid: bigint, depth: bigint, seconds: bigint) => ({
  "postgresql.pid": pid,
  "postgresql.application_name": "audit",
  "postgresql.state": "active",
  "db.query.text": "UPDATE stock\n  SET quantity = $1",
  "postgresql.blocking.lock.relation": "public.stock",
  "postgresql.blocking.wait_duration": seconds,
  "dbintel.blocking.root.pid": 7n,
  "dbintel.blocking.depth": depth,
});

test("who blocks whom is a tree, the longest wait of each session in it, once", () => {
  const tree = new BlockingTree();
  tree.addLogs(samples(waiter(9n, 2n, 1n), waiter(8n, 1n, 0n), waiter(8n, 1n, 2n)));
  tree.addLogs(
    samples(
      {
        "postgresql.pid": 7n,
        "postgresql.application_name": "shop",
        "postgresql.state": "idle in transaction",
        "dbintel.blocking.sessions": 2n,
      },
      { "postgresql.pid": 7n, "postgresql.application_name": "shop", "postgresql.state": "idle" },
      { "postgresql.pid": 3n, "postgresql.state": "active" },
    ),
  );
  expect(tree.take()).toEqual([
    "session 7 (shop, idle in transaction) holds up: ",
    "   └─ 8 (audit) waits 2 s for public.stock: UPDATE stock SET quantity = $1",
    "      └─ 9 (audit) waits 1 s for public.stock: UPDATE stock SET quantity = $1",
  ]);
  expect(tree.take()).toEqual([]);
});

test("a wait of less than a second is told by when it began", () => {
  const logs = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  const atMs = Date.parse("2026-03-01T12:00:00.950Z");
  const attributes = { ...waiter(8n, 1n, 0n), "postgresql.blocking.start_time": "2026-03-01T12:00:00.250123Z" };
  logs.record({ eventName: "db.server.query_sample", timeUnixNano: BigInt(atMs) * 1_000_000n, attributes });
  const tree = new BlockingTree();
  tree.addLogs(logs.build());
  expect(tree.take()[1]).toContain("8 (audit) waits 0.7 s for public.stock");
});

test("a tree has a bound, and a root that was not seen has its number", () => {
  const tree = new BlockingTree();
  tree.addLogs(samples(...Array.from({ length: 20 }, (_, pid) => waiter(BigInt(pid + 10), 1n, 1n))));
  const lines = tree.take();
  expect(lines[0]).toBe("session 7 holds up:");
  expect(lines).toHaveLength(7);
  expect(lines.at(-1)).toBe("  … and 15 more");
});

test("sessions of MySQL are a tree as well", () => {
  const tree = new BlockingTree();
  tree.addLogs(
    samples(
      { "dbintel.session.id": "a.7", "mysql.session.id": 7n, "user.name": "app", "mysql.session.status": "other" },
      {
        "dbintel.session.id": "a.8",
        "mysql.session.id": 8n,
        "user.name": "app",
        "db.query.text": "UPDATE t SET v = ?",
        "mysql.blocking.wait_duration": 1.26,
        "mysql.blocking.lock.relation": "shop.t",
        "dbintel.blocking.root.session.id": "a.7",
        "dbintel.blocking.depth": 1n,
      },
    ),
  );
  expect(tree.take()).toEqual([
    "session 7 (app, other) holds up: ",
    "   └─ 8 (app) waits 1.3 s for shop.t: UPDATE t SET v = ?",
  ]);
});
