import { describe, expect, test } from "vitest";
import { logsBuilder } from "./logs-builder.ts";
import { metricsBuilder } from "./metrics-builder.ts";
import { salvage } from "./salvage.ts";

// Requests with one item each, whose field 1 is a varint, which it must not be. Requests are joined by concatenation.
const badRecord = Uint8Array.of(0x0a, 6, 0x12, 4, 0x12, 2, 0x08, 1);
const badMetric = Uint8Array.of(0x0a, 6, 0x12, 4, 0x12, 2, 0x08, 1);
const record = logsBuilder().record({ body: "a" }).build().encode();
const points = [1n, 2n].map((value) => ({ timeUnixNano: 1n, value }));
const metric = metricsBuilder().gauge({ name: "m" }, points).build().encode();

describe("what is salvaged", () => {
  test("a sound request, as it is", () => {
    const { batch, rejected, first } = salvage("logs", "protobuf", record);
    expect([batch.count, rejected, first]).toEqual([1, 0, undefined]);
  });

  test("a metric that is malformed itself counts as one, in either encoding", () => {
    const bytes = Buffer.concat([metric, badMetric]);
    const inProtobuf = salvage("metrics", "protobuf", bytes);
    expect([inProtobuf.batch.count, inProtobuf.rejected, inProtobuf.first?.position]).toEqual([2, 1, 2]);
    const gauge = '"gauge":{"dataPoints":[{"asInt":1},{"asInt":"x"},{"asInt":2}]}';
    const text = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m",${gauge}},{${gauge},"name":7}]}]}]}`;
    const inJson = salvage("metrics", "json", Buffer.from(text));
    expect([inJson.batch.count, inJson.rejected, inJson.first?.position]).toEqual([2, 2, 1]);
  });

  test("the first fault is told by its item and its byte", () => {
    const { first } = salvage("logs", "protobuf", Buffer.concat([record, badRecord, record, badRecord]));
    expect([first?.position, first?.reason.code, first?.reason.offset]).toEqual([
      2,
      "DBI_PDATA_WIRE_TYPE",
      record.length + 6,
    ]);
  });
});

describe("what is not", () => {
  test("a request of which no item is sound", () => {
    expect(() => salvage("logs", "protobuf", badRecord)).toThrow("field timeUnixNano of LogRecord with wire type 0");
  });

  test.each(["protobuf", "json"] as const)("more than 1000 malformed items, in %s", (encoding) => {
    const most = 1000;
    const request = (bad: number) =>
      encoding === "protobuf"
        ? Buffer.concat([record, ...Array<Uint8Array>(bad).fill(badRecord)])
        : Buffer.from(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{}${',{"flags":"x"}'.repeat(bad)}]}]}]}`);
    expect(salvage("logs", encoding, request(most)).rejected).toBe(most);
    expect(() => salvage("logs", encoding, request(most + 1))).toThrow(/wire type 0|no fixed32/);
  });
});
