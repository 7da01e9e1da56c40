import { by, databaseLabels, type MetricQuery, micros, ownCounter, ownGauge } from "./metric-definition.ts";

/** Where the server's WAL ends: what it has written, or as a standby received. */
const walEnd = `CASE WHEN pg_is_in_recovery() THEN coalesce(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())
                     ELSE pg_current_wal_lsn() END`;

/** The view asks about all sessions first. */
export const anyReplica = "EXISTS (SELECT FROM pg_stat_get_wal_senders() WHERE pid IS NOT NULL)";
const anySlot = "EXISTS (SELECT FROM pg_replication_slots)";
const anySubscription = "EXISTS (SELECT FROM pg_stat_subscription)";

const slotLabels = { ...databaseLabels, slot: "slot", slot_type: "slot_type", wal_status: "wal_status" } as const;

/** Replicas, slots and subscriptions, and what a standby makes of what it receives. */
export const replicationQueries: readonly MetricQuery[] = [
  {
    name: "replicas",
    when: anyReplica,
    labels: {
      replication_client: "client",
      replication_application: "application",
      state: "state",
      sync_state: "sync_state",
    },
    metrics: [
      {
        name: "dbintel.postgresql.replication.lag",
        description: "WAL that a replica was not sent, or has not written, flushed or replayed yet",
        ...{ unit: "By", type: "gauge", number: "int", enabled: true },
        values: by("stage", { send: "unsent", write: "unwritten", flush: "unflushed", replay: "unreplayed" }),
      },
    ],
    sql: () => `
      SELECT coalesce(client_addr::text, 'unix') AS client, application_name AS application, state, sync_state,
             pg_wal_lsn_diff(l.lsn, sent_lsn)::int8 AS unsent, pg_wal_lsn_diff(l.lsn, write_lsn)::int8 AS unwritten,
             pg_wal_lsn_diff(l.lsn, flush_lsn)::int8 AS unflushed, pg_wal_lsn_diff(l.lsn, replay_lsn)::int8 AS unreplayed
        FROM pg_stat_replication, (SELECT ${walEnd} AS lsn) l
       ORDER BY unreplayed DESC LIMIT 100`,
  },
  {
    name: "pg_replication_slots",
    when: anySlot,
    labels: slotLabels,
    metrics: [
      ownGauge(["replication_slot.retained", "WAL that is kept for the slot", "By"], "retained"),
      ownGauge(
        ["replication_slot.unconfirmed", "WAL that the reader of a logical slot has not confirmed", "By"],
        "unconfirmed",
      ),
      ownGauge(["replication_slot.safe_wal_size", "WAL that can be written before the slot may be lost", "By"], "safe"),
      ownGauge(["replication_slot.active", "1 while somebody reads from the slot, else 0", "1"], "active"),
      ownGauge(
        ["replication_slot.inactive.time", "Time since somebody has read from the slot (PostgreSQL 17 and later)", "s"],
        "inactive",
        "double",
      ),
      ownGauge(
        ["replication_slot.invalid", "1 when the slot is lost or a conflict with recovery has ended it, else 0", "1"],
        "invalid",
      ),
    ],
    sql: ({ columns }) => {
      const known = columns.get("pg_replication_slots") ?? new Set();
      const conflicting = known.has("conflicting") ? "coalesce(s.conflicting, false)" : "false";
      const invalidated = known.has("invalidation_reason") ? "s.invalidation_reason IS NOT NULL" : "false";
      return `
        SELECT s.slot_name::text AS slot, s.slot_type, s.database::text AS database, s.wal_status,
               pg_wal_lsn_diff(l.lsn, s.restart_lsn)::int8 AS retained,
               pg_wal_lsn_diff(l.lsn, s.confirmed_flush_lsn)::int8 AS unconfirmed, s.safe_wal_size AS safe,
               s.active::int4 AS active,
               ${known.has("inactive_since") ? "date_part('epoch', clock_timestamp() - s.inactive_since)" : "NULL::float8"} AS inactive,
               (s.wal_status = 'lost' OR ${conflicting} OR ${invalidated})::int4 AS invalid
          FROM pg_replication_slots s, (SELECT ${walEnd} AS lsn) l
         ORDER BY retained DESC NULLS LAST LIMIT 100`;
    },
  },
  {
    name: "pg_stat_replication_slots",
    when: anySlot,
    labels: { slot: "slot" },
    metrics: [
      ownCounter(
        [
          "replication_slot.decoded",
          "Changes decoded for a logical slot, and what of them did not fit into memory",
          "By",
        ],
        by("kind", { total: "total_bytes", spilled: "spill_bytes", streamed: "stream_bytes" }),
      ),
    ],
    sql: ({ columns }) =>
      columns.get("pg_stat_replication_slots")?.size === 0
        ? undefined
        : `SELECT slot_name AS slot, ${micros("coalesce(stats_reset, pg_postmaster_start_time())")} AS start,
                  total_bytes, spill_bytes, stream_bytes
             FROM pg_stat_replication_slots ORDER BY total_bytes DESC LIMIT 100`,
  },
  {
    name: "pg_stat_subscription",
    when: anySubscription,
    labels: { subscription: "subscription" },
    metrics: [
      ownGauge(
        ["subscription.workers", "Processes that apply or copy changes for the subscription", "{processes}"],
        "workers",
      ),
      ownGauge(
        ["subscription.message.age", "Time since the subscription heard from its publisher", "s"],
        "message_age",
        "double",
      ),
    ],
    sql: () => `
      SELECT subname::text AS subscription, count(pid) AS workers,
             date_part('epoch', clock_timestamp() - max(last_msg_receipt_time)) AS message_age
        FROM pg_stat_subscription GROUP BY subname ORDER BY message_age DESC NULLS LAST LIMIT 100`,
  },
  {
    name: "pg_stat_subscription_stats",
    when: anySubscription,
    labels: { subscription: "subscription" },
    metrics: [
      ownCounter(
        ["subscription.errors", "Errors of the subscription when it applied changes or copied tables", "{errors}"],
        by("kind", { apply: "apply_error_count", sync: "sync_error_count" }),
      ),
    ],
    sql: ({ columns }) =>
      columns.get("pg_stat_subscription_stats")?.size === 0
        ? undefined
        : `SELECT subname::text AS subscription, apply_error_count, sync_error_count,
                  ${micros("coalesce(stats_reset, pg_postmaster_start_time())")} AS start
             FROM pg_stat_subscription_stats ORDER BY apply_error_count DESC LIMIT 100`,
  },
  {
    name: "recovery",
    oneRow: true,
    metrics: [
      ownGauge(["standby", "1 while the server replays the WAL of another one, else 0", "1"], "standby"),
      ownGauge(
        ["standby.replay.lag", "Time since the last transaction that was replayed; 0 when nothing waits", "s"],
        "lag",
        "double",
      ),
      ownGauge(["standby.replay.waiting", "WAL that was received and not replayed yet", "By"], "waiting"),
      ownGauge(["standby.replay.paused", "1 while somebody has paused replay, else 0", "1"], "paused"),
      ownGauge(["standby.receiving", "1 while WAL is received from another server, else 0", "1"], "receiving"),
      ownGauge(
        ["standby.message.age", "Time since the standby heard from the server it follows", "s"],
        "message_age",
        "double",
      ),
    ],
    sql: ({ standby }) =>
      standby
        ? `SELECT pg_is_in_recovery()::int4 AS standby, pg_is_wal_replay_paused()::int4 AS paused,
                  CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
                       ELSE date_part('epoch', clock_timestamp() - pg_last_xact_replay_timestamp()) END AS lag,
                  pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn())::int8 AS waiting,
                  (SELECT count(*) FROM pg_stat_wal_receiver WHERE status = 'streaming') AS receiving,
                  (SELECT date_part('epoch', clock_timestamp() - max(last_msg_receipt_time))
                     FROM pg_stat_wal_receiver) AS message_age
            WHERE pg_is_in_recovery()`
        : "SELECT pg_is_in_recovery()::int4 AS standby",
  },
];
