import type { JsonValue, Message } from "@bufbuild/protobuf";
import { decode, decodeJson, encodeJson, type Signal, signals } from "@dbintel/pdata";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { request } from "./oracle/arbitrary.ts";
import { writeJson } from "./oracle/json-text.ts";
import { canonical, decodeFully, encodeFully, requestDescriptor, toOtlpJson } from "./oracle/oracle.ts";
import { type Dice, scramble } from "./oracle/scramble.ts";

/** JSON has no unknown fields. */
function withoutUnknown(message: Message): Message {
  JSON.stringify(message, (_name, value: unknown) => {
    if (typeof value === "object" && value !== null && "$unknown" in value) delete value.$unknown;
    return typeof value === "bigint" ? "" : value;
  });
  return message;
}

describe.each(signals)("%s", (signal: Signal) => {
  test("protobuf to JSON equals the oracle's JSON", () => {
    fc.assert(
      fc.property(request(signal), fc.infiniteStream(fc.nat()), (message, numbers) => {
        const bytes = scramble(requestDescriptor(signal), encodeFully(signal, message), dice(numbers));
        const expected = toOtlpJson(signal, decodeFully(signal, bytes));
        const text = encodeJson(decode(signal, bytes));
        expect(JSON.parse(text) as JsonValue).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  test("JSON to protobuf equals the oracle's message, however the JSON is written", () => {
    fc.assert(
      fc.property(request(signal), fc.infiniteStream(fc.nat()), (message, numbers) => {
        const text = writeJson(toOtlpJson(signal, message), dice(numbers));
        const expected = Buffer.from(encodeFully(signal, withoutUnknown(message))).toString("hex");
        expect(canonical(signal, decodeJson(signal, text).encode())).toBe(expected);
        expect(canonical(signal, decodeJson(signal, Buffer.from(text)).encode())).toBe(expected);
      }),
      { numRuns: 150 },
    );
  });

  test("JSON survives the way through protobuf and back", () => {
    fc.assert(
      fc.property(request(signal), (message) => {
        const text = encodeJson(decode(signal, encodeFully(signal, message)));
        expect(encodeJson(decodeJson(signal, text))).toBe(text);
      }),
      { numRuns: 100 },
    );
  });
});

function dice(numbers: Iterator<number>): Dice {
  return (n) => (numbers.next().value as number) % n;
}
