import { ExecutionTruth } from "@dbintel/e2e/execution-truth";
import { createTestHost } from "@dbintel/pipeline/testing";
import type { Capabilities } from "../src/connection/capabilities.ts";
import { DigestTable } from "../src/statements/digest-table.ts";
import { IntervalReader } from "../src/statements/interval-reader.ts";
import { availableCounters } from "../src/statements/statement-columns.ts";
import { counted } from "../src/statements/statement-deltas.ts";
import type { StatementInterval } from "../src/statements/statement-interval.ts";
import type { StatementMoment, StatementReading } from "../src/statements/statement-source.ts";

const counters = availableCounters(new Set(["COUNT_STAR", "SUM_TIMER_WAIT", "SUM_ROWS_SENT"]));
const capabilities: Capabilities = {
  ...{ product: "mysql", version: "9.7.0", platform: "self_managed", identity: "model" },
  ...{ performanceSchema: true, digestsSize: undefined },
};
/** What the receiver asks. */
const question: Place = { schema: null, digest: "question" };
const picosecondsEnd = 2n ** 64n;
/** Longer than the receiver needs to tell a restart by the uptime. */
const restartMicros = 5_000_000n;

interface Place {
  readonly schema: string | null;
  readonly digest: string | null;
}

interface Entry extends Place {
  readonly firstSeenMicros: bigint;
  lastSeenMicros: bigint;
  calls: bigint;
  picoseconds: bigint;
}

/** Statements of two schemas and of none; each digest is in all three. */
function placeOf(key: number): Place {
  return { schema: [null, "one", "two"][key % 3] ?? null, digest: `d${Math.floor(key / 3)}` };
}

/** The name of a row, for the truth. */
function rowName({ schema, digest }: Place): string {
  return digest === null ? "overflow" : `${schema ?? "(none)"}/${digest}`;
}

/**
 * What the summary of statements does, as far as its counters go: rows by schema and digest as long as there is room,
 * one for all others then; emptied as a whole, and lost in each restart of the server. Its clock may be set.
 */
export class DigestModel {
  readonly #room: number;
  readonly #seenPrecision: bigint;
  /** Time as it passes, whatever clocks say. */
  #timeMicros = 1_000_000_000n;
  #clockOffset = 1_700_000_000_000_000n;
  #startedMicros = this.#clock;
  #session = 1;
  #connectionId = 50n;
  #entries = new Map<string, Entry>();
  /** Calls by row. */
  readonly truth = new ExecutionTruth<string>();

  /** `seenPrecision` in microseconds: MariaDB knows whole seconds. */
  constructor(options: { readonly room: number; readonly seenPrecision: bigint }) {
    this.#room = options.room;
    this.#seenPrecision = options.seenPrecision;
  }

  execute(key: number, calls: bigint, picoseconds: bigint): void {
    this.#count(placeOf(key), calls, picoseconds);
  }

  #count(own: Place, calls: bigint, picoseconds: bigint): void {
    this.pass(1000n);
    const hasPlace = this.#entries.has(rowName(own)) || this.#entries.size < this.#room;
    const place = hasPlace ? own : { schema: null, digest: null };
    const seenMicros = this.#clock - (this.#clock % this.#seenPrecision);
    const seen = { firstSeenMicros: seenMicros, lastSeenMicros: seenMicros };
    const entry = this.#entries.get(rowName(place)) ?? { ...place, ...seen, calls: 0n, picoseconds: 0n };
    entry.lastSeenMicros = seenMicros;
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
    this.#startedMicros = this.#clock;
    this.#session++;
    this.#connectionId = connectionId;
  }

  /** What the receiver learns before it reads rows, by a statement that counts as any. */
  async moment(): Promise<StatementMoment> {
    this.#count(question, 1n, 1n);
    const epoch = {
      clockMicros: this.#clock,
      // By the clock, whoever has set it.
      uptimeSeconds: (this.#clock - this.#startedMicros) / 1_000_000n,
      identity: "model",
      session: this.#session,
      connectionId: this.#connectionId,
      own: { monotonicMs: Number(this.#timeMicros / 1000n), unixMicros: this.#timeMicros },
    };
    return { capabilities, epoch, counters, lost: undefined, counting: true };
  }

  /** All rows, or those that were seen since. */
  read(moment: StatementMoment, sinceMicros: bigint = 0n): StatementReading {
    const rows = [...this.#entries.values()]
      .filter(({ digest, lastSeenMicros }) => digest === null || lastSeenMicros >= sinceMicros)
      .map(({ schema, digest, firstSeenMicros, calls, picoseconds }) => ({
        ...{ schema, digest, firstSeenMicros: Number(firstSeenMicros) },
        // Two rows for each call: all counters of a difference must be of the same piece of history.
        values: [calls, picoseconds, 2n * calls],
      }));
    return { ...moment, table: new DigestTable(counters, rows), own: [] };
  }

  /** What was read in this reading has left. */
  taken({ table }: StatementReading): void {
    for (let row = 0; row < table.count; row++) this.truth.read(rowName(table.key(row)));
  }

  get #clock(): bigint {
    return this.#timeMicros + this.#clockOffset;
  }
}

/** What happened to one row, as the receiver tells it. */
interface Told {
  readonly name: string;
  readonly calls: bigint;
  readonly rows: bigint;
  /** Whether the receiver itself asked it. */
  readonly isOwn: boolean;
}

/** The receiver's readings of a model. */
export class ModelWatch {
  readonly #model: DigestModel;
  readonly #reader: IntervalReader;
  /** How many rows each reading of the last poll had. */
  rowsRead: readonly number[] = [];

  constructor(model: DigestModel) {
    this.#model = model;
    const source = {
      moment: () => model.moment(),
      read: async (moment: StatementMoment, _signal: AbortSignal, sinceMicros?: bigint) => {
        const reading = model.read(moment, sinceMicros);
        this.rowsRead = [...this.rowsRead, reading.table.count];
        return reading;
      },
    };
    this.#reader = new IntervalReader({ host: createTestHost(), source, maxAgeMs: 0 });
  }

  async poll(): Promise<readonly Told[]> {
    const interval = await this.#next();
    this.#reader.commit(interval);
    this.#model.taken(interval.reading);
    return toldBy(interval);
  }

  /** A reading that gets lost on the way: what it showed counts as unread. */
  async peek(): Promise<readonly Told[]> {
    return toldBy(await this.#next());
  }

  /** Another receiver may have reported since. */
  forget(): void {
    this.#reader.checkpoint.forget();
  }

  #next(): Promise<StatementInterval> {
    this.rowsRead = [];
    return this.#reader.next(new AbortController().signal);
  }
}

function toldBy({ reading, deltas }: StatementInterval): readonly Told[] {
  const { table } = reading;
  return deltas.changed.map((delta) => {
    const [calls = 0n, , rows = 0n] = counted(delta, deltas, table).values;
    const key = table.key(delta.row);
    return { name: rowName(key), calls, rows, isOwn: key.digest === question.digest };
  });
}
