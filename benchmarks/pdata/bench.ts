/**
 * The lens over OTLP bytes beside full decoders: 1,500 database events of 20 attributes (1.45 MB) and 6,000 data
 * points. Every job starts from the bytes, validation included. Rounds are interleaved; the figures are medians per
 * second of CPU time. The ratio is to the faster of the two full decoders.
 */
import { readFileSync } from "node:fs";
import { decodeJson, decodeLogs, encodeJson } from "@dbintel/pdata";
import { median, type Row, report } from "../harness/results.ts";
import { bufbuild, type Peer, protobufJs } from "./peers.ts";
import { decodeOnly, filter, metricsWalk, type Outcome, passThrough, setOne, type Task } from "./tasks.ts";
import { logsRequest, metricsRequest, pointCount, recordCount } from "./workload.ts";

const rounds = 15;
const roundMs = 60;

/**
 * Milliseconds of CPU time of one run, the mean of as many as fit into a round. The time is the process' own, all
 * threads, so collecting garbage counts and a busy machine hardly does.
 */
function measure(run: () => unknown): number {
  const start = process.cpuUsage();
  let runs = 0;
  let elapsed = 0;
  do {
    run();
    runs++;
    const { user, system } = process.cpuUsage(start);
    elapsed = (user + system) / 1000;
  } while (elapsed < roundMs);
  return elapsed / runs;
}

/** Medians of interleaved rounds; the first round warms up. */
function interleaved(contenders: readonly (() => unknown)[]): number[] {
  const samples = contenders.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [at, run] of contenders.entries()) {
      const elapsed = measure(run);
      if (round > 0) samples[at]?.push(elapsed);
    }
  }
  return samples.map(median);
}

function row(name: string, bytes: number, items: number, [lens = Number.NaN, ...others]: readonly number[]): Row {
  const rate = (ms: number) => bytes / 1000 / ms;
  const [buf, pbjs] = others;
  return {
    name,
    figures: {
      "lens MB/CPU-s": rate(lens),
      "items/CPU-s": (items / lens) * 1000,
      ...(buf === undefined ? {} : { "bufbuild MB/CPU-s": rate(buf) }),
      ...(pbjs === undefined ? {} : { "protobufjs MB/CPU-s": rate(pbjs) }),
    },
    ...(others.length === 0 ? {} : { ratio: Math.min(...others) / lens }),
  };
}

function runTask(task: Task, bytes: Uint8Array, items: number, peers: readonly Peer[]): Row {
  const ours = task.lens(bytes);
  for (const peer of peers) expectSame(task, peer, ours, task.peer(peer, bytes), peers[0] ?? peer);
  const contenders = [() => task.lens(bytes), ...peers.map((peer) => () => task.peer(peer, bytes))];
  return row(task.name, bytes.length, items, interleaved(contenders));
}

/** The written bytes may order fields differently: they are compared as one of the peers understands them. */
function expectSame(task: Task, peer: Peer, ours: Outcome, theirs: Outcome, judge: Peer): void {
  const meaning = ({ bytes }: Outcome) =>
    bytes === undefined ? "" : Buffer.from(judge.encode(judge.decode(bytes))).toString("base64");
  if (ours.read !== theirs.read || meaning(ours) !== meaning(theirs)) {
    throw new Error(`${peer.name} disagrees on "${task.name}"`);
  }
}

function jsonRows(bytes: Uint8Array): Row[] {
  const peer = bufbuild("logs");
  const text = encodeJson(decodeLogs(bytes));
  const theirText = peer.toJson(bytes);
  return [
    row(
      "logs to OTLP/JSON (bytes of the protobuf form)",
      bytes.length,
      recordCount,
      interleaved([() => encodeJson(decodeLogs(bytes)), () => peer.toJson(bytes)]),
    ),
    row(
      "OTLP/JSON to logs (bytes of the text)",
      Buffer.byteLength(text),
      recordCount,
      interleaved([() => decodeJson("logs", text), () => peer.fromJson(theirText)]),
    ),
  ];
}

const logs = logsRequest();
const metrics = metricsRequest();

const logPeers = [bufbuild("logs"), protobufJs("logs")];
const rows = [
  ...[filter, decodeOnly, passThrough, setOne].map((task) => runTask(task, logs, recordCount, logPeers)),
  runTask(metricsWalk, metrics, pointCount, [bufbuild("metrics"), protobufJs("metrics")]),
  ...jsonRows(logs),
];

report("pdata", rows, {
  "@bufbuild/protobuf": versionOf("@bufbuild/protobuf"),
  protobufjs: versionOf("protobufjs"),
});

function versionOf(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}
