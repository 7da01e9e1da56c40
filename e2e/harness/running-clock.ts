import { FakeClock } from "@dbintel/pipeline/testing";

/** Goes on with the real time, as that of the servers that answer, and is moved on in between. */
export class RunningClock extends FakeClock {
  readonly #startedMs = performance.now();

  override monotonicMs(): number {
    return super.monotonicMs() + this.#passedMs;
  }

  override unixNano(): bigint {
    return super.unixNano() + BigInt(Math.round(this.#passedMs * 1e6));
  }

  get #passedMs(): number {
    return performance.now() - this.#startedMs;
  }
}
