import { writeValue } from "./any-value.ts";
import type { Logs } from "./api.ts";
import { decodeLogs } from "./batches.ts";
import { writeEnum, writeFixed32, writeFixed64, writeId, writeString } from "./fields.ts";
import { logRecord } from "./log-record-cursor.ts";
import type { LogRecordInit, LogsBuilder } from "./producer-api.ts";
import { RequestBuilder, writeAttributes } from "./request-builder.ts";

class LogsRequestBuilder extends RequestBuilder implements LogsBuilder {
  record(init: LogRecordInit): this {
    const { writer } = this;
    this.item(() => {
      writeFixed64(writer, logRecord.timeUnixNano, init.timeUnixNano);
      writeEnum(writer, logRecord.severityNumber, init.severityNumber);
      writeString(writer, logRecord.severityText, init.severityText);
      if (init.body !== undefined && init.body !== null) writeValue(writer, logRecord.body, init.body);
      writeAttributes(writer, logRecord.attributes, init.attributes);
      writeFixed32(writer, logRecord.flags, init.flags);
      writeId(writer, logRecord.traceId, init.traceId, 16);
      writeId(writer, logRecord.spanId, init.spanId, 8);
      writeFixed64(writer, logRecord.observedTimeUnixNano, init.observedTimeUnixNano);
      writeString(writer, logRecord.eventName, init.eventName);
    });
    return this;
  }

  build(): Logs {
    return decodeLogs(this.finish());
  }
}

/** An empty builder of log records. */
export function logsBuilder(): LogsBuilder {
  return new LogsRequestBuilder();
}
