import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fingerprintSql } from "../src/fingerprint.ts";
import { choices, secretSpelling, statement } from "./grammar.ts";

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
  "delete from t where a = 7 and exists (select 1 from u p where p.b = 3)",
  "with q as (select 5 as n) select * from q join t on a = n where b = case when c > 0 then 1 else -1 end",
  "explain select a from t where b = 12",
  "create user probe identified by 'secret'",
  "set @secret = 'token'",
  "select a, row_number() over (partition by b order by c) from t",
  "with recursive q (n) as (select 1 union all select n + 1 from q where n < 5) select * from q",
  "select group_concat(a separator ', '), cast(a as char(10)), convert(b using utf8mb4) from t",
  "select a from t where c > now() - interval 1 day and json_extract('{}', '$.a') is null for update",
  "select N'abc', b'101', 1e5, .5, -0x1f, null is null, 'x' collate utf8mb4_bin",
  "select cast(a as char), cast(b as signed integer), cast(c as dec(5, 1)), cast(a as nchar(3)) from t",
  "select cast(a as character(2)), cast(c as decimal(5, 1)), cast(c as signed int), cast(c as double) from t",
  "select now() + interval 1 second, now() - interval 1 minute, now() + interval a hour from t",
  "select now() + interval 1 week, now() - interval 1 month, now() + interval 1 quarter, now() + interval 1 year",
  "select timestampadd(sql_tsi_day, 1, now()), timestampdiff(month, now(), now()), extract(day from now())",
  "select a rlike 'x', b regexp 'y', a like 'z' escape '|' from t",
  "select position('a' in 'b'), substring('abc' from 2 for 1), trim(both 'x' from 'y'), adddate(now(), 1)",
  "select date_add(now(), interval 1 hour), utc_date(), user(), session_user(), current_user(), current_timestamp()",
  "select count(distinct a), min(b) from t natural join u where a = any (select b from u) group by a with rollup",
  "select t.day, year, `month` from (select 1 as day, 2 as year, 3 as `month`) t",
  "show fields from t",
  "show columns from t like 'a%'",
  "show schemas",
  "show databases",
  "show keys from t",
  "describe t",
  "explain format=json select a from t",
  "drop database if exists nothing",
  "drop schema if exists nothing",
  "truncate table u",
  "unlock tables",
  "start transaction read only",
  "savepoint one",
  "rollback to savepoint one",
  "commit",
];

describeMariadb("the fingerprint of performance_schema's digest text", () => {
  testDigests("mariadb", () => startMariadb(settings));
});

describeOwnMysql("the fingerprint of performance_schema's digest text", () => {
  testDigests("mysql", () => startMysql({ settings }));
});

function testDigests(dialect: "mysql" | "mariadb", start: () => Promise<MysqlServer>): void {
  let server: MysqlServer;
  let connection: Connection;
  beforeAll(async () => {
    server = await start();
    connection = await server.connect();
    await connection.query("create database d");
    await connection.query("use d");
    for (const name of ["t", "u"]) await connection.query(`create table ${name} (a int, b int, c int)`);
  });
  afterAll(async () => {
    await connection?.end();
    await server?.stop();
  });

  /** What the server made of the statement that the session ran last, or tried to. */
  async function digestOf(sql: string): Promise<string | undefined> {
    await connection.query(sql).catch((error: unknown) => error);
    const [[row]] = await connection.query<(RowDataPacket & { text: string | null })[]>(
      `select digest_text as text from performance_schema.events_statements_history
       where thread_id = (select thread_id from performance_schema.threads where processlist_id = connection_id())
       order by event_id desc limit 1`,
    );
    return row?.text ?? undefined;
  }

  it.each(statements)("is that of %s", async (sql) => {
    const digest = await digestOf(sql);
    expect(digest).toBeDefined();
    expect(fingerprintSql(digest ?? "", dialect), digest).toBe(fingerprintSql(sql, dialect));
  });

  it("is that of generated statements", async () => {
    const choose = choices(17);
    const spelling = secretSpelling({ dialect }, choose, { typed: true });
    let compared = 0;
    for (let count = 0; count < 300; count++) {
      // In digests a quote within a name looks like its end.
      const sql = statement({ dialect }, choose, spelling).replaceAll("``", "");
      const digest = await digestOf(sql);
      if (digest === undefined) continue;
      compared++;
      expect(fingerprintSql(digest, dialect), `${sql}\n${digest}`).toBe(fingerprintSql(sql, dialect));
    }
    expect(compared).toBeGreaterThan(100);
  });
}

/** Digests as long as the statements. */
const settings = {
  "max-digest-length": 65_536,
  "performance-schema-max-digest-length": 65_536,
  "performance-schema-consumer-events-statements-current": true,
  "performance-schema-consumer-events-statements-history": true,
};
