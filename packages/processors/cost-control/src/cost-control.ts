import { PartialError } from "@dbintel/errors";
import type { Batch, Signal } from "@dbintel/pdata";
import {
  type Component,
  type ConsumeContext,
  type Consumer,
  every,
  type Host,
  OwnEvents,
  Snapshot,
  type Timer,
} from "@dbintel/pipeline";
import { Budget, budgets } from "./budget.ts";
import type { CostControlConfig } from "./config.ts";
import { CostMetrics } from "./metrics.ts";
import { Reducer } from "./reducer.ts";
import { stepEvent } from "./step-event.ts";

const saveEveryMs = 5 * 60_000;

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
  readonly #events: OwnEvents;
  readonly #snapshot: Snapshot;
  #timer: Timer | undefined;
  #running = false;
  #savedAtMs = 0;
  /** Saving at the timer, which no caller waits for. */
  #saving: Promise<void> = Promise.resolve();

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
    const budget = all.get(id) ?? new Budget({ id, config, host });
    all.set(id, budget);
    this.#budget = budget;
    this.#metrics = new CostMetrics(host, id, args.signal);
    this.#reducer = new Reducer({ config, budget, metrics: this.#metrics });
    this.#events = new OwnEvents<"logs">({ host, next: args.next });
    this.#snapshot = new Snapshot({
      host,
      name: "budget",
      loss: "this month's bytes are counted from here on",
      take: () => budget.snapshot(),
      restore: (snapshot) => budget.restore(snapshot),
    });
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    await this.#snapshot.load();
    this.#budget.join();
    this.#savedAtMs = this.#host.clock.monotonicMs();
    this.#budget.look();
    this.#timer = every(this.#host.clock, this.#config.ladder.interval, () => this.#tick());
  }

  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#timer?.cancel();
    await this.#events.finish(signal);
    await this.#saving;
    await this.#snapshot.save();
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

  #tick(): void {
    this.#budget.look();
    const { step, pressure, usedShare } = this.#budget;
    this.#metrics.state({ step, pressure, usedShare, cardinality: this.#reducer.cardinality });
    this.#announce();
    const nowMs = this.#host.clock.monotonicMs();
    if (nowMs - this.#savedAtMs < saveEveryMs) return;
    this.#savedAtMs = nowMs;
    this.#saving = this.#saving.then(() => this.#snapshot.save());
  }

  /** Sends what the budget announces, where there is a logs pipeline; it was logged in any case. */
  #announce(): void {
    if (this.#signal !== "logs") return;
    for (const change of this.#budget.takeAnnouncements()) {
      const event = stepEvent({ id: this.#id, change, config: this.#config, build: this.#host.build });
      const bytes = event.byteSize;
      this.#budget.count(bytes, bytes);
      void this.#events.send(event).then((taken) => {
        if (!taken) this.#budget.count(-bytes, -bytes);
      });
    }
  }
}
