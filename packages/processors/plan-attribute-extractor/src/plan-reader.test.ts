import { FakeClock } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { planAttributeExtractorConfig } from "./config.ts";
import { PlanReader } from "./plan-reader.ts";

const syntax = { dialect: "postgresql" } as const;
const plan = (relation: string) =>
  Buffer.from(JSON.stringify([{ Plan: { "Node Type": "Seq Scan", "Relation Name": relation } }]));

it("reads a content once", () => {
  const reader = new PlanReader(planAttributeExtractorConfig.parse({}), new FakeClock());
  reader.begin();
  const first = reader.read(plan("t"), syntax);
  const second = reader.read(plan("t"), syntax);
  expect([first.known, second.known]).toEqual([false, true]);
  expect(second.result).toBe(first.result);
});

it("reads no more new plans of a batch when its time is up, and those that it knows all the same", async () => {
  const clock = new FakeClock();
  const reader = new PlanReader(planAttributeExtractorConfig.parse({ timeout: "5ms" }), clock);
  reader.begin();
  const known = reader.read(plan("t"), syntax).result;
  await clock.advance(5);
  expect(reader.read(plan("u"), syntax).result).toEqual({ reason: "time_limit" });
  expect(reader.read(plan("t"), syntax).result).toBe(known);
  reader.begin();
  expect(reader.read(plan("u"), syntax).result).toMatchObject({ output: expect.stringContaining('"u"') });
});
