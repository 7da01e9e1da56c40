import type { Traces } from "./api.ts";
import { decodeTraces } from "./batches.ts";
import { writeEnum, writeFixed32, writeFixed64, writeId, writeString } from "./fields.ts";
import type { SpanInit, TracesBuilder } from "./producer-api.ts";
import { RequestBuilder, writeAttributes } from "./request-builder.ts";
import { span, spanStatus } from "./span-cursor.ts";
import { spanEvent, spanLink } from "./span-parts.ts";

class TracesRequestBuilder extends RequestBuilder implements TracesBuilder {
  span(init: SpanInit): this {
    this.item(() => {
      this.#identity(init);
      this.#events(init);
      this.#links(init);
      this.#status(init);
    });
    return this;
  }

  build(): Traces {
    return decodeTraces(this.finish());
  }

  #identity(init: SpanInit): void {
    const { writer } = this;
    writeId(writer, span.traceId, init.traceId, 16);
    writeId(writer, span.spanId, init.spanId, 8);
    writeString(writer, span.traceState, init.traceState);
    writeId(writer, span.parentSpanId, init.parentSpanId, 8);
    writeString(writer, span.name, init.name);
    writeEnum(writer, span.kind, init.kind);
    writeFixed64(writer, span.startTimeUnixNano, init.startTimeUnixNano);
    writeFixed64(writer, span.endTimeUnixNano, init.endTimeUnixNano);
    writeAttributes(writer, span.attributes, init.attributes);
    writeFixed32(writer, span.flags, init.flags);
  }

  #events(init: SpanInit): void {
    const { writer } = this;
    for (const event of init.events ?? []) {
      const mark = writer.open(span.events);
      writeFixed64(writer, spanEvent.timeUnixNano, event.timeUnixNano);
      writeString(writer, spanEvent.name, event.name);
      writeAttributes(writer, spanEvent.attributes, event.attributes);
      writer.close(mark);
    }
  }

  #links(init: SpanInit): void {
    const { writer } = this;
    for (const link of init.links ?? []) {
      const mark = writer.open(span.links);
      writeId(writer, spanLink.traceId, link.traceId, 16);
      writeId(writer, spanLink.spanId, link.spanId, 8);
      writeString(writer, spanLink.traceState, link.traceState);
      writeAttributes(writer, spanLink.attributes, link.attributes);
      writer.close(mark);
    }
  }

  #status(init: SpanInit): void {
    if (init.statusCode === undefined && init.statusMessage === undefined) return;
    const mark = this.writer.open(span.status);
    writeString(this.writer, spanStatus.message, init.statusMessage);
    writeEnum(this.writer, spanStatus.code, init.statusCode);
    this.writer.close(mark);
  }
}

/** An empty builder of spans. */
export function tracesBuilder(): TracesBuilder {
  return new TracesRequestBuilder();
}
