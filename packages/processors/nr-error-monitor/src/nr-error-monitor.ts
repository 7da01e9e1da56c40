import type { Batch, Signal } from "@dbintel/pdata";
import {
  type Component,
  type ConsumeContext,
  type Consumer,
  every,
  type Host,
  OwnEvents,
  type Timer,
} from "@dbintel/pipeline";
import type { NrErrorMonitorConfig } from "./config.ts";
import { Monitor, monitors } from "./monitor.ts";
import { monitorEvent } from "./monitor-event.ts";

/**
 * Looks at what is about to be sent to New Relic, mends it where that is wanted, and passes it on. The instances of one
 * id share what they know. Holds no items.
 */
export class NrErrorMonitor implements Component, Consumer {
  readonly #config: NrErrorMonitorConfig;
  readonly #host: Host;
  readonly #next: Consumer;
  readonly #monitor: Monitor;
  /** In a logs pipeline: where findings go. */
  readonly #events: OwnEvents | undefined;
  /** In a metrics pipeline: where canaries go. */
  readonly #canaries: OwnEvents<"metrics"> | undefined;
  #timer: Timer | undefined;
  #running = false;

  constructor(args: {
    readonly id: string;
    readonly config: NrErrorMonitorConfig;
    readonly host: Host;
    readonly signal: Signal;
    readonly next: Consumer;
  }) {
    const { id, config, host, signal, next } = args;
    this.#config = config;
    this.#host = host;
    this.#next = next;
    const all = host.shared(monitors);
    this.#monitor = all.get(id) ?? new Monitor({ id, config, host });
    all.set(id, this.#monitor);
    this.#events = signal === "logs" ? new OwnEvents<"logs">({ host, next }) : undefined;
    this.#canaries = signal === "metrics" ? new OwnEvents<"metrics">({ host, next }) : undefined;
  }

  async start(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    this.#monitor.join(this.#canaries);
    if (this.#events === undefined) return;
    this.#timer = every(this.#host.clock, this.#config.reporting_interval, () => this.#tell());
  }

  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#timer?.cancel();
    await this.#monitor.leave();
    this.#tell();
    await this.#events?.finish(signal);
    await this.#canaries?.finish(signal);
  }

  async consume(batch: Batch, context: ConsumeContext): Promise<void> {
    this.#monitor.check(batch);
    if (batch.count > 0) await this.#next.consume(batch, context);
  }

  /** Sends what the monitor has found, where there is a logs pipeline; it was logged in any case. */
  #tell(): void {
    if (this.#events === undefined) return;
    for (const finding of this.#monitor.takeFindings()) void this.#events.send(monitorEvent(this.#host, finding));
  }
}
