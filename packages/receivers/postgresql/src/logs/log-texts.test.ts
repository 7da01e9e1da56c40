import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deadlockOf } from "./deadlock.ts";
import type { LogEntry } from "./log-entry.ts";
import { factOf } from "./log-kinds.ts";
import { MessageTemplates } from "./message-templates.ts";

const entry: LogEntry = {
  timeMicros: 0n,
  pid: 2,
  sessionId: undefined,
  database: "shop",
  user: "app",
  severity: "LOG",
  sqlState: "00000",
  message: "",
  detail: undefined,
  context: undefined,
  statement: undefined,
  queryId: undefined,
};

describe("a deadlock", () => {
  const waits = "waits for ShareLock on transaction 745; blocked by process";
  const deadlock = { ...entry, severity: "ERROR", sqlState: "40P01", message: "deadlock detected" };

  it("is told by all who waited, each with all lines of its statement", () => {
    const detail = [
      `Process 2 ${waits} 3.`,
      "Process 3 waits for ExclusiveLock on tuple (0,1) of relation 16385 of database 5; blocked by process 4.",
      "Process 4 waits for AccessExclusiveLock on advisory lock [5,0,7,1]; blocked by process 2.",
      "Process 2: UPDATE orders",
      "Process 4: is no statement of its own",
      "Process 3: SELECT 'Process 4: jane'",
      "Process 4: SELECT 1",
    ].join("\n");
    const found = deadlockOf({ ...deadlock, detail, context: 'while updating tuple (0,2) in relation "orders"' });
    expect(found).toMatchObject({ victim: 2, relation: "orders" });
    expect(
      found?.parties.map(({ pid, waitsForPid, lockMode, lockType, relationOid, statement }) => [
        ...[pid, waitsForPid, lockMode, lockType, relationOid, statement],
      ]),
    ).toEqual([
      [2, 3, "ShareLock", "transaction", undefined, "UPDATE orders\nProcess 4: is no statement of its own"],
      [3, 4, "ExclusiveLock", "tuple", 16385, "SELECT 'Process 4: jane'"],
      [4, 2, "AccessExclusiveLock", "advisory lock", undefined, "SELECT 1"],
    ]);
  });

  it("is none without its detail, as a RAISE may look", () => {
    expect(deadlockOf(deadlock)).toBeUndefined();
    expect(deadlockOf({ ...deadlock, detail: `Process 2 ${waits} 3.` })).toBeUndefined();
    expect(deadlockOf({ ...entry, detail: `Process 2 ${waits} 3.\nProcess 3 ${waits} 2.` })).toBeUndefined();
  });
});

describe("what an entry is about", () => {
  it.each([
    [
      "lock_wait",
      "process 7 still waiting for ShareLock on transaction 745 after 1000.123 ms",
      {
        "dbintel.age": 1.000123,
        "postgresql.blocking.lock.type": "transaction",
        "postgresql.blocking.acquired": false,
      },
    ],
    [
      "lock_wait",
      "process 7 acquired ExclusiveLock on extension of relation 16385 of database 5 after 1000.1 ms",
      { "postgresql.blocking.lock.type": "extension", "postgresql.blocking.acquired": true },
    ],
    [
      "temporary_file",
      'temporary file: path "base/pgsql_tmp/pgsql_tmp1.0", size 1048576',
      { "postgresql.temporary_file.size": 1048576n },
    ],
    [
      "checkpoint",
      "checkpoints are occurring too frequently (9 seconds apart)",
      { "postgresql.checkpoint.distance": 9 },
    ],
    [
      "autovacuum",
      'automatic vacuum of table "shop.public.orders": index scans: 1\npages: 0 removed\nsystem usage: CPU: user: 1.00 s, system: 0.50 s, elapsed: 700.25 s',
      { "db.collection.name": "public.orders", "db.operation.name": "vacuum", "dbintel.age": 700.25 },
    ],
    [
      "autovacuum",
      'automatic aggressive vacuum to prevent wraparound of table "shop.public.orders": index scans: 0\nsystem usage: CPU: user: 0.00 s, system: 0.00 s, elapsed: 0.01 s',
      { "db.operation.name": "aggressive vacuum" },
    ],
    ["other", "checkpoint starting: time", {}],
  ])("%s", (kind, message, attributes) => {
    const fact = factOf({ ...entry, message });
    expect(fact.kind).toBe(kind);
    expect(fact.attributes).toMatchObject(attributes);
  });

  it.each([
    ["28P01", "FATAL", "connection"],
    ["53300", "FATAL", "connection"],
    ["08006", "LOG", "connection"],
    ["57014", "ERROR", "cancelled"],
    ["55P03", "ERROR", "cancelled"],
    ["57P01", "FATAL", "terminated"],
    ["25P03", "FATAL", "terminated"],
    ["23505", "ERROR", "error"],
    ["XX000", "PANIC", "error"],
    ["01000", "WARNING", "other"],
    ["00000", "LOG", "other"],
  ])("%s %s: %s", (sqlState, severity, kind) => {
    expect(factOf({ ...entry, sqlState, severity, message: "anything" }).kind).toBe(kind);
  });

  it("is told by words where the prefix has no SQLSTATE", () => {
    const kind = (severity: string, message: string) =>
      factOf({ ...entry, sqlState: undefined, severity, message }).kind;
    expect(kind("FATAL", 'password authentication failed for user "app"')).toBe("connection");
    expect(kind("ERROR", "canceling statement due to user request")).toBe("cancelled");
    expect(kind("FATAL", "terminating connection due to administrator command")).toBe("terminated");
    expect(kind("ERROR", "division by zero")).toBe("error");
    expect(kind("LOG", "division by zero")).toBe("other");
  });
});

describe("the template of a message", () => {
  const templates = new MessageTemplates();

  it.each([
    [
      'duplicate key value violates unique constraint "orders_pkey"',
      'duplicate key value violates unique constraint "orders_pkey"',
    ],
    ['invalid input syntax for type uuid: "jane"', 'invalid input syntax for type uuid: "?"'],
    ['column "jane@example.com" does not exist', 'column "?" does not exist'],
    ["column o.total does not exist", "column o.total does not exist"],
    ["canceling statement due to lock timeout", "canceling statement due to lock timeout"],
    ["value too long for type character varying(10)", "value too long for type ?"],
    ["integer out of range", "integer out of range"],
    ["no customer jane", undefined],
    ["jane out of range", undefined],
    ["permission denied for jane orders", undefined],
    ["cannot execute jane in a read-only transaction", undefined],
    ["cannot execute INSERT in a read-only transaction", "cannot execute INSERT in a read-only transaction"],
    ["", undefined],
  ])("%s", (message, expected) => {
    expect(templates.of(message)).toBe(expected);
  });

  it("has nothing of a value, wherever that stands in a message of the server", () => {
    const messages = [
      (value: string) => `invalid input syntax for type integer: "${value}"`,
      (value: string) => `syntax error at or near "${value}"`,
      (value: string) => `function ${value} does not exist`,
      (value: string) => `password authentication failed for user "${value}"`,
      (value: string) => `could not send data to client: ${value}`,
      (value: string) => `invalid value for parameter "search_path": "${value}"`,
      (value: string) => `relation "4${value}" does not exist`,
    ];
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.string(), fc.string(), (message, before, after) => {
        const template = templates.of(message(`${before}j@ne${after}`));
        expect(template ?? "").not.toContain("j@ne");
      }),
    );
  });
});
