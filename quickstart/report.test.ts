import { expect, test } from "vitest";
import { report } from "./report.ts";

test("a screen: the interval, the table, the server, what is notable", () => {
  const query = { database: "shop", role: "shop_app", calls: 100, rows: 100, totalSeconds: 0.1 };
  const text = report(
    {
      at: new Date(2026, 0, 2, 3, 4, 5),
      seconds: 5,
      queries: [
        {
          ...query,
          text: "SELECT name\n  FROM customers WHERE id = $1",
          plan: { operation: "Index Scan", relations: "customers", cost: 8.3, hasSeqScan: false },
        },
        { ...query, text: "", totalSeconds: 0.05 },
        { ...query, text: "", role: "", other: true, totalSeconds: 0.05 },
      ],
      server: {
        sessions: [
          { state: "idle", waitType: "", sessions: 3 },
          { state: "active", waitType: "IO", sessions: 1 },
        ],
        waits: [
          { waitClass: "cpu", share: 0.75 },
          { waitClass: "lock", share: 0.25 },
        ],
        connections: 5,
        maxConnections: 50,
        commitsPerSecond: 12.34,
        rollbacksPerSecond: undefined,
        cacheHitRatio: 0.999,
        locks: 7,
      },
      blocking: ["session 7 (shop, idle in transaction) holds up: UPDATE", "   └─ 8 (shop) waits 1 s: UPDATE"],
      planChanges: ["another plan: SELECT 1"],
    },
    { columns: 72 },
  );
  expect(text.split("\n")).toEqual([
    "",
    "03:04:05  300 calls of 3 statements in 5.00 s, 200 ms of database time",
    "share     time  calls     mean  rows  database  user      query",
    "50.0%   100 ms    100  1.00 ms   100  shop      shop_app  SELECT name F…",
    "25.0%  50.0 ms    100   500 µs   100  shop      shop_app  (text not kno…",
    "25.0%  50.0 ms    100   500 µs   100  shop                (all others)",
    "sessions: 3 idle · 1 active, waiting for IO | connections 5 of 50 | commits 12.3/s | cache hits 99.9 % | locks 7",
    "active time: 75 % cpu · 25 % lock",
    "plan: Index Scan over customers, cost 8: SELECT name FROM customers WHERE id = $1",
    "session 7 (shop, idle in transaction) holds up: UPDATE",
    "   └─ 8 (shop) waits 1 s: UPDATE",
    "  ! another plan: SELECT 1",
    "  ! N+1? 100 calls in 5 s, each for one row: SELECT name FROM customers WHERE id = $1",
    "      one query for the whole list (a join, or = ANY($1)) would save the round trips",
  ]);
});
