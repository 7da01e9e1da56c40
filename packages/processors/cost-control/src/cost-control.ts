import { PartialError } from "@dbintel/errors";
import type { Batch, Signal } from "@dbintel/pdata";
import type { Component, ConsumeContext, Consumer, Host, Timer } from "@dbintel/pipeline";
import { Budget, budgets } from "./budget.ts";
import type { CostControlConfig } from "./config.ts";
import { CostMetrics } from "./metrics.ts";
import { Reducer } from "./reducer.ts";
import { stepEvent } from "./step-event.ts";

const saveEveryMs = 5 * 60_000;
const snapshotName = "budget";

/**
 * Keeps what passes within the budget that the instances of its id share: each batch is reduced as the step of the
 * budget says, counted, and passed on. Holds no items.
 */
export class CostControl implements Component, Consumer {
  readonly #id: string;
  readonly #config: CostControlConfig;
  readonly #host: Host;
  readonly #signal: Signal;
  readonly #next: Consumer;
  readonly #budget: Budget;
  readonly #metrics: CostMetrics;
  readonly #reducer: Reducer;
  #timer: Timer | undefined;
  #running = false;
  #savedAtMs = 0;
  /** Work that no caller waits for: announcing and saving at the timer. */
  #background: Promise<void> = Promise.resolve();
  #abort = new AbortController();

  constructor(args: {
    readonly id: string;
    readonly config: CostControlConfig;
    readonly host: Host;
    readonly signal: Signal;
    readonly next: Consumer;
  }) {
    const { id, config, host } = args;
    this.#id = id;
    this.#config = config;
    this.#host = host;
    this.#signal = args.signal;
    this.#next = args.next;
    const all = host.shared(budgets);
    this.#budget = all.get(id) ?? new Budget({ id, config, host });
    all.set(id, this.#budget);
    this.#metrics = new CostMetrics(host, id, args.signal);
    this.#reducer = new Reducer({ config, budget: this.#budget, metrics: this.#metrics });
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    this.#abort = new AbortController();
    await this.#load();
    this.#budget.join();
    this.#savedAtMs = this.#host.clock.monotonicMs();
    this.#budget.look();
    this.#schedule();
  }

  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#timer?.cancel();
    const abort = () => this.#abort.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    await this.#background;
    signal.removeEventListener("abort", abort);
    await this.#save();
    this.#budget.leave();
  }

  async consume(batch: Batch, context: ConsumeContext): Promise<void> {
    this.#budget.look();
    const offered = batch.byteSize;
    const takeBack = this.#reducer.apply(batch, this.#host.clock.monotonicMs());
    const sent = batch.count === 0 ? 0 : batch.byteSize;
    // Counted before the answer: callers that come meanwhile must not spend the same bytes.
    this.#budget.count(offered, sent);
    try {
      if (batch.count > 0) await this.#next.consume(batch, context);
      this.#metrics.passed(offered, sent);
    } catch (error) {
      // After a partial answer nobody sends again; after any other the sender still has it all.
      if (!(error instanceof PartialError)) {
        this.#budget.count(-offered, -sent);
        takeBack();
      }
      throw error;
    }
  }

  #schedule(): void {
    this.#timer = this.#host.clock.schedule(this.#config.ladder.interval, () => {
      this.#background = this.#background.then(() => this.#tick());
      if (this.#running) this.#schedule();
    });
  }

  async #tick(): Promise<void> {
    this.#budget.look();
    const { step, pressure, usedShare } = this.#budget;
    this.#metrics.state({ step, pressure, usedShare, cardinality: this.#reducer.cardinality });
    await this.#announce();
    const nowMs = this.#host.clock.monotonicMs();
    if (nowMs - this.#savedAtMs < saveEveryMs) return;
    this.#savedAtMs = nowMs;
    await this.#save();
  }

  /** Sends what the budget announces, where there is a logs pipeline; it was logged in any case. */
  async #announce(): Promise<void> {
    if (this.#signal !== "logs") return;
    const { accounting, build, logger } = this.#host;
    for (const change of this.#budget.takeAnnouncements()) {
      const event = stepEvent({ id: this.#id, change, config: this.#config, build });
      accounting.received("logs", event.count);
      const bytes = event.byteSize;
      this.#budget.count(bytes, bytes);
      try {
        await this.#next.consume(event, { signal: this.#abort.signal });
      } catch (error) {
        this.#budget.count(-bytes, -bytes);
        accounting.dropped("logs", event.count, "event_rejected");
        logger.warn({ error }, "the event of a budget step was not taken");
      }
    }
  }

  async #load(): Promise<void> {
    try {
      const snapshot = await this.#host.storage.load(snapshotName);
      if (snapshot === undefined || this.#budget.restore(snapshot)) return;
      this.#host.logger.warn({}, "the saved budget is unreadable; this month's bytes are counted from here on");
    } catch (error) {
      this.#host.logger.warn({ error }, "the saved budget cannot be read; this month's bytes are counted from here on");
    }
  }

  async #save(): Promise<void> {
    try {
      await this.#host.storage.save(snapshotName, this.#budget.snapshot());
    } catch (error) {
      this.#host.logger.warn({ error }, "the budget was not saved; a restart would go on from the save before");
    }
  }
}
