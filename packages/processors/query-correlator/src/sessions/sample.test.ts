import { type AnyValue, logsBuilder } from "@dbintel/pdata";
import { WaitCatalogue } from "@dbintel/waits";
import { expect, it } from "vitest";
import { type Sample, sampleOf } from "./sample.ts";

function sampleIn(attributes: Readonly<Record<string, AnyValue>>): Sample | undefined {
  const batch = logsBuilder().resource({ attributes: {} }).scope({ name: "test" }).record({ attributes }).build();
  const record = batch.records();
  record.advance();
  return sampleOf(record.attributes, new WaitCatalogue());
}

/** A sample of this collector's receiver. */
const session = {
  "mysql.threads.thread_id": 48n,
  "mysql.session.id": 12n,
  "dbintel.session.id": "6b01d07f.c",
  "mysql.session.status": "waiting",
  "mysql.threads.processlist_command": "Query",
  "mysql.threads.processlist_state": "updating",
  "mysql.event_id": 25n,
} as const;

it("tells whom a session of MySQL waits for, and that it waits for a row where no event says so", () => {
  const sample = sampleIn({
    ...session,
    "mysql.wait_type": "wait/io/table/sql/handler",
    "dbintel.transaction.id": "6b01d07f.c/1",
    "mysql.transaction.start_time": "2026-11-21T17:10:24.202669Z",
    "mysql.blocking.session.ids": [11n, 9n],
    "mysql.blocking.wait_duration": 2.5,
    "mysql.blocking.lock.type": "RECORD",
    "mysql.blocking.lock.mode": "X,REC_NOT_GAP",
    "mysql.blocking.lock.relation": "app.t",
  });
  expect(sample).toMatchObject({
    session: "12",
    sessionId: "6b01d07f.c",
    transaction: "6b01d07f.c/1",
    transactionStartMs: Date.parse("2026-11-21T17:10:24.202Z"),
    execution: "25",
    category: "lock_row",
    idleInTransaction: false,
    blockers: ["11", "9"],
    blockedFor: 2.5,
    lockMode: "X,REC_NOT_GAP",
    relation: "app.t",
  });
});

it.each([
  ["wait/io/table/sql/handler", "cpu"],
  ["wait/io/file/innodb/innodb_data_file", "io_data"],
  ["wait/synch/cond/sql/MDL_context::COND_wait_status", "lock_metadata"],
  ["wait/synch/cond/sql/Item_func_sleep::cond", "sleep"],
  ["CPU", "cpu"],
])("a session in %s is one of %s", (event, category) => {
  expect(sampleIn({ ...session, "mysql.wait_type": event })?.category).toBe(category);
});

it("a session that sleeps in a transaction is idle, and may be in the way of others", () => {
  const idle = { ...session, "mysql.threads.processlist_command": "Sleep", "mysql.session.status": "other" };
  const sample = sampleIn({ ...idle, "mysql.transaction.start_time": "2026-11-21T17:10:24.202669Z" });
  expect(sample).toMatchObject({ category: "idle", idleInTransaction: true });
});

it("a statement that has ended is no sample of what its session does", () => {
  const { "mysql.threads.processlist_command": _, "mysql.threads.processlist_state": __, ...ended } = session;
  expect(sampleIn({ ...ended, "mysql.session.status": "other" })).toBeUndefined();
});
