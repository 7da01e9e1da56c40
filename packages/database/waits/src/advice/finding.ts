/** What single rules find. */
export const signCodes = [
  "lock_contention",
  "metadata_lock_contention",
  "io_bound",
  "temporary_io",
  "log_flush_pressure",
  "network_bound",
  "buffer_contention",
  "latch_contention",
  "replication_wait",
  "cpu_saturation",
  "load_spike",
  "wait_shift",
  "plan_change",
  "missing_index",
  "inefficient_join",
  "temporary_data_on_disk",
  "slow_by_waits",
  "blocking_root",
  "idle_in_transaction_blocker",
  "lock_cycle",
  "metadata_lock_queue",
  "deadlocks",
  "connection_storm",
  "connections_exhausted",
] as const;

export type SignCode = (typeof signCodes)[number];

/** What several findings show together. */
export const compositeCodes = [
  "missing_index_io",
  "missing_index_locks",
  "join_without_index_load",
  "temporary_data_io",
  "plan_change_wait_shift",
  "io_saturation",
  "idle_transaction_pileup",
  "metadata_lock_pileup",
] as const;

export type CompositeCode = (typeof compositeCodes)[number];

export type FindingCode = SignCode | CompositeCode;

export const severities = ["low", "medium", "high", "critical"] as const;

export type Severity = (typeof severities)[number];

/** P0: now. P1: today. P2: this week. P3: when there is time. */
export type Priority = "P0" | "P1" | "P2" | "P3";

/** Units of UCUM, as OpenTelemetry writes them; `1` for ratios and shares (0 to 1), empty for names. */
export type Unit =
  | "s"
  | "1"
  | ""
  | "By"
  | "{session}"
  | "{sample}"
  | "{execution}"
  | "{row}"
  | "{connection}"
  | "{deadlock}"
  | "{connection}/s";

export interface EvidenceItem {
  readonly value: number | string;
  readonly unit: Unit;
}

/** Something that costs a database time, the figures that show it, and what can be done. */
export interface WaitFinding {
  readonly code: FindingCode;
  readonly database: string;
  /** Fingerprint of the statement; absent where it is about the database. */
  readonly query?: string | undefined;
  readonly severity: Severity;
  readonly priority: Priority;
  /** The share of the database's time that it costs, 0 to 1. */
  readonly impact: number;
  /** How far the evidence carries, 0 to 1. */
  readonly confidence: number;
  /** By name. */
  readonly evidence: Readonly<Record<string, EvidenceItem>>;
  readonly recommendation: string;
  /** Of a composite: the findings that it is made of. */
  readonly parts: readonly SignCode[];
}
