import { encodeExportResponse, signals } from "@dbintel/pdata";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { verdictOf } from "./verdict.ts";

const secret = "s3cr3t-license-key";

const contentType = fc.constantFrom(undefined, "application/x-protobuf", "application/json", "text/plain", "text/html");

/** Bytes of all kinds: noise, text with a secret in it, true answers and damaged ones. */
const body = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.string({ maxLength: 100 }).map((text) => Buffer.from(`${text}${secret}${text}`)),
  fc.json().map((text) => Buffer.from(text)),
  fc
    .record({ rejected: fc.bigInt({ min: -5n, max: 2n ** 62n }), errorMessage: fc.string(), cut: fc.nat(40) })
    .map(({ rejected, errorMessage, cut }) => {
      const bytes = encodeExportResponse("logs", { partialSuccess: { rejected, errorMessage } }, "protobuf");
      return bytes.subarray(0, bytes.length - cut);
    }),
);

describe("verdictOf", () => {
  it("has a verdict on any answer, and no secret in it", () => {
    fc.assert(
      fc.property(
        fc.record({ status: fc.integer({ min: 100, max: 999 }), contentType, body }),
        fc.record({
          retryAfter: fc.option(fc.string(), { nil: undefined }),
          location: fc.option(fc.webUrl().map((url) => `${url}${secret}`)),
        }),
        fc.constantFrom(...signals),
        fc.constantFrom("json" as const, "protobuf" as const),
        ({ status, contentType: type, body: bytes }, headers, signal, encoding) => {
          const verdict = verdictOf({
            answer: {
              status,
              contentType: type,
              retryAfter: headers.retryAfter,
              location: headers.location ?? undefined,
              body: Buffer.from(bytes),
            },
            signal,
            label: "http://localhost/v1/logs",
            encoding,
            nowUnixNano: 1_700_000_000_000_000_000n,
            secrets: [secret],
          });
          const text = verdict.kind === "taken" ? (verdict.warning ?? "") : `${verdict.error} ${verdict.error.hint}`;
          expect(text).not.toContain(secret);
          expect(text.length).toBeLessThan(2000);
          if (status < 200 || status > 299) {
            expect(verdict).toMatchObject({
              kind: "failed",
              error: { kind: [429, 502, 503, 504].includes(status) ? "retryable" : "permanent", httpStatus: status },
            });
          } else if (verdict.kind === "failed") {
            expect(verdict.error).toMatchObject({ kind: "partial" });
          }
        },
      ),
      { numRuns: 5000 },
    );
  });
});
