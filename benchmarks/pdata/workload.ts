import { logsBuilder, metricsBuilder } from "@dbintel/pdata";

export const recordCount = 1_500;
export const pointCount = 6_000;

const operations = ["SELECT", "INSERT", "UPDATE", "DELETE"] as const;
const namespaces = ["orders", "inventory", "billing", "customers", "analytics"] as const;

/** A statement of 130 to 330 characters, as pg_stat_statements normalises them. */
function statement(index: number): string {
  const columns = Array.from({ length: 1 + (index % 13) }, (_, column) => `t${index % 7}.column_${column}`);
  return `SELECT ${columns.join(", ")} FROM public.table_${index % 97} AS t${index % 7} JOIN public.items AS i ON i.order_id = t${index % 7}.id WHERE t${index % 7}.tenant_id = $1 AND i.state = $2`;
}

/** An ExportLogsServiceRequest of about 1.45 MB: 1,500 events of the kind `db.server.top_query`, 20 attributes each. */
export function logsRequest(): Uint8Array {
  const builder = logsBuilder()
    .resource({
      attributes: {
        "service.instance.id": "db-17.example.internal:5432",
        "server.address": "db-17.example.internal",
        "server.port": 5432n,
        "db.system.name": "postgresql",
      },
    })
    .scope({ name: "dbintel.postgresql", version: "1.0.0" });
  for (let index = 0; index < recordCount; index++) {
    builder.record({
      timeUnixNano: 1_760_000_000_000_000_000n + BigInt(index) * 1_000_003n,
      observedTimeUnixNano: 1_760_000_000_000_000_000n + BigInt(index) * 1_000_007n,
      severityNumber: 9,
      eventName: "db.server.top_query",
      attributes: {
        "db.system.name": "postgresql",
        "db.namespace": namespaces[index % namespaces.length],
        "db.operation.name": operations[index % operations.length],
        "db.query.text": statement(index),
        "db.query.summary": `SELECT public.table_${index % 97} public.items`,
        "postgresql.queryid": BigInt.asIntN(64, BigInt(index + 1) * 6_364_136_223_846_793_005n),
        "postgresql.rolname": "application_writer",
        "postgresql.calls": BigInt(index),
        "postgresql.rows": BigInt(index * 17),
        "postgresql.total_exec_time": index * 0.173,
        "postgresql.total_plan_time": index * 0.0031,
        "postgresql.shared_blks_hit": BigInt(index * 1009),
        "postgresql.shared_blks_read": BigInt(index * 13),
        "postgresql.shared_blks_dirtied": BigInt(index % 11),
        "postgresql.shared_blks_written": BigInt(index % 7),
        "postgresql.temp_blks_read": 0n,
        "postgresql.temp_blks_written": 0n,
        "postgresql.toplevel": true,
        "deployment.environment.name": "production",
        "host.name": `node-${index % 40}.cluster.example.internal`,
      },
    });
  }
  return withinRange(builder.build().encode());
}

/** An ExportMetricsServiceRequest of 6,000 points of one sum, 6 attributes each. */
export function metricsRequest(): Uint8Array {
  const points = Array.from({ length: pointCount }, (_, index) => ({
    timeUnixNano: 1_760_000_000_000_000_000n + BigInt(index),
    startTimeUnixNano: 1_750_000_000_000_000_000n,
    value: index % 2 === 0 ? BigInt(index * 1000) : index * 0.37,
    attributes: {
      "db.namespace": namespaces[index % namespaces.length],
      "db.collection.name": `public.table_${index % 197}`,
      "postgresql.index.name": `table_${index % 197}_pkey`,
      state: index % 3 === 0 ? "active" : "idle",
      "postgresql.backend.pid": BigInt(index),
      "server.address": "db-17.example.internal",
    },
  }));
  return metricsBuilder()
    .resource({ attributes: { "service.instance.id": "db-17.example.internal:5432" } })
    .scope({ name: "dbintel.postgresql" })
    .sum({ name: "postgresql.operations", unit: "{operation}", monotonic: true, temporality: "delta" }, points)
    .build()
    .encode();
}

/** The figures are compared over time, so the size of the input must not wander off. */
function withinRange(bytes: Uint8Array): Uint8Array {
  if (Math.abs(bytes.length - 1_450_000) > 25_000) throw new Error(`the request has ${bytes.length} bytes`);
  return bytes;
}
