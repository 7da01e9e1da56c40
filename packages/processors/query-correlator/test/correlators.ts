import {
  type AnyValue,
  type Attributes,
  type Batch,
  type BatchOf,
  type LogRecordInit,
  logsBuilder,
  metricsBuilder,
  type Signal,
  type SpanInit,
  tracesBuilder,
} from "@dbintel/pdata";
import type { Component, Consumer, SettingsOf } from "@dbintel/pipeline";
import { createTestHost, FakeClock, type MemoryStorage, Sink, type TestHost } from "@dbintel/pipeline/testing";
import { queryCorrelator } from "../src/index.ts";

const never = new AbortController().signal;

export type Values = Readonly<Record<string, AnyValue>>;

/** Where the clock of the tests stands. */
export const nowMs = Date.parse("2026-01-01T12:00:00Z");

export const nano = (ms: number) => BigInt(ms) * 1_000_000n;

/** The resource of a receiver that watches a PostgreSQL server. */
export const serverResource: Values = {
  "service.instance.id": "db.example:5432",
  "server.address": "db.example",
  "server.port": 5432n,
  "db.system.name": "postgresql",
};

interface Part {
  readonly component: Component & Consumer;
  readonly sink: Sink<Signal>;
  readonly host: TestHost;
}

/** The processor in a pipeline for each signal of one collector, as a configuration makes it. */
export class Correlators {
  readonly clock: FakeClock;
  readonly #parts: Readonly<Record<Signal, Part>>;

  private constructor(clock: FakeClock, parts: Readonly<Record<Signal, Part>>) {
    this.clock = clock;
    this.#parts = parts;
  }

  static async start(
    config: SettingsOf<typeof queryCorrelator> = {},
    before?: Pick<Correlators, "storage" | "clock">,
  ): Promise<Correlators> {
    const clock = before?.clock ?? new FakeClock(nano(nowMs));
    const collector = createTestHost({ clock });
    const { definition, config: settings } = queryCorrelator(config);
    const part = async (signal: Signal): Promise<Part> => {
      const storage = before?.storage(signal);
      const host = createTestHost({ collectorOf: collector, ...(storage && { storage }) });
      const sink = new Sink<Signal>();
      const component = definition.create({
        id: "query_correlator",
        config: settings,
        host,
        signal,
        next: sink,
      }) as Component & Consumer;
      await component.start({ signal: never });
      return { component, sink, host };
    };
    return new Correlators(clock, {
      logs: await part("logs"),
      metrics: await part("metrics"),
      traces: await part("traces"),
    });
  }

  /** Stops them; the next ones are to start with them. */
  async stop(): Promise<this> {
    for (const { component } of Object.values(this.#parts)) await component.stop({ signal: never });
    return this;
  }

  /** What is saved by now. */
  storage(signal: Signal): MemoryStorage {
    return this.#parts[signal].host.storage;
  }

  /** What comes out for a batch. */
  async send<S extends Signal>(batch: BatchOf[S]): Promise<BatchOf[S]> {
    const { component, sink } = this.#parts[batch.signal as Signal];
    await component.consume(batch as Batch, { signal: never });
    return sink.batches.at(-1) as BatchOf[S];
  }

  /** The attributes of the records that come out for those that go in; a record without a time is of now. */
  async logs(records: readonly LogRecordInit[], resource: Values = serverResource): Promise<readonly Values[]> {
    const builder = logsBuilder().resource({ attributes: resource }).scope({ name: "test" });
    for (const record of records) builder.record({ timeUnixNano: this.clock.unixNano(), ...record });
    return valuesOf((await this.send<"logs">(builder.build())).records());
  }

  /** The same for spans of a service. */
  async spans(
    spans: readonly Partial<SpanInit>[],
    resource: Values = { "service.name": "shop" },
  ): Promise<readonly Values[]> {
    const builder = tracesBuilder().resource({ attributes: resource }).scope({ name: "test" });
    const now = this.clock.unixNano();
    for (const [index, span] of spans.entries()) {
      const ids = { traceId: traceId(index), spanId: "2".repeat(16) };
      builder.span({ ...ids, name: "query", kind: 3, startTimeUnixNano: now, endTimeUnixNano: now, ...span });
    }
    return valuesOf((await this.send<"traces">(builder.build())).spans());
  }

  /** Sends one point a metric, all of now. */
  async metrics(
    points: readonly { readonly name: string; readonly value: number; readonly attributes: Values }[],
    resource: Values = serverResource,
  ): Promise<void> {
    const builder = metricsBuilder().resource({ attributes: resource }).scope({ name: "test" });
    const timeUnixNano = this.clock.unixNano();
    for (const { name, value, attributes } of points) {
      builder.gauge({ name }, [{ attributes, timeUnixNano, value: BigInt(value) }]);
    }
    const batch = builder.build();
    const before = Buffer.from(batch.encode());
    const out = await this.send<"metrics">(batch);
    if (!before.equals(out.encode())) throw new Error("metrics pass unchanged");
  }
}

/** Trace id number `index`. */
export function traceId(index: number): string {
  return (index + 1).toString(16).padStart(32, "a");
}

function valuesOf(items: Iterable<{ readonly attributes: Attributes }>): readonly Values[] {
  const values: Values[] = [];
  for (const { attributes } of items) values.push(Object.fromEntries(attributes.entries()));
  return values;
}

/** A record of `db.server.top_query` in the database `shop`. */
export function top(text: string, seconds = 1, others: Values = {}): LogRecordInit {
  return {
    eventName: "db.server.top_query",
    attributes: {
      "db.namespace": "shop",
      "db.query.text": text,
      "postgresql.calls": 10n,
      "postgresql.total_exec_time": seconds,
      ...others,
    },
  };
}
