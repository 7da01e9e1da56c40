import type { Signal } from "@dbintel/pdata";
import { signals } from "@dbintel/pdata";
import type { Component, Consumer, Consumers, Host } from "@dbintel/pipeline";
import { DirectLane } from "./direct-lane.ts";
import { Holdings } from "./holdings.ts";
import type { Lane } from "./lane.ts";
import { shuttingDown } from "./memory-queue.ts";
import { observeQueues } from "./queue-metrics.ts";
import { QueuedLane } from "./queued-lane.ts";
import { Report } from "./report.ts";
import type { Sender } from "./sender.ts";
import type { DeliverySettings } from "./settings.ts";
import { Transmitter } from "./transmitter.ts";

/** What a refused caller is told to wait: a queue that is full now has usually sent something a second later. */
const refusedDelayMs = 1000;

export interface DeliveryArgs {
  /** The exporter's id, the label `exporter` of its metrics. */
  readonly id: string;
  readonly host: Host;
  /** The exporter's configuration, which has the keys of `deliverySettings()`. */
  readonly config: DeliverySettings;
  readonly sender: Sender;
}

/** An exporter's life and consumers, ready to be its component. */
export interface Delivery extends Component {
  readonly consumers: Consumers;
  held(signal: Signal): number;
}

/**
 * Joins queue, batching, timeout and retry in front of a sender; what `exporterhelper` is in the OpenTelemetry Collector.
 *
 * Signals do not wait for each other: each has its own queue and senders. The edge of the pipeline counts what the
 * exporter received and refused; the delivery counts what was sent and dropped.
 */
export function createDelivery(args: DeliveryArgs): Delivery {
  return new LaneDelivery(args);
}

class LaneDelivery implements Delivery {
  readonly consumers: Consumers;
  readonly #args: DeliveryArgs;
  readonly #lanes = new Map<Signal, Lane>();
  readonly #reports = new Set<Report>();
  #open = true;
  #forget: () => void = () => {};

  constructor(args: DeliveryArgs) {
    this.#args = args;
    const consumer: Consumer = {
      consume: (batch, context) => {
        if (!this.#open) return Promise.reject(shuttingDown());
        return this.#lane(batch.signal).consume(batch, context);
      },
    };
    this.consumers = Object.fromEntries(signals.map((signal) => [signal, consumer]));
  }

  async start(): Promise<void> {
    this.#open = true;
    this.#forget();
    this.#forget = observeQueues(this.#args.host.meter, this.#args.id, this.#lanes);
  }

  async stop(options: { readonly signal: AbortSignal }): Promise<void> {
    this.#open = false;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop(options)));
    for (const report of this.#reports) report.close();
    this.#reports.clear();
    this.#lanes.clear();
    this.#forget();
  }

  held(signal: Signal): number {
    return this.#lanes.get(signal)?.held ?? 0;
  }

  #lane(signal: Signal): Lane {
    const lane = this.#lanes.get(signal) ?? this.#newLane(signal);
    this.#lanes.set(signal, lane);
    return lane;
  }

  #newLane(signal: Signal): Lane {
    const { host, config, sender } = this.#args;
    const report = new Report(host, signal);
    this.#reports.add(report);
    const holdings = new Holdings(signal, host.accounting, report);
    const transmitter = new Transmitter({ host, settings: config, sender, report });
    if (!config.sending_queue.enabled) return new DirectLane(holdings, transmitter);
    return new QueuedLane({
      clock: host.clock,
      settings: config.sending_queue,
      holdings,
      transmitter,
      refusedDelayMs,
    });
  }
}
