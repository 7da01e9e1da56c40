/**
 * The outage benchmark: `configs/durable-relay.yaml` under a steady load while its backend is away.
 *
 *     npm run bench -- outage [--minutes=10] [--rate=10000] [--records-per-request=100] [--capacity=16GiB] [--after=30]
 *
 * Prints the memory of the collector over time, then what was accepted, lost and duplicated, and how long the recovery
 * took while the load went on for `--after` seconds. The run fails when an acknowledged record did not arrive, or when
 * one arrived twice: connections are refused during the outage, so nobody can have taken what is sent again.
 */
import { parseArgs } from "node:util";
import { median, type Row, report } from "../harness/results.ts";
import { type OutageSample, runOutage } from "./outage.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "10" },
    rate: { type: "string", default: "10000" },
    "records-per-request": { type: "string", default: "100" },
    capacity: { type: "string", default: "16GiB" },
    after: { type: "string", default: "30" },
    check: { type: "boolean" },
  },
});
const lines = 10;
const warmUpSeconds = 10;

const result = await runOutage({
  recordsPerSecond: Number(values.rate),
  recordsPerRequest: Number(values["records-per-request"]),
  seconds: { before: warmUpSeconds, outage: Number(values.minutes) * 60, after: Number(values.after) },
  settings: [`exporters.otlp_http.sending_queue.queue_size=${values.capacity}`],
});

/** A part of the run as a line. */
function rowOf(name: string, samples: readonly OutageSample[]): Row {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) return { name, figures: {} };
  const seconds = Math.max(1, last.second - first.second);
  return {
    name,
    figures: {
      "RSS MiB": median(samples.map(({ residentMib }) => residentMib)),
      "peak RSS MiB": Math.max(...samples.map(({ residentMib }) => residentMib)),
      "accepted/s": (last.accepted - first.accepted) / seconds,
      "delivered/s": (last.arrived - first.arrived) / seconds,
      "records waiting": last.accepted - last.arrived,
    },
  };
}

const of = (phase: OutageSample["phase"]) => result.samples.filter((sample) => sample.phase === phase);
const outage = of("outage");
const parts = Array.from({ length: lines }, (_, index) => {
  // Each part begins with the last reading of the one before.
  const from = Math.max(0, Math.floor((index * outage.length) / lines) - 1);
  const part = outage.slice(from, Math.floor(((index + 1) * outage.length) / lines));
  return rowOf(`outage, ${Math.round((part.at(-1)?.second ?? 0) - warmUpSeconds)} s`, part);
});
const { accepted, answers, lost, duplicated, recoverySeconds, drainedSeconds } = result;
console.log(
  `${accepted} records acknowledged, ${lost} lost, ${duplicated} duplicated; requests by answer ` +
    `${JSON.stringify(answers)}; what waited had arrived ${recoverySeconds.toFixed(1)} s after the backend was back, all of the ` +
    `load after ${drainedSeconds.toFixed(1)} s`,
);
report("outage", [rowOf("before", of("before")), ...parts, rowOf("recovery", of("recovery"))]);
if (lost > 0 || duplicated > 0) process.exitCode = 1;
