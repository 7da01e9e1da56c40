import { type Clock, every, type Timer } from "@dbintel/pipeline";

export interface ConfigWatchOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  /** What a look would have found when the content was read last. */
  readonly known: string;
  /** Equal for equal contents. */
  readonly look: () => string;
  readonly onChange: () => void;
}

/**
 * Looks at an interval whether something has another content than before, and tells when it has come to rest: two looks
 * have to find the same, for a file may be looked at while it is written.
 */
export class ConfigWatch {
  readonly #options: ConfigWatchOptions;
  #known: string;
  #seen: string;
  #timer: Timer | undefined;

  constructor(options: ConfigWatchOptions) {
    this.#options = options;
    this.#known = options.known;
    this.#seen = this.#known;
  }

  start(): void {
    const { clock, intervalMs } = this.#options;
    this.#timer ??= every(clock, intervalMs, () => this.#look());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #look(): void {
    const found = this.#options.look();
    const rests = found === this.#seen;
    this.#seen = found;
    if (!rests || found === this.#known) return;
    this.#known = found;
    this.#options.onChange();
  }
}
