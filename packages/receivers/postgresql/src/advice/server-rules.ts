import { mostFindings } from "@dbintel/watching";
import type { AdviceRule } from "./advice-rule.ts";

const harmful = [
  { name: "autovacuum", good: "on", severity: "critical", why: "dead rows stay and transaction ids run out" },
  { name: "fsync", good: "on", severity: "critical", why: "a crash of the machine may destroy the whole cluster" },
  { name: "full_page_writes", good: "on", severity: "critical", why: "a crash of the machine may destroy data" },
  { name: "zero_damaged_pages", good: "off", severity: "critical", why: "damaged pages are emptied in silence" },
  { name: "track_counts", good: "on", severity: "critical", why: "autovacuum does not see which tables need it" },
  { name: "track_io_timing", good: "on", severity: "info", why: "nobody can tell how long reading and writing takes" },
] as const;

/** Rules about the server as a whole. */
export const serverRules: readonly AdviceRule[] = [
  ...harmful.map(
    ({ name, good, severity, why }): AdviceRule => ({
      id: `setting_${name}`,
      severity,
      message: `${name} is ${good === "on" ? "off" : "on"}: ${why}`,
      sql: () => `
        SELECT '${name}' AS object, 'ALTER SYSTEM SET ${name} = ${good}; SELECT pg_reload_conf();' AS sql
         WHERE current_setting('${name}') <> '${good}'`,
    }),
  ),
  {
    id: "wraparound_near",
    severity: "critical",
    message:
      "Half of all transaction ids are used up since the database was frozen: at the end the server refuses to write",
    sql: () => `
      SELECT datname::text AS object, age(datfrozenxid) AS xid_age, mxid_age(datminmxid) AS mxid_age,
             'VACUUM (FREEZE, VERBOSE);' AS sql
        FROM pg_database WHERE greatest(age(datfrozenxid), mxid_age(datminmxid)) >= 1073741824
       ORDER BY xid_age DESC LIMIT ${mostFindings}`,
  },
  {
    id: "replication_slot_retains",
    severity: "critical",
    message: "Nobody reads from the slot, and the server keeps all WAL for it until the disk is full",
    sql: () => `
      SELECT s.slot_name::text AS object, r.bytes AS retained_bytes,
             format('SELECT pg_drop_replication_slot(%L);', s.slot_name) AS sql
        FROM pg_replication_slots s
        CROSS JOIN LATERAL (
          SELECT pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                                      ELSE pg_current_wal_lsn() END, s.restart_lsn)::int8 AS bytes) r
       WHERE NOT s.active
         AND r.bytes >= greatest(1073741824, 2 * (SELECT setting::int8 * 1048576 FROM pg_settings WHERE name = 'max_wal_size'))
       ORDER BY r.bytes DESC LIMIT ${mostFindings}`,
  },
  {
    id: "prepared_transaction_forgotten",
    severity: "warning",
    message: "A prepared transaction holds its locks, and dead rows everywhere, for more than an hour",
    sql: () => `
      SELECT gid AS object, date_part('epoch', clock_timestamp() - prepared) AS age_seconds,
             age(transaction) AS xid_age, format('ROLLBACK PREPARED %L;', gid) AS sql
        FROM pg_prepared_xacts WHERE prepared < clock_timestamp() - interval '1 hour'
       ORDER BY prepared LIMIT ${mostFindings}`,
  },
  {
    id: "connections_near_limit",
    severity: "warning",
    message: "Nine tenths of the connections are taken: the next ones are refused",
    sql: () => `
      SELECT 'max_connections' AS object, s.used AS connections, s.most AS max_connections
        FROM (SELECT count(*) AS used, current_setting('max_connections')::int8
                     - current_setting('superuser_reserved_connections')::int8 AS most
                FROM pg_stat_activity WHERE backend_type = 'client backend') s
       WHERE s.used >= 0.9 * s.most`,
  },
  {
    id: "archiving_fails",
    severity: "critical",
    message: "WAL cannot be archived: backups have a gap, and the server keeps it until the disk is full",
    sql: () => `
      SELECT 'archiver' AS object, failed_count,
             date_part('epoch', clock_timestamp() - coalesce(last_archived_time, stats_reset)) AS seconds_since_success
        FROM pg_stat_archiver
       WHERE current_setting('archive_mode') <> 'off'
         AND last_failed_time > coalesce(last_archived_time, '-infinity')
         AND coalesce(last_archived_time, stats_reset) < clock_timestamp() - interval '10 minutes'`,
  },
];
