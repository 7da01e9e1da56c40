import { type ExporterLoad, feedback } from "@dbintel/feedback";
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
  /** Of lanes that have been closed. */
  #throttledBefore = 0;
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
    const { host, id } = this.#args;
    const forgetQueues = observeQueues(host.meter, id, this.#lanes);
    const forgetLoad = host.shared(feedback).addExporter(() => this.#load());
    this.#forget = () => {
      forgetQueues();
      forgetLoad();
    };
  }

  async stop(options: { readonly signal: AbortSignal }): Promise<void> {
    this.#open = false;
    await Promise.all([...this.#lanes.values()].map((lane) => lane.stop(options)));
    for (const report of this.#reports) {
      report.close();
      this.#throttledBefore += report.throttled;
    }
    this.#reports.clear();
    this.#lanes.clear();
    this.#forget();
  }

  held(signal: Signal): number {
    return this.#lanes.get(signal)?.held ?? 0;
  }

  #load(): ExporterLoad {
    const fills = [...this.#lanes.values()].map(({ queue }) => (queue === undefined ? 0 : queue.size / queue.capacity));
    const throttled = [...this.#reports].reduce((sum, report) => sum + report.throttled, this.#throttledBefore);
    return { queueFill: Math.max(0, ...fills), throttled };
  }

  #lane(signal: Signal): Lane {
    const lane = this.#lanes.get(signal) ?? this.#newLane(signal);
    this.#lanes.set(signal, lane);
    return lane;
  }

  #newLane(signal: Signal): Lane {
    const { id, host, config, sender } = this.#args;
    const report = new Report({ id, host, signal });
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
