import { callsIndex, type StatementCounter } from "../statement-columns.ts";
import type { PreparedInstance, PreparedReading } from "./prepared-source.ts";

/** What a later reading is compared with. */
export interface PreparedBaseline {
  /** The life of the server's statistics. */
  readonly life: number;
  /** The server's clock. */
  readonly micros: bigint;
  readonly truncated: boolean;
  readonly instances: ReadonlyMap<string, PreparedInstance>;
  readonly executed: readonly bigint[];
  /** What the remainders before were too large by: executions that the totals tell later than the instances. */
  readonly owed: readonly bigint[];
}

/** What one prepared statement did since the reading before. */
export interface PreparedDelta {
  readonly instance: PreparedInstance;
  readonly reprepares: bigint;
  readonly values: readonly bigint[];
}

export interface PreparedDeltas {
  readonly changed: readonly PreparedDelta[];
  /** What was executed by statements that were closed, or could not be told one by one. */
  readonly rest: readonly bigint[];
  readonly baseline: PreparedBaseline;
}

/** What everything is compared with when all that is counted happened since a moment. */
export function emptyBaseline(life: number, micros: bigint): PreparedBaseline {
  return { life, micros, truncated: false, instances: new Map(), executed: [], owed: [] };
}

/**
 * Differences of statements that are there, and as the remainder of the server's totals those of statements that are not any
 * more: together they are all executions, whatever became of the statements.
 *
 * A statement whose count has fallen begins anew: its name may be another's, or somebody has emptied the table. What was
 * counted before and never read is in the remainder.
 */
export function preparedDeltas(args: {
  readonly counters: readonly StatementCounter[];
  readonly reading: PreparedReading;
  /** `undefined` at the first reading, which only remembers. */
  readonly before: PreparedBaseline | undefined;
  readonly life: number;
  readonly micros: bigint;
}): PreparedDeltas {
  const { counters, reading, before, life, micros } = args;
  const instances = new Map(reading.instances.map((each) => [each.name, each]));
  const next = { life, micros, instances, truncated: reading.truncated, executed: reading.executed };
  const nothing = counters.map(() => 0n);
  if (before === undefined) return { changed: [], rest: nothing, baseline: { ...next, owed: nothing } };

  const changed: PreparedDelta[] = [];
  for (const instance of reading.instances) {
    const known = before.instances.get(instance.name);
    // Of one that was there and not read, nobody knows what it did before.
    if (known === undefined && before.truncated) continue;
    const values = growth(counters, instance.values, known?.values ?? []);
    const reprepares = instance.reprepares - (known?.reprepares ?? 0n);
    if (values.some((value) => value > 0n) || reprepares > 0n) {
      changed.push({ instance, values, reprepares: reprepares < 0n ? instance.reprepares : reprepares });
    }
  }
  const grown = growth(counters, reading.executed, before.executed);
  const emptied = (reading.executed[callsIndex] ?? 0n) < (before.executed[callsIndex] ?? 0n);
  const left = counters.map((_, index) => {
    const told = changed.reduce((sum, { values }) => sum + (values[index] ?? 0n), 0n);
    return (grown[index] ?? 0n) - told - (emptied ? 0n : (before.owed[index] ?? 0n));
  });
  const rest = left.map((value) => (value > 0n ? value : 0n));
  return { changed, rest, baseline: { ...next, owed: left.map((value) => (value < 0n ? -value : 0n)) } };
}

/** Of all counters together: either all of them continue or all begin anew. */
function growth(
  counters: readonly StatementCounter[],
  now: readonly bigint[],
  then: readonly bigint[],
): readonly bigint[] {
  const anew = (now[callsIndex] ?? 0n) < (then[callsIndex] ?? 0n);
  return counters.map((_, index) => {
    const value = now[index] ?? 0n;
    return anew ? value : BigInt.asUintN(64, value - (then[index] ?? 0n));
  });
}
