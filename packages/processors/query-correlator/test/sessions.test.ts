import type { AnyValue, LogRecordInit } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import { Correlators, nowMs, top, type Values } from "./correlators.ts";

const update = "UPDATE orders SET state = $1 WHERE id = $2";
const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/** The time of the tests, so many seconds later, as a receiver writes it. */
const at = (seconds: number) => new Date(nowMs + seconds * 1000).toISOString();

/** A record of `db.server.query_sample` as the OpenTelemetry Collector's `postgresql` receiver writes it. */
function sample(pid: bigint, others: Values = {}): LogRecordInit {
  return {
    eventName: "db.server.query_sample",
    attributes: {
      "db.namespace": "shop",
      "db.query.text": update,
      "postgresql.pid": pid,
      "postgresql.state": "active",
      "postgresql.query_start": at(0),
      "postgresql.wait_event": "",
      "postgresql.wait_event_type": "",
      "postgresql.blocking.pids": "{}",
      ...others,
    },
  };
}

function waiting(pid: bigint, blockers: string, seconds: bigint): LogRecordInit {
  return sample(pid, {
    "postgresql.wait_event": "transactionid",
    "postgresql.wait_event_type": "Lock",
    "postgresql.blocking.pids": `{${blockers}}`,
    "postgresql.blocking.wait_duration": seconds,
    "postgresql.blocking.lock.mode": "ShareLock",
  });
}

describe("a transaction", () => {
  it("is counted through by its samples", async () => {
    const correlators = await Correlators.start();
    const inTransaction = (start: number, statement: number, text: string) =>
      sample(7n, {
        "postgresql.xact_start": at(start),
        "postgresql.query_start": at(statement),
        "db.query.text": text,
      });
    const seen: Values[] = [];
    for (const record of [
      inTransaction(0, 0, "SELECT * FROM orders WHERE id = $1"),
      inTransaction(0, 0, "SELECT * FROM orders WHERE id = $1"),
      inTransaction(0, 1, update),
      inTransaction(2, 2, update),
    ]) {
      await correlators.clock.advance(1000);
      seen.push(...(await correlators.logs([record])));
    }
    expect(seen.map((values) => values["dbintel.transaction.executions"])).toEqual([1n, 1n, 2n, 1n]);
    expect(seen.map((values) => values["dbintel.transaction.summaries"])).toEqual([
      ["SELECT orders"],
      ["SELECT orders"],
      ["SELECT orders", "UPDATE orders"],
      ["UPDATE orders"],
    ]);
    expect(seen.map((values) => values["dbintel.transaction.age"])).toEqual([1, 2, 3, 2]);
    expect(new Set(seen.map((values) => values["dbintel.transaction.id"])).size).toBe(2);
  });

  it("keeps the ids that the receiver gives", async () => {
    const correlators = await Correlators.start();
    const given = { "dbintel.session.id": "6954b8f0.7", "dbintel.transaction.id": "6954b8f0.7/1" };
    expect((await correlators.logs([sample(7n, given)]))[0]).toMatchObject(given);
  });
});

