import type { Clock } from "@dbintel/pipeline";
import { integer, ownTime, text, type Value } from "@dbintel/watching";
import type { Capabilities, KnownServer } from "../connection/capabilities.ts";
import type { DatabaseConnection, TextCollector } from "../connection/connection.ts";
import { statusColumnsSql } from "../connection/global-status.ts";
import { isAnswer } from "../connection/problems.ts";
import { clockMicrosSql } from "../connection/server-clock.ts";
import { uptimeOf } from "../connection/server-start.ts";
import type { StatementName } from "../plans/statement-name.ts";
import { readCounters } from "./counter-list.ts";
import { DigestTable, mostStatements } from "./digest-table.ts";
import { Integers } from "./integers.ts";
import { isOwnSql } from "./own-statements.ts";
import { availableCounters, type StatementCounter } from "./statement-columns.ts";
import type { StatementEpoch } from "./statement-epoch.ts";

const summary = "performance_schema.events_statements_summary_by_digest";

/** What is known of the server before rows are read. */
export interface StatementMoment {
  readonly capabilities: Capabilities;
  readonly epoch: StatementEpoch;
  /** What the summary counts. */
  readonly counters: readonly StatementCounter[];
  /** Statements that the server could not count in a row of their own, since its start. */
  readonly lost: bigint | undefined;
  /** Whether the server counts statements now. */
  readonly counting: boolean;
}

/** What one poll read: all rows, or those that may have changed. */
export interface StatementReading extends StatementMoment {
  readonly table: DigestTable;
  /** Rows of the table that count the collector's own statements. */
  readonly own: readonly StatementName[];
}

/** The summary of statements of one server. */
export class StatementSource {
  readonly #server: KnownServer;
  readonly #clock: Clock;
  #counters: { readonly session: number | undefined; readonly list: readonly StatementCounter[] } | undefined;

  constructor(server: KnownServer, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
  }

  get connection(): DatabaseConnection {
    return this.#server.connection;
  }

  async capabilities(signal: AbortSignal): Promise<Capabilities> {
    return await this.#server.capabilities(signal);
  }

  /** The server's clocks and statistics now, as rows that are read afterwards are to be understood. */
  async moment(signal: AbortSignal): Promise<StatementMoment> {
    const capabilities = await this.#server.capabilities(signal);
    const counters = await this.#availableCounters(signal);
    const counting = await this.#isCounting(signal);
    const { lost, ...epoch } = await this.#epoch(capabilities, signal);
    return { capabilities, epoch, counters, lost, counting };
  }

  /**
   * Rows of the summary, without texts: all, or those of statements that have ended since a moment of the server's clock. The
   * row of what found no other is always among them.
   */
  async read(moment: StatementMoment, signal: AbortSignal, sinceMicros?: bigint): Promise<StatementReading> {
    const { counters } = moment;
    // None of them may be NULL. The server has made out each row's text by then, whether it is asked for or not.
    const numbers = [
      ...["CAST(UNIX_TIMESTAMP(FIRST_SEEN) * 1000000 AS UNSIGNED)", `COALESCE(${isOwnSql}, 0)`],
      ...counters.map(({ column }) => column),
    ];
    const condition =
      sinceMicros === undefined
        ? ""
        : `WHERE UNIX_TIMESTAMP(LAST_SEEN) >= ${sinceMicros / 1_000_000n} OR DIGEST IS NULL`;
    const sql = `SELECT SCHEMA_NAME, DIGEST, CONCAT_WS(' ', ${numbers.join(", ")})
                   FROM ${summary} ${condition} LIMIT ${mostStatements + 1}`;
    return { ...moment, ...(await this.#server.connection.collect(sql, () => digestCollector(counters), signal)) };
  }

  async #availableCounters(signal: AbortSignal): Promise<readonly StatementCounter[]> {
    const { connection } = this.#server;
    if (this.#counters === undefined || this.#counters.session !== connection.session) {
      const list = availableCounters(await connection.columns(summary, signal));
      this.#counters = { session: connection.session, list };
    }
    return this.#counters.list;
  }

  /** Who may not read the consumers is not told that one is off. */
  async #isCounting(signal: AbortSignal): Promise<boolean> {
    try {
      const off = await this.#server.connection.query(
        `SELECT NAME AS name FROM performance_schema.setup_consumers
          WHERE ENABLED = 'NO' AND NAME IN ('global_instrumentation', 'thread_instrumentation', 'statements_digest')`,
        [],
        signal,
      );
      return off.length === 0;
    } catch (error) {
      if (isAnswer(error)) return true;
      throw error;
    }
  }

  async #epoch(
    { identity, product }: Capabilities,
    signal: AbortSignal,
  ): Promise<StatementEpoch & Pick<StatementReading, "lost">> {
    const { connection } = this.#server;
    const status = statusColumnsSql(product, ["Uptime", "Performance_schema_digest_lost"]);
    const [row = {}] = await connection.query(
      `SELECT ${clockMicrosSql} AS clock, CONNECTION_ID() AS id, g.* FROM (${status}) g`,
      [],
      signal,
    );
    const own = ownTime(this.#clock);
    const lost = text(row, "performance_schema_digest_lost");
    return {
      clockMicros: exact(row.clock),
      uptimeSeconds: uptimeOf(text(row, "uptime")),
      identity,
      session: connection.session ?? 0,
      connectionId: integer(row, "id") ?? 0n,
      own,
      lost: lost === undefined ? undefined : BigInt(lost),
    };
  }
}

/** Takes each row as it comes: all of them at once would outlive several rounds of the garbage collector. */
function digestCollector(
  counters: readonly StatementCounter[],
): TextCollector<Pick<StatementReading, "table" | "own">> {
  const table = new DigestTable(counters);
  const own: StatementName[] = [];
  const numbers = Integers.zeros(2 + counters.length);
  const values = numbers.between(2, numbers.length);
  return {
    add(row) {
      const { 1: schema = null, 2: digest = null, 3: list } = row;
      readCounters(list ?? "", numbers);
      table.add({ schema, digest, firstSeenMicros: numbers.number(0), values });
      if (!numbers.isZero(1) && digest !== null) own.push({ schema, digest });
    },
    end: () => ({ table, own }),
  };
}

/** An integer of 64 bits; 0 for what is none. */
export function exact(value: Value | undefined): bigint {
  return typeof value === "bigint" ? value : 0n;
}
