import type { MetricsBuilder } from "@dbintel/pdata";
import { ownName } from "../connection/session.ts";
import { type StatementName, statementName } from "../plans/statement-name.ts";
import { timeIndex } from "./statement-columns.ts";
import { totalOf } from "./statement-deltas.ts";
import type { StatementInterval } from "./statement-interval.ts";

/** How the digest texts of the collector's statements begin, where they have no place for its name. */
const ownBeginnings = [
  ...["EXPLAIN FORMAT = JSON ", "EXPLAIN FORMAT = TREE ", "USE ", "SHOW ENGINE ", "SHOW BINARY LOGS"],
  ...["SHOW REPLICA STATUS", "SHOW SLAVE STATUS", "SHOW ALL SLAVES STATUS"],
];
/** What the statements of a procedure that explains begin with: MySQL tells by it what was prepared. */
const preparedBeginnings = ["PREPARE ", "EXECUTE "].map((verb) => `${verb}${ownBeginnings[0]}`);
/** As the procedure of the README calls its statement. */
const planName = "dbintel_plan";

const patterns = [
  ...[...ownBeginnings, ...preparedBeginnings].map((beginning) => `${beginning}%`),
  ...[ownName, planName].map((name) => `%${name}%`),
];

/**
 * Whether a row of the summary counts what the collector sends, in SQL; people who send a statement that begins like one
 * of its are taken for it.
 */
export const isOwnSql = `(${patterns.map((pattern) => `DIGEST_TEXT LIKE '${pattern.replaceAll("_", "\\_")}'`).join(" OR ")})`;

/**
 * The rows of the summary that the collector has there: what it asks, and a row for each statement that it has had explained.
 * They are told apart so that what is reported is the application's alone.
 */
export class OwnStatements {
  readonly #known = new Map<string, StatementName>();
  /** Of all of them: most statements are told apart without their schema. */
  readonly #digests = new Set<string>();

  has(schema: string | null, digest: string | null): boolean {
    return digest !== null && this.#digests.has(digest) && this.#known.has(statementName({ schema, digest }));
  }

  /** Notes those that a reading shows: all of them where it has read all rows. */
  note({ reading, unread }: StatementInterval): void {
    if (unread === undefined) {
      this.#known.clear();
      this.#digests.clear();
    }
    for (const own of reading.own) {
      this.#known.set(statementName(own), own);
      this.#digests.add(own.digest);
    }
  }

  /** How many rows of the summary are the collector's, and what part of the interval's execution time. */
  addTo(metrics: MetricsBuilder, { reading, unread, deltas }: StatementInterval): void {
    const { table, epoch } = reading;
    const timeUnixNano = epoch.clockMicros * 1000n;
    const isOwn = (row: number) => {
      const { schema, digest } = table.key(row);
      return this.has(schema, digest);
    };
    const isThere = (key: StatementName) => table.find(key) >= 0 || (unread !== undefined && unread.find(key) >= 0);
    const own = [...this.#known.values()].filter(isThere).length;
    const count = unread?.countWith(table) ?? table.count;
    metrics.gauge(
      {
        name: "dbintel.mysql.statements.rows",
        description: "Rows of the statement summary, by whose statements they count",
        unit: "{rows}",
      },
      [
        { timeUnixNano, value: BigInt(own), attributes: { owner: "collector" } },
        { timeUnixNano, value: BigInt(count - own), attributes: { owner: "others" } },
      ],
    );
    const timeOf = (changed: typeof deltas.changed) => Number(totalOf(timeIndex, { ...deltas, changed }, table));
    const total = timeOf(deltas.changed);
    if (total === 0) return;
    metrics.gauge(
      {
        name: "dbintel.mysql.statements.own_share",
        description: "Part of the execution time of an interval that was spent on the collector's own statements",
        unit: "1",
      },
      [{ timeUnixNano, value: timeOf(deltas.changed.filter(({ row }) => isOwn(row))) / total }],
    );
  }
}
