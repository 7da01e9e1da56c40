import { integer, number, type Row, text } from "@dbintel/watching";
import type { DatabaseConnection } from "../../connection/connection.ts";
import { namedSql, type StatementName, statementName } from "../../plans/statement-name.ts";
import type { LatencyBucket, LatencyBuckets } from "./latency-buckets.ts";

const byDigest = "performance_schema.events_statements_histogram_by_digest";
const ofAll = "performance_schema.events_statements_histogram_global";
const columns = "BUCKET_NUMBER AS number, BUCKET_TIMER_LOW AS low, BUCKET_TIMER_HIGH AS high, COUNT_BUCKET AS count";

/**
 * The histograms of some statements by name. The server looks each of them up by going through all statements that it
 * keeps: dear where they are many.
 */
export async function statementHistograms(
  connection: DatabaseConnection,
  statements: readonly StatementName[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, LatencyBuckets>> {
  const of = new Map<string, Map<number, LatencyBucket>>(statements.map((each) => [statementName(each), new Map()]));
  const named = namedSql(statements);
  const rows = await connection.query(
    `SELECT SCHEMA_NAME AS schema_name, DIGEST AS digest, ${columns} FROM ${byDigest}
      WHERE (${named.sql}) AND COUNT_BUCKET > 0`,
    named.values,
    signal,
  );
  for (const row of rows) {
    const name = statementName({ schema: text(row, "schema_name") ?? null, digest: text(row, "digest") ?? "" });
    const buckets = of.get(name);
    const bucket = bucketOf(row);
    const numbered = number(row, "number") ?? 0;
    // Some servers have several rows for one digest of one schema (MySQL bug 79533).
    buckets?.set(numbered, { ...bucket, count: bucket.count + (buckets.get(numbered)?.count ?? 0n) });
  }
  return of;
}

/** The histogram of all statements of the server. */
export async function globalHistogram(connection: DatabaseConnection, signal: AbortSignal): Promise<LatencyBuckets> {
  const rows = await connection.query(`SELECT ${columns} FROM ${ofAll} WHERE COUNT_BUCKET > 0`, [], signal);
  return new Map(rows.map((row) => [number(row, "number") ?? 0, bucketOf(row)]));
}

function bucketOf(row: Row): LatencyBucket {
  const value = (name: string) => integer(row, name) ?? 0n;
  return { low: value("low"), high: value("high"), count: value("count") };
}
