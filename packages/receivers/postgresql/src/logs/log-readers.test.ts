import { describe, expect, it } from "vitest";
import { CsvLog } from "./csv-log.ts";
import { JsonLog } from "./json-log.ts";
import { LinePrefix } from "./line-prefix.ts";
import type { LogReader } from "./log-entry.ts";
import { StderrLog } from "./stderr-log.ts";

const on = { final: false, seeking: false };
const end = { final: true, seeking: false };
const lost = { final: false, seeking: true };

function stderr(prefix: string, zoneSeconds = 0): LogReader {
  return new StderrLog({ prefix: new LinePrefix(prefix), zoneSeconds });
}

const stderrLog = [
  "2026-03-02 10:00:00.123 UTC [42] app@shop 23505 ERROR:  duplicate key value",
  "2026-03-02 10:00:00.123 UTC [42] app@shop 23505 DETAIL:  Key (id)=(1)",
  "\talready exists.",
  "2026-03-02 10:00:00.123 UTC [42] app@shop 23505 STATEMENT:  INSERT INTO orders",
  "\tVALUES (1)",
  "2026-03-02 10:00:01.000 UTC [7] LOG:  checkpoint starting: time",
  "",
].join("\n");

const csvLog =
  '2026-03-02 10:00:00.123 UTC,"app","shop",42,"10.0.0.1:5432",65e2f1a0.2a,3,"INSERT",2026-03-02 09:00:00 UTC,3/45,745,' +
  'ERROR,23505,"duplicate key value","Key (id)=(""1"")\nalready exists.",,,,,"INSERT INTO orders\nVALUES (1)",1,,"psql",' +
  '"client backend",,-7\n' +
  '2026-03-02 10:00:01.000 UTC,,,7,,65e2f1a0.7,1,,2026-03-02 09:00:00 UTC,,0,LOG,00000,"checkpoint starting: time",,,,,,,,,"",' +
  '"checkpointer",,0\n';

const jsonLog =
  `${JSON.stringify({
    ...{ timestamp: "2026-03-02 10:00:00.123 UTC", user: "app", dbname: "shop", pid: 42, session_id: "65e2f1a0.2a" },
    ...{ error_severity: "ERROR", state_code: "23505", message: "duplicate key value" },
    ...{ detail: 'Key (id)=("1")\nalready exists.', statement: "INSERT INTO orders\nVALUES (1)" },
  }).slice(0, -1)},"query_id":-9223372036854775807}\n` +
  '{"timestamp":"2026-03-02 10:00:01.000 UTC","pid":7,"error_severity":"LOG","message":"checkpoint starting: time","query_id":0}\n';

const formats = [
  ["stderr", stderr("%m [%p] %q%u@%d %e "), stderrLog],
  ["csvlog", new CsvLog({ zoneSeconds: 0 }), csvLog],
  ["jsonlog", new JsonLog({ zoneSeconds: 0 }), jsonLog],
] as const;

describe.each(formats)("%s", (format, reader, log) => {
  const bytes = Buffer.from(log);

  it("is read entry by entry, with all lines of each", () => {
    const { entries, consumed, skipped } = reader.read(bytes, end);
    expect([entries.length, consumed, skipped]).toEqual([2, bytes.length, 0]);
    expect(entries[0]).toMatchObject({
      timeMicros: BigInt(Date.UTC(2026, 2, 2, 10, 0, 0, 123)) * 1000n,
      pid: 42,
      database: "shop",
      user: "app",
      severity: "ERROR",
      sqlState: "23505",
      message: "duplicate key value",
      detail: expect.stringMatching(/^Key \(id\)=\("?1"?\)\nalready exists\.$/),
      statement: "INSERT INTO orders\nVALUES (1)",
    });
    expect(entries[1]).toMatchObject({ pid: 7, database: undefined, message: "checkpoint starting: time" });
    if (format === "jsonlog") expect(entries[0]?.queryId).toBe("-9223372036854775807");
    if (format === "csvlog") expect(entries[0]?.queryId).toBe("-7");
    expect(entries[1]?.queryId).toBeUndefined();
  });

  it("says the same wherever it is cut, and keeps what is not complete for later", () => {
    const all = reader.read(bytes, end).entries;
    for (let cut = 0; cut <= bytes.length; cut++) {
      const first = reader.read(bytes.subarray(0, cut), on);
      const rest = reader.read(bytes.subarray(first.consumed), end);
      expect([...first.entries, ...rest.entries]).toEqual(all);
    }
  });

  it("finds the next entry after the middle of one", () => {
    const second = log.lastIndexOf(format === "jsonlog" ? '{"timestamp"' : "2026-03-02 10:00:01");
    for (let start = 1; start <= second; start++) {
      const { entries } = reader.read(bytes.subarray(start), { ...lost, final: true });
      expect(entries.at(-1)?.message).toBe("checkpoint starting: time");
    }
  });

  it("takes bytes that are no text of its encoding, and lines that are none of its own", () => {
    const broken = Buffer.concat([
      bytes,
      Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0a]),
      Buffer.from("some archive command failed\n"),
      bytes,
    ]);
    const { entries } = reader.read(broken, end);
    const count = entries.filter(({ message }) => message === "checkpoint starting: time").length;
    expect(count).toBe(2);
    const latin = Buffer.from(log.replace("duplicate", "Z\u00fcrich"), "latin1");
    expect(reader.read(latin, end).entries[0]?.message).toBe("Z\ufffdrich key value");
  });
});

describe("the prefix of lines", () => {
  it.each([
    ["%t [%p-%l] ", "2026-03-02 11:00:00 CET [42-3] ", { pid: 42 }],
    ["%n %p %c ", "1772445600.123 42 65e2f1a0.2a ", { pid: 42, sessionId: "65e2f1a0.2a" }],
    [
      "%m:%r:%u@%d:[%p]:",
      "2026-03-02 11:00:00.000 CET:10.0.0.1(5432):app@shop:[42]:",
      { user: "app", database: "shop" },
    ],
    [
      "%m [%p] %q[user=%u,db=%d,app=%a] ",
      "2026-03-02 11:00:00.000 CET [42] [user=app,db=shop,app=my [app]] ",
      { user: "app", database: "shop" },
    ],
    ["%m [%p] %q[user=%u,db=%d,app=%a] ", "2026-03-02 11:00:00.000 CET [42] ", { pid: 42, user: undefined }],
    ["%-10u|%5p|%Q|%% ", "app       |   42|-7|% ", { user: "app", pid: 42, queryId: "-7" }],
    ["%m %u ", "2026-03-02 11:00:00.000 CET [unknown] ", { user: undefined }],
    ["", "", { pid: undefined }],
  ])("%s", (prefix, shown, expected) => {
    const { entries } = stderr(prefix, 3600).read(Buffer.from(`${shown}LOG:  hello\n`), end);
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({ ...expected, message: "hello" });
    if (shown.startsWith("2026") || shown.startsWith("17724")) {
      const seconds = Number(entries[0]?.timeMicros ?? 0n) / 1e6;
      expect(Math.floor(seconds)).toBe(Date.UTC(2026, 2, 2, 10) / 1000);
    }
  });

  it("takes linear time for what tries to be every name at once", () => {
    const line = `${"a@".repeat(50_000)}LOG  nothing\n`;
    expect(stderr("%u@%d@%a@%h ").read(Buffer.from(line), end).entries).toEqual([]);
  });
});
