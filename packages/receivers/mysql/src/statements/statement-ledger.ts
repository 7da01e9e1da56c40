import type { MetricsBuilder } from "@dbintel/pdata";
import type { DeltaLedger } from "./statement-deltas.ts";
import type { StatementReading } from "./statement-source.ts";

/** The account of all polls since the first. */
export interface LedgerState {
  readonly startMicros: bigint;
  readonly totals: DeltaLedger;
}

/** The account with one more poll; changes nothing, so that a poll whose telemetry never left can be repeated. */
export function withPoll(before: LedgerState | undefined, reading: StatementReading, now: DeltaLedger): LedgerState {
  const totals = Object.fromEntries(
    Object.entries(now).map(([outcome, rows]) => [outcome, rows + (before?.totals[outcome as keyof DeltaLedger] ?? 0)]),
  ) as unknown as DeltaLedger;
  return { startMicros: before?.startMicros ?? reading.epoch.clockMicros, totals };
}

/** Says openly what the events cannot show: rows whose past is unknown, and what the server could not keep apart. */
export function addLedgerMetrics(metrics: MetricsBuilder, reading: StatementReading, ledger: LedgerState): void {
  const { epoch, capabilities, lost } = reading;
  const timeUnixNano = epoch.clockMicros * 1000n;
  metrics.sum(
    {
      name: "dbintel.mysql.statements.compared",
      description: "Rows of the statement summary by what came of comparing them with the poll before",
      unit: "{rows}",
      monotonic: true,
      temporality: "cumulative",
    },
    Object.entries(ledger.totals).map(([outcome, rows]) => ({
      timeUnixNano,
      startTimeUnixNano: ledger.startMicros * 1000n,
      value: BigInt(rows),
      attributes: { outcome },
    })),
  );
  if (lost !== undefined) {
    metrics.gauge(
      {
        name: "dbintel.mysql.statements.lost",
        description: "Statements since the server's start that found no row of their own in the summary",
        unit: "{statements}",
      },
      [{ timeUnixNano, value: lost }],
    );
  }
  if (capabilities.digestsSize !== undefined) {
    metrics.gauge(
      {
        name: "dbintel.mysql.statements.max",
        description: "How many rows the summary has room for (performance_schema_digests_size)",
        unit: "{rows}",
      },
      [{ timeUnixNano, value: capabilities.digestsSize }],
    );
  }
}
