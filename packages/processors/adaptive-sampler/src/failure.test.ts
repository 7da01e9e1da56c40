import { type LogRecord, logsBuilder } from "@dbintel/pdata";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { AdaptiveSampler } from "./adaptive-sampler.ts";
import { adaptiveSampler } from "./component.ts";
import { rulesOf } from "./rule.ts";
import { none } from "./sampling/candidates.ts";
import type { Traits } from "./traits.ts";

const never = new AbortController().signal;

/** Cannot read the record whose body is "bad". */
const failing: Traits<LogRecord> = {
  isExact: () => false,
  isError: () => false,
  nameHash: () => none,
  weigh(record, { weights }, index) {
    if (record.body === "bad") throw new Error("not to be read");
    weights[index] = 1;
  },
  readTrace(_record, candidates, index) {
    candidates.randomness[index] = none;
    candidates.thresholds[index] = 0;
    return 1;
  },
  writeTrace() {},
};

async function run(on_error: "pass" | "drop") {
  const { definition, config } = adaptiveSampler({ default_sample_rate: 1, on_error });
  const decisions: unknown[] = [];
  const { meter } = createTestHost();
  const recording = Object.assign(Object.create(meter), {
    createCounter: (name: string) => ({
      add: (value: number, attributes: object) => decisions.push([name, value, attributes]),
    }),
  });
  const host = createTestHost({ meter: recording });
  const next = new Sink<"logs">();
  const kind = {
    signal: "logs",
    items: (batch: ReturnType<ReturnType<typeof logsBuilder>["build"]>) => batch.records(),
    rules: rulesOf(config, "log"),
    traits: failing,
  } as const;
  const part = new AdaptiveSampler({ id: definition.type, config, host, kind, next });
  const batch = logsBuilder().record({ body: "a" }).record({ body: "bad" }).record({ body: "b" }).build();
  await part.consume(batch, { signal: never });
  const passed = next.batches.flatMap((logs) =>
    Array.from(logs.records(), ({ body, attributes }) => [body, attributes.getDouble("sampling.adjusted_count")]),
  );
  return { passed, dropped: Object.fromEntries(batch.dropped), decisions };
}

const labels = { processor: "adaptive_sampler", signal: "logs" };
const decisions = "dbintel_adaptive_sampler_decisions";
const represented = ["dbintel_adaptive_sampler_represented", 2, labels];

it("passes a record that cannot be judged, unmarked and counted, and judges the others of its batch", async () => {
  expect(await run("pass")).toEqual({
    passed: [
      ["a", 1],
      ["bad", undefined],
      ["b", 1],
    ],
    dropped: {},
    decisions: [
      [decisions, 2, { ...labels, decision: "kept", reason: "default" }],
      [decisions, 1, { ...labels, decision: "kept", reason: "judgement_failed" }],
      represented,
    ],
  });
});

it("drops it where on_error says so", async () => {
  expect(await run("drop")).toEqual({
    passed: [
      ["a", 1],
      ["b", 1],
    ],
    dropped: { judgement_failed: 1 },
    decisions: [
      [decisions, 2, { ...labels, decision: "kept", reason: "default" }],
      [decisions, 1, { ...labels, decision: "dropped", reason: "judgement_failed" }],
      represented,
    ],
  });
});
