import { attributeKey, attributeKeys, encodeAttributes, type LogRecord, type Logs } from "@dbintel/pdata";
import { type Component, type ConsumeContext, type Consumer, type Host, Snapshot } from "@dbintel/pipeline";
import type { Correlation } from "./correlation.ts";
import type { CorrelatorMetrics } from "./metrics.ts";
import { databaseOf, serverOf } from "./origin.ts";
import { type ServerEvent, ServerEvents } from "./server-events.ts";
import { deadlockEvent, deadlockNames, deadlockOf } from "./sessions/deadlock.ts";
import { sampleNames, sampleOf } from "./sessions/sample.ts";
import { StatementReader, textNames } from "./statement-reader.ts";
import { callNames, loadOf } from "./statements/load.ts";
import { planOf } from "./statements/plan.ts";
import type { Statement } from "./statements/statement.ts";
import { saveStatements } from "./statements/statement-snapshot.ts";
import { link, sessionTrace } from "./statements/trace-link.ts";
import { timeMs } from "./time.ts";

/** What a server calls a statement by; its records may leave out a text that was told before. */
const idKeys = attributeKeys([
  "postgresql.queryid",
  "postgresql.query_id",
  "mysql.events_statements_summary_by_digest.digest",
  "mysql.events_statements_current.digest",
  "sqlserver.query_hash",
]);

/** A record without any of these does not concern the processor; the first that it has tells what it is. */
const concerned = attributeKeys([
  ...callNames,
  ...sampleNames,
  "postgresql.application_name",
  ...textNames,
  ...deadlockNames,
]);
const firstSample = callNames.length;
const firstOther = firstSample + sampleNames.length;

/** What the names of events about plans and regressions begin with. */
const planEvents = "db.plan.";

/** What a server has logged of a session does not say what it does now. */
function isOfLog(eventName: string): boolean {
  return eventName === deadlockEvent || eventName.startsWith("db.log.");
}

/** A crash loses no more of what was learnt. */
const saveEveryMs = 3_600_000;

const fingerprintKey = attributeKey("db.query.fingerprint");

/**
 * Writes into records about statements what their text says, and into the events of databases' receivers what is known
 * of statement, tables, load, sessions and callers. Overwrites nothing; drops and holds nothing.
 */
export class LogCorrelator implements Component, Consumer<"logs"> {
  readonly #next: Consumer<"logs">;
  readonly #host: Host;
  readonly #correlation: Correlation;
  readonly #metrics: CorrelatorMetrics;
  readonly #reader: StatementReader;
  readonly #events: ServerEvents;
  readonly #snapshots: readonly Snapshot[];
  #savedAtMs = 0;
  #saving = Promise.resolve();

  constructor(args: {
    readonly correlation: Correlation;
    readonly metrics: CorrelatorMetrics;
    readonly host: Host;
    readonly next: Consumer<"logs">;
  }) {
    const { correlation, metrics, host } = args;
    this.#next = args.next;
    this.#host = host;
    this.#correlation = correlation;
    this.#metrics = metrics;
    this.#reader = new StatementReader(correlation, metrics);
    this.#events = new ServerEvents(correlation, metrics);
    const { waits } = correlation;
    this.#snapshots = [
      saveStatements(host, correlation.server),
      new Snapshot({
        host,
        name: "waits",
        loss: "what is usual for each database is learnt anew",
        take: () => waits.takeSnapshot(),
        restore: (bytes) => waits.restoreSnapshot(bytes),
      }),
    ];
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    for (const snapshot of this.#snapshots) await snapshot.load();
    this.#savedAtMs = this.#host.clock.monotonicMs();
  }

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {
    await this.#saving;
    await this.#save();
  }

