import { databaseLabels, type MetricQuery, ownGauge } from "./metric-definition.ts";

/**
 * The server stops handing out transaction ids this many before the oldest would be taken for a future one
 * (`SetTransactionIdLimit` in its varsup.c); of multixacts likewise.
 */
function stopDistance(versionNumber: number): number {
  return 2 ** 31 - 1 - (versionNumber >= 140_000 ? 3_000_000 : 1_000_000);
}

/** Transactions age: how near the wraparound is, and what keeps rows from being removed. */
export const horizonQueries: readonly MetricQuery[] = [
  {
    name: "wraparound",
    labels: databaseLabels,
    metrics: [
      ownGauge(
        ["database.xid.age", "Transactions since the oldest one not frozen in the database", "{transactions}"],
        "xid_age",
      ),
      ownGauge(["database.mxid.age", "Multixacts since the oldest one in the database", "{multixacts}"], "mxid_age"),
      ownGauge(
        [
          "database.xid.remaining",
          "Transactions that the database can take before the server refuses to write",
          "{transactions}",
        ],
        "remaining",
      ),
      ownGauge(
        ["database.freeze.need", "Share of the age at which autovacuum freezes in any case; 1 when it is reached", "1"],
        "need",
        "double",
      ),
    ],
    sql: ({ versionNumber }) => `
      SELECT datname::text AS database, age(datfrozenxid) AS xid_age, mxid_age(datminmxid) AS mxid_age,
             ${stopDistance(versionNumber)} - age(datfrozenxid) AS remaining,
             greatest(age(datfrozenxid) / current_setting('autovacuum_freeze_max_age')::float8,
                      mxid_age(datminmxid) / current_setting('autovacuum_multixact_freeze_max_age')::float8) AS need
        FROM pg_database WHERE NOT datistemplate ORDER BY xid_age DESC LIMIT 1000`,
  },
  {
    name: "pg_prepared_xacts",
    when: "EXISTS (SELECT FROM pg_prepared_xacts)",
    labels: databaseLabels,
    metrics: [
      ownGauge(
        [
          "prepared_transactions",
          "Transactions that are prepared and neither committed nor rolled back",
          "{transactions}",
        ],
        "transactions",
      ),
      ownGauge(["prepared_transactions.age", "Time since the oldest of them was prepared", "s"], "age", "double"),
    ],
    sql: () => `
      SELECT database::text AS database, count(*) AS transactions,
             date_part('epoch', clock_timestamp() - min(prepared)) AS age
        FROM pg_prepared_xacts GROUP BY database`,
  },
  {
    name: "xmin horizon",
    labels: { holder: "holder", "holder.name": "name" },
    metrics: [
      ownGauge(
        [
          "xmin_horizon.age",
          "Transactions whose dead rows cannot be removed, by what holds on to them",
          "{transactions}",
        ],
        "age",
      ),
    ],
    // Whom a session belongs to is told only when it lasts: otherwise each look would make a series of its own.
    sql: () => `
      SELECT DISTINCT ON (holder) holder, name, age FROM (
        SELECT 'session' AS holder,
               CASE WHEN xact_start < clock_timestamp() - interval '60 s' THEN pid::text END AS name,
               greatest(age(backend_xmin), age(backend_xid)) AS age
          FROM pg_stat_activity WHERE backend_type <> 'walsender' AND pid <> pg_backend_pid()
        UNION ALL SELECT 'replica', application_name, age(backend_xmin) FROM pg_stat_replication
        UNION ALL SELECT 'prepared_transaction', gid, age(transaction) FROM pg_prepared_xacts
        UNION ALL SELECT 'replication_slot', slot_name::text, greatest(age(xmin), age(catalog_xmin))
                    FROM pg_replication_slots) h
       WHERE age IS NOT NULL ORDER BY holder, age DESC`,
  },
];
