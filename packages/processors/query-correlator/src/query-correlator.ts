import { type AnyValue, attributeKey, attributeKeys, type LogRecord, type Logs } from "@dbintel/pdata";
import type { Component, ConsumeContext, Consumer, Host } from "@dbintel/pipeline";
import { SystemSyntaxes } from "@dbintel/sql";
import type { QueryCorrelatorConfig } from "./config.ts";
import { type Load, loadOf } from "./load.ts";
import { CorrelatorMetrics } from "./metrics.ts";
import { type Statement, Statements } from "./statements.ts";
import { link, sessionTrace } from "./trace-link.ts";

const textKeys = [attributeKey("db.query.text"), attributeKey("db.statement")] as const;

/** A record without any of these does not concern the processor. */
const concerned = attributeKeys([
  "db.query.text",
  "db.statement",
  "postgresql.calls",
  "mysql.events_statements_summary_by_digest.count_star",
  "postgresql.application_name",
]);

/** The load of the record at a place in the batch. */
interface PlacedLoad {
  readonly place: number;
  readonly load: Load;
}

/**
 * Writes into records about statements what their text says, what share of their database's load they are, and which
 * trace they belong to. Overwrites nothing; drops and holds nothing.
 */
export class QueryCorrelator implements Component, Consumer<"logs"> {
  readonly #next: Consumer<"logs">;
  readonly #config: QueryCorrelatorConfig;
  readonly #statements: Statements;
  readonly #syntaxes: SystemSyntaxes;
  readonly #metrics: CorrelatorMetrics;

  constructor(args: {
    readonly id: string;
    readonly config: QueryCorrelatorConfig;
    readonly host: Host;
    readonly next: Consumer<"logs">;
  }) {
    const { config } = args;
    this.#next = args.next;
    this.#config = config;
    this.#statements = new Statements(config.cache_size);
    this.#syntaxes = new SystemSyntaxes({
      ansiQuotes: config.ansi_quotes,
      noBackslashEscapes: config.no_backslash_escapes,
    });
    this.#metrics = new CorrelatorMetrics(args.host, args.id);
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {}

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {}

  consume(batch: Logs, context: ConsumeContext): Promise<void> {
    const loads: PlacedLoad[] = [];
    const record = batch.records();
    for (let place = 0; record.advance(); place++) {
      if (record.attributes.firstOf(concerned) < 0) continue;
      const load = loadOf(record);
      if (load !== undefined) loads.push({ place, load });
      const statement = this.#describe(record);
      // The counters of a statement are of many executions; the comment in its text is of the first one.
      if (load === undefined && this.#config.trace_links.enabled) this.#link(record, statement);
    }
    if (loads.length > 0) this.#share(batch, loads);
    return this.#next.consume(batch, context);
  }

  #describe(record: LogRecord): Statement | undefined {
    const { attributes } = record;
    const text = attributes.getString(textKeys[0]) ?? attributes.getString(textKeys[1]);
    if (text === undefined || text === "") return undefined;
    const { statement, known } = this.#statements.read(text, this.#syntaxes.of(attributes, record.resource.attributes));
    this.#metrics.statement(known ? "remembered" : "read");
    add(record, "db.query.fingerprint", statement.fingerprint);
    if (statement.summary !== "") add(record, "db.query.summary", statement.summary);
    add(record, "db.operation.name", statement.operation);
    if (statement.tables.length === 1) add(record, "db.collection.name", statement.tables[0]);
    if (statement.tables.length > 0) add(record, "db.query.tables", statement.tables);
    add(record, "db.query.is_maintenance", statement.maintenance !== undefined);
    add(record, "db.query.maintenance.operation", statement.maintenance);
    return statement;
  }

  #link(record: LogRecord, statement: Statement | undefined): void {
    const trace = statement?.trace ?? sessionTrace(record);
    if (trace !== undefined) this.#metrics.link(link(record, trace, this.#config.trace_links.max_age));
  }

  /** Shares are known only after all records of a database were seen, so the batch is walked once more. */
  #share(batch: Logs, loads: readonly PlacedLoad[]): void {
    const totals = new Map<string, number>();
    for (const { load } of loads) totals.set(load.group, (totals.get(load.group) ?? 0) + load.seconds);
    const record = batch.records();
    let next = 0;
    let shares = 0;
    for (let place = 0; next < loads.length && record.advance(); place++) {
      const placed = loads[next];
      if (placed?.place !== place) continue;
      next++;
      const total = totals.get(placed.load.group) ?? 0;
      if (total > 0) shares++;
      this.#weigh(record, placed.load, total);
    }
    this.#metrics.shares(shares);
  }

  #weigh(record: LogRecord, { seconds, mean, sessions, other }: Load, total: number): void {
    const { slow, moderate, heavy_share: heavy, notable_share: notable } = this.#config.query_categorization;
    add(record, "db.query.load.sessions", sessions);
    if (mean !== undefined && !other)
      add(record, "db.query.performance.category", category(mean * 1000, slow, moderate));
    if (total <= 0) return;
    const share = seconds / total;
    add(record, "db.query.load.share", share);
    if (!other)
      add(record, "db.query.load.category", share >= heavy ? "heavy" : share >= notable ? "notable" : "light");
  }
}

function category(meanMs: number, slow: number, moderate: number): string {
  if (meanMs >= slow) return "slow";
  return meanMs >= moderate ? "moderate" : "fast";
}

/** Adds what the record does not say itself. */
function add({ attributes }: LogRecord, name: string, value: AnyValue | undefined): void {
  if (value !== undefined && !attributes.has(name)) attributes.set(name, value);
}
