import { type IntegrationError, nerdGraphOf } from "@dbintel/new-relic";
import { every, type Host, type OwnEvents, type Timer } from "@dbintel/pipeline";
import { Canary } from "./canary.ts";
import type { NerdGraphConfig } from "./config.ts";
import { IntegrationErrors } from "./integration-errors.ts";
import type { MonitorMetrics } from "./metrics.ts";

const millisecondsPerNano = 1e-6;

/** Asks New Relic what it made of the data, at the configured interval, one question at a time. */
export class NewRelicWatch {
  readonly #config: NerdGraphConfig;
  readonly #host: Host;
  readonly #metrics: MonitorMetrics;
  readonly #reported: (errors: readonly IntegrationError[]) => void;
  readonly #errors: IntegrationErrors;
  readonly #canary: Canary;
  /** How canaries are sent, where there is a metrics pipeline. */
  #canaries: OwnEvents<"metrics"> | undefined;
  #abort = new AbortController();
  readonly #timers: Timer[] = [];
  /** The question that is under way. */
  #asking: Promise<void> | undefined;
  #failing = false;

  constructor(args: {
    readonly config: NerdGraphConfig;
    readonly host: Host;
    readonly metrics: MonitorMetrics;
    /** Given the errors that are new. */
    readonly reported: (errors: readonly IntegrationError[]) => void;
  }) {
    const { config, host } = args;
    this.#config = config;
    this.#host = host;
    this.#metrics = args.metrics;
    this.#reported = args.reported;
    const nerdGraph = nerdGraphOf(config);
    this.#errors = new IntegrationErrors(nerdGraph, this.#nowMs());
    this.#canary = new Canary({
      host,
      nerdGraph,
      timeoutMs: config.canary.timeout,
      ended: (outcome, delayMs) => this.#canaryEnded(outcome, delayMs),
    });
  }

  /** Says how canaries are sent, before `start`. */
  sendCanariesBy(canaries: OwnEvents<"metrics">): void {
    this.#canaries = canaries;
  }

  start(): void {
    this.#abort = new AbortController();
    const { clock } = this.#host;
    const asking = every(clock, this.#config.interval, () => {
      // Nobody waits in line behind a slow answer: the next question is about the time in between as well.
      if (this.#asking !== undefined) {
        this.#metrics.apiSkipped();
        return;
      }
      this.#asking = this.#ask().finally(() => {
        this.#asking = undefined;
      });
    });
    this.#timers.push(asking);
    const { enabled, interval } = this.#config.canary;
    if (enabled) this.#timers.push(every(clock, interval, () => void this.#sendCanary()));
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers.splice(0)) timer.cancel();
    this.#abort.abort();
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const { signal } = this.#abort;
    try {
      this.#reported(await this.#errors.read(this.#nowMs(), signal));
      await this.#canary.look(signal);
      if (this.#failing) this.#host.logger.info({}, "NerdGraph answers again");
      this.#failing = false;
    } catch (error) {
      if (signal.aborted) return;
      this.#metrics.apiFailed();
      // Once: the metric says how often.
      if (!this.#failing) this.#host.logger.warn({ error }, "New Relic was not asked about errors");
      this.#failing = true;
    }
  }

  async #sendCanary(): Promise<void> {
    if (this.#canaries === undefined) return;
    const { nonce, metrics } = this.#canary.next();
    if (await this.#canaries.send(metrics)) this.#canary.sent(nonce);
    else this.#metrics.canary("refused");
  }

  #canaryEnded(outcome: "stored" | "lost", delayMs: number | undefined): void {
    this.#metrics.canary(outcome, delayMs);
    if (outcome === "lost") {
      const timeoutMs = this.#config.canary.timeout;
      this.#host.logger.error({ timeout_ms: timeoutMs }, "New Relic has not stored a canary, whatever it answered");
    }
  }

  #nowMs(): number {
    return Number(this.#host.clock.unixNano()) * millisecondsPerNano;
  }
}
