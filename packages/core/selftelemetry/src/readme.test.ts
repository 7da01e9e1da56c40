import { readFile } from "node:fs/promises";
import type { RunningComponent } from "@dbintel/pipeline";
import { createPipeline } from "@dbintel/pipeline";
import { FakeClock, seededRandom } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { startSelfTelemetry, telemetrySchema } from "./index.ts";

/** The names in the README's table of metrics, `…` filled in from the row before, `{a,b}` written out. */
async function documented(): Promise<Set<string>> {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const items = ["log_records", "metric_points", "spans"];
  const names = [...readme.matchAll(/^\| (`(?:otelcol|dbintel)_.+?) \|/gm)].flatMap(([, cell = ""]) => {
    const [first = "", ...others] = [...cell.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name);
    const stem = /^otelcol_[a-z]+/.exec(first)?.[0] ?? "";
    const whole = [first, ...others.map((name) => name.replace("…", stem))];
    return whole.flatMap((name) => (name.endsWith("_…") ? items.map((item) => name.replace("…", item)) : [name]));
  });
  return new Set(names.flatMap(alternatives));
}

function alternatives(name: string): string[] {
  const match = /^(.*)\{(.+)\}(.*)$/.exec(name);
  if (match === null) return [name];
  const [, before = "", list = "", after = ""] = match;
  return list.split(",").map((part) => `${before}${part}${after}`);
}

/** One component of each kind, with an account of each signal and something dropped. */
function components(): readonly RunningComponent[] {
  const [example] = createPipeline({ exporter: { logs: { consume: async () => {} } } }).accounting();
  if (example === undefined) throw new Error("no component");
  const { ledger } = example;
  for (const signal of ["logs", "metrics", "traces"] as const) ledger.dropped(signal, 1, "tested");
  return (["receiver", "processor", "exporter"] as const).map((kind) => ({
    kind,
    id: "x",
    transport: undefined,
    status: { state: "ok" },
    sinceUnixNano: 0n,
    ledger,
    held: () => 0,
  }));
}

/** Components show them themselves. */
const ofComponents = [
  "dbintel_receiver_instances",
  "dbintel_receiver_instance_up",
  "otelcol_exporter_queue_size",
  "otelcol_exporter_queue_capacity",
  "otelcol_exporter_in_flight_requests",
  "otelcol_exporter_queue_batch_send_size",
  "otelcol_exporter_queue_batch_send_size_bytes",
  "dbintel_exporter_concurrency_limit",
  "dbintel_exporter_breaker_state",
];

describe("README.md", () => {
  it("has every metric that is served, and no other", async () => {
    const telemetry = await startSelfTelemetry({
      config: telemetrySchema.parse({ metrics: { readers: [{ pull: { exporter: { prometheus: { port: 0 } } } }] } }),
      build: { name: "dbintel", version: "0" },
      clock: new FakeClock(),
      random: seededRandom(1),
      output: { write: () => {} },
    });
    telemetry.observe(components);
    const text = await (await fetch(`http://${telemetry.endpoints[0]}/metrics`)).text();
    await telemetry.stop();
    const served = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name));
    served.delete("target_info");
    const expected = await documented();
    for (const name of ofComponents) expect(expected.delete(name)).toBe(true);
    expect([...served].toSorted()).toEqual([...expected].toSorted());
  });
});
