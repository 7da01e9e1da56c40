import type { Clock } from "@dbintel/pipeline";

/** Keeps what is asked for now and then below a share of the server's time: what took t is not repeated for a multiple of t. */
export class Rest {
  readonly #clock: Clock;
  readonly #factor: number;
  #untilMs = Number.NEGATIVE_INFINITY;

  /** `factor` 20 stands for 5 % of one core at most. */
  constructor(clock: Clock, factor: number) {
    this.#clock = clock;
    this.#factor = factor;
  }

  get isOver(): boolean {
    return this.#clock.monotonicMs() >= this.#untilMs;
  }

  /** Does the work, and rests afterwards when it has succeeded; `stretch` times longer than usual. */
  async after<T>(work: () => Promise<T>, stretch: number): Promise<T> {
    const startMs = this.#clock.monotonicMs();
    const answer = await work();
    const endMs = this.#clock.monotonicMs();
    this.#untilMs = endMs + this.#factor * stretch * (endMs - startMs);
    return answer;
  }
}
