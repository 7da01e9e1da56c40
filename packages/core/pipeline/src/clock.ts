/** A timer that can be taken back. */
export interface Timer {
  /** Idempotent; after it the callback does not run. */
  cancel(): void;
}

/** Time, injected: production reads the system, tests a `FakeClock`. */
export interface Clock {
  /** Wall-clock nanoseconds since the Unix epoch. May jump. */
  unixNano(): bigint;
  /** Milliseconds on a clock that never goes back: for durations and deadlines. */
  monotonicMs(): number;
  /** Runs `callback` once, not before `delayMs` milliseconds. Does not keep the process alive. */
  schedule(delayMs: number, callback: () => void): Timer;
}

/** Resolves after `delayMs`; rejects with the signal's reason as soon as `signal` is aborted. */
export function wait(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = clock.schedule(delayMs, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    function onAbort() {
      timer.cancel();
      reject(signal.reason);
    }
    signal.addEventListener("abort", onAbort, { once: true });
  });
}

/** Runs `callback` each `intervalMs` milliseconds, until the timer is cancelled: by `callback` itself too. */
export function every(clock: Clock, intervalMs: number, callback: () => void): Timer {
  let timer: Timer;
  const schedule = () => {
    timer = clock.schedule(intervalMs, () => {
      schedule();
      callback();
    });
  };
  schedule();
  return { cancel: () => timer.cancel() };
}

/** The system's clocks. */
export const systemClock: Clock = {
  // performance.timeOrigin does not follow clock corrections, Date does; a millisecond is what Date resolves.
  unixNano: () => BigInt(Date.now()) * 1_000_000n,
  monotonicMs: () => performance.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return { cancel: () => clearTimeout(timer) };
  },
};

/** The longest delay that Node's timers take: 24.8 days. */
const longestDelayMs = 2 ** 31 - 1;

/** Keeps the process alive while `work` is under way: the clock's own timers, such as that of a batch, do not. */
export async function keepingAlive<Result>(work: () => Promise<Result>): Promise<Result> {
  const timer = setTimeout(() => {}, longestDelayMs);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
