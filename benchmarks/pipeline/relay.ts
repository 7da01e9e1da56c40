/**
 * The relay benchmark: OTLP/HTTP in, filter, batch, OTLP/HTTP out. Our collector and, where
 * `benchmarks/peers/otelcol/build.sh` has built it, the OpenTelemetry Collector read the same YAML.
 *
 *     npm run bench -- relay [--seconds=15] [--rounds=3] [--rate=10000] [--senders=160]
 *
 * Each turn starts a collector, warms it up, then measures a steady load (`--rate` records a second) and a closed loop
 * (`--senders` senders that wait for each answer). Every accepted record that passes the filter must reach the sink
 * exactly once: the run fails otherwise.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { contenders } from "./contender.ts";
import { type Contestant, race } from "./race.ts";
import { relayConfig } from "./relay-config.ts";
import { reportTurns } from "./relay-report.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "15" },
    rounds: { type: "string", default: "3" },
    rate: { type: "string", default: "10000" },
    "records-per-request": { type: "string", default: "100" },
    senders: { type: "string", default: "160" },
    check: { type: "boolean" },
  },
});
const seconds = Number(values.seconds);
const recordsPerRequest = Number(values["records-per-request"]);

const all = contenders();
const contestants = all.map(
  (contender): Contestant => ({
    name: contender.name,
    command: async (place) => {
      const file = join(place.folder, "relay.yaml");
      await writeFile(file, relayConfig(place));
      return { program: contender.program, args: contender.args(file) };
    },
  }),
);
const turns = await race({
  contestants,
  loads: [
    { name: "steady", command: { recordsPerRequest, seconds, mode: { steady: Number(values.rate) } } },
    { name: "closed loop", command: { recordsPerRequest, seconds, mode: { closed: Number(values.senders) } } },
  ],
  rounds: Number(values.rounds),
  expected: ({ kept }) => kept,
});

console.log(
  `${values.rate} records/s in requests of ${recordsPerRequest} for ${seconds} s, then ${values.senders} senders in a ` +
    `closed loop for ${seconds} s; medians of ${values.rounds} rounds`,
);
reportTurns("relay", turns, all);
