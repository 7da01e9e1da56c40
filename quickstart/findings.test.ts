import type { TopQuery } from "@dbintel/collector";
import { expect, test } from "vitest";
import { findings } from "./findings.ts";
import type { Observation, ServerState } from "./observation.ts";

const quiet: ServerState = {
  sessions: [],
  waits: [],
  connections: undefined,
  maxConnections: undefined,
  commitsPerSecond: undefined,
  rollbacksPerSecond: undefined,
  cacheHitRatio: undefined,
  locks: undefined,
};

function observed(queries: readonly Partial<TopQuery>[], server: Partial<ServerState> = {}): Observation {
  const query = { database: "shop", role: "shop_app", text: "SELECT 1", calls: 1, rows: 1, totalSeconds: 0.001 };
  return {
    at: new Date(0),
    seconds: 5,
    queries: queries.map((own) => ({ ...query, ...own })),
    server: { ...quiet, ...server },
    blocking: [],
    planChanges: [],
  };
}

test("a quiet interval has nothing notable", () => {
  expect(findings(observed([{}], { cacheHitRatio: 0.99 }))).toEqual([]);
  expect(findings(observed([]))).toEqual([]);
});

test("very many calls of one small query are called N+1", () => {
  const [line] = findings(observed([{ text: "SELECT name FROM customers WHERE id = $1", calls: 300, rows: 300 }]));
  expect(line).toContain("300 calls in 5 s, each for one row: SELECT name FROM customers WHERE id = $1");
});

test.each([
  ["it is called rarely", { calls: 99, rows: 99 }],
  ["it gives many rows", { calls: 300, rows: 3000 }],
  ["it writes", { calls: 300, rows: 300, text: "INSERT INTO t VALUES ($1)" }],
])("a query is not N+1 when %s", (_why, query) => {
  expect(findings(observed([query]))).toEqual([]);
});

test("a plan that reads all of a table for one row asks for an index", () => {
  const text = "SELECT id FROM customers WHERE email = $1";
  const plan = { operation: "Seq Scan", relations: "customers", cost: 400, hasSeqScan: true };
  expect(findings(observed([{ text, calls: 9, rows: 9, plan }]))).toEqual([
    `no index? the plan reads all of customers for one row a call: ${text}`,
  ]);
  for (const other of [
    { plan: { ...plan, hasSeqScan: false } },
    { plan: { ...plan, cost: 10 } },
    { plan, rows: 900 },
    { plan: undefined },
  ]) {
    expect(findings(observed([{ text, calls: 9, rows: 9, ...other }]))).toEqual([]);
  }
});

test("sessions that wait for a lock are counted, and who may hold it", () => {
  const sessions = [
    { state: "active", waitType: "Lock", sessions: 2 },
    { state: "idle in transaction", waitType: "", sessions: 1 },
  ];
  expect(findings(observed([], { sessions }))).toEqual([
    "2 sessions waiting for a lock; 1 session idle in a transaction may hold it",
  ]);
});

test("a slow query is told apart from one that waits for a lock", () => {
  const lines = findings(
    observed([
      { text: "UPDATE stock SET quantity = $1", calls: 2, rows: 2, totalSeconds: 3 },
      { text: "SELECT sum(price) FROM order_items", calls: 2, rows: 2, totalSeconds: 1 },
    ]),
  );
  expect(lines).toEqual([
    "slow: 75 % of the time, 1.50 s a call, for one row: it waits for a lock rather than works: UPDATE stock SET quantity = $1",
    "slow: 25 % of the time, 500 ms a call: SELECT sum(price) FROM order_items",
  ]);
});

test("a cold cache is notable", () => {
  expect(findings(observed([], { cacheHitRatio: 0.5 }))).toEqual([
    "only 50.0 % of the blocks were in the server's cache",
  ]);
});
