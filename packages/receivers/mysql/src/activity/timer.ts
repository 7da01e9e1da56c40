/**
 * The timers of the Performance Schema: picoseconds since the server's start, 64 bits without a sign, which begin again
 * after 213 days. Each class of events has a timer of its own (statements and transactions NANOSECOND, waits CYCLE), and
 * they drift apart: moments of two classes are never compared. Manual: "Performance Schema Event Timing".
 */
const bits = 64;
/**
 * A moment that was read after the clock may be a little later than it; and on MySQL, whose timer of statements goes by the
 * clock of the machine, by as much as that was set back.
 */
const latestPicoseconds = 30n * 86_400n * 1_000_000_000_000n;
const picosecondsPerMicro = 1_000_000n;

/** How long after `start` `end` is; none when it is before. */
export function picosecondsBetween(start: bigint, end: bigint): bigint {
  const elapsed = BigInt.asUintN(bits, end - start);
  return elapsed >= 2n ** 64n - latestPicoseconds ? 0n : elapsed;
}

/** Whether a moment comes after another one that is less than half of the timer's range away. */
export function isLater(moment: bigint, than: bigint): boolean {
  return BigInt.asIntN(bits, moment - than) > 0n;
}

/** Moments after the first and up to the second, as a condition on a column. */
export function timerWindow(column: string, after: bigint, upTo: bigint): string {
  const isOver = upTo < after;
  return `(${column} > ${after} ${isOver ? "OR" : "AND"} ${column} <= ${upTo})`;
}

/** `moment` earlier by `picoseconds`. */
export function timerBefore(moment: bigint, picoseconds: bigint): bigint {
  return BigInt.asUintN(bits, moment - picoseconds);
}

/** One moment by the server's clock and by a timer, which makes moments of the timer out to be times. */
export class TimerClock {
  readonly #micros: bigint;
  readonly timer: bigint;

  constructor(args: { readonly micros: bigint; readonly timer: bigint }) {
    this.#micros = args.micros;
    this.timer = args.timer;
  }

  /** Microseconds since 1970. */
  microsOf(moment: bigint): bigint {
    return this.#micros - picosecondsBetween(moment, this.timer) / picosecondsPerMicro;
  }
}

/** Seconds of a difference. */
export function seconds(picoseconds: bigint): number {
  return Number(picoseconds) / 1e12;
}
