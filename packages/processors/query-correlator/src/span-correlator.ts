import {
  attributeKey,
  attributeKeys,
  type EncodedAttributes,
  encodeAttributes,
  type Span,
  type Traces,
} from "@dbintel/pdata";
import type { Component, ConsumeContext, Consumer, Host, Snapshot } from "@dbintel/pipeline";
import type { Correlation } from "./correlation.ts";
import type { CorrelatorMetrics } from "./metrics.ts";
import { calledServer, databaseOf } from "./origin.ts";
import { waitAttributes } from "./sessions/waits.ts";
import { StatementJoin } from "./statement-join.ts";
import { StatementReader, textNames } from "./statement-reader.ts";
import type { StatementPlace } from "./statements/by-statement.ts";
import type { Callers } from "./statements/callers.ts";
import type { Statement } from "./statements/statement.ts";
import { saveCallers } from "./statements/statement-snapshot.ts";
import { timeMs } from "./time.ts";

const textKeys = attributeKeys(textNames);
const nothing = encodeAttributes({});
const serviceKey = attributeKey("service.name");

/** `SPAN_KIND_CLIENT`, and unset: instrumentations that say none call databases all the same. */
const clientKinds = new Set([0, 3]);

/** What spans that call one statement of one database have in common. */
interface Called {
  readonly place: StatementPlace;
  callers: Callers;
  /** What they are told, and what was known when. */
  encoded: EncodedAttributes;
  version: number;
  atMs: number;
  /** The last batch with such a span, the last of its resources, and how many of its traces were noted. */
  batch: number;
  resource: number;
  traces: number;
}

/** How long what spans are told is good for, unless something new becomes known. */
const goodForMs = 1000;

/** Statements of databases that are kept ready. */
const mostReady = 1000;

/**
 * Writes into the spans of applications that call databases what their statement is there: its identity, load, plan and
 * tables; and remembers which services and traces execute it. Overwrites nothing; drops and holds nothing.
 */
export class SpanCorrelator implements Component, Consumer<"traces"> {
  readonly #next: Consumer<"traces">;
  readonly #host: Host;
  readonly #correlation: Correlation;
  readonly #metrics: CorrelatorMetrics;
  readonly #reader: StatementReader;
  readonly #join: StatementJoin;
  readonly #snapshot: Snapshot;
  readonly #ready = new Map<string, Called>();
  #batch = 0;

  constructor(args: {
    readonly correlation: Correlation;
    readonly metrics: CorrelatorMetrics;
    readonly host: Host;
    readonly next: Consumer<"traces">;
  }) {
    const { correlation, metrics, host } = args;
    const { max_services: services, max_traces: traces } = correlation.config.applications;
    this.#next = args.next;
    this.#host = host;
    this.#correlation = correlation;
    this.#metrics = metrics;
    this.#reader = new StatementReader(correlation, metrics);
    this.#join = new StatementJoin(correlation, metrics);
    this.#snapshot = saveCallers(host, correlation.callers, { services, traces });
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    await this.#snapshot.load();
  }

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {
    await this.#snapshot.save();
  }

  consume(batch: Traces, context: ConsumeContext): Promise<void> {
    this.#batch++;
    const { enabled } = this.#correlation.config.applications;
    const span = batch.spans();
    while (span.advance()) {
      if (span.attributes.firstOf(textKeys) < 0 || !clientKinds.has(span.kind)) continue;
      const statement = this.#reader.read(span);
      if (statement !== undefined && enabled) this.#tell(span, statement);
    }
    this.#reader.forget();
    this.#metrics.flush();
    return this.#next.consume(batch, context);
  }

  #tell(span: Span, statement: Statement): void {
    const called = this.#calledBy(span, statement);
    const atMs = timeMs(span.startTimeUnixNano, this.#host);
    if (called.version !== this.#correlation.version || Math.abs(called.atMs - atMs) >= goodForMs) {
      // Asked for again, so that they are remembered as long as they call.
      called.callers = this.#correlation.callers.at(called.place);
      called.encoded = this.#encode(called.place, statement, atMs);
      called.version = this.#correlation.version;
      called.atMs = atMs;
    }
    this.#note(span, called, atMs);
    span.attributes.add(called.encoded);
  }

  #calledBy({ attributes }: Span, { fingerprint }: Statement): Called {
    const server = calledServer(attributes);
    const database = databaseOf(attributes, attributes);
    const key = `${server}\n${database}\n${fingerprint}`;
    const known = this.#ready.get(key);
    if (known !== undefined) return known;
    if (this.#ready.size >= mostReady) this.#ready.clear();
    const place = { server, database, fingerprint };
    const callers = this.#correlation.callers.at(place);
    const called = { place, callers, encoded: nothing, version: -1, atMs: 0, batch: 0, resource: -1, traces: 0 };
    this.#ready.set(key, called);
    return called;
  }

  /** Of the spans of a batch those are noted that would not be displaced by others of it at once. */
  #note(span: Span, called: Called, atMs: number): void {
    const { max_services: services, max_traces: traces } = this.#correlation.config.applications;
    if (called.batch !== this.#batch) Object.assign(called, { batch: this.#batch, resource: -1, traces: 0 });
    if (called.traces < traces && span.traceId !== "") {
      called.traces++;
      called.callers.trace(span.traceId, atMs, traces);
    }
    const { ordinal, attributes } = span.resource;
    if (called.resource === ordinal) return;
    called.resource = ordinal;
    const service = attributes.getString(serviceKey);
    if (service !== undefined) called.callers.service(service, atMs, services);
  }

  #encode(place: StatementPlace, statement: Statement, atMs: number): EncodedAttributes {
    const { server, config } = this.#correlation;
    const facts = server.find(place, config.applications.match_server);
    // From here on by the name that the receiver gives the server.
    const at = { ...place, server: facts?.server ?? place.server };
    return encodeAttributes({
      ...this.#join.server(facts, atMs),
      ...this.#join.tables(statement, at, atMs)?.attributes,
      ...waitAttributes(this.#join.waits(at, atMs)),
    });
  }
}
