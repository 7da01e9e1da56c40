import { RefusedError } from "@dbintel/errors";
import type { Batch, Signal } from "@dbintel/pdata";
import {
  type Component,
  type ConsumeContext,
  type Consumer,
  type Host,
  type MemoryPressure,
  memoryPressure,
  type SharedKey,
  type Timer,
} from "@dbintel/pipeline";
import { CollectionGate } from "./collection-gate.ts";
import type { MemoryLimiterConfig } from "./config.ts";
import { type MemoryLimits, memoryLimits } from "./limits.ts";
import type { Memory, MemoryReading } from "./memory.ts";

/** The items of a signal in the names of the OpenTelemetry Collector's metrics. */
const itemNames = { logs: "log_records", metrics: "metric_points", traces: "spans" } as const;

const refusalHint =
  "Send less, lower the sizes of queues and batches, or give the process more memory and raise memory_limiter's limit.";

/** Of the container's memory: nearer to its limit data is refused, whatever the resident set is made of. */
const containerShare = 0.95;

/**
 * Resident bytes that are neither heap nor external: code, stacks, libraries. The least that was ever seen, by whichever
 * limiter of the collector: later the allocator keeps freed memory too.
 */
interface Base {
  bytes: number;
}

const base: SharedKey<Base> = { name: "memory_limiter base", create: () => ({ bytes: Number.POSITIVE_INFINITY }) };

type Pressure = "none" | "soft" | "hard";

interface State {
  readonly pressure: Pressure;
  readonly usedBytes: number;
}

/**
 * Refuses data while the process is short of memory, and passes it on untouched otherwise. Holds and drops nothing:
 * refused data stays with its sender, which is told when to try again.
 */
export class MemoryLimiter implements Component, Consumer {
  readonly #host: Host;
  readonly #memory: Memory;
  readonly #next: Consumer;
  readonly #limits: MemoryLimits;
  readonly #checkIntervalMs: number;
  readonly #gates: Readonly<Record<Exclude<Pressure, "none">, CollectionGate>>;
  readonly #countAccepted: (items: number) => void;
  readonly #countRefused: (items: number) => void;
  readonly #base: Base;
  readonly #pressure: MemoryPressure;
  #refusing = false;
  #timer: Timer | undefined;

  constructor(args: {
    readonly id: string;
    readonly config: MemoryLimiterConfig;
    readonly host: Host;
    readonly signal: Signal;
    readonly next: Consumer;
    readonly memory: Memory;
  }) {
    const { config, host, memory } = args;
    this.#host = host;
    this.#memory = memory;
    this.#next = args.next;
    this.#checkIntervalMs = config.check_interval;
    this.#limits = memoryLimits(config, memory.totalBytes);
    this.#base = host.shared(base);
    this.#pressure = host.shared(memoryPressure);
    this.#gates = {
      soft: new CollectionGate({
        minMs: config.min_gc_interval_when_soft_limited,
        maxMs: config.max_gc_interval_when_soft_limited,
        stepMs: config.check_interval,
      }),
      hard: new CollectionGate({
        minMs: config.min_gc_interval_when_hard_limited,
        maxMs: config.max_gc_interval_when_hard_limited,
        stepMs: config.check_interval,
      }),
    };
    const counter = (outcome: "accepted" | "refused") => {
      const name = `otelcol_processor_memory_limiter_${outcome}_${itemNames[args.signal]}`;
      const instrument = host.meter.createCounter(name, { description: `Items that the memory limiter ${outcome}.` });
      return (items: number) => instrument.add(items, { processor: args.id });
    };
    this.#countAccepted = counter("accepted");
    this.#countRefused = counter("refused");
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#timer !== undefined) return;
    this.#host.logger.info(
      { limit_mib: toMib(this.#limits.hardBytes), soft_limit_mib: toMib(this.#limits.softBytes) },
      "memory limiter is set",
    );
    this.#check();
  }

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#pressure.report(this, false);
  }

  consume(batch: Batch, context: ConsumeContext): Promise<void> {
    if (!this.#refusing) {
      this.#countAccepted(batch.count);
      return this.#next.consume(batch, context);
    }
    this.#countRefused(batch.count);
    return Promise.reject(
      new RefusedError("data is refused while the process is short of memory", {
        code: "DBI_MEMORY_LIMIT",
        delayMs: this.#checkIntervalMs,
        hint: refusalHint,
      }),
    );
  }

  #check(): void {
    let state = this.#measure();
    if (state.pressure !== "none") state = this.#collectGarbage(state, state.pressure);
    const refusing = state.pressure !== "none";
    if (refusing !== this.#refusing) this.#turn(refusing, state.usedBytes);
    this.#timer = this.#host.clock.schedule(this.#checkIntervalMs, () => this.#check());
  }

  #measure(): State {
    const reading = this.#memory.read();
    const { hardBytes, softBytes } = this.#limits;
    this.#base.bytes = Math.min(this.#base.bytes, Math.max(0, reading.rss - reading.heapTotal - reading.external));
    const usedBytes = bytesInUse(reading, this.#base.bytes);
    const heapShare = reading.heapUsed / reading.heapLimit;
    if (usedBytes >= hardBytes) return { pressure: "hard", usedBytes };
    // The kernel does not ask what of the resident set is in use before it ends the container.
    const { containerBytes = Number.POSITIVE_INFINITY } = this.#memory;
    if (reading.rss >= containerBytes * containerShare) return { pressure: "hard", usedBytes: reading.rss };
    // V8 ends the process at its own limit, which may be lower than ours: keep the same share free of it.
    if (usedBytes >= softBytes || heapShare >= softBytes / hardBytes) return { pressure: "soft", usedBytes };
    return { pressure: "none", usedBytes };
  }

  #collectGarbage(before: State, pressure: Exclude<Pressure, "none">): State {
    const gate = this.#gates[pressure];
    const nowMs = this.#host.clock.monotonicMs();
    if (!gate.open(nowMs)) return before;
    this.#memory.collect();
    const after = this.#measure();
    gate.collected(nowMs, before.usedBytes, after.usedBytes);
    return after;
  }

  #turn(refusing: boolean, usedBytes: number): void {
    this.#refusing = refusing;
    this.#pressure.report(this, refusing);
    const fields = { used_mib: toMib(usedBytes), soft_limit_mib: toMib(this.#limits.softBytes) };
    if (!refusing) {
      this.#host.logger.info(fields, "memory in use is below the soft limit again: data is taken");
      this.#host.reportStatus({ state: "ok" });
      return;
    }
    this.#host.logger.warn(fields, "memory in use is above the soft limit: data is refused");
    this.#host.reportStatus({
      state: "recoverable_error",
      message: `data is refused: ${fields.used_mib} MiB are in use, the soft limit is ${fields.soft_limit_mib} MiB`,
      hint: refusalHint,
    });
  }
}

/**
 * Resident memory without what the allocator keeps for reuse. `rss` alone is a high-water mark (freed blocks between
 * used ones stay resident), and a limiter that trusts it never lets go again; the sum alone counts pages that were
 * allocated and never touched. The smaller of the two is neither.
 */
function bytesInUse(reading: MemoryReading, baseBytes: number): number {
  return Math.min(reading.rss, baseBytes + reading.heapTotal + reading.external);
}

function toMib(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
