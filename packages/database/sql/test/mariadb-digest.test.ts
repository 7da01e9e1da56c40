import { type MysqlServer, startMariadb } from "@dbintel/e2e/servers";
import { describeMariadb } from "@dbintel/e2e/servers/vitest";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fingerprintSql } from "../src/fingerprint.ts";

const statements = [
  "select a, 'x' from t where b = 5 and c = -1.5 and a <> 3 and b != @x and a = @@port",
  'select A from d.t where a in (1, 2, 3) or b in (1) or a = (1) or (a, b) in ((1,2),(3,4)) or c = "x"',
  "insert into t values (1,null,3),(4,5,6)",
  "insert into t (a) values (1) on duplicate key update a = values(a)",
  "insert into t (a, b) values (1, length(now())), (2, length(now()))",
  "replace into t values (1, 2, 3)",
  "select true, null, date '2020-01-01', x'ff', 0xff, 'a' 'b', not false, _utf8'abc'",
  "select now(), current_timestamp, localtime, substr('abc', 1, 2), mid('abc', 1), schema(), database()",
  "select distinct a from t union select distinctrow b from t",
  "select std(a), stddev(a), variance(b), current_date, curdate(), current_time from t",
  "update t set a = 1, b = default where c between 0 and 9 limit 5 -- because",
  "select /* jane@example.com */ count(*), max(`a`) from t group by b order by b desc limit 1, 2 # bob",
  "select /*! straight_join */ a from t where a && b || c",
  "select * from t as x where a div 2 % 3 > - 2 and a - 2 > 1 and b is not null and c is true",
  "delete from t where a = 7 and exists (select 1 from t p where p.b = 3)",
  "with q as (select 5 as n) select * from q join t on a = n where b = case when c > 0 then 1 else -1 end",
  "explain select a from t where b = 12",
  "create user probe identified by 'secret'",
  "set @secret = 'token'",
];

describeMariadb("the fingerprint of performance_schema's digest text", () => {
  let server: MysqlServer;
  let connection: Connection;
  beforeAll(async () => {
    server = await startMariadb();
    connection = await server.connect();
    await connection.query("create database d");
    await connection.query("use d");
    await connection.query("create table t (a int, b int, c int)");
  });
  afterAll(async () => {
    await connection?.end();
    await server?.stop();
  });

  it.each(statements)("is that of %s", async (sql) => {
    await connection.query("truncate performance_schema.events_statements_summary_by_digest");
    await connection.query(sql);
    const [rows] = await connection.query<(RowDataPacket & { text: string | null })[]>(
      "select digest_text as text from performance_schema.events_statements_summary_by_digest",
    );
    const texts = rows.flatMap(({ text }) => (text === null || text.startsWith("TRUNCATE") ? [] : [text]));
    expect(
      texts.map((text) => fingerprintSql(text, "mariadb")),
      texts.join("\n"),
    ).toContain(fingerprintSql(sql, "mariadb"));
  });
});
