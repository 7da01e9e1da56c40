// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of what is tested
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check, valid } from "../test/sample.ts";
import { formatDiagnostics, hasErrors } from "./diagnostic.ts";

/** Every text gives a configuration or errors; every error has a place and prints. */
function survives(yaml: string, set: readonly string[] = []): void {
  const env = { X: "1", SECRET: "hunter2", MAP: "{a: ${env:X}}", SELF: "[${env:SELF}]" };
  const { config, diagnostics } = check(yaml, { env, set, files: { "a.yaml": "a: [${file:a.yaml}]" } });
  expect(config === undefined).toBe(hasErrors(diagnostics));
  for (const { position, message } of diagnostics) {
    expect(position.line).toBeGreaterThanOrEqual(0);
    expect(message).not.toBe("");
  }
  expect(formatDiagnostics(diagnostics)).not.toContain("hunter2");
}

const pieces = fc.constantFrom(
  ..."a b : - , [ ] { } & * ! | > % @ ` ' \" # ? ~ << --- ... ${env:X} ${env:SECRET} ${env:MAP} ${env:SELF} ${file:a.yaml} ${ $$ 1 0x1 null true receivers service pipelines logs otlp postgresql debug exporters".split(
    " ",
  ),
  " ",
  "\n",
  "\n  ",
  "\n    ",
  ": ",
  "\t",
  "\r\n",
  "\u0000",
  "\uFEFF",
  "é",
);
const soup = fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join(""));

describe("any text", () => {
  it("of any characters gives a configuration or errors", () => {
    fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => survives(text)));
  });

  it("of pieces of YAML gives a configuration or errors", () => {
    fc.assert(
      fc.property(soup, (text) => survives(text)),
      { numRuns: 2000 },
    );
  });

  it("in the place of any part of a configuration gives a configuration or errors", () => {
    fc.assert(
      fc.property(fc.nat(valid.length), fc.nat(20), soup, (start, length, text) =>
        survives(valid.slice(0, start) + text + valid.slice(start + length)),
      ),
      { numRuns: 2000 },
    );
  });

  it("as any value gives a configuration or errors", () => {
    const places = ["endpoint", "databases", "events", "shape", "interval", "attributes", "password"];
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.json({ maxDepth: 4 }), soup, (key, json, text) => {
        survives(valid, [`receivers.postgresql.${key}=${json}`]);
        survives(valid, [`receivers.postgresql.${key}=${text}`, text]);
      }),
      { numRuns: 500 },
    );
  });
});
