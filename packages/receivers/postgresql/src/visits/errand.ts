import type { DbintelError } from "@dbintel/errors";
import type { LogsBuilder, MetricsBuilder } from "@dbintel/pdata";
import type { Capabilities } from "../connection/capabilities.ts";
import type { DatabaseConnection } from "../connection/connection.ts";

/** What an errand has at its disposal inside one database. */
export interface Visit {
  readonly database: string;
  readonly connection: DatabaseConnection;
  readonly capabilities: Capabilities;
  /** The server's clock when the visit began. */
  readonly timeUnixNano: bigint;
  /** Where what was found goes. */
  readonly metrics: MetricsBuilder;
  readonly logs: LogsBuilder;
  /** What did not work although the errand as a whole did. */
  readonly problems: DbintelError[];
  readonly signal: AbortSignal;
  /** Has something done once everything that the round found was taken: moves what the next visit compares with. */
  readonly onTaken: (action: () => void) => void;
}

/** Something that is asked inside each database, again and again. */
export interface Errand {
  /** In logs and metrics, and to the breaker. */
  readonly name: string;
  /** From one visit to a database to the next, in milliseconds; longer when there are many databases. */
  readonly intervalMs: number;
  /** Settings of a session of its own; by default it shares one with the others. */
  readonly sessionOptions?: readonly string[];
  /** Whether there is nothing to do in a database now: then no session is opened for it. Default: there always is. */
  skips?(database: string): boolean;
  /** Has it forget what it compares with: another collector may have reported since. */
  forget?(): void;
  /** Rejects with errors of `pg`; then this database is asked again later and later. */
  run(visit: Visit): Promise<void>;
}
