import { DbintelError } from "@dbintel/errors";
import { type ExporterLoad, feedback } from "@dbintel/feedback";
import { type Batch, type Signal, signals } from "@dbintel/pdata";
import type {
  Component,
  ConsumeContext,
  Consumer,
  Consumers,
  Host,
  JournalProvider,
  StopOptions,
} from "@dbintel/pipeline";
import { DeadLetters } from "./dead-letters/dead-letters.ts";
import { ConcurrencyLimit } from "./destination/concurrency-limit.ts";
import { Destination } from "./destination/destination.ts";
import { observeDestination } from "./destination/destination-metrics.ts";
import { RequestSizes } from "./destination/request-sizes.ts";
import { Holdings } from "./holdings.ts";
import { DirectLane } from "./queue/direct-lane.ts";
import { DurableLane } from "./queue/durable-lane.ts";
import { keptOnDisk } from "./queue/kept-on-disk.ts";
import type { Lane } from "./queue/lane.ts";
import { shuttingDown } from "./queue/memory-queue.ts";
import { observeQueues } from "./queue/queue-metrics.ts";
import { QueuedLane } from "./queue/queued-lane.ts";
import { Report } from "./report.ts";
import { Transmitter } from "./request/transmitter.ts";
import type { Sender } from "./sender.ts";
import { type DeliverySettings, impatientKey } from "./settings.ts";

/** What a refused caller is told to wait: a queue that is full now has usually sent something a second later. */
const refusedDelayMs = 1000;

/** How long a request of a queue on disk keeps a sender where `max_elapsed_time` sets no limit. */
const longestTurnMs = 300_000;

