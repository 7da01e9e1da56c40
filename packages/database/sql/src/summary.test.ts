import { expect, it } from "vitest";
import { analyzeSql } from "./analysis.ts";
import type { SqlDialect } from "./syntax.ts";

function summary(sql: string, dialect: SqlDialect = "postgresql"): string {
  return analyzeSql(sql, dialect).summary;
}

function tables(sql: string, dialect: SqlDialect = "postgresql"): readonly string[] {
  return analyzeSql(sql, dialect).tables.map(({ schema, name }) => (schema === undefined ? name : `${schema}/${name}`));
}

it.each([
  ["SELECT * FROM wuser_table WHERE username = ?", "SELECT wuser_table"],
  ["INSERT INTO shipping_details (a, b) SELECT a, b FROM orders", "INSERT shipping_details SELECT orders"],
  ["SELECT * FROM songs, artists WHERE songs.artist_id = artists.id", "SELECT songs artists"],
  ["select d from (select d from orders) o join customers c on o.id = c.id", "select select orders customers"],
  ['SELECT * FROM "song list"', 'SELECT "song list"'],
  ["call some_stored_procedure(1, 2)", "call some_stored_procedure"],
  ["UPDATE ONLY public.t SET a = extract(year from b) FROM x WHERE t.c = x.c", "UPDATE public.t x"],
  ["DELETE FROM t USING a, b WHERE t.i = a.i", "DELETE t a b"],
  [
    "with q as (select 1 from deep), w(a) as (delete from gone returning a) select * from q join w using (a)",
    "select deep delete gone select",
  ],
  [
    "select * from a left join (b join c on b.i = c.i) on a.i = b.i, d where x in (select y from e)",
    "select a b c d select e",
  ],
  ["select * from generate_series(1, 5) g, lateral f(g), t", "select t"],
  ["select substring(a from 2), trim(both from b) from t where a is distinct from b", "select t"],
  ["select a from t for no key update of t", "select t"],
  ["insert into t (a) values (1) on conflict (a) do update set b = 2", "insert t"],
  ["merge into t using (select * from s) s on t.i = s.i when matched then update set a = 1", "merge t select s"],
  ["explain (analyze, buffers) select * from t", "explain select t"],
  ["prepare p as update t set a = $1", "prepare update t"],
  ["declare c cursor for select * from t", "declare select t"],
  ["vacuum (full, analyze) a, b", "vacuum a b"],
  ["drop table if exists a, s.b cascade", "drop table a s.b"],
  ["refresh materialized view concurrently v", "refresh materialized view v"],
  ["lock table a in access exclusive mode", "lock a"],
  ["begin; insert into a values (1); commit", "BATCH begin insert a commit"],
  ["select a from t union all select b from u", "select t select u"],
  ["(select 1 from a) union (select 2 from b)", "select a select b"],
  ["alter role joe password 'secret'", "ALTER ROLE"],
  ["select 1 from t; set role joe", "BATCH select t SET ROLE"],
  ["select replace(a, 'x', 'y'), concat(replace(a, b, c)) from t", "select t"],
  ["select a from t1 where f(c) limit 1", "select t1"],
  ["select a from", "select"],
  ["", ""],
])("summarises %s", (sql, expected) => {
  expect(summary(sql)).toBe(expected);
});

it.each([
  ["SELECT * FROM `my db`.`t``1` JOIN u USE INDEX FOR JOIN (i)", "SELECT `my db`.`t``1` u"],
  ["REPLACE INTO t VALUES (1)", "REPLACE t"],
  ["INSERT t SET a = 1 ON DUPLICATE KEY UPDATE a = VALUES(a)", "INSERT t"],
  ["DELETE a FROM a JOIN b USING (id)", "DELETE a b"],
  ["UPDATE a, b SET a.x = b.x", "UPDATE a b"],
  ["SELECT `a` . `b` FROM `t` WHERE `c` IN (...)", "SELECT `t`"],
  ["SELECT @from, a FROM t LOCK IN SHARE MODE", "SELECT t"],
])("summarises MySQL's %s", (sql, expected) => {
  expect(summary(sql, "mysql")).toBe(expected);
});

it("names tables as the server's views do, each once", () => {
  expect(tables('select * from A join "B" on true join db.s.A x on true join a y on true')).toEqual(["a", "B", "s/a"]);
  expect(tables("select * from Shop.`Order` join T", "mysql")).toEqual(["Shop/Order", "T"]);
  expect(tables("call p(1)")).toEqual([]);
  expect(tables("drop index i")).toEqual([]);
});

it("cuts the summary between two names and keeps at most 64 tables", () => {
  const names = Array.from({ length: 500 }, (_, index) => `table_${index}`);
  const analysis = analyzeSql(`select * from ${names.join(", ")}`, "postgresql");
  expect(analysis.summary.length).toBeLessThanOrEqual(255);
  expect(`select ${names.join(" ")} `.startsWith(`${analysis.summary} `)).toBe(true);
  expect(analysis.tables).toHaveLength(64);
});
