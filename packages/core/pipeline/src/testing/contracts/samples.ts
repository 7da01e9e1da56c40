import { type Batch, logsBuilder, metricsBuilder, type Signal, tracesBuilder } from "@dbintel/pdata";

const resource = { attributes: { "service.name": "contract" } };
const scope = { name: "contract" };
const timeUnixNano = 1_700_000_000_000_000_000n;

/** A small batch of each signal that a component takes: three items each. */
export function sampleBatches(signals: Readonly<Partial<Record<Signal, unknown>>>): Batch[] {
  const batches: readonly Batch[] = [sampleLogs(), sampleMetrics(), sampleTraces()];
  return batches.filter(({ signal }) => signals[signal] !== undefined);
}

function sampleLogs(): Batch {
  const builder = logsBuilder().resource(resource).scope(scope);
  for (const body of ["first", "second", "third"]) {
    builder.record({ timeUnixNano, severityNumber: 9, body, attributes: { order: body, number: 7n } });
  }
  return builder.build();
}

function sampleMetrics(): Batch {
  const points = [1n, 2n, 3n].map((value) => ({ timeUnixNano, value, attributes: { point: value } }));
  const metric = { name: "contract.items", unit: "{item}", monotonic: true, temporality: "cumulative" } as const;
  return metricsBuilder().resource(resource).scope(scope).sum(metric, points).build();
}

function sampleTraces(): Batch {
  const builder = tracesBuilder().resource(resource).scope(scope);
  for (const digit of ["1", "2", "3"]) {
    builder.span({
      traceId: digit.repeat(32),
      spanId: digit.repeat(16),
      name: `span ${digit}`,
      startTimeUnixNano: timeUnixNano,
      endTimeUnixNano: timeUnixNano + 1_000_000n,
    });
  }
  return builder.build();
}