/** Whoever sends a letter once more does not wait for the destination. */
const never = new AbortController().signal;

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
  readonly #destination: Destination;
  readonly #sizes: RequestSizes;
  readonly #journals: JournalProvider | undefined;
  readonly #deadLetters: DeadLetters | undefined;
  readonly #lanes = new Map<Signal, Lane>();
  readonly #reports = new Set<Report>();
  /** Of lanes that have been closed. */
  #throttledBefore = 0;
  #state: "new" | "started" | "stopped" = "new";
  #forget: () => void = () => {};

  constructor(args: DeliveryArgs) {
    this.#args = args;
    this.#destination = new Destination({ host: args.host, settings: args.config.retry_on_failure });
    this.#sizes = new RequestSizes(args.host.meter, args.id);
    const { enabled, storage } = args.config.sending_queue;
    this.#journals = storage === undefined || !enabled ? undefined : args.host.extensions.journalProvider(storage);
    this.#deadLetters = deadLettersOf(args, (batch) => this.#resend(batch));
    const consumer: Consumer = { consume: (batch, context) => this.#consume(batch, context) };
    this.consumers = Object.fromEntries(signals.map((signal) => [signal, consumer]));
  }

  async start(options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#state !== "started") {
      try {
        await this.#deadLetters?.start(options);
        if (this.#journals !== undefined) await this.#openQueues(this.#journals, options);
      } catch (error) {
        await this.stop({ signal: AbortSignal.abort(error) });
        throw error;
      }
    }
    this.#state = "started";
    this.#forget();
    const { host, id } = this.#args;
    const forgetQueues = observeQueues(host.meter, id, this.#lanes);
    const forgetDestination = observeDestination(host.meter, id, this.#destination);
    const forgetLoad = host.shared(feedback).addExporter(() => this.#load());
    this.#forget = () => {
      forgetQueues();
      forgetDestination();
      forgetLoad();
    };
  }

  async stop({ signal: deadline, successor = {} }: StopOptions): Promise<void> {
    this.#state = "stopped";
    const stops = [...this.#lanes].map(([signal, lane]) => {
      const next: Consumer | undefined = successor[signal];
      return lane.stop({ signal: deadline, successor: next });
    });
    await Promise.all(stops);
    await this.#deadLetters?.stop();
    for (const report of this.#reports) {
      report.close();
      this.#throttledBefore += report.throttled;
    }
    if (this.#journals !== undefined) {
      for (const [signal, { held }] of this.#lanes) this.#kept.set(signal, held);
    }
    this.#reports.clear();
    this.#lanes.clear();
    this.#forget();
  }

  held(signal: Signal): number {
    return this.#lanes.get(signal)?.held ?? this.#kept.get(signal);
  }

  /** Nobody upstream counts these items: they come in once more, and are given back when the queue refuses them. */
  async #resend(batch: Batch): Promise<void> {
    const { accounting } = this.#args.host;
    const { signal, count: items } = batch;
    accounting.received(signal, items);
    try {
      await this.#consume(batch, { signal: never });
    } catch (error) {
      accounting.refused(signal, items);
      throw error;
    }
  }

  #consume(batch: Batch, context: ConsumeContext): Promise<void> {
    const lane = this.#state === "stopped" ? undefined : this.#lane(batch.signal);
    return lane?.consume(batch, context) ?? Promise.reject(shuttingDown());
  }

  get #kept() {
    return this.#args.host.shared(keptOnDisk).of(this.#args.id);
  }

  #load(): ExporterLoad {
    const fills = [...this.#lanes.values()].map(({ queue }) => (queue === undefined ? 0 : queue.size / queue.capacity));
    const throttled = [...this.#reports].reduce((sum, report) => sum + report.throttled, this.#throttledBefore);
    return { queueFill: Math.max(0, ...fills), throttled };
  }

  /** Opens the queue on disk of each signal; what is in one may be of a signal that the exporter no longer gets. */
  async #openQueues(journals: JournalProvider, options: { readonly signal: AbortSignal }): Promise<void> {
    const { id, host, config } = this.#args;
    for (const signal of signals) {
      const opened = await journals.openJournal({ kind: "exporter", id, name: signal }, options);
      const { holdings, transmitter } = this.#newParts(signal);
      const settings = config.sending_queue;
      const heldBefore = this.#kept.take(signal);
      const parts = { host, signal, settings, opened, holdings, transmitter, refusedDelayMs, heldBefore };
      this.#lanes.set(signal, new DurableLane(parts));
    }
  }

  /** `undefined` for a queue on disk that is not open yet. */
  #lane(signal: Signal): Lane | undefined {
    const lane = this.#lanes.get(signal) ?? (this.#journals === undefined ? this.#newLane(signal) : undefined);
    if (lane !== undefined) this.#lanes.set(signal, lane);
    return lane;
  }

  #newLane(signal: Signal): Lane {
    const { host, config } = this.#args;
    const { holdings, transmitter } = this.#newParts(signal);
    if (!config.sending_queue.enabled) return new DirectLane(holdings, transmitter);
    return new QueuedLane({
      clock: host.clock,
      settings: config.sending_queue,
      holdings,
      transmitter,
      refusedDelayMs,
    });
  }

  #newParts(signal: Signal): { readonly holdings: Holdings; readonly transmitter: Transmitter } {
    const { id, host, config, sender } = this.#args;
    const { enabled, num_consumers, concurrency } = config.sending_queue;
    const most = enabled ? num_consumers : Number.POSITIVE_INFINITY;
    const limit = new ConcurrencyLimit({ most, adaptive: enabled && concurrency === "adaptive" });
    const entrance = this.#destination.entrance(signal, limit);
    const report = new Report({ id, host, signal, destination: this.#destination });
    this.#reports.add(report);
    const settings = this.#journals === undefined ? config : { ...config, retry_on_failure: patient(config) };
    return {
      holdings: new Holdings(signal, host.accounting, report),
      transmitter: new Transmitter({
        host,
        settings,
        sender,
        report,
        entrance,
        deadLetters: this.#deadLetters,
        sizes: enabled ? this.#sizes : undefined,
      }),
    };
  }
}

/**
 * Behind a queue on disk the end of the retries is no loss: the request makes room for others and waits again. Without
 * an end it would keep a sender for ever, and never be found too old.
 */
function patient({ retry_on_failure: settings }: DeliverySettings): DeliverySettings["retry_on_failure"] {
  return settings.max_elapsed_time === 0 ? { ...settings, max_elapsed_time: longestTurnMs } : settings;
}

/** Checked once more for exporters whose schema does not. */
function deadLettersOf(
  { id, host, config }: DeliveryArgs,
  resend: (batch: Batch) => Promise<void>,
): DeadLetters | undefined {
  const { dead_letters: settings } = config;
  if (settings === undefined) return undefined;
  if (impatientKey(config) !== undefined) {
    throw new DbintelError("dead_letters needs a queue that answers before the destination does", {
      code: "DBI_CONFIG_INVALID",
      hint: "remove sending_queue.enabled: false and sending_queue.wait_for_result: true, or remove dead_letters",
    });
  }
  const journals = host.extensions.journalProvider(settings.storage, "dead_letters.storage");
  return new DeadLetters({ id, host, journals, settings, resend });
}
