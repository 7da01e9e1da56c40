import type { Clock, Timer } from "@dbintel/pipeline";
import type { SamplingSettings } from "./config.ts";

/** How many different lines are counted at a time; a line beyond them is written without being counted. */
const maxKeys = 1000;

interface Count {
  seen: number;
  suppressed: number;
}

/**
 * Thins out lines that repeat, as the OpenTelemetry Collector's `sampling` does: of the identical lines of an
 * interval the first few are written and then every n-th. When the interval ends, what was left out is said.
 */
export class LineSampler {
  readonly #clock: Clock;
  readonly #settings: SamplingSettings;
  readonly #onSuppressed: (key: string, lines: number) => void;
  readonly #counts = new Map<string, Count>();
  #timer: Timer | undefined;

  constructor(options: {
    readonly clock: Clock;
    readonly settings: SamplingSettings;
    /** Called at the end of an interval for each key of which lines were left out. */
    readonly onSuppressed: (key: string, lines: number) => void;
  }) {
    this.#clock = options.clock;
    this.#settings = options.settings;
    this.#onSuppressed = options.onSuppressed;
  }

  /** True when the line is to be written. */
  passes(key: string): boolean {
    const { enabled, tick, initial, thereafter } = this.#settings;
    if (!enabled) return true;
    this.#timer ??= this.#clock.schedule(tick, () => this.flush());
    const count = this.#counts.get(key);
    if (count === undefined) {
      if (this.#counts.size < maxKeys) this.#counts.set(key, { seen: 1, suppressed: 0 });
      return true;
    }
    count.seen += 1;
    const beyond = count.seen - initial;
    if (beyond <= 0 || (thereafter > 0 && beyond % thereafter === 0)) return true;
    count.suppressed += 1;
    return false;
  }

  /** Ends the interval. */
  flush(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const [key, { suppressed }] of this.#counts) {
      if (suppressed > 0) this.#onSuppressed(key, suppressed);
    }
    this.#counts.clear();
  }
}
