import { Secret } from "@dbintel/config";
import type { MysqlServer } from "@dbintel/e2e/servers";
import { breakers } from "@dbintel/guard";
import { LoginSource, tlsSettings } from "@dbintel/instances";
import type { Batch } from "@dbintel/pdata";
import { systemClock } from "@dbintel/pipeline";
import { createTestHost, type SeenEvent, eventsOf as seenEvents, type TestHost } from "@dbintel/pipeline/testing";
import type { PollResult } from "@dbintel/polling";
import {
  ActiveSessionPoll,
  guardedPoll,
  type MetricDefinition,
  type StatementGuard,
  StatementGuards,
} from "@dbintel/watching";
import type { z } from "zod";
import { ActivityPoll } from "../src/activity/activity-poll.ts";
import { DeadlockPoll } from "../src/activity/deadlock-poll.ts";
import type { AgeLimits } from "../src/activity/long-lasting.ts";
import { MysqlSessionSampler } from "../src/activity/session-sampler.ts";
import { AdvicePoll } from "../src/advice/advice-poll.ts";
import { KnownServer } from "../src/connection/capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "../src/connection/connection.ts";
import { watchedDatabase } from "../src/connection/problems.ts";
import { ServerStart } from "../src/connection/server-start.ts";
import { serverQueries } from "../src/metrics/metric-catalogue.ts";
import { MetricPoll } from "../src/metrics/metric-poll.ts";
import { statementEventSettings } from "../src/metrics/statement-event-metrics.ts";
import { ObjectPoll } from "../src/objects/object-poll.ts";
import { objectCollection } from "../src/objects/settings.ts";
import { PlanCollector } from "../src/plans/plan-collector.ts";
import type { ExplainSettings } from "../src/plans/plan-session.ts";
import { ReplicationPoll } from "../src/replication/replication-poll.ts";
import { replicationCollection } from "../src/replication/settings.ts";
import { StatementLatency } from "../src/statements/latency/latency.ts";
import { PreparedStatements } from "../src/statements/prepared/prepared-statements.ts";
import { StatementPoll } from "../src/statements/statement-poll.ts";
import { StatementSource } from "../src/statements/statement-source.ts";

export const never = new AbortController().signal;

/** A poll that is no probe. */
const calm = { stage: undefined, timeoutMs: 30_000, signal: never };

interface User {
  readonly username: string;
  readonly password: string;
}

/** Logs in with this password; unencrypted unless told otherwise. */
export function loginOf(password: string, tls: z.input<typeof tlsSettings> = { insecure: true }): LoginSource {
  const settings = { password: new Secret(password), password_ttl: 0 };
  return new LoginSource({ clock: systemClock, password: settings, tls: tlsSettings.parse(tls) });
}

/** What it takes to reach a test server. */
export type Reachable = Pick<MysqlServer, "host" | "port" | "superuser" | "password">;

/** How to reach a test server, as its superuser or as `user`. */
export function settingsOf(
  server: Reachable,
  user: User = { username: server.superuser, password: server.password },
): ConnectionSettings {
  return {
    host: server.host,
    port: server.port,
    username: user.username,
    login: loginOf(user.password),
    statementTimeoutMs: 30_000,
    lockTimeoutMs: 1000,
  };
}

const prefix = "mysql.events_statements_summary_by_digest.";

/** An event as a test reads it. */
export interface Event extends SeenEvent {
  /** The number of a counter of a statement, 0 when there is none. */
  counter(name: string): number;
}

export function eventsOf(batches: readonly Batch[]): Event[] {
  return seenEvents(batches).map((event) => ({ ...event, counter: (name) => event.number(prefix + name) }));
}

interface WatchOptions {
  /** Default: one of its own. */
  readonly host?: TestHost;
  readonly checkpointMaxAgeMs?: number;
  readonly limit?: number;
  readonly user?: User;
  readonly reportsSchema?: (schema: string | null) => boolean;
  readonly ageLimits?: AgeLimits;
  /** Whether events tell of sessions. Default: yes. */
  readonly sessionEvents?: boolean;
  /** How plans are asked for; none are without it. */
  readonly explain?: Partial<ExplainSettings>;
  /** Default: all metrics. */
  readonly enabled?: (definition: MetricDefinition) => boolean;
  readonly objects?: z.input<typeof objectCollection>;
  readonly unusedAfterDays?: number;
}