describe("blocking", () => {
  const holder = sample(1n, {
    "postgresql.state": "idle in transaction",
    "postgresql.xact_start": at(-60),
    "db.query.text": "SELECT * FROM orders FOR UPDATE",
  });

  it("is traced to its root, which is told who waits and how long", async () => {
    const correlators = await Correlators.start();
    const [root, first, second] = await correlators.logs([holder, waiting(2n, "1", 42n), waiting(3n, "2", 12n)]);
    expect(root).toMatchObject({
      "dbintel.blocking.sessions": 2n,
      "dbintel.blocking.seconds": 54,
      "dbintel.blocking.waiters": ["2", "3"],
      "dbintel.blocking.waiters.seconds": [42, 12],
    });
    const toldRoot = {
      "dbintel.blocking.root.session.id": "1",
      "dbintel.blocking.root.fingerprint": root?.["db.query.fingerprint"],
      "dbintel.blocking.root.summary": "SELECT orders",
    };
    expect(first).toMatchObject({ ...toldRoot, "dbintel.blocking.depth": 1n });
    expect(second).toMatchObject({ ...toldRoot, "dbintel.blocking.depth": 2n });
    expect(first?.["dbintel.blocking.sessions"]).toBeUndefined();
  });

  it("is a finding about the session that has its transaction open", async () => {
    const correlators = await Correlators.start();
    const records = [holder, waiting(2n, "1", 42n), waiting(3n, "2", 12n)];
    let root: Values | undefined;
    for (let second = 0; second < 30; second++) {
      await correlators.clock.advance(1000);
      [root] = await correlators.logs(records);
    }
    expect(root?.["db.query.findings.top"]).toBe("idle_transaction_pileup");
    expect(root?.["db.query.findings.priority"]).toBe("P0");
    expect(findings(root).map(({ id }) => id)).toEqual(["idle_transaction_pileup", "idle_in_transaction_blocker"]);
    expect(findings(root)[1]).toMatchObject({
      evidence: expect.arrayContaining(["longest_wait=42 s", "blocked_sessions=2 {session}"]),
      recommendation: expect.stringContaining("End the session"),
    });
  });

  it("knows its root from an earlier sample, and overwrites nothing that the receiver says", async () => {
    const correlators = await Correlators.start();
    await correlators.logs([holder]);
    const said = { "dbintel.blocking.depth": 3n, "dbintel.blocking.root.session.id": "elsewhere" };
    const record = waiting(2n, "1", 42n);
    const [told] = await correlators.logs([{ ...record, attributes: { ...(record.attributes as Values), ...said } }]);
    expect(told).toMatchObject({ ...said, "dbintel.blocking.root.summary": "SELECT orders" });
  });

  it("is not mixed up between servers", async () => {
    const correlators = await Correlators.start();
    await correlators.logs([holder], { "service.instance.id": "other:5432" });
    const [told] = await correlators.logs([waiting(2n, "1", 42n)]);
    expect(told?.["dbintel.blocking.root.session.id"]).toBe("1");
    expect(told?.["dbintel.blocking.root.summary"]).toBeUndefined();
  });
});

describe("waits", () => {
  it("are told of a statement with their shares, to its counters and to its spans", async () => {
    const correlators = await Correlators.start();
    for (let second = 0; second < 40; second++) {
      await correlators.clock.advance(1000);
      await correlators.logs([second % 4 === 0 ? sample(2n) : waiting(2n, "1", 1n)]);
    }
    const expected = {
      "db.query.wait.categories": ["lock_row", "cpu"],
      "db.query.wait.shares": [0.75, 0.25],
      "db.query.wait.samples": 40n,
      "db.query.wait.active_sessions": expect.closeTo(1, 1),
    };
    const [record, other] = await correlators.logs([top(update), top("SELECT 1 FROM t")]);
    expect(record).toMatchObject({ ...expected, "db.query.findings.top": "lock_contention" });
    expect(other?.["db.query.wait.categories"]).toBeUndefined();
    const attributes = { "db.system.name": "postgresql", "db.namespace": "shop", "db.query.text": update };
    expect((await correlators.spans([{ attributes }]))[0]).toMatchObject(expected);
  });

  it("are of the window only", async () => {
    const correlators = await Correlators.start({ wait_window: "1m" });
    for (let second = 0; second < 5; second++) {
      await correlators.clock.advance(1000);
      await correlators.logs([sample(2n)]);
    }
    await correlators.clock.advance(120_000);
    expect((await correlators.logs([top(update)]))[0]?.["db.query.wait.samples"]).toBeUndefined();
  });

  it("are known of MySQL and SQL Server too", async () => {
    const correlators = await Correlators.start();
    const mysql = {
      "db.system.name": "mysql",
      "db.query.text": "SELECT * FROM items",
      "mysql.threads.thread_id": 50n,
      "mysql.session.id": 8n,
      "mysql.event_id": 3n,
      "mysql.threads.processlist_command": "Query",
      "mysql.wait_type": "wait/io/file/innodb/innodb_data_file",
    };
    const sqlserver = {
      "db.system.name": "microsoft.sql_server",
      "db.query.text": "UPDATE items SET a = @p",
      "sqlserver.session_id": 61n,
      "sqlserver.transaction_id": 991n,
      "sqlserver.wait_type": "LCK_M_X",
      "sqlserver.wait_time": 4.5,
      "sqlserver.blocking_session_id": 60n,
    };
    const [io, locked] = await correlators.logs([
      { eventName: "db.server.query_sample", attributes: mysql },
      { eventName: "db.server.query_sample", attributes: sqlserver },
    ]);
    expect(io).toMatchObject({ "db.query.wait.category": "io_data", "dbintel.session.id": "8" });
    expect(locked).toMatchObject({
      "db.query.wait.category": "lock_row",
      "dbintel.session.id": "61",
      "dbintel.transaction.id": "991",
      "dbintel.blocking.root.session.id": "60",
    });
  });
});

