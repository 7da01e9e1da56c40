import { DbintelError, isDbintelError } from "@dbintel/errors";
import type { Signal } from "@dbintel/pdata";
import { type Component, every, type Host, type Timer } from "@dbintel/pipeline";
import { ProblemBoard, type Problems } from "@dbintel/polling";
import { instanceHost } from "./instance-host.ts";
import { InstanceProblems } from "./instance-problems.ts";
import type { InstanceEntry, ListedInstance, Listing } from "./listing/listing.ts";
import { Places } from "./places.ts";

/** The watch of one server. */
export interface InstanceWatch {
  /** Resolves soon: it waits for no answer of the server. */
  start(): Promise<void>;
  /** Resolves when the server was asked for the first time, after a `retry` for all of it, whatever came of it. */
  readonly begun: Promise<void>;
  stop(options: { readonly signal: AbortSignal }): Promise<void>;
  held(signal: Signal): number;
  /** Whether the server answers; `undefined` before it was asked. */
  readonly up: boolean | undefined;
  /** Asks at once for what was left alone, also for what the server has refused; answers whether there was anything. */
  retry(): boolean;
}

export interface InstanceSetOptions<Entry extends InstanceEntry> {
  /** Of the receiver, for its metrics. */
  readonly id: string;
  readonly host: Host;
  /** Settings that were given and do nothing: each is a warning at the start. */
  readonly withoutEffect?: readonly string[];
  readonly listing: Listing<Entry>;
  /** Makes the watch of one server, on a host and with problems of its own. */
  readonly open: (args: {
    readonly entry: Entry;
    readonly host: Host;
    readonly problems: Problems;
  }) => InstanceWatch | Promise<InstanceWatch>;
  /** Servers that are watched; those that are listed behind them are left out, and a problem says so. */
  readonly mostInstances: number;
  /** Servers that are asked at once for the first time, or again when somebody says that they are repaired. */
  readonly concurrentStarts: number;
}

/** One server, from when it is listed until its watch has ended. */
interface Slot {
  readonly signature: string;
  readonly closing: AbortController;
  /** Resolves when its watch has started, or never will. */
  readonly started: PromiseWithResolvers<void>;
  ended: Promise<void>;
}

/** A server that does not answer keeps its place no longer: others may start. */
const longestStartMs = 30_000;

/**
 * What a receiver is that watches databases: all servers of a list, each for itself, with connections, breaker and
 * problems of its own. When the list changes, only the servers whose entries did are started, stopped, or stopped and
 * started again.
 */
export class InstanceSet<Entry extends InstanceEntry> implements Component {
  readonly #options: InstanceSetOptions<Entry>;
  readonly #problems: ProblemBoard;
  readonly #places: Places;
  /** By endpoint; one that is being closed stays until it has ended, or until another takes its place. */
  readonly #slots = new Map<string, Slot>();
  /** By endpoint. */
  readonly #watches = new Map<string, InstanceWatch>();
  /** Ends what still runs at the deadline of the stop. */
  readonly #abort = new AbortController();
  #timer: Timer | undefined;
  #starting: Promise<void> | undefined;
  #stopping = false;
  #reading: Promise<void> | undefined;

  constructor(options: InstanceSetOptions<Entry>) {
    const { id: receiver, host, concurrentStarts } = options;
    this.#options = options;
    this.#problems = new ProblemBoard(host);
    this.#places = new Places(concurrentStarts);
    host.meter
      .createObservableGauge("dbintel_receiver_instances", {
        description: "Servers that a receiver watches",
        unit: "{servers}",
      })
      .addCallback((result) => result.observe(this.#watches.size, { receiver }));
    host.meter
      .createObservableGauge("dbintel_receiver_instance_up", {
        description: "1 while the server answers the receiver, 0 while it gives no session or no answer",
      })
      .addCallback((result) => {
        for (const [instance, { up }] of this.#watches) {
          if (up !== undefined) result.observe(up ? 1 : 0, { receiver, instance });
        }
      });
  }

  /** Resolves when the list was read and the first servers are started; the others follow one by one. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    const { host, listing, concurrentStarts, withoutEffect = [] } = this.#options;
    for (const setting of withoutEffect) {
      host.logger.warn({ setting }, `${setting} is accepted for compatibility and has no effect`);
    }
    await this.#read();
    const { intervalMs } = listing;
    if (intervalMs !== undefined) {
      this.#timer = every(host.clock, intervalMs, () => {
        this.#reading ??= this.#read().finally(() => {
          this.#reading = undefined;
        });
      });
    }
    const first = [...this.#slots.values()].slice(0, concurrentStarts);
    await Promise.all(first.map(({ started }) => started.promise));
  }

  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    this.#stopping = true;
    this.#timer?.cancel();
    const abort = () => this.#abort.abort(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    await this.#starting;
    await this.#reading;
    const slots = [...this.#slots.values()];
    for (const { closing } of slots) closing.abort();
    await Promise.all(slots.map(({ ended }) => ended));
    signal.removeEventListener("abort", abort);
  }

  /** So many at once as at the start: one password may have been wrong for all of them. */
  retry(): void {
    for (const [endpoint, watch] of this.#watches) {
      const closing = this.#slots.get(endpoint)?.closing.signal;
      if (closing === undefined) continue;
      const retried = this.#places.take(closing, async () => {
        if (watch.retry()) await this.#begun(watch, aborted(closing));
      });
      // One that is closed before its turn has nothing to retry.
      retried.catch(() => {});
    }
  }

