import type { ItemOf } from "@dbintel/condition";
import { hashText, type LogRecord, type Span } from "@dbintel/pdata";
import type { AdaptiveSamplerConfig } from "./config.ts";
import { type Candidates, none } from "./sampling/candidates.ts";
import { randomnessOf, readTraceState, writeThreshold } from "./trace-state.ts";

/** The first severity number of ERROR. */
const errorSeverity = 17;
const errorStatus = 2;

/** Values of the 48 bits that thresholds are compared with. */
const thresholdRange = 2 ** 48;

/** What log records and spans tell in different ways. */
export interface Traits<Item> {
  /** Whether the item is no sample at all, but a sum or a change of state. */
  isExact(item: Item): boolean;
  /** `hasErrorType`: whether the item has an `error.type`. */
  isError(item: Item, hasErrorType: boolean): boolean;
  /** A hash of what the item is named, for items without a statement; `none` without a name. */
  nameHash(item: Item): number;
  /** Writes down the weight where it is not what an attribute says. */
  weigh(item: Item, candidates: Candidates, index: number): void;
  /** Sets the randomness and threshold of the item's trace; how many items it stands for by that threshold. */
  readTrace(item: Item, candidates: Candidates, index: number): number;
  /** Writes down the threshold that the item's trace has passed now. */
  writeTrace(item: Item, candidates: Candidates, index: number): void;
}

export const traits: { readonly [C in "log" | "span"]: (config: AdaptiveSamplerConfig) => Traits<ItemOf[C]> } = {
  log: (config) => new LogTraits(config),
  span: () => new SpanTraits(),
};

class LogTraits implements Traits<LogRecord> {
  readonly #exactEvents: ReadonlySet<string>;

  constructor(config: AdaptiveSamplerConfig) {
    this.#exactEvents = new Set(config.exact_events);
  }

  isExact(record: LogRecord): boolean {
    return this.#exactEvents.size > 0 && this.#exactEvents.has(record.eventName);
  }

  isError(record: LogRecord, hasErrorType: boolean): boolean {
    return hasErrorType || record.severityNumber >= errorSeverity;
  }

  nameHash(record: LogRecord): number {
    return nameHash(record.eventName);
  }

  weigh(): void {}

  readTrace(record: LogRecord, candidates: Candidates, index: number): number {
    const { traceId } = record;
    candidates.randomness[index] = traceId === "" ? none : randomnessOf(traceId);
    candidates.thresholds[index] = 0;
    return 1;
  }

  /** A log record has no trace state; its adjusted count says it all. */
  writeTrace(): void {}
}

class SpanTraits implements Traits<Span> {
  isExact(): boolean {
    return false;
  }

  isError(span: Span, hasErrorType: boolean): boolean {
    return hasErrorType || span.statusCode === errorStatus;
  }

  nameHash(span: Span): number {
    return nameHash(span.name);
  }

  weigh(span: Span, { weights }: Candidates, index: number): void {
    weights[index] = Number(span.endTimeUnixNano - span.startTimeUnixNano);
  }

  readTrace(span: Span, candidates: Candidates, index: number): number {
    const { traceState } = span;
    const said = traceState === "" ? undefined : readTraceState(traceState);
    const own = said === undefined || said.randomness === none ? randomnessOf(span.traceId) : said.randomness;
    candidates.randomness[index] = own;
    // Below the threshold that it claims to have passed: the claim means nothing.
    const passed = said === undefined || said.threshold > own ? 0 : Math.max(0, said.threshold);
    candidates.thresholds[index] = passed;
    return thresholdRange / (thresholdRange - passed);
  }

  writeTrace(span: Span, candidates: Candidates, index: number): void {
    const passed = candidates.thresholds[index] as number;
    const { traceState } = span;
    const { threshold } = readTraceState(traceState);
    if (threshold > (candidates.randomness[index] as number)) span.traceState = writeThreshold(traceState, undefined);
    else if (passed !== Math.max(0, threshold)) span.traceState = writeThreshold(traceState, passed);
  }
}

/** `none` for an empty name. */
function nameHash(name: string): number {
  return name === "" ? none : hashText(name, 0);
}
