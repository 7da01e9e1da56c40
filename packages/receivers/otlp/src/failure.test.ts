import { PermanentError, RefusedError, RetryableError } from "@dbintel/errors";
import { describe, expect, it } from "vitest";
import { failureOf } from "./failure.ts";

describe("failureOf", () => {
  it.each([
    ["memory is short", new RefusedError("x", { code: "DBI_MEMORY_LIMIT", delayMs: 1000 }), 429, 8, "1"],
    ["a queue is full", new RefusedError("x", { code: "DBI_QUEUE_FULL", delayMs: 2500 }), 429, 8, "3"],
    ["back-pressure", new RefusedError("x"), 503, 14, "1"],
    ["back-pressure for less than a second", new RefusedError("x", { delayMs: 200 }), 503, 14, "1"],
    ["a stopping component", new RefusedError("x", { code: "DBI_SHUTTING_DOWN" }), 503, 14, "1"],
    ["a destination that throttles", new RetryableError("x", { httpStatus: 429, delayMs: 30_000 }), 429, 8, "30"],
    ["a destination that is away", new RetryableError("x"), 503, 14, undefined],
    ["a gateway error", new RetryableError("x", { httpStatus: 502 }), 503, 14, undefined],
    ["bad data", new PermanentError("x", { code: "DBI_PDATA_DEPTH" }), 400, 3, undefined],
    ["data the destination finds bad", new PermanentError("x", { httpStatus: 400 }), 400, 3, undefined],
    ["a missing key", new PermanentError("x", { httpStatus: 401 }), 401, 16, undefined],
    ["a wrong key", new PermanentError("x", { httpStatus: 403 }), 403, 7, undefined],
    ["a wrong path", new PermanentError("x", { httpStatus: 404 }), 404, 12, undefined],
    ["another status", new PermanentError("x", { httpStatus: 418 }), 500, 13, undefined],
    ["a defect", new PermanentError("x", { code: "DBI_INTERNAL" }), 500, 13, undefined],
  ])("%s", (_what, error, status, rpcCode, retryAfter) => {
    const failure = failureOf(error);
    expect([failure.status, failure.rpcCode, failure.headers["retry-after"]]).toEqual([status, rpcCode, retryAfter]);
  });
});
