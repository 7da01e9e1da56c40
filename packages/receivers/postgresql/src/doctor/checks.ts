import type { Check } from "@dbintel/pipeline";

/** What `dbintel doctor` examines of a PostgreSQL server, in this order. A code keeps its meaning. */
export const checks = {
  "PG-CONN-001": "The server can be reached from here.",
  "PG-CONN-002": "The connection is encrypted as the setting `tls` asks, and the certificate is trusted.",
  "PG-CONN-003": "The server lets the user in, to the database `connect_database`.",
  "PG-CONN-004":
    "The session is the collector's own, with its time-outs and read-only; a connection pooler between would lose them.",
  "PG-CONN-005": "The server's clock and the collector's agree: what others measured is compared with intervals by it.",
  "PG-SERVER-001": "The server's version is supported: PostgreSQL 13 and later.",
  "PG-SERVER-002": "What the server runs on, by which repairs differ.",
  "PG-SERVER-003":
    "Whether it is a primary or a standby. On a standby nothing can be granted: that is done on its primary.",
  "PG-EXT-001": "The library pg_stat_statements is loaded at the start of the server: it counts statements.",
  "PG-EXT-002": "The extension pg_stat_statements is there to be read, in a database that the user may enter.",
  "PG-EXT-003": "The extension is as new as its library; after an upgrade of the server it stays as it was.",
  "PG-SET-001":
    "Texts of running statements are kept at 4096 bytes at least: what is longer is cut off, and has no plan.",
  "PG-SET-002": "The server measures the time of reading and writing: the time of statements is told apart by it.",
  "PG-SET-003":
    "Statements have ids, by which pg_stat_statements counts them and sessions tell them (PostgreSQL 14 and later).",
  "PG-SET-004": "pg_stat_statements has room for the statements there are; when it is full it throws out the rarest.",
  "PG-SET-005":
    "pg_stat_statements counts: `track` is not `none`. `track_utility` says whether others than DML are counted.",
  "PG-SET-006": "The server keeps what its sessions do and what is done to its tables.",
  "PG-GRANT-001": "The user sees the statements and sessions of others, and all settings.",
  "PG-GRANT-002":
    "The user may keep its own statements out of pg_stat_statements; without that they are a few entries of a constant number.",
  "PG-GRANT-003": "The user may ask for plans in each database: by the right to read its tables, or by a function.",
  "PG-LOG-001": "The server's log can be read: deadlocks, errors and plans of auto_explain are told from it.",
  "PG-COST-001":
    "What each part of the receiver asks works, and what it costs of the budget: each was asked twice, just now.",
} as const;

export type CheckCode = keyof typeof checks;

/** A check of this server. */
export interface PostgresqlCheck extends Check {
  readonly code: CheckCode;
}