  /** Items that were polled and not taken by the next component yet. */
  held(signal: Signal): number {
    return [...this.#watches.values()].reduce((sum, watch) => sum + watch.held(signal), 0);
  }

  /** What cannot be read changes nothing. */
  async #read(): Promise<void> {
    const { listing, mostInstances } = this.#options;
    try {
      const listed = await listing.list();
      if (this.#stopping) return;
      this.#apply(listed.slice(0, mostInstances));
      const problems = listed.length > mostInstances ? [tooMany(listed.length, mostInstances)] : [];
      if (listing.intervalMs !== undefined || problems.length > 0) this.#problems.set("instances", problems);
    } catch (error) {
      this.#problems.set("instances", [toProblem(error)]);
    }
  }

  #apply(listed: readonly ListedInstance<Entry>[]): void {
    const wanted = new Map(listed.map((one) => [one.entry.endpoint, one]));
    for (const [endpoint, { signature, closing }] of this.#slots) {
      if (wanted.get(endpoint)?.signature !== signature) closing.abort();
    }
    for (const [endpoint, { entry, signature }] of wanted) {
      const before = this.#slots.get(endpoint);
      if (before !== undefined && !before.closing.signal.aborted) continue;
      const ended = before?.ended ?? Promise.resolve();
      const slot: Slot = { signature, closing: new AbortController(), started: Promise.withResolvers(), ended };
      slot.ended = this.#run(entry, slot, ended);
      this.#slots.set(endpoint, slot);
    }
  }

  /** The life of one server's watch; never rejects. */
  async #run(entry: Entry, slot: Slot, before: Promise<void>): Promise<void> {
    const { endpoint } = entry;
    const closing = slot.closing.signal;
    const problems = new InstanceProblems(this.#problems, endpoint);
    const closed = aborted(closing);
    let watch: InstanceWatch | undefined;
    try {
      await before;
      await this.#places.take(closing, async () => {
        watch = await this.#open(entry, problems);
        await watch.start();
        slot.started.resolve();
        await this.#begun(watch, closed);
      });
    } catch (error) {
      if (!closing.aborted) problems.set("start", [toProblem(error)]);
    }
    slot.started.resolve();
    await closed;
    if (watch !== undefined) await this.#close(endpoint, watch);
    // What is wrong at a shutdown has not been put right by it.
    if (!this.#stopping) problems.clear();
    if (this.#slots.get(endpoint) === slot) this.#slots.delete(endpoint);
  }

  async #open(entry: Entry, problems: Problems): Promise<InstanceWatch> {
    const { endpoint } = entry;
    const { host, open } = this.#options;
    const watch = await open({ entry, host: instanceHost(host, endpoint), problems });
    this.#watches.set(endpoint, watch);
    this.#log(endpoint, "is watched");
    return watch;
  }

  async #begun(watch: InstanceWatch, closed: Promise<void>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = this.#options.host.clock.schedule(longestStartMs, late.resolve);
    await Promise.race([watch.begun, closed, late.promise]);
    timer.cancel();
  }

  async #close(endpoint: string, watch: InstanceWatch): Promise<void> {
    try {
      await watch.stop({ signal: this.#abort.signal });
    } catch (error) {
      this.#options.host.logger.warn({ instance: endpoint, error }, `the watch of ${endpoint} did not end well`);
    }
    this.#watches.delete(endpoint);
    if (!this.#stopping) this.#log(endpoint, "is watched no longer");
  }

  #log(instance: string, what: string): void {
    const { host, listing } = this.#options;
    if (listing.intervalMs !== undefined) host.logger.info({ instance }, `${instance} ${what}`);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

function tooMany(listed: number, most: number): DbintelError {
  return new DbintelError(`${listed} servers are listed and ${most} are watched: the rest is left out`, {
    code: "DBI_CONFIG_INVALID",
    hint: "raise max_instances, or give the rest to another collector",
  });
}

function toProblem(error: unknown): DbintelError {
  if (isDbintelError(error)) return error;
  return new DbintelError(`the watch of a server could not be started: ${String(error)}`, {
    code: "DBI_COMPONENT_START",
    hint: "please report this with the collector's version",
    cause: error,
  });
}
