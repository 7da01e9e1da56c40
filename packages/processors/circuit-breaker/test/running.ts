import { type Batch, type LogRecordInit, logsBuilder } from "@dbintel/pdata";
import { createTestHost, Sink, type TestHost } from "@dbintel/pipeline/testing";
import type { z } from "zod";
import { CircuitBreaker } from "../src/circuit-breaker.ts";
import { circuitBreakerConfig } from "../src/config.ts";

/** A processor at work, and what it has passed on. */
export async function running(args: {
  readonly settings?: z.input<typeof circuitBreakerConfig>;
  readonly host?: TestHost;
  readonly signal?: "logs" | "traces" | "metrics";
}) {
  const { settings = {}, host = createTestHost(), signal = "logs" } = args;
  const sink = new Sink<"logs" | "traces" | "metrics">();
  const config = circuitBreakerConfig.parse(settings);
  const part = new CircuitBreaker({ id: "circuit_breaker", config, host, signal, next: sink });
  await part.start(context);
  const send = async (batch: Batch) => {
    await part.consume(batch, context);
    return Object.fromEntries(batch.dropped);
  };
  const events = () => sink.batches.flatMap((batch) => (batch.signal === "logs" ? stateChanges(batch) : []));
  return { part, host, clock: host.clock, sink, send, events, stop: () => part.stop(context) };
}

export const context = { signal: new AbortController().signal };

/** Records of one database. */
export function records(database: string, count: number, init: LogRecordInit = {}, instance = "db:5432"): Batch {
  const builder = logsBuilder()
    .resource({ attributes: { "service.instance.id": instance } })
    .scope({ name: "test" });
  for (let index = 0; index < count; index++) {
    builder.record({ body: "row", ...init, attributes: { "db.namespace": database } });
  }
  return builder.build();
}

function stateChanges(batch: Batch & { readonly signal: "logs" }) {
  return Array.from(batch.records(), (record) => record)
    .filter(({ eventName }) => eventName === "db.circuit.state_change")
    .map(({ attributes }) => Object.fromEntries(attributes.entries()));
}
