/**
 * The durable relay benchmark: `configs/durable-relay.yaml`, where a sender has its 200 when the data is on disk, synced.
 * Beside it the same without its verification processor; and, where `benchmarks/peers/otelcol/build.sh` has built it,
 * the OpenTelemetry Collector with its sending queue in `file_storage`, with `fsync`, which promises the same, and
 * without, which is its default.
 *
 *     npm run bench -- durable-relay [--seconds=15] [--rounds=3] [--loads=10000/20,5000/20,500/1] [--beside=FOLDER]
 *
 * Each turn starts a collector, warms it up and measures the loads: records a second / records a request. `--beside` puts
 * another built checkout of this repository into the same run. Every accepted record must reach the sink exactly once:
 * the run fails otherwise.
 */
import { parseArgs } from "node:util";
import { contenders, ownContender } from "./contender.ts";
import { oursDurable, oursUnverified, peerDurable } from "./durable-relay-config.ts";
import { type Contestant, type Load, race } from "./race.ts";
import { reportTurns } from "./relay-report.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "15" },
    rounds: { type: "string", default: "3" },
    loads: { type: "string", default: "10000/20,5000/20,500/1" },
    beside: { type: "string" },
    check: { type: "boolean" },
  },
});

const all = contenders();
const contestants = all.flatMap((contender): Contestant[] =>
  contender.name === "dbintel"
    ? [oursDurable(contender), oursUnverified(contender)]
    : [peerDurable(contender, { fsync: true }), peerDurable(contender, { fsync: false })],
);
if (values.beside !== undefined) {
  const other = { ...ownContender(values.beside), name: `dbintel of ${values.beside}` };
  contestants.splice(1, 0, oursDurable(other));
}
const [first, ...rest] = values.loads.split(",").map((text): Load => {
  const [rate, recordsPerRequest = 20] = text.split("/").map(Number);
  const command = { recordsPerRequest, seconds: Number(values.seconds), mode: { steady: rate ?? 0 } };
  return { name: `${rate}/s by ${recordsPerRequest}`, command };
});
if (first === undefined) throw new Error("no load is named by --loads");
const turns = await race({
  contestants,
  loads: [first, ...rest],
  rounds: Number(values.rounds),
  expected: ({ accepted }) => accepted,
});

console.log(`records a second by records a request, ${values.seconds} s each; medians of ${values.rounds} rounds`);
reportTurns("durable-relay", turns, all);
