import { createHash } from "node:crypto";
import pg from "pg";

/** Statements that a session keeps prepared; the server remembers the plan of each. */
const mostPrepared = 64;
/** Texts that were asked once are remembered to know them again: so many of the latest. */
const mostSeen = 64;

/** What may be prepared: EXPLAIN takes parameters that nobody gives it only as long as it is not. */
const preparable = /^(?:SELECT|WITH)\b/i;

/** SQLSTATE feature_not_supported: "cached plan must not change result type". */
const resultChanged = "0A000";
/** SQLSTATEs invalid_sql_statement_name and duplicate_prepared_statement: a pooler hands out other sessions in between. */
const otherSession: ReadonlySet<string | undefined> = new Set(["26000", "42P05"]);

/**
 * Knows the statements that a connection asks again and again. From the second time on each has a name, under which
 * the session prepares it: then neither its text crosses the wire nor does the server parse it, and it plans only what
 * has parameters.
 *
 * The name is that of the text, so that it means the same statement wherever it is known.
 */
export class RepeatedStatements {
  readonly #seen = new Set<string>();
  readonly #names = new Map<string, string | undefined>();
  #pooled = false;

  /** The name to ask this text under; `undefined` where it is to be sent as it is. */
  nameOf(text: string): string | undefined {
    if (this.#pooled || !preparable.test(text)) return undefined;
    if (this.#names.has(text)) return this.#names.get(text);
    if (this.#names.size >= mostPrepared || !this.#isSeen(text)) return undefined;
    const name = `dbintel_${createHash("sha256").update(text).digest("hex").slice(0, 16)}`;
    this.#names.set(text, name);
    return name;
  }

  /** Whether the statement failed for being prepared only; then it has no name from here on. */
  refused(text: string, error: unknown): boolean {
    if (!(error instanceof pg.DatabaseError)) return false;
    if (otherSession.has(error.code)) this.#pooled = true;
    else if (error.code === resultChanged) this.#names.set(text, undefined);
    else return false;
    return true;
  }

  #isSeen(text: string): boolean {
    if (this.#seen.delete(text)) return true;
    this.#seen.add(text);
    const [oldest] = this.#seen;
    if (this.#seen.size > mostSeen && oldest !== undefined) this.#seen.delete(oldest);
    return false;
  }
}
