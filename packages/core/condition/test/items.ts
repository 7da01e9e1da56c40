import type {
  AttributesInit,
  DataPoint,
  LogRecord,
  LogRecordInit,
  Metric,
  MetricInit,
  NumberPointInit,
  Span,
  SpanInit,
} from "@dbintel/pdata";
import { logsBuilder, metricsBuilder, tracesBuilder } from "@dbintel/pdata";

const resource = { attributes: { "service.name": "shop", replicas: 3n } };
const scope = { name: "dbintel/test", version: "1.2.0", attributes: { "scope.tag": "t" } };

/** A cursor that stands on one log record made of `init`. */
export function logRecord(init: LogRecordInit = {}): LogRecord {
  const cursor = logsBuilder().resource(resource).scope(scope).record(init).build().records();
  cursor.advance();
  return cursor;
}

/** A log record that has nothing but attributes. */
export function withAttributes(attributes: AttributesInit): LogRecord {
  return logRecord({ attributes });
}

/** A cursor that stands on one span. */
export function span(init: Partial<SpanInit> = {}): Span {
  const cursor = tracesBuilder()
    .resource(resource)
    .scope(scope)
    .span({
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      name: "GET /cart",
      startTimeUnixNano: 1_000_000_000n,
      endTimeUnixNano: 1_250_000_000n,
      ...init,
    })
    .build()
    .spans();
  cursor.advance();
  return cursor;
}

function sums(metric: Partial<MetricInit>, point: Partial<NumberPointInit>) {
  return metricsBuilder()
    .resource(resource)
    .scope(scope)
    .sum(
      {
        name: "postgresql.commits",
        description: "Commits",
        unit: "{commit}",
        monotonic: true,
        temporality: "cumulative",
        ...metric,
      },
      [{ startTimeUnixNano: 5n, timeUnixNano: 9n, value: 7n, ...point }],
    )
    .build();
}

/** A cursor that stands on one point of a sum. */
export function dataPoint(point: Partial<NumberPointInit> = {}): DataPoint {
  const cursor = sums({}, point).points();
  cursor.advance();
  return cursor;
}

/** A cursor that stands on one sum. */
export function metric(init: Partial<MetricInit> = {}): Metric {
  const cursor = sums(init, {}).metrics();
  cursor.advance();
  return cursor;
}
