import { feedback } from "@dbintel/feedback";
import type { MetricsBuilder } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import { text } from "@dbintel/watching";
import type { ProblemContext } from "../connection/problems.ts";
import { ownName } from "../connection/session.ts";
import { type StatementName, statementName } from "../plans/statement-name.ts";
import { askPart, type PollQuestions } from "./poll-part.ts";
import { Rest } from "./rest.ts";
import { timeIndex } from "./statement-columns.ts";
import { totalOf } from "./statement-deltas.ts";
import type { StatementInterval } from "./statement-interval.ts";

const ownClass = "own_statements";
/** 0.25 % of one core at most: the server writes out all of its digest texts for it. */
const restFactor = 400;
const mostRows = 20_000;

/** How the digest texts of the collector's statements begin, where they have no place for its name. */
const ownBeginnings = [
  ...["EXPLAIN FORMAT = JSON ", "EXPLAIN FORMAT = TREE ", "USE ", "SHOW ENGINE ", "SHOW BINARY LOGS"],
  ...["SHOW REPLICA STATUS", "SHOW SLAVE STATUS", "SHOW ALL SLAVES STATUS"],
];
/** What the statements of a procedure that explains begin with: MySQL tells by it what was prepared. */
const preparedBeginnings = ["PREPARE ", "EXECUTE "].map((verb) => `${verb}${ownBeginnings[0]}`);
/** As the procedure of the README calls its statement. */
const planName = "dbintel_plan";

const beginnings = [...ownBeginnings, ...preparedBeginnings];
const names = [ownName, planName];

/** Whether the collector sends a statement of this digest text; people who send one that begins like them are taken for it. */
export function isOwnDigest(digestText: string): boolean {
  return names.some((name) => digestText.includes(name)) || beginnings.some((each) => digestText.startsWith(each));
}

const ownSql = `
  SELECT SCHEMA_NAME AS schema_name, DIGEST AS digest FROM performance_schema.events_statements_summary_by_digest
   WHERE ${[...names.map((name) => `%${name}%`), ...beginnings.map((each) => `${each}%`)]
     .map((pattern) => `DIGEST_TEXT LIKE '${pattern.replaceAll("_", "\\_")}'`)
     .join(" OR ")}
   LIMIT ${mostRows}`;

/**
 * The rows of the summary that the collector has there: what it asks, and a row for each statement that it has had explained.
 * They are told apart so that what is reported is the application's alone.
 */
export class OwnStatements {
  readonly #host: Host;
  readonly #context: ProblemContext;
  readonly #rest: Rest;
  #known: ReadonlyMap<string, StatementName> = new Map();
  /** Of all of them: most statements are told apart without their schema. */
  #digests: ReadonlySet<string> = new Set();

  constructor(options: { readonly host: Host; readonly context: ProblemContext }) {
    this.#host = options.host;
    this.#context = options.context;
    this.#rest = new Rest(options.host.clock, restFactor);
  }

  has(schema: string | null, digest: string | null): boolean {
    return digest !== null && this.#digests.has(digest) && this.#known.has(statementName({ schema, digest }));
  }

  /** Looks for them again; where that is not possible now, those that were found stand. */
  async find(questions: PollQuestions): Promise<void> {
    if (!this.#rest.isOver) return;
    const { connection, signal } = questions;
    const { coldIntervalFactor } = this.#host.shared(feedback).savings;
    const work = () => this.#rest.after(() => connection.query(ownSql, [], signal), coldIntervalFactor);
    const rows = await askPart({ questions, context: this.#context, collectorClass: ownClass, work });
    if (rows === undefined) return;
    const found = rows.map((row) => ({ schema: text(row, "schema_name") ?? null, digest: text(row, "digest") ?? "" }));
    this.#known = new Map(found.map((each) => [statementName(each), each]));
    this.#digests = new Set(found.map(({ digest }) => digest));
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
