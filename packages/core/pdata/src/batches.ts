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
import { ResourceCursor, ScopeCursor } from "./resource-view.ts";
import { SpanCursor } from "./span-cursor.ts";
import { splitByBytes, splitByCount } from "./split.ts";
import type { TextEditor } from "./text-api.ts";
import { editTexts } from "./text-editing.ts";

/** What the batches of all signals do in the same way. */
abstract class StateBatch<B> {
  protected readonly state: BatchState;

  constructor(state: BatchState) {
    this.state = state;
  }

  protected abstract of(state: BatchState): B;

  get count(): number {
    return this.state.count;
  }

  get byteSize(): number {
    return this.state.byteSize;
  }

  get edited(): boolean {
    return this.state.edits !== undefined;
  }

  get dropped(): ReadonlyMap<string, number> {
    return this.state.dropped;
  }

  resources(): Cursor & Resource {
    return new ResourceCursor(this.state);
  }

  scopes(): Cursor & Scope & { readonly resource: Resource } {
    return new ScopeCursor(this.state);
  }

  encode(): Uint8Array {
    return this.state.encode();
  }

  editTexts(editor: TextEditor): void {
    editTexts(this.state, editor);
  }

  fork(): B {
    return this.of(this.state.fork());
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

  protected of(state: BatchState): Logs {
    return new LogsBatch(state);
  }

  records(): Cursor & LogRecord {
    return new LogRecordCursor(this.state);
  }
}

class MetricsBatch extends StateBatch<Metrics> implements Metrics {
  readonly signal = "metrics";

  protected of(state: BatchState): Metrics {
    return new MetricsBatch(state);
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

  protected of(state: BatchState): Traces {
    return new TracesBatch(state);
  }

  spans(): Cursor & Span {
    return new SpanCursor(this.state);
  }
}

const batches: { readonly [S in Signal]: new (state: BatchState) => BatchOf[S] } = {
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
 * DBI_TOO_LARGE, with the offset of the first problem.
 */
export function decode<S extends Signal>(signal: S, bytes: Uint8Array): BatchOf[S] {
  return new batches[signal](BatchState.decode(signal, bytes));
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
