import { type AnyValue, type Logs, logsBuilder } from "@dbintel/pdata";
import { createTestHost, FakeClock, Sink } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { planAttributeExtractor } from "../component.ts";
import { planAttributeExtractorConfig } from "../config.ts";
import { ExtractorMetrics } from "../metrics.ts";
import { RegressionWatch } from "./regression-watch.ts";

const signal = new AbortController().signal;

/** What auto_explain logs of one execution. */
function logged(ms: number): string {
  const plan = { "Node Type": "Seq Scan", "Relation Name": "t", "Actual Rows": 1, "Actual Loops": 1 };
  return `duration: ${ms} ms  plan:\n${JSON.stringify({ "Query Text": "SELECT * FROM t WHERE a = 5", Plan: plan })}`;
}

type Windows = readonly (readonly Readonly<Record<string, AnyValue>>[])[];

/** The attributes of the events after so many windows with these records. */
async function eventsOf(windows: Windows) {
  const sink = new Sink<"logs">();
  await through(windows, [], createTestHost(), false, sink);
  return sink.batches.flatMap((batch) =>
    Array.from((batch as Logs).records(), ({ eventName, attributes }) => ({
      eventName,
      ...Object.fromEntries(attributes.entries()),
    })).filter(({ eventName }) => eventName !== ""),
  );
}

/** The names of the events after so many windows with these counters and these executions that were logged. */
async function through(
  windows: Windows,
  bodies: readonly number[][],
  host = createTestHost(),
  crash = false,
  sink = new Sink<"logs">(),
) {
  const clock = new FakeClock();
  const { definition, config } = planAttributeExtractor({ regression: { window: "1m" } });
  const processor = definition.create({ id: "test", config, host: { ...host, clock }, signal: "logs", next: sink });
  await processor.start({ signal });
  for (let window = 0; window < Math.max(windows.length, bodies.length); window++) {
    const builder = logsBuilder().resource({ attributes: { "server.address": "db" } });
    for (const attributes of windows[window] ?? []) builder.record({ attributes });
    for (const ms of bodies[window] ?? []) builder.record({ body: logged(ms) });
    await processor.consume(builder.build(), { signal });
    await clock.advance(60_000);
  }
  if (!crash) await processor.stop({ signal });
  return sink.batches
    .flatMap((batch) => Array.from((batch as Logs).records(), ({ eventName }) => eventName))
    .filter(Boolean);
}

const executions = (ms: number) => Array.from({ length: 40 }, (_, index) => ms * (1 + (index % 7) / 20));
const usual = Array.from({ length: 14 }, () => executions(20));
const slow = Array.from({ length: 4 }, () => executions(200));

it("follows single executions of auto_explain", async () => {
  expect(await through([], [...usual, ...slow])).toEqual(["db.plan.regression"]);
});

it("lets them be where a receiver counts the executions", async () => {
  const counters = { "db.query.text": "SELECT * FROM t WHERE a = $1", "postgresql.calls": 5000n };
  const steady = [...usual, ...slow].map(() => [{ ...counters, "postgresql.total_exec_time": 100 }]);
  expect(await through(steady, [...usual, ...slow])).toEqual([]);
});

it("looks at what sessions wait for", async () => {
  const windows = (count: number, ms: number, wait: string) =>
    Array.from({ length: count }, () => [
      {
        "db.query.text": "SELECT * FROM t WHERE a = $1",
        "postgresql.calls": 500n,
        "postgresql.total_exec_time": ms / 2,
      },
      ...Array.from({ length: 20 }, (_, pid) => ({
        "db.query.text": `SELECT * FROM t WHERE a = ${pid}`,
        "postgresql.state": "active",
        "postgresql.wait_event_type": wait === "" ? "" : "Lock",
        "postgresql.wait_event": wait,
      })),
    ]);
  const regressions = await eventsOf([...windows(14, 20, ""), ...windows(3, 200, "transactionid")]);
  expect(regressions).toMatchObject([
    {
      "db.plan.cause": "lock",
      "db.plan.wait_category": "lock_row",
      "db.plan.wait_share_before": 0,
      "db.plan.wait_share": 1,
    },
  ]);
});

it("loses no more than an hour to a crash", async () => {
  const host = createTestHost();
  const anHour = Array.from({ length: 61 }, () => executions(20));
  expect(await through([], anHour, host, true)).toEqual([]);
  expect(await through([], slow, createTestHost({ storage: host.storage }))).toEqual(["db.plan.regression"]);
});

it("counts its events and what it remembers", async () => {
  const counted: Record<string, number> = {};
  const add = (name: string, labels: Readonly<Record<string, string>>, value: number) => {
    const key = [name.replace("dbintel_plan_attribute_extractor_", ""), ...Object.values(labels).slice(1)].join(" ");
    counted[key] = name.endsWith("_events") ? (counted[key] ?? 0) + value : value;
  };
  const instrument = (name: string) => ({
    add: (value: number, labels: Readonly<Record<string, string>>) => add(name, labels, value),
    record: (value: number, labels: Readonly<Record<string, string>>) => add(name, labels, value),
  });
  const meter = Object.assign(createTestHost().meter, { createCounter: instrument, createGauge: instrument });
  await through([], [...usual, ...slow, ...usual], createTestHost({ meter }));
  expect(counted).toMatchObject({ "events regression unknown": 1, "events recovery": 1, followed: 1, remembered: 1 });
});

it.each(["", "null", "{}", '{"version":1}', '{"version":2,"detector":{"queries":[]},"history":{}}'])(
  "takes no snapshot such as %j",
  (text) => {
    const { regression: config } = planAttributeExtractorConfig.parse({});
    const host = createTestHost();
    const metrics = new ExtractorMetrics(host, "test");
    const watch = new RegressionWatch({ config, maxPlans: 1, host, metrics, send: () => {}, windowEnded: () => {} });
    expect(watch.restore(Buffer.from(text))).toBe(false);
    expect(watch.restore(watch.snapshot())).toBe(true);
  },
);
