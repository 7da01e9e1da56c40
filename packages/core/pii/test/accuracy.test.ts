import { readFileSync } from "node:fs";
import { decodeLogs, logsBuilder } from "@dbintel/pdata";
import { describe, expect, it } from "vitest";
import { detectorsAt, entities } from "../src/detectors.ts";
import { PayloadCheck } from "../src/payload-check.ts";
import { Scanner } from "../src/scanner.ts";
import { accuracyOn, accuracyTable, judged } from "./accuracy.ts";
import { corpus } from "./corpus.ts";

describe("texts that the detectors were not developed with", () => {
  const rows = accuracyOn(judged);

  it("have every entity", () => {
    expect(rows.filter(({ planted }) => planted > 0).map(({ entity }) => entity)).toEqual(entities);
  });

  it.each(rows)(
    "$entity: recall at least 0.99, precision at least 0.98",
    ({ planted, covered, reported, right, examples }) => {
      expect(covered / planted, examples.join("\n")).toBeGreaterThanOrEqual(0.99);
      expect(right / reported, examples.join("\n")).toBeGreaterThanOrEqual(0.98);
    },
  );

  it("give the table of the README, which `node --conditions=@dbintel/source test/accuracy-table.ts` writes", () => {
    const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
    expect(readme).toContain(accuracyTable(rows));
  });
});

it("the last look at a payload finds nothing that the scanner has not found", () => {
  const scanner = new Scanner(detectorsAt("high"));
  const check = new PayloadCheck({ entities: new Set(entities) });
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "corpus" });
  for (const { text } of corpus("test", { seed: 3, each: 40 })) {
    const bytes = Buffer.from(text);
    let clean = "";
    let written = 0;
    for (const { entity, start, end } of scanner.find(bytes)) {
      clean += `${bytes.toString("utf8", written, start)}[REDACTED:${entity}]`;
      written = end;
    }
    builder.record({ body: clean + bytes.toString("utf8", written) });
  }
  const payload = builder.build().encode();
  const left = check.check("logs", payload).map(({ entity, first }) => {
    const record = decodeLogs(payload).records();
    for (let at = 0; at <= first; at++) record.advance();
    return `${entity}: ${String(record.body)}`;
  });
  expect(left).toEqual([]);
});
