import { Contract, documentedLimits } from "@dbintel/new-relic";
import { OtlpHttp } from "@dbintel/otlp-http";
import { type Batch, type Signal, signals } from "@dbintel/pdata";
import type { Component, ConsumeContext, Consumer, Consumers, Host } from "@dbintel/pipeline";
import { CumulativeToDelta, undoneOnRefusal } from "@dbintel/temporality";
import { BreachReport } from "./breach-report.ts";
import { type NewRelicConfig, otlpSettings } from "./config.ts";

/** Series whose totals become changes; those beyond displace those that were silent longest, as in `cumulative_to_delta`. */
const memory = { maxSeries: 100_000, maxSilenceMs: 3_600_000 };

export interface NewRelicArgs {
  readonly id: string;
  readonly config: NewRelicConfig;
  readonly host: Host;
}

/**
 * Sends to New Relic by OTLP over HTTP. What it would not store is mended before it comes into the queue, where it
 * waits as it will be sent.
 */
export class NewRelic implements Component {
  readonly consumers: Consumers;
  readonly #otlp: OtlpHttp;
  readonly #lanes: Readonly<Partial<Record<Signal, Consumer>>>;
  readonly #host: Host;
  readonly #contract: Contract | undefined;
  readonly #deltas: CumulativeToDelta | undefined;
  readonly #report: BreachReport;

  constructor({ id, config, host }: NewRelicArgs) {
    this.#host = host;
    const fix = config.contract === "fix";
    const maxRequestBytes = fix ? documentedLimits.requestBytes : undefined;
    this.#otlp = new OtlpHttp({ id, config: otlpSettings(config), host, maxRequestBytes });
    this.#lanes = this.#otlp.consumers;
    const report = new BreachReport(host, id);
    this.#report = report;
    if (fix) this.#contract = new Contract({ fix, onBreach: (breach) => report.add(breach) });
    if (config.temporality === "delta") {
      const { initial_value: initialValue } = config;
      this.#deltas = new CumulativeToDelta({ ...memory, initialValue, startedUnixNano: host.clock.unixNano() });
    }
    const consumer: Consumer = { consume: (batch, context) => this.#consume(batch, context) };
    this.consumers = Object.fromEntries(signals.map((signal) => [signal, consumer]));
  }

  async start(): Promise<void> {
    await this.#otlp.start();
  }

  async stop(options: { readonly signal: AbortSignal }): Promise<void> {
    await this.#otlp.stop(options);
    this.#report.close();
  }

  held(signal: Signal): number {
    return this.#otlp.held(signal);
  }

  /** A batch that is refused leaves no trace, so that it becomes the same when it comes again. */
  async #consume(batch: Batch, context: ConsumeContext): Promise<void> {
    const now = this.#host.clock.unixNano();
    const undo = batch.signal === "metrics" ? this.#deltas?.convert(batch, now) : undefined;
    this.#contract?.check(batch, now);
    if (batch.count > 0) await undoneOnRefusal(undo, () => this.#lanes[batch.signal]?.consume(batch, context));
  }
}
