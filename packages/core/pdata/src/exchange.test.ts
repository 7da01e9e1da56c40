import { describe, expect, test } from "vitest";
import { canonicalMessage } from "../test/oracle/oracle.ts";
import { signals } from "./api.ts";
import { decodeExportResponse, decodeRpcStatus, encodeExportResponse, encodeRpcStatus } from "./exchange.ts";
import { PdataError } from "./pdata-error.ts";

const names = { logs: "Logs", metrics: "Metrics", traces: "Trace" } as const;
const members = { logs: "rejectedLogRecords", metrics: "rejectedDataPoints", traces: "rejectedSpans" } as const;

describe.each(signals)("the answer to %s", (signal) => {
  const partialSuccess = { rejected: 2n ** 53n + 1n, errorMessage: 'größer als "erlaubt"' };

  test("is empty when everything was taken", () => {
    expect(encodeExportResponse(signal, {}, "protobuf")).toEqual(new Uint8Array(0));
    expect(Buffer.from(encodeExportResponse(signal, {}, "json")).toString()).toBe("{}");
  });

  test("tells what was rejected, in protobuf as the official messages say", () => {
    const bytes = encodeExportResponse(signal, { partialSuccess }, "protobuf");
    const name = `collector.${signal === "traces" ? "trace" : signal}.v1.Export${names[signal]}ServiceResponse`;
    expect(canonicalMessage(name, bytes)).toEqual({
      partialSuccess: { [members[signal]]: String(partialSuccess.rejected), errorMessage: partialSuccess.errorMessage },
    });
    expect(decodeExportResponse(signal, bytes, "protobuf")).toEqual({ partialSuccess });
  });

  test("tells what was rejected, in JSON", () => {
    const bytes = encodeExportResponse(signal, { partialSuccess }, "json");
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual({
      partialSuccess: { [members[signal]]: "9007199254740993", errorMessage: 'größer als "erlaubt"' },
    });
    expect(decodeExportResponse(signal, bytes, "json")).toEqual({ partialSuccess });
  });

  test("with a warning rejects nothing", () => {
    const warning = { partialSuccess: { rejected: 0n, errorMessage: "careful" } };
    expect(decodeExportResponse(signal, encodeExportResponse(signal, warning, "json"), "json")).toEqual(warning);
  });

  test("with an empty partial success means that everything was taken", () => {
    expect(decodeExportResponse(signal, Uint8Array.of(0x0a, 0), "protobuf")).toEqual({});
    expect(decodeExportResponse(signal, Buffer.from('{"partialSuccess":{}}'), "json")).toEqual({});
  });

  test("that is something else is refused", () => {
    expect(() => decodeExportResponse(signal, Buffer.from("<html>"), "json")).toThrow(PdataError);
    expect(() => decodeExportResponse(signal, Buffer.from("<html>"), "protobuf")).toThrow(PdataError);
  });
});

test("a partial success that is given twice is merged", () => {
  const bytes = Uint8Array.of(0x0a, 2, 0x08, 5, 0x0a, 3, 0x12, 1, 0x78);
  expect(decodeExportResponse("logs", bytes, "protobuf")).toEqual({
    partialSuccess: { rejected: 5n, errorMessage: "x" },
  });
});

describe("google.rpc.Status", () => {
  const status = { code: 8, message: "too many requests" };

  test("in protobuf", () => {
    expect(encodeRpcStatus(status, "protobuf")).toEqual(
      Uint8Array.from([0x08, 8, 0x12, 17, ...Buffer.from("too many requests")]),
    );
    expect(decodeRpcStatus(encodeRpcStatus(status, "protobuf"), "protobuf")).toEqual(status);
  });

  test("in JSON", () => {
    const bytes = encodeRpcStatus(status, "json");
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual(status);
    expect(decodeRpcStatus(bytes, "json")).toEqual(status);
  });

  test("with details, which are passed over", () => {
    const text = '{"code":3,"message":"bad","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","x":{}}]}';
    expect(decodeRpcStatus(Buffer.from(text), "json")).toEqual({ code: 3, message: "bad" });
    expect(decodeRpcStatus(Uint8Array.of(0x08, 3, 0x1a, 2, 0xff, 0xff), "protobuf")).toEqual({ code: 3, message: "" });
  });

  test.each([1, 250, 1000, 30_500, 86_400_000])("with a delay of %i ms, as bytes of protobuf", (retryDelayMs) => {
    const throttled = { ...status, retryDelayMs };
    expect(decodeRpcStatus(encodeRpcStatus(throttled, "protobuf"), "protobuf")).toEqual(throttled);
    expect(JSON.parse(Buffer.from(encodeRpcStatus(throttled, "json")).toString())).toEqual(status);
  });

  test("with a delay behind details of another type", () => {
    const other = [0x1a, 6, 0x0a, 1, 0x78, 0x12, 1, 0xff];
    const bytes = Uint8Array.of(...other, ...encodeRpcStatus({ ...status, retryDelayMs: 1500 }, "protobuf"));
    expect(decodeRpcStatus(bytes, "protobuf")).toEqual({ ...status, retryDelayMs: 1500 });
  });

  test("of nothing", () => {
    expect(decodeRpcStatus(encodeRpcStatus({ code: 0, message: "" }, "protobuf"), "protobuf")).toEqual({
      code: 0,
      message: "",
    });
  });

  test("with a negative code", () => {
    for (const encoding of ["protobuf", "json"] as const) {
      const odd = { code: -1, message: "odd" };
      expect(decodeRpcStatus(encodeRpcStatus(odd, encoding), encoding)).toEqual(odd);
    }
  });
});
