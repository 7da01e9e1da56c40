import { logsBuilder, metricsBuilder } from "@dbintel/pdata";
import { expect, test } from "vitest";
import { Observer } from "./observation.ts";

const second = 1_000_000_000n;

function poll(args: { readonly at: bigint; readonly text: string; readonly seconds: number }) {
  return logsBuilder()
    .resource({ attributes: {} })
    .scope({ name: "test" })
    .record({
      eventName: "db.server.top_query",
      timeUnixNano: args.at,
      attributes: {
        "db.namespace": "shop",
        "db.query.text": args.text,
        "postgresql.calls": 10n,
        "postgresql.rows": 20n,
        "postgresql.total_exec_time": args.seconds,
        "dbintel.interval.start_time_unix_nano": args.at - 5n * second,
      },
    })
    .build();
}

function commits(at: bigint, shop: bigint, warehouse: bigint) {
  const point = (database: string, value: bigint) => ({
    attributes: { "db.namespace": database },
    timeUnixNano: at,
    value,
  });
  return metricsBuilder()
    .resource({ attributes: {} })
    .scope({ name: "test" })
    .sum({ name: "postgresql.commits", monotonic: true, temporality: "cumulative" }, [
      point("shop", shop),
      point("warehouse", warehouse),
    ])
    .build();
}

test("the statements of a poll come out with its interval, the costliest first, once", () => {
  const observer = new Observer();
  expect(observer.addLogs(poll({ at: 100n * second, text: "SELECT 1", seconds: 0.5 }))).toBe(true);
  expect(observer.addLogs(poll({ at: 100n * second, text: "SELECT 2", seconds: 0.75 }))).toBe(true);
  const { at, seconds, queries } = observer.take();
  expect(at).toEqual(new Date(100_000));
  expect(seconds).toBe(5);
  expect(queries.map(({ text }) => text)).toEqual(["SELECT 2", "SELECT 1"]);
  expect(observer.take().queries).toEqual([]);
});

test("other log records are no poll", () => {
  const logs = logsBuilder()
    .resource({ attributes: {} })
    .scope({ name: "test" })
    .record({ eventName: "other" })
    .build();
  expect(new Observer().addLogs(logs)).toBe(false);
});

test("a counter becomes a rate over all databases, and a reset none", () => {
  const observer = new Observer();
  observer.addMetrics(commits(100n * second, 1000n, 500n));
  expect(observer.take().server.commitsPerSecond).toBeUndefined();
  observer.addMetrics(commits(105n * second, 1040n, 510n));
  expect(observer.take().server.commitsPerSecond).toBe(10);
  observer.addMetrics(commits(110n * second, 1n, 1n));
  expect(observer.take().server.commitsPerSecond).toBeUndefined();
});

test("sessions are grouped by state and wait; waiting for the client is no wait", () => {
  const observer = new Observer();
  const point = (state: string, wait: string | undefined, value: bigint) => ({
    attributes: { state, wait_event_type: wait },
    timeUnixNano: second,
    value,
  });
  observer.addMetrics(
    metricsBuilder()
      .resource({ attributes: {} })
      .scope({ name: "test" })
      .sum({ name: "dbintel.postgresql.sessions", monotonic: false, temporality: "cumulative" }, [
        point("idle", "Client", 3n),
        point("idle", undefined, 2n),
        point("active", "Lock", 1n),
      ])
      .build(),
  );
  expect(observer.take().server.sessions).toEqual([
    { state: "idle", waitType: "", sessions: 5 },
    { state: "active", waitType: "Lock", sessions: 1 },
  ]);
});

test("a server of MySQL is told by its own metrics, and its statements by its own counters", () => {
  const observer = new Observer();
  for (const round of [1n, 2n]) {
    const timeUnixNano = 10n * round * second;
    const point = (value: bigint, attributes: Readonly<Record<string, string>> = {}) => ({
      ...{ timeUnixNano, value, attributes },
    });
    const counter = { monotonic: true, temporality: "cumulative" } as const;
    const now = { ...counter, monotonic: false };
    observer.addMetrics(
      metricsBuilder()
        .resource({ attributes: {} })
        .scope({ name: "test" })
        .sum({ name: "mysql.uptime", ...counter }, [point(round)])
        .sum({ name: "mysql.query.count", ...counter }, [point(500n * round)])
        .sum({ name: "mysql.connection.limit", ...now }, [point(151n)])
        .sum({ name: "mysql.threads", ...now }, [point(9n, { kind: "connected" }), point(99n, { kind: "created" })])
        .sum({ name: "mysql.buffer_pool.operations", ...counter }, [
          point(1000n * round, { operation: "read_requests" }),
          point(100n * round, { operation: "reads" }),
        ])
        .build(),
    );
  }
  const name = (of: string) => `mysql.events_statements_summary_by_digest.${of}`;
  observer.addLogs(
    logsBuilder()
      .resource({ attributes: {} })
      .scope({ name: "test" })
      .record({
        eventName: "db.server.top_query",
        timeUnixNano: 20n * second,
        attributes: {
          "db.namespace": "billing",
          "db.query.text": "UPDATE t SET v = ?",
          ...{ [name("count_star")]: 3n, [name("returned_rows")]: 1n, [name("sum_rows_affected")]: 4n },
          [name("sum_timer_wait")]: 0.5,
        },
      })
      .build(),
  );
  const { server, queries } = observer.take();
  expect(server).toMatchObject({
    connections: 9,
    maxConnections: 151,
    queriesPerSecond: 50,
    cacheHitRatio: 0.9,
  });
  expect(queries).toMatchObject([{ database: "billing", calls: 3, rows: 5, totalSeconds: 0.5, other: false }]);
});
