import { RefusedError, RetryableError } from "@dbintel/errors";
import { AdaptiveTimeout } from "@dbintel/guard";
import type { Batch } from "@dbintel/pdata";
import type { ConsumeContext, Consumer, Host } from "@dbintel/pipeline";
import type { CircuitBreakerConfig } from "./config.ts";

/** The way to the next component: so many batches at once, and no longer than one usually takes. */
export class Passage {
  readonly #config: CircuitBreakerConfig;
  readonly #clock: Host["clock"];
  readonly #next: Consumer;
  readonly #timeout: AdaptiveTimeout;
  #underWay = 0;

  constructor(args: {
    readonly config: CircuitBreakerConfig;
    readonly host: Pick<Host, "clock">;
    readonly next: Consumer;
  }) {
    this.#config = args.config;
    this.#clock = args.host.clock;
    this.#next = args.next;
    this.#timeout = new AdaptiveTimeout({ baseMs: args.config.base_timeout, maxMs: args.config.max_timeout });
  }

  /** Whether there is no place for a further batch. */
  get full(): boolean {
    return this.#underWay >= this.#config.max_concurrent_requests;
  }

  refusal(): RefusedError {
    return new RefusedError(`${this.#underWay} batches are on their way through the circuit breaker`, {
      hint: "the next component is slow; the sender tries again, or raise max_concurrent_requests",
    });
  }

  async send(batch: Batch, context: ConsumeContext): Promise<void> {
    this.#underWay++;
    try {
      await (this.#config.enable_adaptive_timeout
        ? this.#sendInTime(batch, context)
        : this.#next.consume(batch, context));
    } finally {
      this.#underWay--;
    }
  }

  async #sendInTime(batch: Batch, context: ConsumeContext): Promise<void> {
    const startedMs = this.#clock.monotonicMs();
    const late = new AbortController();
    const waitMs = this.#timeout.ms;
    const timer = this.#clock.schedule(waitMs, () => {
      late.abort(
        new RetryableError(`the next component did not answer within ${Math.round(waitMs)} ms`, {
          code: "DBI_TIMEOUT",
        }),
      );
    });
    try {
      await this.#next.consume(batch, { ...context, signal: AbortSignal.any([context.signal, late.signal]) });
      this.#timeout.answered(this.#clock.monotonicMs() - startedMs);
    } catch (error) {
      if (!late.signal.aborted) throw error;
      this.#timeout.expired();
      throw late.signal.reason;
    } finally {
      timer.cancel();
    }
  }
}
