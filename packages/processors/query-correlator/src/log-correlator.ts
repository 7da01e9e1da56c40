import {
  type AnyValue,
  attributeKey,
  attributeKeys,
  encodeAttributes,
  type LogRecord,
  type Logs,
} from "@dbintel/pdata";
import type { Component, ConsumeContext, Consumer, Host } from "@dbintel/pipeline";
import type { Correlation } from "./correlation.ts";
import type { CorrelatorMetrics } from "./metrics.ts";
import { databaseOf, serverOf } from "./origin.ts";
import { StatementJoin } from "./statement-join.ts";
import { StatementReader } from "./statement-reader.ts";
import type { StatementPlace } from "./statements/by-statement.ts";
import { callNames, type Load, loadOf } from "./statements/load.ts";
import type { ServerFacts } from "./statements/server-facts.ts";
import type { Statement } from "./statements/statement.ts";
import { saveStatements } from "./statements/statement-snapshot.ts";
import { link, sessionTrace } from "./statements/trace-link.ts";
import { timeMs } from "./time.ts";

/** A record without any of these does not concern the processor. */
const concerned = attributeKeys([
  "db.query.text",
  "db.statement",
  "db.query.fingerprint",
  ...callNames,
  "postgresql.application_name",
]);

const planHashKeys = [attributeKey("db.query.plan.hash"), attributeKey("sqlserver.query_plan_hash")] as const;

/** The load of the record at a place in the batch. */
interface PlacedLoad {
  readonly place: number;
  readonly load: Load;
  readonly statement: StatementPlace | undefined;
}

/**
 * Writes into records about statements what their text says, how their tables are, what share of their database's load
 * they are, who executes them, and which trace they belong to. Overwrites nothing; drops and holds nothing.
 */
export class LogCorrelator implements Component, Consumer<"logs"> {
  readonly #next: Consumer<"logs">;
  readonly #host: Host;
  readonly #correlation: Correlation;
  readonly #metrics: CorrelatorMetrics;
  readonly #reader: StatementReader;
  readonly #join: StatementJoin;
  readonly #snapshot;

  constructor(args: {
    readonly correlation: Correlation;
    readonly metrics: CorrelatorMetrics;
    readonly host: Host;
    readonly next: Consumer<"logs">;
  }) {
    this.#next = args.next;
    this.#host = args.host;
    this.#correlation = args.correlation;
    this.#metrics = args.metrics;
    this.#reader = new StatementReader(args.correlation, args.metrics);
    this.#join = new StatementJoin(args.correlation, args.metrics);
    this.#snapshot = saveStatements(args.host, args.correlation.server);
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    await this.#snapshot.load();
  }

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {
    await this.#snapshot.save();
  }

  consume(batch: Logs, context: ConsumeContext): Promise<void> {
    const loads: PlacedLoad[] = [];
    const record = batch.records();
    for (let place = 0; record.advance(); place++) {
      if (record.attributes.firstOf(concerned) < 0) continue;
      const load = loadOf(record);
      const statement = this.#reader.read(record);
      const at = this.#tell(record, statement, load !== undefined);
      if (load !== undefined) loads.push({ place, load, statement: at });
    }
    if (loads.length > 0) {
      this.#share(batch, loads);
      this.#correlation.changed();
    }
    this.#metrics.flush();
    return this.#next.consume(batch, context);
  }

  /** Joins the record with what is known of its statement; answers with which that is. */
  #tell(record: LogRecord, statement: Statement | undefined, isCounters: boolean): StatementPlace | undefined {
    // The counters of a statement are of many executions; the comment in its text is of the first one.
    if (!isCounters && this.#correlation.config.trace_links.enabled) this.#link(record, statement);
    if (!isServerEvent(record, isCounters)) return undefined;
    const { attributes, resource } = record;
    const fingerprint = statement?.fingerprint ?? attributes.getString("db.query.fingerprint");
    if (fingerprint === undefined) return undefined;
    const server = serverOf(attributes, resource.attributes);
    const place = { server, database: databaseOf(attributes, resource.attributes), fingerprint };
    const atMs = this.#timeOf(record);
    const tables = statement === undefined ? {} : this.#join.tables(statement, place, atMs);
    attributes.add(encodeAttributes({ ...tables, ...this.#join.callers(place, atMs) }));
    this.#rememberPlan(record, place, atMs);
    if (record.traceId !== "") this.#noteTrace(record.traceId, place, atMs);
    return place;
  }

  #link(record: LogRecord, statement: Statement | undefined): void {
    const trace = statement?.trace ?? sessionTrace(record);
    if (trace !== undefined) this.#metrics.link(link(record, trace, this.#correlation.config.trace_links.max_age));
  }

  #rememberPlan(record: LogRecord, place: StatementPlace, atMs: number): void {
    for (const key of planHashKeys) {
      const hash = record.attributes.getString(key);
      if (hash === undefined || hash === "") continue;
      this.#correlation.server.at(place).plan = { hash, atMs };
      return;
    }
  }

  #noteTrace(traceId: string, place: StatementPlace, atMs: number): void {
    const { callers, config } = this.#correlation;
    if (config.applications.enabled) callers.at(place).trace(traceId, atMs, config.applications.max_traces);
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
      this.#weigh(record, placed, total);
    }
    this.#metrics.shares(shares);
  }

  #weigh(record: LogRecord, { load, statement }: PlacedLoad, total: number): void {
    const { seconds, mean, sessions, other } = load;
    const {
      slow,
      moderate,
      heavy_share: heavy,
      notable_share: notable,
    } = this.#correlation.config.query_categorization;
    const performance = mean === undefined || other ? undefined : performanceOf(mean * 1000, slow, moderate);
    const share = total > 0 ? seconds / total : undefined;
    const category = share === undefined || other ? undefined : loadCategory(share, heavy, notable);
    record.attributes.add(
      encodeAttributes({
        "db.query.load.share": share,
        "db.query.load.sessions": sessions,
        "db.query.load.category": category,
        "db.query.performance.category": performance,
      } satisfies Readonly<Record<string, AnyValue | undefined>>),
    );
    if (statement === undefined || share === undefined || category === undefined) return;
    const facts: ServerFacts = this.#correlation.server.at(statement);
    facts.load = { share, sessions, category, performance, atMs: this.#timeOf(record) };
  }

  #timeOf({ timeUnixNano, observedTimeUnixNano }: LogRecord): number {
    return timeMs(timeUnixNano === 0n ? observedTimeUnixNano : timeUnixNano, this.#host);
  }
}

/** Events of databases' receivers. Other records with a statement are told about its text alone. */
function isServerEvent(record: LogRecord, isCounters: boolean): boolean {
  return isCounters || record.eventName.startsWith("db.server.");
}

function performanceOf(meanMs: number, slow: number, moderate: number): string {
  if (meanMs >= slow) return "slow";
  return meanMs >= moderate ? "moderate" : "fast";
}

function loadCategory(share: number, heavy: number, notable: number): string {
  if (share >= heavy) return "heavy";
  return share >= notable ? "notable" : "light";
}
