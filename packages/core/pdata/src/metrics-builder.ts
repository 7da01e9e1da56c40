import type { Metrics } from "./api.ts";
import { decodeMetrics } from "./batches.ts";
import { appendExponentialHistogram } from "./distribution.ts";
import { writeFixed64, writeString } from "./fields.ts";
import { valueError } from "./pdata-error.ts";
import type { DistributionPointInit, MetricInit, MetricsBuilder, NumberPointInit } from "./producer-api.ts";
import { RequestBuilder, writeAttributes } from "./request-builder.ts";

const gauge = 5;
const sum = 7;
const exponentialHistogram = 10;
/** Field numbers of the layouts in metric-view.ts and data-point-cursor.ts. */
const metric = { name: 1, description: 2, unit: 3 } as const;
const data = { dataPoints: 1, temporality: 2, monotonic: 3 } as const;
const point = { startTimeUnixNano: 2, timeUnixNano: 3, asDouble: 4, asInt: 6, attributes: 7 } as const;
const distributionAttributes = 1;
const temporalities = { delta: 1, cumulative: 2 } as const;

class MetricsRequestBuilder extends RequestBuilder implements MetricsBuilder {
  gauge(init: MetricInit, points: readonly NumberPointInit[]): this {
    this.item(() => {
      this.#description(init);
      const mark = this.writer.open(gauge, 128);
      this.#points(points);
      this.writer.close(mark);
    });
    return this;
  }

  sum(init: Parameters<MetricsBuilder["sum"]>[0], points: readonly NumberPointInit[]): this {
    this.item(() => {
      this.#description(init);
      const mark = this.writer.open(sum, 128);
      this.#points(points);
      this.writer.uint32(data.temporality, temporalities[init.temporality]);
      if (init.monotonic) this.writer.bool(data.monotonic, true);
      this.writer.close(mark);
    });
    return this;
  }

  exponentialHistogram(
    init: Parameters<MetricsBuilder["exponentialHistogram"]>[0],
    points: readonly DistributionPointInit[],
  ): this {
    this.item(() => {
      this.#description(init);
      const { writer } = this;
      const mark = writer.open(exponentialHistogram, 128);
      for (const { attributes, value, ...time } of points) {
        const pointMark = writer.open(data.dataPoints);
        writeAttributes(writer, distributionAttributes, attributes);
        this.#time(time);
        appendExponentialHistogram(writer, value);
        writer.close(pointMark);
      }
      writer.uint32(data.temporality, temporalities[init.temporality]);
      writer.close(mark);
    });
    return this;
  }

  build(): Metrics {
    return decodeMetrics(this.finish());
  }

  #description(init: MetricInit): void {
    writeString(this.writer, metric.name, init.name);
    writeString(this.writer, metric.description, init.description);
    writeString(this.writer, metric.unit, init.unit);
  }

  #time(init: Pick<NumberPointInit, "startTimeUnixNano" | "timeUnixNano">): void {
    writeFixed64(this.writer, point.startTimeUnixNano, init.startTimeUnixNano);
    writeFixed64(this.writer, point.timeUnixNano, init.timeUnixNano);
  }

  #points(points: readonly NumberPointInit[]): void {
    const { writer } = this;
    for (const init of points) {
      const mark = writer.open(data.dataPoints);
      writeAttributes(writer, point.attributes, init.attributes);
      this.#time(init);
      if (typeof init.value === "number") {
        writer.double(point.asDouble, init.value);
      } else {
        if (init.value !== BigInt.asIntN(64, init.value)) throw valueError("an integer of more than 64 bits");
        writer.fixed64(point.asInt, init.value);
      }
      writer.close(mark);
    }
  }
}

/** An empty builder of gauges, sums and exponential histograms. */
export function metricsBuilder(): MetricsBuilder {
  return new MetricsRequestBuilder();
}
