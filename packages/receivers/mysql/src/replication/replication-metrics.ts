import type { MetricDefinition, Row } from "@dbintel/watching";
import { single } from "@dbintel/watching";
import type { ChannelTimes } from "./channel-times.ts";
import { type ReplicaChannel, replicaThreads } from "./replica-channel.ts";

const int = { number: "int", enabled: true } as const;

/** What is told of each channel of a replica. The first two are the OpenTelemetry Collector's. */
export const channelMetrics: readonly MetricDefinition[] = [
  single(
    {
      ...{ ...int, name: "mysql.replica.time_behind_source", unit: "s", type: "sum" },
      description: "How far the replica is behind what it has received, as the server itself sees it",
    },
    "behind",
  ),
  single(
    {
      ...{ ...int, name: "mysql.replica.sql_delay", unit: "s", type: "sum" },
      description: "How far the replica is to stay behind its source",
    },
    "delay",
  ),
  single(
    {
      ...{ name: "mysql.replica.lag", unit: "s", type: "gauge", number: "double", enabled: true },
      description: "Time since the last moment up to which the replica is known to have all of its source",
    },
    "lag",
  ),
  single(
    {
      ...{ name: "mysql.replica.apply.delay", unit: "s", type: "gauge", number: "double", enabled: true },
      description: "Time from the commit on the source to the end of its application, of the last transaction",
    },
    "apply_delay",
  ),
  single(
    {
      ...{ ...int, name: "mysql.replica.pending", unit: "{transaction}", type: "sum" },
      description: "Transactions that were received and are not applied, by their GTIDs",
    },
    "pending",
  ),
  single(
    {
      ...{ ...int, name: "mysql.replica.relay_log.size", unit: "By", type: "sum" },
      description: "Size of what was received and not removed yet",
    },
    "relay_log",
  ),
  {
    ...{ ...int, name: "mysql.replica.thread.running", unit: "1", type: "gauge" },
    description: "Whether a thread of the replica runs: 1 or 0",
    values: replicaThreads.map((thread) => ({ column: `${thread}_running`, attributes: { thread } })),
  },
  {
    ...{ ...int, name: "mysql.replica.thread.error", unit: "1", type: "gauge" },
    description: "Number of the error that a thread of the replica met last; 0 for none",
    values: replicaThreads.map((thread) => ({ column: `${thread}_error`, attributes: { thread } })),
  },
];

/** Absent for the channel without a name. */
export const channelLabels = { "mysql.replication.channel": "channel" } as const;

export function channelRow(args: {
  readonly channel: ReplicaChannel;
  readonly times: ChannelTimes | undefined;
  readonly lagSeconds: number | undefined;
}): Row {
  const { channel, times, lagSeconds } = args;
  const { receiver, applier } = channel.threads;
  return {
    channel: channel.name ?? null,
    behind: channel.secondsBehind ?? null,
    delay: channel.delay ?? null,
    lag: lagSeconds ?? null,
    apply_delay: applyDelay(times) ?? null,
    pending: channel.pending ?? null,
    relay_log: channel.relayLogBytes ?? null,
    receiver_running: receiver.state === "running" ? 1n : 0n,
    applier_running: applier.state === "running" ? 1n : 0n,
    receiver_error: BigInt(receiver.errorNumber),
    applier_error: BigInt(applier.errorNumber),
  };
}

/** Two clocks may disagree: then it is 0. */
function applyDelay(times: ChannelTimes | undefined): number | undefined {
  if (times?.appliedMicros === undefined || times.appliedEndMicros === undefined) return undefined;
  return Math.max(0, Number(times.appliedEndMicros - times.appliedMicros) / 1e6);
}

/** What is told of what a source hands on. */
export const sourceMetrics: readonly MetricDefinition[] = [
  single(
    {
      ...{ ...int, name: "mysql.replication.connected_replicas", unit: "{replica}", type: "sum" },
      description: "Sessions in which replicas read the binary log",
    },
    "replicas",
  ),
];

/** Dump threads; `Binlog Dump GTID` is MySQL's name where the replica asks by GTIDs. */
export const sourceSql = `
  SELECT COUNT(*) AS replicas FROM performance_schema.threads
   WHERE PROCESSLIST_COMMAND IN ('Binlog Dump', 'Binlog Dump GTID')`;

/** The files of the binary log. */
export const binlogMetrics: readonly MetricDefinition[] = [
  single(
    {
      ...{ ...int, name: "mysql.binlog.size", unit: "By", type: "sum" },
      description: "Size of all files of the binary log",
    },
    "bytes",
  ),
  single(
    { ...{ ...int, name: "mysql.binlog.files", unit: "{file}", type: "sum" }, description: "Files of the binary log" },
    "files",
  ),
];
