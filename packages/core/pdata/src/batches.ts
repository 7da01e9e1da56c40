import type {
  BatchOf,
  Cursor,
  DataPoint,
  LogRecord,
  Logs,
  Metric,
  Metrics,
  Resource,
  Scope,
  Signal,
  Span,
  Traces,
} from "./api.ts";
import { BatchState } from "./batch-state.ts";
import { DataPointCursor } from "./data-point-cursor.ts";
import { LogRecordCursor } from "./log-record-cursor.ts";
import { MetricCursor } from "./metric-view.ts";
import { checkInput, notProtobuf } from "./other-input.ts";
import { ResourceCursor, ScopeCursor } from "./resource-view.ts";
import { SealedRequest } from "./sealed-request.ts";
import { SpanCursor } from "./span-cursor.ts";
import { splitByBytes, splitByCount } from "./split.ts";
import type { TextEditor } from "./text-api.ts";
import { editTexts } from "./text-editing.ts";

/** What the batches of all signals do in the same way. */
abstract class StateBatch<B> {
  #content: BatchState | SealedRequest;

  constructor(content: BatchState | SealedRequest) {
    this.#content = content;
  }

  protected abstract of(content: BatchState | SealedRequest): B;

  protected get state(): BatchState {
    if (this.#content instanceof SealedRequest) this.#content = this.#content.open();
    return this.#content;
  }

  get count(): number {
    return this.#content.count;
  }

  get byteSize(): number {
    return this.#content.byteSize;
  }

  get edited(): boolean {
    return this.#content.edits !== undefined;
  }

  get dropped(): ReadonlyMap<string, number> {
    return this.#content.dropped;
  }

  resources(): Cursor & Resource {
    return new ResourceCursor(this.state);
  }

  scopes(): Cursor & Scope & { readonly resource: Resource } {
    return new ScopeCursor(this.state);
  }

  encode(): Uint8Array {
    return this.#content.encode();
  }

  editTexts(editor: TextEditor): void {
    editTexts(this.state, editor);
  }

  fork(): B {
    return this.of(this.#content.fork());
  }

  splitByCount(maxCount: number): B[] {
    return splitByCount(this.state, maxCount).map((state) => this.of(state));
  }

  splitByBytes(maxBytes: number): B[] {
    return splitByBytes(this.state, maxBytes).map((state) => this.of(state));
  }
}

class LogsBatch extends StateBatch<Logs> implements Logs {
  readonly signal = "logs";

  protected of(content: BatchState | SealedRequest): Logs {
    return new LogsBatch(content);
  }

  records(): Cursor & LogRecord {
    return new LogRecordCursor(this.state);
  }
}

class MetricsBatch extends StateBatch<Metrics> implements Metrics {
  readonly signal = "metrics";

  protected of(content: BatchState | SealedRequest): Metrics {
    return new MetricsBatch(content);
  }

  points(): Cursor & DataPoint {
    return new DataPointCursor(this.state);
  }

  metrics(): Cursor & Metric {
    return new MetricCursor(this.state);
  }
}

class TracesBatch extends StateBatch<Traces> implements Traces {
  readonly signal = "traces";

  protected of(content: BatchState | SealedRequest): Traces {
    return new TracesBatch(content);
  }

  spans(): Cursor & Span {
    return new SpanCursor(this.state);
  }
}

const batches: { readonly [S in Signal]: new (content: BatchState | SealedRequest) => BatchOf[S] } = {
  logs: LogsBatch,
  metrics: MetricsBatch,
  traces: TracesBatch,
};

/**
 * The batch of an export request of any signal.
 *
 * The whole message is validated here, once: a batch that exists is well formed. The bytes stay with the batch and
 * must not be changed afterwards.
 *
 * @throws {PdataError} DBI_PDATA_TRUNCATED, DBI_PDATA_OVERLONG, DBI_PDATA_WIRE_TYPE, DBI_PDATA_DEPTH or
 * DBI_TOO_LARGE, with the offset of the first problem; DBI_PDATA_VALUE for what is no bytes, or compressed. Its hint
 * says what reads JSON and compressed bytes.
 */
export function decode<S extends Signal>(signal: S, bytes: Uint8Array): BatchOf[S] {
  checkInput(bytes, signal);
  try {
    return new batches[signal](BatchState.decode(signal, bytes));
  } catch (reason) {
    throw notProtobuf(reason, bytes, signal);
  }
}

/**
 * The batch of what a batch has encoded, or of several such encodings one behind the other, and of how many items they
 * have in all. It is not validated again, and read only when somebody asks for more than its bytes and its count.
 */
export function decodeEncoded<S extends Signal>(signal: S, bytes: Uint8Array, count: number): BatchOf[S] {
  return new batches[signal](new SealedRequest(signal, bytes, count));
}

/** {@link decode} for an `ExportLogsServiceRequest`. */
export function decodeLogs(bytes: Uint8Array): Logs {
  return decode("logs", bytes);
}

/** {@link decode} for an `ExportMetricsServiceRequest`. */
export function decodeMetrics(bytes: Uint8Array): Metrics {
  return decode("metrics", bytes);
}

/** {@link decode} for an `ExportTraceServiceRequest`. */
export function decodeTraces(bytes: Uint8Array): Traces {
  return decode("traces", bytes);
}
