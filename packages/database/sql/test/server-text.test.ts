import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fingerprintSql } from "../src/fingerprint.ts";

const statements = [
  "select a, 'x' from probe where b = 5 and c = -1.5",
  "SELECT a FROM probe WHERE a IN (1, 2, 3) OR a = ANY (ARRAY[4, 5])",
  "select a from probe where a in (1) and b is not null and c > - 2",
  "select true, null, not false, interval '1 day', date '2020-01-01', 'a'::text, E'\\n', $$d$$, x'ff'",
  "select /* jane@example.com */ a from probe -- why\n where b != 7 limit 10 offset 5",
  "insert into probe values (1, 2, 3), (4, 5, 6) returning a",
  "insert into probe (a, b) select 1, max(b) + 1 from probe",
  "update probe set a = 1, b = default where c between 0 and 9",
  "delete from probe where a = 10 and exists (select 1 from probe p where p.b = 3)",
  "with q as (select 5 as n) select * from q join probe on a = n where b = case when c > 0 then 1 else -1 end",
  "select a::numeric(10, 2), count(*) filter (where b > 1) from probe group by 1 having count(*) > 2 order by 1",
  "explain select a from probe where b = 12",
  "create role probe_role password 'secret'",
];

for (const major of [13, 14, 15, 16, 17, 18]) {
  describePostgres(major, "the fingerprint of pg_stat_statements' text", () => {
    let server: PostgresServer;
    beforeAll(async () => {
      server = await startPostgres({ major, preload: ["pg_stat_statements"] });
      await server.query("create table probe (a int, b int, c int)");
    });
    afterAll(() => server?.stop());

    it.each(statements)("is that of %s", async (sql) => {
      const client = await server.connect();
      try {
        await client.query("select pg_stat_statements_reset()");
        await client.query(sql);
        const { rows } = await client.query<{ query: string }>(
          "select query from pg_stat_statements where query not like '%pg_stat_statements%'",
        );
        const texts = rows.map(({ query }) => query);
        expect(
          texts.map((query) => fingerprintSql(query, "postgresql")),
          texts.join("\n"),
        ).toContain(fingerprintSql(sql, "postgresql"));
      } finally {
        await client.end();
      }
    });
  });
}
