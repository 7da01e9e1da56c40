/**
 * `npm run bench -- sql`: how fast SQL text is made safe to ship, and what the fingerprint and the summary add, beside
 * normalising and fingerprinting by PostgreSQL's own grammar (libpg-query), which reads no text that is cut off.
 */
import { analyzeSql, fingerprintSql, redactSql } from "@dbintel/sql";
import { fingerprintSync, loadModule, normalizeSync } from "libpg-query";
import { median, type Row, report } from "../harness/results.ts";

const rounds = 9;
const roundMs = 300;

await loadModule();
const statements = workload(200);
const characters = statements.reduce((sum, sql) => sum + sql.length, 0);

const contenders: readonly (readonly [string, (sql: string) => unknown])[] = [
  ["redactSql", (sql) => redactSql(sql, "postgresql")],
  ["redactSql mysql", (sql) => redactSql(sql, "mysql")],
  ["fingerprintSql", (sql) => fingerprintSql(sql, "postgresql")],
  ["analyzeSql", (sql) => analyzeSql(sql, "postgresql")],
  ["libpg-query normalize", normalizeSync],
  ["libpg-query fingerprint", fingerprintSync],
];

const samples = new Map<string, number[]>();
for (let round = 0; round < rounds; round++) {
  // Interleaved, so that what else the machine does falls on all alike.
  for (const [name, run] of contenders) {
    const rate = megabytesPerSecond(run);
    if (round > 0) samples.set(name, [...(samples.get(name) ?? []), rate]);
  }
}

const peers = {
  redactSql: median(samples.get("libpg-query normalize") ?? []),
  fingerprintSql: median(samples.get("libpg-query fingerprint") ?? []),
};
const rows = contenders.map(([name]): Row => {
  const rate = median(samples.get(name) ?? []);
  const figures = { "MB/s": rate, "ns/statement": (characters / statements.length / rate) * 1000 };
  const peer = name === "redactSql" || name === "fingerprintSql" ? peers[name] : undefined;
  return peer === undefined ? { name, figures } : { name, figures, ratio: rate / peer };
});
report("sql", rows, { "libpg-query": "18.1.5" });

/** One character is one byte here: the statements are ASCII. */
function megabytesPerSecond(run: (sql: string) => unknown): number {
  const start = performance.now();
  let bytes = 0;
  while (performance.now() - start < roundMs) {
    for (const sql of statements) run(sql);
    bytes += characters;
  }
  return bytes / 1e3 / (performance.now() - start);
}

/** Statements of a shop, about 500 characters each, no two alike. */
function workload(count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => {
    const ids = Array.from({ length: 5 + (n % 20) }, (__, index) => n * 100 + index).join(", ");
    return [
      `SELECT o.order_id, o.created_at, c.email, sum(i.quantity * i.unit_price) AS total_${n}`,
      "FROM public.orders o JOIN customers c ON c.customer_id = o.customer_id LEFT JOIN order_items i USING (order_id)",
      `WHERE o.status IN ('paid', 'shipped', 'returned') AND o.created_at >= '2026-01-01'::date + ${n}`,
      `AND o.order_id IN (${ids}) AND c.email = 'customer${n}@example.com' AND o.amount > -${n}.5`,
      `GROUP BY o.order_id, o.created_at, c.email HAVING count(*) > ${n % 7} ORDER BY total_${n} DESC LIMIT 50 OFFSET ${n}`,
      "-- from the nightly report",
    ].join("\n  ");
  });
}
