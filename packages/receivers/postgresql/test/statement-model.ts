import { ExecutionTruth } from "@dbintel/e2e/execution-truth";
import type { StatementShape } from "../src/statements/statement-columns.ts";
import type { StatementEpoch } from "../src/statements/statement-deltas.ts";
import { Fingerprints } from "../src/statements/statement-filter.ts";
import type { KnownStatements, StatementReading } from "../src/statements/statement-source.ts";
import { StatementTable } from "../src/statements/statement-table.ts";
import { append, type TestEntry } from "./data-row.ts";

interface ModelEntry {
  readonly key: number;
  readonly since: bigint;
  calls: bigint;
  time: number;
}

/**
 * What pg_stat_statements does, as far as its counters go: entries that are executed, thrown out, reset, lost in a
 * crash, kept over a clean restart. Beside it runs the truth that no reader can know: what was executed, and what was
 * forgotten before anybody read it.
 */
export class StatementModel {
  readonly #shape: StatementShape;
  readonly #hasInfo: boolean;
  #clock = 1_000_000n;
  #started = 1n;
  #reset = 2n;
  #deallocations = 0n;
  #entries = new Map<number, ModelEntry>();
  /** Calls by key. */
  readonly truth = new ExecutionTruth<number>();
  #prepared: { readonly fingerprints: Fingerprints; readonly base: ReadonlySet<bigint> } | undefined;

  constructor(shape: StatementShape, hasInfo: boolean) {
    this.#shape = shape;
    this.#hasInfo = hasInfo;
  }

  execute(key: number, calls: number): void {
    this.#clock += 1000n;
    const entry = this.#entries.get(key) ?? { key, since: this.#clock, calls: 0n, time: 0 };
    entry.calls += BigInt(calls);
    entry.time += calls * (0.25 + key);
    this.#entries.set(key, entry);
    this.truth.execute(key, BigInt(calls));
  }

  resetOne(key: number): void {
    this.#clock += 1000n;
    this.#forget(key);
  }

  evict(key: number): void {
    this.#clock += 1000n;
    if (!this.#entries.has(key)) return;
    this.#deallocations++;
    this.#forget(key);
  }

  resetAll(): void {
    this.#clock += 1000n;
    this.#reset = this.#clock;
    this.#deallocations = 0n;
    for (const key of this.#entries.keys()) this.#forget(key);
  }

  restart(): void {
    this.#clock += 1000n;
    this.#started = this.#clock;
  }

  crash(): void {
    this.restart();
    this.resetAll();
  }

  /** Another server answers from now on: its own history, none of the truth. */
  failOver(keys: readonly number[]): void {
    this.resetAll();
    this.#reset = 3n;
    this.#started = this.#clock;
    for (const key of keys) this.#entries.set(key, { key, since: 4n, calls: 1_000_000n, time: 1e9 });
  }

  /** Reads all entries, or as a server does that was sent the fingerprints of `known`. What was shown counts as read. */
  read(known: Pick<KnownStatements, "fingerprints" | "epoch"> | undefined): StatementReading {
    const reading = this.peek(known);
    const { table } = reading;
    for (let row = 0; row < table.count; row++) this.truth.read(modelKey(table, row));
    return reading;
  }

  get epoch(): StatementEpoch {
    return {
      clockMicros: this.#clock,
      startedMicros: this.#started,
      statsResetMicros: this.#hasInfo ? this.#reset : undefined,
      deallocations: this.#hasInfo ? this.#deallocations : undefined,
    };
  }

  /** A reading that gets lost on the way: what it showed counts as unread. */
  peek(known: Pick<KnownStatements, "fingerprints" | "epoch"> | undefined): StatementReading {
    this.#clock += 1000n;
    const { epoch } = this;
    const everything = [...this.#entries.values()].map((entry) => this.#testEntry(entry));
    const seen = this.#known(known?.fingerprints);
    const shown = everything.filter((entry) => {
      const row = append(new StatementTable(this.#shape, 1), entry);
      const [fingerprint = 0n] = numbers(new Fingerprints(row).rebase());
      const threwOut = known !== undefined && known.epoch.deallocations !== epoch.deallocations;
      return !seen.has(fingerprint) || (threwOut && row.sinceMicros(0) > known.epoch.clockMicros);
    });
    const table = append(new StatementTable(this.#shape, 4), ...shown);
    return { epoch, table, full: known === undefined, maximum: 5000, databases: new Map() };
  }

  /** What the server knows of them: a base that was sent once, and what changed since. */
  #known(fingerprints: Fingerprints | undefined): ReadonlySet<bigint> {
    if (fingerprints === undefined) return new Set();
    if (fingerprints !== this.#prepared?.fingerprints || fingerprints.worn) {
      this.#prepared = { fingerprints, base: numbers(fingerprints.rebase()) };
    }
    return new Set([...this.#prepared.base, ...elements(fingerprints.bytes)]);
  }

  #forget(key: number): void {
    this.#entries.delete(key);
    this.truth.forget(key);
  }

  #testEntry({ key, since, calls, time }: ModelEntry): TestEntry {
    const counters = this.#shape.counters.map(({ column }) => {
      if (column === "calls") return calls;
      return column === "total_exec_time" ? time : 2n * calls;
    });
    return {
      databaseId: 5 + (key % 2),
      userId: 10 + (key % 3),
      queryId: BigInt(key) - 3n,
      toplevel: key % 5 !== 0,
      since: since - 946_684_800_000_000n,
      counters,
    };
  }
}

/** The key that a model made a row of. */
export function modelKey(table: StatementTable, row: number): number {
  return Number(table.key(row).queryId) + 3;
}

/** The elements of an `int8[]` as a text. */
function numbers(text: string): ReadonlySet<bigint> {
  return new Set(
    text
      .slice(1, -1)
      .split(",")
      .filter((number) => number !== "")
      .map(BigInt),
  );
}

/** The elements of an `int8[]` in binary format. */
function elements(bytes: Buffer): Set<bigint> {
  const set = new Set<bigint>();
  for (let at = 24; at < bytes.length; at += 12) set.add(bytes.readBigInt64BE(at));
  return set;
}
