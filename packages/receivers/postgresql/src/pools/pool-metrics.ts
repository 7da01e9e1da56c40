import type { MetricDefinition } from "@dbintel/watching";

/** What is asked of PgBouncer, and the metrics that are made of it. */
export interface PoolQuery {
  readonly question: "POOLS" | "STATS" | "DATABASES" | "LISTS";
  readonly labels: Readonly<Record<string, string>>;
  readonly metrics: readonly MetricDefinition[];
}

type Words = readonly [name: string, description: string, unit: string];

function metric(
  [name, description, unit]: Words,
  type: MetricDefinition["type"],
  attribute: string,
  columns: Readonly<Record<string, string>>,
): MetricDefinition {
  return {
    ...{ name: `dbintel.pgbouncer.${name}`, description, unit, type, number: unit === "s" ? "double" : "int" },
    enabled: true,
    values: Object.entries(columns).map(([value, column]) => ({ column, attributes: { [attribute]: value } })),
  };
}

function single([name, description, unit]: Words, type: MetricDefinition["type"], column: string): MetricDefinition {
  return {
    ...{ name: `dbintel.pgbouncer.${name}`, description, unit, type, number: unit === "s" ? "double" : "int" },
    ...{ enabled: true, values: [{ column }] },
  };
}

const ofDatabase = { "db.namespace": "database" } as const;

/** PgBouncer's own names of databases, which need not be those of the server. */
export const poolQueries: readonly PoolQuery[] = [
  {
    question: "POOLS",
    labels: { ...ofDatabase, "user.name": "user", pool_mode: "pool_mode" },
    metrics: [
      metric(["clients", "Connections of clients by what they do", "{connections}"], "sum", "state", {
        active: "cl_active",
        waiting: "cl_waiting",
      }),
      metric(["servers", "Connections to the server by what they do", "{connections}"], "sum", "state", {
        active: "sv_active",
        idle: "sv_idle",
        used: "sv_used",
        tested: "sv_tested",
        login: "sv_login",
      }),
      single(
        ["wait.max", "How long the client that waits longest has waited for a connection", "s"],
        "gauge",
        "maxwait_s",
      ),
    ],
  },
  {
    question: "STATS",
    labels: ofDatabase,
    metrics: [
      single(["transactions", "Transactions that were pooled", "{transactions}"], "counter", "total_xact_count"),
      single(["queries", "Queries that were pooled", "{queries}"], "counter", "total_query_count"),
      metric(["io", "Bytes received from clients and sent to them", "By"], "counter", "direction", {
        receive: "total_received",
        transmit: "total_sent",
      }),
      metric(
        ["time", "Time in transactions, in queries, and of clients waiting for a connection", "s"],
        "counter",
        "kind",
        { transaction: "xact_s", query: "query_s", wait: "wait_s" },
      ),
    ],
  },
  {
    question: "DATABASES",
    labels: { "db.namespace": "name" },
    metrics: [
      single(
        ["pool.size", "Connections that a pool of the database may have to the server", "{connections}"],
        "gauge",
        "pool_size",
      ),
      single(
        ["connections", "Connections to the server for the database", "{connections}"],
        "sum",
        "current_connections",
      ),
      single(
        ["connections.max", "Connections to the server that the database may have; 0 for any number", "{connections}"],
        "gauge",
        "max_connections",
      ),
      single(["paused", "1 while the database is paused, else 0", "1"], "gauge", "paused"),
      single(["disabled", "1 while the database takes no new clients, else 0", "1"], "gauge", "disabled"),
    ],
  },
  {
    question: "LISTS",
    labels: { list: "list" },
    metrics: [single(["items", "How many of something PgBouncer has", "{items}"], "gauge", "items")],
  },
];
