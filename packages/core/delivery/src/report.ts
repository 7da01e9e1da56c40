import type { ConsumeError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import type { Signal } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { Destination } from "./destination/destination.ts";
import { LogGate } from "./log-gate.ts";
import { type DropReason, dropReasons, isMisconfigured } from "./request/outcome.ts";

/** Repeated lines about the same thing come at most this often, and ever more rarely while it goes on. */
const logIntervalMs = 30_000;
const mostLogIntervalMs = 600_000;

/** HTTP answers that ask to send less. */
const throttlingStatuses: ReadonlySet<number | undefined> = new Set([429, 503]);

interface ReportOptions {
  /** The exporter's. */
  readonly id: string;
  readonly host: Host;
  readonly signal: Signal;
  readonly destination: Destination;
}

/**
 * Tells how the delivery of one signal goes: people by log lines and the component's status, components upstream by
 * the feedback of the collector.
 */
export class Report {
  readonly #exporter: string;
  readonly #host: Host;
  readonly #signal: Signal;
  readonly #destination: Destination;
  readonly #gate: LogGate;
  /** Whether the destination's breaker was open while requests failed. */
  #broke = false;
  #trimmed: ReturnType<Host["meter"]["createCounter"]> | undefined;
  /** Answers so far that asked to send less. */
  throttled = 0;

  constructor({ id, host, signal, destination }: ReportOptions) {
    this.#exporter = id;
    this.#host = host;
    this.#signal = signal;
    this.#destination = destination;
    this.#gate = new LogGate(host.clock, logIntervalMs, mostLogIntervalMs);
  }

  delivered(): void {
    // What is on disk goes out all the same while the disk takes nothing more.
    if (!this.#gate.isTold("unstored")) this.#host.reportStatus({ state: "ok" });
    // Beside requests that fail others succeed: it works again when none has failed for a while.
    const refused = this.#gate.isOver("kept");
    const failing = this.#gate.isOver("retrying");
    // Of a destination whose breaker was open the destination itself says that it is back.
    if (refused || (failing && !this.#broke)) {
      this.#host.logger.info({ "otelcol.signal": this.#signal }, "sending works again");
    }
    if (failing) this.#broke = false;
  }

  retrying(error: ConsumeError, delayMs: number): void {
    this.#failed(error);
    // What the destination has reported then says more than its latest failure.
    if (this.#destination.broken) this.#broke = true;
    else {
      this.#host.reportStatus({ state: "recoverable_error", message: error.message, hint: error.hint });
    }
    const attempts = this.#gate.pass("retrying");
    if (attempts === undefined) return;
    const fields = { "otelcol.signal": this.#signal, attempts, delay_ms: Math.round(delayMs), error };
    this.#host.logger.warn(fields, "sending failed; trying again");
  }

  /** The disk of the queue does not take items, which are given back to the caller. */
  unstored(items: number, error: ConsumeError): void {
    this.#host.reportStatus({ state: "recoverable_error", message: error.message, hint: error.hint });
    const sum = this.#gate.pass("unstored", items);
    if (sum === undefined) return;
    const fields = { "otelcol.signal": this.#signal, items: sum, error };
    this.#host.logger.error(
      fields,
      "the queue on disk takes no data: it is given back, and receivers hold it or refuse it",
    );
  }

  /** The disk has taken something. */
  stored(): void {
    if (!this.#gate.isOver("unstored")) return;
    this.#host.logger.info({ "otelcol.signal": this.#signal }, "the queue on disk takes data again");
    this.#host.reportStatus({ state: "ok" });
  }

  /** The destination answered that a request is too large; its halves are on their way. */
  halved(items: number, error: ConsumeError): void {
    const requests = this.#gate.pass("halved");
    if (requests === undefined) return;
    this.#host.logger.warn(
      { "otelcol.signal": this.#signal, requests, items, error },
      "a request was too large for the destination; sending its halves. Set sending_queue.batch.max_size to its limit",
    );
  }

  /** An item alone was too large; it is tried once more with its texts cut. */
  trimmed(error: ConsumeError): void {
    this.#trimmed ??= this.#host.meter.createCounter("dbintel_exporter_trimmed_items", {
      description: "Items that alone were too large for the destination and were sent again with their texts cut.",
      unit: "{item}",
    });
    this.#trimmed.add(1, { exporter: this.#exporter, data_type: this.#signal });
    const items = this.#gate.pass("trimmed");
    if (items === undefined) return;
    const fields = { "otelcol.signal": this.#signal, items, error };
    this.#host.logger.warn(fields, "one item alone was too large for the destination; sending it with its texts cut");
  }

  dropped(items: number, reason: DropReason, error: ConsumeError): void {
    this.#failed(error);
    this.#misconfigured(error);
    const sum = this.#gate.pass(reason, items);
    if (sum === undefined) return;
    this.#host.logger.error({ "otelcol.signal": this.#signal, reason, items: sum, error }, "data dropped");
  }

  /** A person has to repair something; the data waits meanwhile. */
  kept(error: ConsumeError): void {
    this.#failed(error);
    this.#misconfigured(error);
    const requests = this.#gate.pass("kept");
    if (requests === undefined) return;
    const fields = { "otelcol.signal": this.#signal, requests, error };
    this.#host.logger.error(fields, "the destination refuses the collector, not the data, which waits");
  }

  #misconfigured(error: ConsumeError): void {
    if (!isMisconfigured(error)) return;
    this.#host.reportStatus({ state: "permanent_error", message: error.message, hint: error.hint });
  }

  #failed(error: ConsumeError): void {
    if ("httpStatus" in error && throttlingStatuses.has(error.httpStatus)) this.throttled++;
    this.#host.shared(feedback).exporterFailed({ exporter: this.#exporter, error });
  }

  /** Logs what was counted but held back so far. */
  close(): void {
    for (const [reason, items] of this.#gate.drain()) {
      if (!dropReasons.some((known) => known === reason)) continue;
      this.#host.logger.error({ "otelcol.signal": this.#signal, reason, items }, "data dropped");
    }
  }
}
