import { type MetricDefinition, type Row, single } from "@dbintel/watching";

/** How a run ended: answered, given up by the server, refused by it, or without an answer. */
export const canaryOutcomes = ["success", "timeout", "error", "unreachable"] as const;
export type CanaryOutcome = (typeof canaryOutcomes)[number];

export const startColumn = "start";
export const latencyColumn = "latency";

export const canaryMetrics: readonly MetricDefinition[] = [
  single(
    {
      ...{ name: "mysql.canary.latency", unit: "s", type: "gauge", number: "double", enabled: true },
      description: "Time from sending the canary query to its last row, when it was answered",
    },
    latencyColumn,
  ),
  {
    ...{ name: "mysql.canary.count", unit: "{run}", type: "counter", number: "int", enabled: true, startColumn },
    description: "Runs of the canary query by their outcome",
    values: canaryOutcomes.map((outcome) => ({ column: outcome, attributes: { outcome } })),
  },
];

/** The counts of runs, and the latency of this one. */
export function canaryRow(args: {
  readonly counts: ReadonlyMap<CanaryOutcome, bigint>;
  readonly startMicros: bigint;
  readonly latencySeconds: number | undefined;
}): Row {
  const counts = canaryOutcomes.map((outcome) => [outcome, args.counts.get(outcome) ?? 0n] as const);
  return {
    ...Object.fromEntries(counts),
    [startColumn]: args.startMicros,
    [latencyColumn]: args.latencySeconds ?? null,
  };
}