/** The polls of the receiver on a real server, one call a poll. */
export function watch(server: Reachable, options: WatchOptions = {}) {
  const { host = createTestHost(), checkpointMaxAgeMs = 3_600_000 } = options;
  const settings = settingsOf(server, options.user);
  const connection = new DatabaseConnection(settings);
  const known = new KnownServer(connection);
  const context = { endpoint: `${server.host}:${server.port}`, username: settings.username };
  const watched = watchedDatabase(context);
  const guards = new StatementGuards({ host, watched, source: connection });
  const common = { host, context, instance: { host: server.host, port: server.port, enabled: () => true } };
  const start = new ServerStart(host);
  const reportsSchema = options.reportsSchema ?? (() => true);
  const statements = new StatementPoll({
    ...common,
    source: new StatementSource(known, host.clock),
    latency: new StatementLatency({ ...common, limit: 20 }),
    prepared: new PreparedStatements({ ...common, limit: options.limit ?? 200, reportsSchema }),
    plans:
      options.explain &&
      new PlanCollector({
        ...{ host, settings, context, limit: 200, cacheSize: 1000, cacheTtlMs: 3_600_000, intervalMs: 600_000 },
        explain: { mode: "inline", procedure: "explain_statement", format: "json", ...options.explain },
      }),
    limit: options.limit ?? 200,
    checkpointMaxAgeMs,
    reportsSchema,
  });
  const { sessionEvents = true } = options;
  const activity = new ActivityPoll({
    ...{ ...common, server: known, events: sessionEvents, samples: sessionEvents, limit: 1000, intervalMs: 1000 },
    ageLimits: options.ageLimits ?? { statement: 0, transaction: 0, idleTransaction: 0 },
    reportsSchema,
  });
  const deadlocks = new DeadlockPoll({ ...common, server: known });
  const ash = new ActiveSessionPoll({
    ...{ host, intervalMs: 1000, reportMs: 0, mostShare: 1, limit: 100 },
    sampler: new MysqlSessionSampler({ ...common, server: known, reportsSchema }),
  });
  const enabled = options.enabled ?? (() => true);
  const queries = serverQueries(statementEventSettings.parse({}));
  const metrics = new MetricPoll({ ...common, server: known, start, queries, enabled });
  const objects = new ObjectPoll({
    ...{ ...common, server: known, start, reportsSchema, enabled },
    settings: objectCollection.parse(options.objects ?? {}),
  });
  const replication = new ReplicationPoll({
    ...{ ...common, server: known, enabled },
    settings: replicationCollection.parse({ binlog_interval: "10ms" }),
  });
  const { unusedAfterDays = 0 } = options;
  const advice = new AdvicePoll({ ...common, server: known, start, reportsSchema, mostTables: 100, unusedAfterDays });
  const guarded = guardedPoll({
    ...{ host, watched, collectorClass: "statements", cheapest: true, source: connection, poll: statements },
  });
  const args = (signal = never) => {
    // As whoever runs a poll does: what it asks first has a class of its own, so that other refusals do not close all.
    const whole = host.shared(breakers).database(watched.endpoint, watched.database).admit("whole_poll", true);
    if (whole.admitted) whole.release();
    return { signal, guard: guards.forPoll({ ...calm, signal }) };
  };
  return {
    host,
    connection,
    baseline: statements.baseline,
    /** What the looks at replication are compared with. */
    replicationLook: replication.lastLook,
    /** What the looks at sessions and deadlocks are compared with. */
    lastLooks: [activity.lastLook, deadlocks.lastLook] as const,
    /** Polls statements without moving the checkpoint. */
    peek: (signal = never): Promise<PollResult> => statements.poll(args(signal)),
    /** Polls statements if the breaker of the server lets it, as the receiver does. */
    pollGuarded: (signal = never): Promise<PollResult> => guarded({ signal }),
    /** Polls statements and moves the checkpoint, as when everything was taken. */
    async poll(): Promise<PollResult> {
      const result = await statements.poll(args());
      result.commit?.();
      return result;
    },
    /** Looks at sessions and remembers what was seen, as when everything was taken. */
    async pollActivity(): Promise<PollResult> {
      const result = await activity.poll(args());
      result.commit?.();
      return result;
    },
    async pollDeadlocks(): Promise<PollResult> {
      const result = await deadlocks.poll(args());
      result.commit?.();
      return result;
    },
    async pollActiveSessions(): Promise<PollResult> {
      const result = await ash.poll(args());
      result.commit?.();
      return result;
    },
    /** What stands before the statements of one poll. */
    guard: (): StatementGuard => args().guard,
    pollMetrics: (guard: StatementGuard = args().guard): Promise<PollResult> => metrics.poll({ ...args(), guard }),
    /** Looks at replication and remembers what was seen, as when everything was taken. */
    async pollReplication(): Promise<PollResult> {
      const result = await replication.poll(args());
      result.commit?.();
      return result;
    },
    /** Looks for what could be better and remembers what was told, as when everything was taken. */
    async pollAdvice(): Promise<PollResult> {
      const result = await advice.poll(args());
      result.commit?.();
      return result;
    },
    /** Looks at tables and indexes and keeps what was seen, as when everything was taken. */
    async pollObjects(guard: StatementGuard = args().guard): Promise<PollResult> {
      const result = await objects.poll({ ...args(), guard });
      result.commit?.();
      return result;
    },
    async close(): Promise<void> {
      await Promise.all([advice, objects, start].map((each) => each.close()));
      await connection.close();
    },
  };
}
