import { type DbintelError, isDbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { logsBuilder, type MetricsBuilder, metricsBuilder } from "@dbintel/pdata";
import { KeptReading, type PollResult } from "@dbintel/polling";
import { addMetric, integer, type MetricDefinition, type Row, type StatementGuard } from "@dbintel/watching";
import type { Capabilities, KnownServer } from "../connection/capabilities.ts";
import { databaseProblem } from "../connection/problems.ts";
import { serverClock } from "../connection/server-clock.ts";
import { instanceResource, receiverScope } from "../resource.ts";
import type { WatchedServer } from "../watched-server.ts";
import { auroraLabels, auroraMetrics, auroraReplicasSql, ownLag } from "./aurora-replicas.ts";
import { type ChannelTimes, channelTimes, contactTimesSql, workerTimesSql } from "./channel-times.ts";
import {
  type GroupMember,
  groupMember,
  groupMembersSql,
  memberLabels,
  memberMetrics,
  memberRows,
  memberStatistics,
  memberStatisticsSql,
} from "./group-replication.ts";
import { type LastLook, lastLook } from "./last-look.ts";
import {
  binaryLogsSql,
  mostChannels,
  type ReplicaChannel,
  replicaChannel,
  replicaStatusSql,
} from "./replica-channel.ts";
import { addStateChanges } from "./replication-events.ts";
import {
  binlogMetrics,
  channelLabels,
  channelMetrics,
  channelRow,
  sourceMetrics,
  sourceSql,
} from "./replication-metrics.ts";
import type { ReplicationCollection } from "./settings.ts";
import { staleness } from "./staleness.ts";

export interface ReplicationPollOptions extends Pick<WatchedServer, "host" | "instance" | "context"> {
  readonly server: KnownServer;
  readonly settings: ReplicationCollection;
  readonly enabled: (definition: MetricDefinition) => boolean;
  /** Whether changes of states are told as events. Default true. */
  readonly events?: boolean;
  /** What was seen longer ago is not compared with after a restart. Default 1 h. */
  readonly checkpointMaxAgeMs?: number;
}

const standardCheckpointAgeMs = 3_600_000;

interface PollArgs {
  readonly signal: AbortSignal;
  readonly guard: StatementGuard;
}

/** Asks a class of statements; nothing where it is held back or fails, which is then a problem. */
type Ask = (collectorClass: string, sql: string, cold?: boolean) => Promise<readonly Row[] | undefined>;

/** Tells how far a replica is behind and whether its threads run, what a source hands on, and who is in the group. */
export class ReplicationPoll {
  /** The last look, kept over a restart. */
  readonly lastLook: KeptReading<LastLook>;
  readonly #options: ReplicationPollOptions;
  #binlog: readonly Row[] = [];
  #binlogDueMs = Number.NEGATIVE_INFINITY;

  constructor(options: ReplicationPollOptions) {
    this.#options = options;
    const { host, checkpointMaxAgeMs: maxAgeMs = standardCheckpointAgeMs } = options;
    this.lastLook = new KeptReading({ host, form: "mysql replication 1", schema: lastLook, maxAgeMs });
  }

  async poll({ signal, guard }: PollArgs): Promise<PollResult> {
    const { host, server, instance, context, events = true } = this.#options;
    try {
      const capabilities = await server.capabilities(signal);
      const { product } = capabilities;
      const problems: DbintelError[] = [];
      const ask: Ask = async (collectorClass, sql, cold = false) => {
        try {
          return await guard.ask({ collectorClass, cold, work: () => server.connection.query(sql, [], signal) });
        } catch (error) {
          signal.throwIfAborted();
          if (!isDbintelError(error)) throw error;
          problems.push(error);
          return undefined;
        }
      };
      const found = await ask("replica_status", replicaStatusSql(capabilities));
      const channels = (found ?? []).slice(0, mostChannels).map(replicaChannel);
      const times = await this.#times(channels, capabilities, ask);
      const members = await this.#members(capabilities, ask);
      const clockMicros = await serverClock(server.connection, signal);
      const timeUnixNano = clockMicros * 1000n;
      const origin = { identity: capabilities.identity, clockMicros };
      const known = await this.lastLook.before(async () => origin);

      const resource = instanceResource(instance, capabilities);
      const scope = receiverScope(host.build, capabilities);
      const metrics = metricsBuilder().resource(resource).scope(scope);
      const add = this.#adder(metrics, timeUnixNano);
      const channelsTimes = channels.map((channel) => ({ channel, times: times.get(channel.name ?? "") }));
      const stale = staleness({
        ...{ channels: channelsTimes, nowMicros: clockMicros },
        before: known?.caughtUp ?? new Map(),
      });
      const rows = channelsTimes.map((each, at) => channelRow({ ...each, lagSeconds: stale.seconds[at] }));
      add(channelMetrics, rows, channelLabels);
      if (capabilities.platform === "aurora") {
        const replicas = (await ask("aurora_replicas", auroraReplicasSql())) ?? [];
        add(auroraMetrics, replicas, auroraLabels);
        if (channels.length === 0) add(channelMetrics, ownLag(replicas));
      }
      add(memberMetrics, memberRows(members), memberLabels);
      if (members.length > 0) add(memberStatistics, (await ask("group_replication", memberStatisticsSql)) ?? []);
      if (capabilities.performanceSchema) add(sourceMetrics, (await ask("replicas", sourceSql)) ?? []);
      add(binlogMetrics, await this.#binlogRows(signal, ask));

      const logs = logsBuilder().resource(resource).scope(scope);
      const observedUnixNano = host.clock.unixNano();
      const args = { product, channels, members, known: known?.states, timeUnixNano, observedUnixNano };
      const states = addStateChanges(logs, args);
      const commit = () => {
        // Of what could not be asked the last look stays.
        const isWhole = found !== undefined;
        this.lastLook.keep(origin, {
          states: isWhole ? states : new Map([...(known?.states ?? []), ...states]),
          caughtUp: isWhole ? stale.caughtUp : (known?.caughtUp ?? new Map()),
        });
      };
      return { batches: [metrics.build(), ...(events ? [logs.build()] : [])], problems, commit };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  async #times(
    channels: readonly ReplicaChannel[],
    { product, version, performanceSchema }: Capabilities,
    ask: Ask,
  ): Promise<ReadonlyMap<string, ChannelTimes>> {
    const hasTimes = product === "mysql" && performanceSchema && Number.parseInt(version, 10) >= 8;
    if (channels.length === 0 || !hasTimes) return new Map();
    const workers = (await ask("replication_times", workerTimesSql)) ?? [];
    return channelTimes(workers, (await ask("replication_times", contactTimesSql)) ?? []);
  }

  async #members({ product, version, performanceSchema }: Capabilities, ask: Ask): Promise<readonly GroupMember[]> {
    if (product !== "mysql" || !performanceSchema || Number.parseInt(version, 10) < 8) return [];
    return ((await ask("group_replication", groupMembersSql)) ?? []).map(groupMember);
  }

  /** Its files are counted by the server one by one, so they are asked for rarely and told again in between. */
  async #binlogRows(signal: AbortSignal, ask: Ask): Promise<readonly Row[]> {
    const { host, server, settings, enabled } = this.#options;
    const { coldIntervalFactor, essentialsOnly } = host.shared(feedback).savings;
    const nowMs = host.clock.monotonicMs();
    if (essentialsOnly || !binlogMetrics.some(enabled) || nowMs < this.#binlogDueMs) return this.#binlog;
    const [logging] = await server.connection.query("SELECT @@GLOBAL.log_bin AS log_bin", [], signal);
    const found = integer(logging ?? {}, "log_bin") === 1n ? await ask("binlog", binaryLogsSql, true) : [];
    if (found === undefined) return [];
    this.#binlogDueMs = nowMs + settings.binlog_interval * coldIntervalFactor;
    const bytes = found.reduce((sum, row) => sum + (integer(row, "File_size") ?? 0n), 0n);
    this.#binlog = found.length === 0 ? [] : [{ bytes, files: BigInt(found.length) }];
    return this.#binlog;
  }

  #adder(metrics: MetricsBuilder, timeUnixNano: bigint) {
    const { enabled } = this.#options;
    return (
      definitions: readonly MetricDefinition[],
      rows: readonly Row[],
      labels?: Readonly<Record<string, string>>,
    ) => {
      for (const definition of definitions.filter(enabled)) {
        addMetric({ metrics, definition, labels, rows, timeUnixNano });
      }
    };
  }
}
