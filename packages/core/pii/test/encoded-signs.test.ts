import { logsBuilder, metricsBuilder, tracesBuilder } from "@dbintel/pdata";
import { expect, it } from "vitest";
import { detectorsAt } from "../src/detectors.ts";
import { Scanner } from "../src/scanner.ts";
import { corpus } from "./corpus.ts";

const scanner = new Scanner(detectorsAt("high"));
const resource = { attributes: {} };
const scope = { name: "s" };
const times = { startTimeUnixNano: 1n, endTimeUnixNano: 2n };
const ids = { traceId: "0102030405060708090a0b0c0d0e0f10", spanId: "0102030405060708" };

/** The same text in every place where other bytes stand beside it. */
const places: Readonly<Record<string, (text: string) => Uint8Array>> = {
  body: (text) => logsBuilder().resource(resource).scope(scope).record({ body: text }).build().encode(),
  "body before attributes": (text) =>
    logsBuilder()
      .resource(resource)
      .scope(scope)
      .record({ body: text, attributes: { a: "b" } })
      .build()
      .encode(),
  "name of an event": (text) =>
    logsBuilder().resource(resource).scope(scope).record({ eventName: text }).build().encode(),
  "attribute of a record": (text) =>
    logsBuilder()
      .resource(resource)
      .scope(scope)
      .record({ attributes: { note: text, other: 7n } })
      .build()
      .encode(),
  "array and map": (text) =>
    logsBuilder()
      .resource(resource)
      .scope(scope)
      .record({ body: new Map([["k", [text, text]]]) })
      .build()
      .encode(),
  "status and name of a span": (text) =>
    tracesBuilder()
      .resource(resource)
      .scope(scope)
      .span({ ...ids, ...times, name: text, statusMessage: text })
      .build()
      .encode(),
  "attribute of an event": (text) =>
    tracesBuilder()
      .resource(resource)
      .scope(scope)
      .span({ ...ids, ...times, name: "n", events: [{ timeUnixNano: 1n, name: "e", attributes: { a: text } }] })
      .build()
      .encode(),
  "description of a metric": (text) =>
    metricsBuilder()
      .resource(resource)
      .scope(scope)
      .gauge({ name: "g", description: text, unit: "1" }, [{ timeUnixNano: 1n, value: 1 }])
      .build()
      .encode(),
};

// The tag and the length of a text stand before it, the next tag behind it: both may be letters and digits.
const texts = corpus("test", { seed: 11, each: 6 }).flatMap(({ text, planted }) => [
  text,
  ...planted.flatMap(({ shown, labels }) =>
    [0, 9, 21, 34].map((length) => `${shown} ${labels[0]} ${"x".repeat(length)}`),
  ),
  ...planted.map(({ shown }) => shown),
  ...planted.map(({ shown, labels }) => `${labels[0]} ${shown}`),
]);

it.each(Object.entries(places))("what is found in a text has a sign in the encoded request: %s", (_, encode) => {
  const unseen = texts.filter((text) => scanner.find(Buffer.from(text)).length > 0 && !scanner.mayHold(encode(text)));
  expect(unseen).toEqual([]);
  expect(scanner.mayHold(encode("nothing to see"))).toBe(false);
});