it("finds the statement of a record without text by the id that the server gives it", async () => {
  const correlators = await Correlators.start();
  const [told] = await correlators.logs([top(update, 1, { "postgresql.queryid": "-42" })]);
  const { attributes, ...event } = sample(7n, { "postgresql.query_id": "-42" });
  const { "db.query.text": _, ...without } = attributes as Values;
  const [known] = await correlators.logs([{ ...event, attributes: without }]);
  expect(known).toMatchObject({
    "db.query.fingerprint": told?.["db.query.fingerprint"],
    "db.query.summary": "UPDATE orders",
  });
});

it("tells the trace of a sample to the counters of its statement", async () => {
  const correlators = await Correlators.start();
  await correlators.logs([sample(7n, { "postgresql.application_name": traceparent })]);
  expect((await correlators.logs([top(update)]))[0]).toMatchObject({
    "db.query.client.trace_ids": ["0af7651916cd43dd8448eb211c80319c"],
  });
});

it("finds that a statement reads a large table without an index, where its plan and the table's scans say so", async () => {
  const correlators = await Correlators.start();
  const place = { "db.namespace": "shop", "db.collection.name": "public.orders" };
  for (const scans of [0, 100]) {
    await correlators.clock.advance(10_000);
    await correlators.metrics([
      { name: "postgresql.rows", value: 1_000_000, attributes: { ...place, state: "live" } },
      { name: "postgresql.sequential_scans", value: scans, attributes: place },
    ]);
  }
  const planned = (scans: boolean) => ({ "db.query.plan.hash": "v1:a", "db.query.plan.has_seq_scan": scans });
  const [scanned] = await correlators.logs([top(update, 5, planned(true))]);
  expect(scanned?.["db.query.findings.top"]).toBe("missing_index");
  const [indexed] = await correlators.logs([top(update, 5, planned(false))]);
  expect(indexed?.["db.query.findings"]).toBeUndefined();
});

it.each<[string, Values, readonly string[]]>([
  ["that reads whole tables", { sum_no_index_used: 100n }, ["missing_index"]],
  ["that changes most of what it reads", { sum_no_index_used: 100n, sum_rows_affected: 500_000n }, []],
  ["that joins without an index", { sum_select_full_join: 100n }, ["inefficient_join"]],
  ["that looks for an index for each row", { sum_no_good_index_used: 100n }, ["inefficient_join"]],
  ["whose temporary tables are on disk", { sum_created_tmp_disk_tables: 100n }, ["temporary_data_on_disk"]],
  [
    "with all of this",
    { sum_no_index_used: 100n, sum_select_full_join: 100n, sum_created_tmp_disk_tables: 100n },
    ["inefficient_join", "missing_index", "temporary_data_on_disk"],
  ],
])("finds by the counters of MySQL a statement %s", async (_, counted, expected) => {
  const correlators = await Correlators.start();
  const counters = { count_star: 100n, sum_timer_wait: 50, examined_rows: 1_000_000n, returned_rows: 100n, ...counted };
  const attributes = {
    ...{ "db.system.name": "mysql", "db.namespace": "shop", "db.query.text": "SELECT `a` FROM `t` WHERE `b` = ?" },
    ...Object.fromEntries(
      Object.entries(counters).map(([name, value]) => [`mysql.events_statements_summary_by_digest.${name}`, value]),
    ),
  };
  const [record] = await correlators.logs([{ eventName: "db.server.top_query", attributes }]);
  expect(
    findings(record)
      .map(({ id }) => String(id))
      .toSorted(),
  ).toEqual(expected);
});

function findings(values: Values | undefined): readonly Values[] {
  const list = (values?.["db.query.findings"] ?? []) as readonly ReadonlyMap<string, AnyValue>[];
  return list.map((finding) => Object.fromEntries(finding));
}
