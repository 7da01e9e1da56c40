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
import { StatementReader } from "./statement-reader.ts";
import type { StatementPlace } from "./statements/by-statement.ts";
import type { Statement } from "./statements/statement.ts";
import { saveCallers } from "./statements/statement-snapshot.ts";
import { timeMs } from "./time.ts";

const textKeys = attributeKeys(["db.query.text", "db.statement"]);
const serviceKey = attributeKey("service.name");

/** `SPAN_KIND_CLIENT`, and unset: instrumentations that say none call databases all the same. */
const clientKinds = new Set([0, 3]);

/** What spans of one statement were given last. */
interface Told {
  readonly version: number;
  readonly atMs: number;
  readonly encoded: EncodedAttributes;
}

/** How long what spans are given is good for, unless something new becomes known. */
const goodForMs = 1000;

/** Statements whose attributes are kept ready. */
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
  readonly #ready = new Map<string, Told>();

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
    const span = batch.spans();
    while (span.advance()) {
      if (span.attributes.firstOf(textKeys) < 0 || !clientKinds.has(span.kind)) continue;
      const statement = this.#reader.read(span);
      if (statement !== undefined && this.#correlation.config.applications.enabled) this.#tell(span, statement);
    }
    this.#metrics.flush();
    return this.#next.consume(batch, context);
  }

  #tell(span: Span, statement: Statement): void {
    const { attributes, resource } = span;
    const place = {
      server: calledServer(attributes),
      database: databaseOf(attributes, attributes),
      fingerprint: statement.fingerprint,
    };
    const atMs = timeMs(span.startTimeUnixNano, this.#host);
    const { applications } = this.#correlation.config;
    const callers = this.#correlation.callers.at(place);
    const service = resource.attributes.getString(serviceKey);
    if (service !== undefined) callers.service(service, atMs, applications.max_services);
    if (span.traceId !== "") callers.trace(span.traceId, atMs, applications.max_traces);
    attributes.add(this.#readyFor(place, statement, atMs).encoded);
  }

  /** Executions of a statement come close together and are told the same. */
  #readyFor(place: StatementPlace, statement: Statement, atMs: number): Told {
    const { version } = this.#correlation;
    const key = `${place.server}\n${place.database}\n${place.fingerprint}`;
    const known = this.#ready.get(key);
    if (known !== undefined && known.version === version && Math.abs(known.atMs - atMs) < goodForMs) return known;
    const { server, config } = this.#correlation;
    const facts = server.find(place, config.applications.match_server);
    // From here on by the name that the receiver gives the server.
    const at = { ...place, server: facts?.server ?? place.server };
    const encoded = encodeAttributes({
      ...this.#join.server(facts, atMs),
      ...this.#join.tables(statement, at, atMs)?.attributes,
      ...waitAttributes(this.#join.waits(at, atMs)),
    });
    const told = { version, atMs, encoded };
    if (this.#ready.size >= mostReady) this.#ready.clear();
    this.#ready.set(key, told);
    return told;
  }
}
