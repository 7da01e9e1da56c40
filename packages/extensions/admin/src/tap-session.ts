import type { ServerResponse } from "node:http";
import { type Batch, encodeJson } from "@dbintel/pdata";
import type { TextScrubber } from "@dbintel/pii";
import type { Clock, ComponentView, Control } from "@dbintel/pipeline";
import type { ComponentPattern } from "./component-pattern.ts";

export interface TapRequest {
  readonly components: ComponentPattern;
  /** How many records at most. */
  readonly limit: number;
  readonly durationMs: number;
  readonly recordsPerSecond: number;
}

/**
 * Shows one client records as they are handed to components, a JSON line each. It never slows the pipeline: what comes
 * faster than the rate, or than the client reads, is counted and not shown.
 */
export class TapSession {
  readonly #request: TapRequest;
  readonly #scrubber: TextScrubber;
  readonly #clock: Clock;
  readonly #response: ServerResponse;
  #left: number;
  #skipped = 0;
  #windowMs: number;
  #inWindow = 0;
  readonly #ended = Promise.withResolvers<void>();

  constructor(
    request: TapRequest,
    around: { readonly scrubber: TextScrubber; readonly clock: Clock; readonly response: ServerResponse },
  ) {
    this.#request = request;
    this.#scrubber = around.scrubber;
    this.#clock = around.clock;
    this.#response = around.response;
    this.#left = request.limit;
    this.#windowMs = around.clock.monotonicMs();
  }

  /** Resolves when the limit or the time is reached, the client has gone, or `signal` is aborted. */
  async run(control: Pick<Control, "tap">, signal: AbortSignal): Promise<void> {
    const end = () => this.#ended.resolve();
    const timer = this.#clock.schedule(this.#request.durationMs, end);
    this.#response.once("close", end);
    signal.addEventListener("abort", end, { once: true });
    this.#response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
    this.#response.flushHeaders();
    const stop = control.tap((component, batch) => this.#look(component, batch));
    if (signal.aborted) end();
    await this.#ended.promise;
    stop();
    timer.cancel();
    signal.removeEventListener("abort", end);
    this.#response.end(
      `${JSON.stringify({ end: { shown: this.#request.limit - this.#left, skipped: this.#skipped } })}\n`,
    );
  }

  #look(component: ComponentView, batch: Batch): void {
    if (!this.#request.components.matches(component)) return;
    const { kind, id, pipeline } = component;
    const count = Math.min(this.#allowance(), this.#left, batch.count);
    this.#skipped += batch.count - count;
    if (count === 0) return;
    this.#left -= count;
    this.#inWindow += count;
    const place = { component: `${kind}/${id}`, ...(pipeline === undefined ? {} : { pipeline }), signal: batch.signal };
    const telemetry = this.#scrubbed(JSON.parse(encodeJson(firstOf(batch, count))), "");
    this.#response.write(`${JSON.stringify({ ...place, telemetry })}\n`);
    if (this.#left === 0) this.#ended.resolve();
  }

  #allowance(): number {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#windowMs >= 1000) {
      this.#windowMs = nowMs;
      this.#inWindow = 0;
    }
    return this.#response.writableNeedDrain ? 0 : this.#request.recordsPerSecond - this.#inWindow;
  }

  /** OTLP/JSON with every text verified: that of an attribute under its own name. */
  #scrubbed(value: unknown, key: string): unknown {
    if (typeof value === "string") return this.#scrubber.scrub(value, key);
    if (Array.isArray(value)) return value.map((each) => this.#scrubbed(each, key));
    if (typeof value !== "object" || value === null) return value;
    const own = "key" in value && typeof value.key === "string" ? value.key : key;
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, plain.has(name) ? each : this.#scrubbed(each, own)]),
    );
  }
}

/** Fields of OTLP/JSON that hold identifiers and numbers as texts. */
const plain: ReadonlySet<string> = new Set([
  ...["traceId", "spanId", "parentSpanId", "timeUnixNano", "observedTimeUnixNano", "startTimeUnixNano"],
  ...["endTimeUnixNano", "asInt", "intValue", "count", "bucketCounts", "zeroCount"],
]);

/** The batch is a fork of our own: what is dropped from it is missing nowhere else. */
function firstOf(batch: Batch, count: number): Batch {
  let seen = 0;
  const beyond = () => ++seen > count;
  if (batch.signal === "logs") {
    for (const record of batch.records()) if (beyond()) record.drop("tap");
  } else if (batch.signal === "metrics") {
    for (const point of batch.points()) if (beyond()) point.drop("tap");
  } else {
    for (const span of batch.spans()) if (beyond()) span.drop("tap");
  }
  return batch;
}
