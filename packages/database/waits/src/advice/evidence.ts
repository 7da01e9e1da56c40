import type { Comparison } from "../baseline/baselines.ts";
import type { BlockingForest } from "../blocking/blocking-forest.ts";
import type { WaitClass } from "../category.ts";
import type { WaitProfile } from "../profile/wait-profile.ts";
import type { WaitShift } from "../shift/wait-shift.ts";

/** Something and when it was seen, in milliseconds since 1970: what is older than the advisor allows is as if it were not there. */
export interface Seen<Value> {
  readonly timeMs: number;
  readonly value: Value;
}

/** Counters of one statement over an interval: differences, never totals since the start of the server. */
export interface StatementCounters {
  readonly calls: number;
  /** All executions together. */
  readonly seconds: number;
  /** Share of the time of all statements of the database, 0 to 1, where it is known. */
  readonly loadShare?: number | undefined;
  /** Sessions that executed it on average: `seconds` by the length of the interval, where that is known. */
  readonly averageSessions?: number | undefined;
  /** Rows that were read; absent where the server does not count them. */
  readonly rowsExamined?: number | undefined;
  /** Rows that were returned or changed. */
  readonly rowsReturned?: number | undefined;
  /** Executions that read a whole table: MySQL's `SUM_NO_INDEX_USED`, or all where the plan has a large sequential scan. */
  readonly noIndexCalls?: number | undefined;
  /** Executions that found no index good enough and looked anew for each row: MySQL's `SUM_NO_GOOD_INDEX_USED`. */
  readonly noGoodIndexCalls?: number | undefined;
  /** Joins that read a whole table for each row or block of rows: MySQL's `SUM_SELECT_FULL_JOIN`. */
  readonly fullJoins?: number | undefined;
  /** Temporary tables that did not fit into memory: MySQL's `SUM_CREATED_TMP_DISK_TABLES`. */
  readonly temporaryDiskTables?: number | undefined;
  /** Bytes written to temporary files: PostgreSQL's `temp_blks_written` times the size of a block. */
  readonly temporaryBytes?: number | undefined;
}

/** What is known of a session that blocks others. */
export interface BlockerFacts {
  /** It has a transaction open and nothing to do. */
  readonly idleInTransaction: boolean;
  /** How long its transaction is open. */
  readonly transactionSeconds?: number | undefined;
  /** Fingerprint of the statement that it runs, or ran last. */
  readonly query?: string | undefined;
}

export interface ConnectionFacts {
  readonly open: number;
  /** How many the server allows. */
  readonly max?: number | undefined;
  /** Connections made per second, against what is usual. */
  readonly made?: Comparison | undefined;
}

/** Deadlocks of the last minutes. */
export interface DeadlockFacts {
  readonly count: number;
  /** Sessions that were seen in them. */
  readonly sessions: number;
  readonly windowSeconds: number;
  readonly relations: readonly string[];
  /** Fingerprints of the statements. */
  readonly queries: readonly string[];
  /** How many there are, against what is usual in as much time. */
  readonly made?: Comparison | undefined;
}

/** The load in average active sessions, against what is usual at that hour. */
export interface UsualLoad {
  readonly all?: Comparison | undefined;
  readonly byClass: Partial<Readonly<Record<WaitClass, Comparison>>>;
}

export interface PlanChange {
  /** Hashes of the plan before and after. */
  readonly before: string;
  readonly after: string;
}

/** What was seen of a database, or of one statement of it: whatever the caller has. */
export interface Evidence {
  /** Names instance and database. */
  readonly database: string;
  /** Fingerprint of the statement; absent where the evidence is of the whole database. */
  readonly query?: string | undefined;
  readonly waits?: Seen<WaitProfile> | undefined;
  /** Of the whole database, where `waits` are those of a statement. */
  readonly databaseWaits?: Seen<WaitProfile> | undefined;
  /** Of the whole database, also where `waits` are those of a statement. */
  readonly usual?: Seen<UsualLoad> | undefined;
  readonly shift?: Seen<WaitShift> | undefined;
  readonly counters?: Seen<StatementCounters> | undefined;
  readonly planChange?: Seen<PlanChange> | undefined;
  readonly blocking?: Seen<BlockingForest> | undefined;
  /** Of the sessions that are roots of the blocking, by name. */
  readonly blockers?: Seen<ReadonlyMap<string, BlockerFacts>> | undefined;
  readonly connections?: Seen<ConnectionFacts> | undefined;
  readonly deadlocks?: Seen<DeadlockFacts> | undefined;
  /** Processors of the server. */
  readonly cores?: number | undefined;
}
