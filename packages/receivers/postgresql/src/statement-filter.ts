import { counterIndex, type StatementShape } from "./statement-columns.ts";
import type { StatementTable } from "./statement-table.ts";

/*
 * Rows that did not change since the last poll need not cross the wire. The server is sent one 64-bit fingerprint for
 * each row that is known and answers with the rows whose fingerprint is not among them: at 100,000 statements of
 * which 1 % ran, 1.2 MB go out and 0.2 MB come back instead of 18 MB, and the server spares the time to write them.
 * benchmarks/postgresql/poll.ts measures it.
 *
 *   queryid # dbid * A # userid * B # toplevel << 61 # (calls + plans) # trunc(total_exec_time * 100000) << 20
 *
 * For one key each execution gives another fingerprint, because calls and plans only grow; an entry that was thrown
 * out and came back with as many calls is told by the time that these took, to 10 ns. Two keys share a fingerprint
 * only when their 64-bit query ids, or the products for their databases and users, differ in just the bits in which
 * their counters do; then a change is seen one execution later, and counted in full.
 */
const databaseFactor = 1_540_483_477;
const userFactor = 739_982_445;
/** Steps of a millisecond; an int8 holds those of 2,900 years. */
const timeSteps = 100_000;
const two32 = 2 ** 32;

/** The fingerprint of a row of pg_stat_statements as the server computes it. */
export function fingerprintSql(shape: StatementShape): string {
  const parts = ["queryid", `dbid::int8 * ${databaseFactor}`, `userid::int8 * ${userFactor}`];
  if (shape.toplevel) parts.push("toplevel::int4::int8 << 61");
  parts.push(shape.counters.some(({ column }) => column === "plans") ? "calls + plans" : "calls");
  parts.push(`trunc(total_exec_time * ${timeSteps})::int8 << 20`);
  return parts.map((part) => `(${part})`).join(" # ");
}

/** The fingerprints of all rows as an `int8[]` in PostgreSQL's binary format. */
export function fingerprints(table: StatementTable): Buffer {
  const { shape } = table;
  const calls = counterIndex(shape, "calls");
  const plans = counterIndex(shape, "plans");
  const time = counterIndex(shape, "total_exec_time");
  const header = 20;
  const bytes = Buffer.allocUnsafe(header + 12 * table.count);
  bytes.writeInt32BE(1, 0); // dimensions
  bytes.writeInt32BE(0, 4); // has no NULL
  bytes.writeInt32BE(20, 8); // oid of int8
  bytes.writeInt32BE(table.count, 12);
  bytes.writeInt32BE(1, 16); // lower bound
  for (let row = 0; row < table.count; row++) {
    const database = table.databaseId(row);
    const user = table.userId(row);
    const executions = table.value(row, calls) + (plans < 0 ? 0 : table.value(row, plans));
    let lower =
      table.queryIdLow(row) ^ productLow(database, databaseFactor) ^ productLow(user, userFactor) ^ executions;
    let upper = table.queryIdHigh(row) ^ productHigh(database, databaseFactor) ^ productHigh(user, userFactor);
    upper ^= executions / two32;
    if (shape.toplevel && table.toplevel(row)) upper ^= 1 << 29;
    const steps = Math.trunc(table.value(row, time) * timeSteps);
    lower ^= (steps % 4096) * 2 ** 20;
    upper ^= Math.floor(steps / 4096);
    const at = header + 12 * row;
    bytes.writeInt32BE(8, at);
    bytes.writeInt32BE(upper | 0, at + 4);
    bytes.writeInt32BE(lower | 0, at + 8);
  }
  return bytes;
}

/** The lower 32 bits of the product of two numbers below 2^32. */
function productLow(a: number, b: number): number {
  return Math.imul(a, b);
}

/** The upper 32 bits of that product. */
function productHigh(a: number, b: number): number {
  const lowPart = a * (b & 0xffff);
  const highPart = a * (b >>> 16);
  return Math.floor(highPart / 65_536) + Math.floor(((highPart % 65_536) * 65_536 + lowPart) / two32);
}