  consume(batch: Logs, context: ConsumeContext): Promise<void> {
    const events: ServerEvent[] = [];
    const record = batch.records();
    for (let place = 0; record.advance(); place++) {
      const first = record.attributes.firstOf(concerned);
      if (first < 0) continue;
      const event = this.#read(record, place, first);
      if (event !== undefined) events.push(event);
    }
    if (events.length > 0) {
      this.#tell(batch, events);
      this.#correlation.learn();
      this.#saveNowAndThen();
    }
    this.#reader.forget();
    this.#metrics.flush();
    return this.#next.consume(batch, context);
  }

  /** Reads the statement; answers with the event when the record is one of a database's receiver. */
  #read(record: LogRecord, place: number, first: number): ServerEvent | undefined {
    const { attributes } = record;
    const written = this.#reader.read(record);
    const load = first < firstSample ? loadOf(record) : undefined;
    // The counters of a statement are of many executions; the comment in its text is of the first one.
    if (first >= firstSample) this.#link(record, written, first < firstOther + 1);
    const deadlock = deadlockOf(record);
    const isSample = first >= firstSample && first < firstOther && !isOfLog(record.eventName);
    const sample = isSample ? sampleOf(attributes, this.#correlation.catalogue) : undefined;
    const isEvent =
      load !== undefined || sample !== undefined || deadlock !== undefined || record.eventName.startsWith(planEvents);
    if (!isEvent) return undefined;

    const server = serverOf(attributes, record.resource.attributes);
    const database = databaseOf(attributes, record.resource.attributes);
    const statement = this.#byId(record, `${server}\n${database}`, written);
    const fingerprint = statement?.fingerprint ?? attributes.getString(fingerprintKey) ?? "";
    const { timeUnixNano, observedTimeUnixNano, traceId } = record;
    return {
      place,
      at: { server, database, fingerprint },
      atMs: timeMs(timeUnixNano === 0n ? observedTimeUnixNano : timeUnixNano, this.#host),
      statement,
      plan: load === undefined ? undefined : planOf(record),
      load,
      sample,
      deadlock,
      traceId: load === undefined && traceId !== "" ? traceId : undefined,
    };
  }

  /** Receivers may send the text of a statement now and then only, and its id always. */
  #byId(record: LogRecord, database: string, written: Statement | undefined): Statement | undefined {
    const key = idKeys.keys[record.attributes.firstOf(idKeys)];
    const id = key && record.attributes.getString(key);
    if (id === undefined || id === "" || id === "0") return written;
    const { statementIds } = this.#correlation;
    if (written !== undefined) {
      statementIds.set(`${database}\n${id}`, written);
      return written;
    }
    const known = statementIds.get(`${database}\n${id}`);
    if (known !== undefined) record.attributes.add(known.encoded);
    return known;
  }

  #link(record: LogRecord, statement: Statement | undefined, mayNameSession: boolean): void {
    const { enabled, max_age: maxAgeMs } = this.#correlation.config.trace_links;
    if (!enabled) return;
    const trace = statement?.trace ?? (mayNameSession ? sessionTrace(record) : undefined);
    if (trace !== undefined) this.#metrics.link(link(record, trace, maxAgeMs));
  }

  /** Shares and blocking are known only after all events were seen, so the batch is walked once more. */
  #tell(batch: Logs, events: readonly ServerEvent[]): void {
    const told = this.#events.tell(events);
    const record = batch.records();
    let next = 0;
    for (let place = 0; next < events.length && record.advance(); place++) {
      if (events[next]?.place !== place) continue;
      const attributes = told[next++];
      if (attributes !== undefined) record.attributes.add(encodeAttributes(attributes));
    }
  }

  #saveNowAndThen(): void {
    const nowMs = this.#host.clock.monotonicMs();
    if (nowMs - this.#savedAtMs < saveEveryMs) return;
    this.#savedAtMs = nowMs;
    this.#saving = this.#saving.then(() => this.#save());
  }

  async #save(): Promise<void> {
    for (const snapshot of this.#snapshots) await snapshot.save();
  }
}
