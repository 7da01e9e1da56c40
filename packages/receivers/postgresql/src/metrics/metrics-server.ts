import { type MetricDefinition, single } from "@dbintel/watching";
import { type MetricQuery, micros } from "./metric-definition.ts";
import { anyReplica } from "./metrics-replication.ts";

const counter = { type: "counter", number: "int", enabled: true } as const;
const bgwriterStart = "bgwriter_start";
const checkpointerStart = "checkpointer_start";

const bufferWrites: MetricDefinition = {
  name: "postgresql.bgwriter.buffers.writes",
  description: "Buffers written by who wrote them",
  unit: "{buffers}",
  ...counter,
  startColumn: bgwriterStart,
  values: [
    { column: "buffers_checkpoint", attributes: { source: "checkpoints" } },
    { column: "buffers_clean", attributes: { source: "bgwriter" } },
    { column: "buffers_backend", attributes: { source: "backend" } },
    { column: "buffers_backend_fsync", attributes: { source: "backend_fsync" } },
  ],
};

/** Metrics of the server as a whole. */
export const serverQueries: readonly MetricQuery[] = [
  {
    name: "settings",
    oneRow: true,
    metrics: [
      single(
        {
          name: "postgresql.connection.max",
          description: "Connections that the server allows",
          unit: "{connections}",
          type: "gauge",
          number: "int",
          enabled: true,
        },
        "max_connections",
      ),
      single(
        {
          name: "postgresql.database.count",
          description: "Databases that are no templates",
          unit: "{databases}",
          type: "sum",
          number: "int",
          enabled: true,
        },
        "databases",
      ),
    ],
    sql: () => `
      SELECT current_setting('max_connections')::int8 AS max_connections,
             (SELECT count(*) FROM pg_database WHERE NOT datistemplate) AS databases`,
  },
  {
    name: "pg_stat_bgwriter",
    oneRow: true,
    metrics: [
      single(
        {
          name: "postgresql.bgwriter.buffers.allocated",
          description: "Buffers allocated",
          unit: "{buffers}",
          ...counter,
          startColumn: bgwriterStart,
        },
        "buffers_alloc",
      ),
      bufferWrites,
      {
        name: "postgresql.bgwriter.checkpoint.count",
        description: "Checkpoints",
        unit: "{checkpoints}",
        ...counter,
        startColumn: checkpointerStart,
        values: [
          { column: "checkpoints_req", attributes: { type: "requested" } },
          { column: "checkpoints_timed", attributes: { type: "scheduled" } },
        ],
      },
      {
        name: "postgresql.bgwriter.duration",
        description: "Time spent in checkpoints",
        unit: "ms",
        ...counter,
        number: "double",
        startColumn: checkpointerStart,
        values: [
          { column: "checkpoint_sync_time", attributes: { type: "sync" } },
          { column: "checkpoint_write_time", attributes: { type: "write" } },
        ],
      },
      single(
        {
          name: "postgresql.bgwriter.maxwritten",
          description: "Times that the background writer stopped because it had written too many buffers",
          unit: "1",
          ...counter,
          startColumn: bgwriterStart,
        },
        "maxwritten_clean",
      ),
    ],
    // PostgreSQL 17 moved checkpoints to a view of their own and backend writes to pg_stat_io.
    sql: ({ columns }) =>
      columns.get("pg_stat_checkpointer")?.size === 0
        ? `SELECT b.*, ${micros("b.stats_reset")} AS bgwriter_start, ${micros("b.stats_reset")} AS checkpointer_start
             FROM pg_stat_bgwriter b`
        : `SELECT b.buffers_clean, b.maxwritten_clean, b.buffers_alloc, ${micros("b.stats_reset")} AS bgwriter_start,
                  c.num_timed AS checkpoints_timed, c.num_requested AS checkpoints_req,
                  c.write_time AS checkpoint_write_time, c.sync_time AS checkpoint_sync_time,
                  c.buffers_written AS buffers_checkpoint, ${micros("c.stats_reset")} AS checkpointer_start
             FROM pg_stat_bgwriter b, pg_stat_checkpointer c`,
  },
  {
    name: "pg_stat_replication",
    when: anyReplica,
    labels: { replication_client: "client" },
    metrics: [
      single(
        {
          name: "postgresql.replication.data_delay",
          description: "WAL that a replica has not replayed yet",
          unit: "By",
          type: "gauge",
          number: "int",
          enabled: true,
        },
        "behind",
      ),
      walDelay("postgresql.wal.lag", "int", true),
      walDelay("postgresql.wal.delay", "double", false),
    ],
    sql: () => `
      SELECT coalesce(client_addr::text, 'unix') AS client,
             pg_wal_lsn_diff(
               CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn()
                    ELSE pg_current_wal_lsn() END, replay_lsn)::int8 AS behind,
             date_part('epoch', write_lag) AS write, date_part('epoch', flush_lag) AS flush,
             date_part('epoch', replay_lag) AS replay
        FROM pg_stat_replication`,
  },
];

function walDelay(name: string, number: "int" | "double", enabled: boolean): MetricDefinition {
  return {
    name,
    description:
      "Time between writing WAL here and the answer of a replica that it has written, flushed or replayed it",
    unit: "s",
    type: "gauge",
    number,
    enabled,
    values: ["flush", "replay", "write"].map((operation) => ({ column: operation, attributes: { operation } })),
  };
}
