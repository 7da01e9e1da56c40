import { fingerprintSql, type SqlDialect, TextCache } from "@dbintel/sql";
import type { ActiveSessions } from "@dbintel/waits";
import { integer, number, type Row } from "../row.ts";

/** Who is active at one moment. */
export interface SessionSample {
  /** The server's clock, microseconds since 1970. */
  readonly clockMicros: bigint;
  /** What the sample took in the database. */
  readonly databaseMs: number;
  readonly active: readonly ActiveSessions[];
}

/** The sample of rows that each have `clock`, in microseconds since 1970, and `took`, in milliseconds; there is one at least. */
export function sessionSample(args: {
  readonly rows: readonly Row[];
  readonly activeOf: (row: Row) => ActiveSessions;
  readonly reports: (database: string) => boolean;
}): SessionSample {
  const { rows, activeOf, reports } = args;
  return {
    clockMicros: rows[0] === undefined ? 0n : (integer(rows[0], "clock") ?? 0n),
    databaseMs: Math.max(...rows.map((row) => number(row, "took") ?? 0)),
    active: rows.map(activeOf).filter(({ database }) => reports(database)),
  };
}

/** Texts whose fingerprint is remembered, where the server gives no ids to statements. */
const mostTexts = 2000;

/** The fingerprints of texts that are seen again and again. */
export class SessionFingerprints {
  readonly #cache = new TextCache({
    max: mostTexts,
    read: (query, of) => ({ fingerprint: fingerprintSql(query, of) }),
  });

  of(query: string | undefined, dialect: SqlDialect): string | undefined {
    return query === undefined ? undefined : this.#cache.read(query, { dialect }).value.fingerprint;
  }
}
