import type { Batch, Signal } from "@dbintel/pdata";
import { type Consumer, every, type Host, OwnEvents, type Timer } from "@dbintel/pipeline";
import type { QualityConfig } from "./config.ts";
import { findingEvent } from "./finding.ts";
import { Quality, qualities } from "./quality.ts";

/**
 * The quality checks as one pipeline has them: shows them what passes, and sends what they find where logs pass. The
 * events go to the next component, so that the checks never see their own.
 */
export class QualityTap {
  readonly #host: Host;
  readonly #config: QualityConfig;
  readonly #quality: Quality;
  readonly #events: OwnEvents | undefined;
  #timer: Timer | undefined;

  constructor(args: {
    readonly id: string;
    readonly config: QualityConfig;
    readonly host: Host;
    readonly signal: Signal;
    readonly next: Consumer;
  }) {
    const { id, config, host, signal, next } = args;
    this.#host = host;
    this.#config = config;
    const all = host.shared(qualities);
    this.#quality = all.get(id) ?? new Quality({ id, config, host });
    all.set(id, this.#quality);
    this.#events = signal === "logs" ? new OwnEvents<"logs">({ host, next }) : undefined;
  }

  start(): void {
    this.#quality.join();
    const events = this.#events;
    if (events === undefined) return;
    this.#timer = every(this.#host.clock, this.#config.interval, () => this.#tell(events));
  }

  async stop(signal: AbortSignal): Promise<void> {
    this.#timer?.cancel();
    await this.#quality.leave();
    if (this.#events === undefined) return;
    this.#tell(this.#events);
    await this.#events.finish(signal);
  }

  /** Looks at a batch, which is not changed. */
  observe(batch: Batch): void {
    this.#quality.observe(batch);
  }

  #tell(events: OwnEvents): void {
    for (const finding of this.#quality.takeFindings()) void events.send(findingEvent(this.#host, finding));
  }
}
