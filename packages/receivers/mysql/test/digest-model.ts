import { ExecutionTruth } from "@dbintel/e2e/execution-truth";
import type { RememberedReading } from "../src/statements/checkpoint.ts";
import { type DigestRow, DigestTable } from "../src/statements/digest-table.ts";
import { availableCounters } from "../src/statements/statement-columns.ts";

const counters = availableCounters(new Set(["COUNT_STAR", "SUM_TIMER_WAIT", "SUM_ROWS_SENT"]));
const picosecondsEnd = 2n ** 64n;
/** Longer than the receiver needs to tell a restart by the uptime. */
const restartMicros = 5_000_000n;

interface Place {
  readonly schema: string | null;
  readonly digest: string | null;
}

interface Entry extends Place {
  readonly firstSeenMicros: bigint;
  calls: bigint;
  picoseconds: bigint;
}

/** Statements of two schemas and of none; each digest is in all three. */
function placeOf(key: number): Place {
  return { schema: [null, "one", "two"][key % 3] ?? null, digest: `d${Math.floor(key / 3)}` };
}

/** The name of a row, for the truth. */
export function rowName({ schema, digest }: Place): string {
  return digest === null ? "overflow" : `${schema ?? "(none)"}/${digest}`;
}

/**
 * What the summary of statements does, as far as its counters go: rows by schema and digest as long as there is room,
 * one for all others then; emptied as a whole, and lost in each restart of the server. Its clock may be set.
 */
export class DigestModel {
  readonly #room: number;
  readonly #firstSeenPrecision: bigint;
  /** Time as it passes, whatever clocks say. */
  #timeMicros = 1_000_000_000n;
  #clockOffset = 1_700_000_000_000_000n;
  #startedMicros = 0n;
  #session = 1;
  #connectionId = 50n;
  #entries = new Map<string, Entry>();
  /** Calls by row. */
  readonly truth = new ExecutionTruth<string>();

  /** `firstSeenPrecision` in microseconds: MariaDB knows whole seconds. */
  constructor(options: { readonly room: number; readonly firstSeenPrecision: bigint }) {
    this.#room = options.room;
    this.#firstSeenPrecision = options.firstSeenPrecision;
  }

  execute(key: number, calls: bigint, picoseconds: bigint): void {
    this.pass(1000n);
    const own = placeOf(key);
    const place =
      this.#entries.has(rowName(own)) || this.#entries.size < this.#room ? own : { schema: null, digest: null };
    const firstSeenMicros = this.#clock - (this.#clock % this.#firstSeenPrecision);
    const entry = this.#entries.get(rowName(place)) ?? { ...place, firstSeenMicros, calls: 0n, picoseconds: 0n };
    entry.calls += calls;
    entry.picoseconds = (entry.picoseconds + picoseconds) % picosecondsEnd;
    this.#entries.set(rowName(place), entry);
    this.truth.execute(rowName(place), calls);
  }

  pass(micros: bigint): void {
    this.#timeMicros += micros;
  }

  setClock(byMicros: bigint): void {
    this.#clockOffset += byMicros;
  }

  empty(): void {
    this.pass(1000n);
    for (const name of this.#entries.keys()) this.truth.forget(name);
    this.#entries.clear();
  }

  /** The session of the receiver was lost. */
  reconnect(): void {
    this.#session++;
    this.#connectionId += 3n;
  }

  restart(connectionId: bigint): void {
    this.empty();
    this.pass(restartMicros);
    this.#startedMicros = this.#timeMicros;
    this.#session++;
    this.#connectionId = connectionId;
  }

  read(): RememberedReading {
    const reading = this.peek();
    for (const name of this.#entries.keys()) this.truth.read(name);
    return reading;
  }

  /** A reading that gets lost on the way: what it showed counts as unread. */
  peek(): RememberedReading {
    this.pass(1000n);
    const rows: DigestRow[] = [...this.#entries.values()].map(
      ({ schema, digest, firstSeenMicros, calls, picoseconds }) => ({
        ...{ schema, digest, firstSeenMicros },
        // Two rows for each call: all counters of a difference must be of the same piece of history.
        values: [calls, picoseconds, 2n * calls],
      }),
    );
    const epoch = {
      clockMicros: this.#clock,
      uptimeSeconds: (this.#timeMicros - this.#startedMicros) / 1_000_000n,
      identity: "model",
      session: this.#session,
      connectionId: this.#connectionId,
      monotonicMs: Number(this.#timeMicros / 1000n),
    };
    return { epoch, table: new DigestTable(counters, rows) };
  }

  get #clock(): bigint {
    return this.#timeMicros + this.#clockOffset;
  }
}
