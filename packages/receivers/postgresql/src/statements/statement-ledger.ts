import type { MetricsBuilder, NumberPointInit } from "@dbintel/pdata";
import { shownName } from "./names.ts";
import { counterIndex } from "./statement-columns.ts";
import { type DeltaLedger, deltaKinds, type StatementDeltas } from "./statement-deltas.ts";
import type { RememberedReading } from "./statement-memory.ts";
import type { StatementReading } from "./statement-source.ts";

const outcomes = [...deltaKinds, "unattributable", "vanished"] as const satisfies readonly (keyof DeltaLedger)[];

interface Coverage {
  readonly database: string;
  /** Execution time of the differences by the server's measure of the time that statements ran. */
  readonly ratio: number;
}

/** The server throws out at least so many entries at a time, or this share of what it may keep. */
const leastThrownOut = 10;
const shareThrownOut = 0.05;

interface LedgerState {
  readonly startMicros: bigint;
  readonly totals: DeltaLedger;
}

/** The account of one poll on top of all before it. */
export interface PollLedger extends LedgerState {
  addTo(metrics: MetricsBuilder): void;
}

/**
 * Keeps account of what became of each entry, and of how much of the server's work the statements explain. Says
 * openly what the events cannot show: entries whose past is unknown, and what the server threw out.
 */
export class StatementLedger {
  #state: LedgerState | undefined;

  after(args: {
    readonly reading: StatementReading;
    readonly deltas: StatementDeltas;
    readonly previous: RememberedReading | undefined;
  }): PollLedger {
    const { reading, deltas, previous } = args;
    const startMicros = this.#state?.startMicros ?? reading.epoch.clockMicros;
    const totals = added(this.#state?.totals, deltas.ledger);
    const coverage = previous === undefined ? [] : coverageOf(reading, deltas, previous);
    const atRisk = entriesAtRisk(reading, previous);
    const addTo = (metrics: MetricsBuilder) => addMetrics(metrics, { reading, startMicros, totals, coverage, atRisk });
    return { startMicros, totals, addTo };
  }

  /** Has all counts begin anew. */
  forget(): void {
    this.#state = undefined;
  }

  commit(state: LedgerState): void {
    this.#state = state;
  }
}

function added(before: DeltaLedger | undefined, now: DeltaLedger): DeltaLedger {
  if (before === undefined) return now;
  return Object.fromEntries(
    outcomes.map((outcome) => [outcome, before[outcome] + now[outcome]]),
  ) as unknown as DeltaLedger;
}

/**
 * How many entries may have gone unread since the last poll: what they counted after it is in no event. The server
 * throws out the least executed ones (entry_dealloc in pg_stat_statements.c).
 */
function entriesAtRisk({ epoch, maximum }: StatementReading, previous: RememberedReading | undefined) {
  if (previous === undefined || epoch.deallocations === undefined || !Number.isFinite(maximum)) return undefined;
  const before = previous.epoch.statsResetMicros === epoch.statsResetMicros ? previous.epoch.deallocations : 0n;
  const times = Number(epoch.deallocations - (before ?? 0n));
  return BigInt(Math.max(0, times) * Math.max(leastThrownOut, Math.floor(maximum * shareThrownOut)));
}

/** Only top-level statements count: the time of a nested one is part of its caller's. */
function coverageOf(reading: StatementReading, deltas: StatementDeltas, previous: RememberedReading): Coverage[] {
  const { table, databases } = reading;
  const width = table.shape.counters.length;
  const time = counterIndex(table.shape, "total_exec_time");
  const seen = new Map<number, number>();
  for (let line = 0; line < deltas.count; line++) {
    const row = deltas.rows[line] ?? -1;
    if (!table.toplevel(row)) continue;
    const databaseId = table.databaseId(row);
    seen.set(databaseId, (seen.get(databaseId) ?? 0) + (deltas.values[line * width + time] ?? 0));
  }
  const coverage: Coverage[] = [];
  for (const [databaseId, { name, activeMillis }] of databases) {
    const before = previous.databases.get(databaseId)?.activeMillis;
    if (activeMillis === undefined || before === undefined || activeMillis <= before) continue;
    coverage.push({ database: shownName(name) ?? "", ratio: (seen.get(databaseId) ?? 0) / (activeMillis - before) });
  }
  return coverage;
}

function addMetrics(
  metrics: MetricsBuilder,
  args: {
    readonly reading: StatementReading;
    readonly startMicros: bigint;
    readonly totals: DeltaLedger;
    readonly coverage: readonly Coverage[];
    readonly atRisk: bigint | undefined;
  },
): void {
  const { reading, startMicros, totals, coverage, atRisk } = args;
  const { epoch, maximum } = reading;
  const timeUnixNano = epoch.clockMicros * 1000n;
  const cumulative = { monotonic: true, temporality: "cumulative" } as const;
  const point = (value: bigint | number, attributes?: Record<string, string>): NumberPointInit => ({
    timeUnixNano,
    value,
    ...(attributes === undefined ? {} : { attributes }),
  });
  metrics.sum(
    {
      name: "dbintel.postgresql.statements.compared",
      description: "Entries of pg_stat_statements by what came of comparing them with the poll before",
      unit: "{entries}",
      ...cumulative,
    },
    outcomes.map((outcome) => ({
      ...point(BigInt(totals[outcome]), { outcome }),
      startTimeUnixNano: startMicros * 1000n,
    })),
  );
  if (epoch.deallocations !== undefined) {
    metrics.sum(
      {
        name: "dbintel.postgresql.statements.deallocations",
        description: "Times that the server threw out the least executed entries because the limit was reached",
        unit: "{deallocations}",
        ...cumulative,
      },
      [{ ...point(epoch.deallocations), startTimeUnixNano: (epoch.statsResetMicros ?? epoch.startedMicros) * 1000n }],
    );
  }
  if (atRisk !== undefined) {
    metrics.gauge(
      {
        name: "dbintel.postgresql.statements.at_risk",
        description:
          "Entries that the server may have thrown out since the last reading, with what they counted after it",
        unit: "{entries}",
      },
      [point(atRisk)],
    );
  }
  if (Number.isFinite(maximum)) {
    metrics.gauge(
      {
        name: "dbintel.postgresql.statements.max",
        description: "How many entries the server keeps (pg_stat_statements.max)",
        unit: "{entries}",
      },
      [point(BigInt(maximum))],
    );
  }
  if (coverage.length === 0) return;
  metrics.gauge(
    {
      name: "dbintel.postgresql.coverage.ratio",
      description: "Execution time of the statements seen, by the time that statements ran in the database",
      unit: "1",
    },
    coverage.map(({ database, ratio }) =>
      point(ratio, { "db.namespace": database, "postgresql.database.name": database }),
    ),
  );
}
