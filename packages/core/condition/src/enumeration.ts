const severities = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const spanKinds = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const statusCodes = ["UNSET", "OK", "ERROR"];

function* names(): Generator<readonly [string, bigint]> {
  // opentelemetry/proto/logs/v1/logs.proto, SeverityNumber: four steps for each of the six names, from 1.
  for (const [rank, severity] of severities.entries()) {
    for (let step = 1; step <= 4; step++) {
      yield [`SEVERITY_NUMBER_${severity}${step === 1 ? "" : step}`, BigInt(rank * 4 + step)];
    }
  }
  // opentelemetry/proto/trace/v1/trace.proto, Span.SpanKind and Status.StatusCode.
  for (const [number, kind] of spanKinds.entries()) yield [`SPAN_KIND_${kind}`, BigInt(number)];
  for (const [number, code] of statusCodes.entries()) yield [`STATUS_CODE_${code}`, BigInt(number)];
}

/** The names of OTLP's enumerations with their numbers, as OTTL spells them: `SEVERITY_NUMBER_WARN`, `SPAN_KIND_SERVER` … */
export const enumeration: ReadonlyMap<string, bigint> = new Map(names());
