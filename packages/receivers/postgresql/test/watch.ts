import { Secret } from "@dbintel/config";
import type { PostgresServer } from "@dbintel/e2e/servers";
import { breakers, defaultBreakerSettings } from "@dbintel/guard";
import { LoginSource, type Platform, ServerPlatform, tlsSettings } from "@dbintel/instances";
import { systemClock } from "@dbintel/pipeline";
import { createTestHost, type TestHost } from "@dbintel/pipeline/testing";
import type { PollResult } from "@dbintel/polling";
import { guardedPoll, StatementGuards } from "@dbintel/watching";
import type { z } from "zod";
import { ActivityPoll } from "../src/activity/activity-poll.ts";
import type { AgeLimits } from "../src/activity/long-lasting.ts";
import { KnownServer } from "../src/connection/capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "../src/connection/connection.ts";
import { watchedDatabase } from "../src/connection/problems.ts";
import { Visits } from "../src/connection/visits.ts";
import { KnownScans } from "../src/plans/known-scans.ts";
import { LoggedPlans } from "../src/plans/logged-plans.ts";
import { PlanCollector } from "../src/plans/plan-collector.ts";
import { instanceResource } from "../src/resource.ts";
import { QueryMetrics } from "../src/statements/query-metrics.ts";
import { StatementPoll } from "../src/statements/statement-poll.ts";
import { StatementSource } from "../src/statements/statement-source.ts";

export const never = new AbortController().signal;

/** So long that a statement which does end is not given up, also on a machine whose processors have much else to do. */
const patienceMs = 60_000;

/** A poll that is no probe. */
export const calm = { stage: undefined, timeoutMs: patienceMs, signal: never };

/** The host, or one of its own, that gives up no class of statements of this server earlier. */
export function patient(host: TestHost | undefined, endpoint: string): TestHost {
  const timeouts = { baseTimeoutMs: patienceMs, maxTimeoutMs: patienceMs };
  const chosen = host ?? createTestHost();
  chosen.shared(breakers).configure(endpoint, { ...defaultBreakerSettings, ...timeouts });
  return chosen;
}

/** Logs in with this password; unencrypted unless told otherwise. */
export function loginOf(password: string, tls: z.input<typeof tlsSettings> = { insecure: true }): LoginSource {
  const settings = { password: new Secret(password), password_ttl: 0 };
  return new LoginSource({ clock: systemClock, password: settings, tls: tlsSettings.parse(tls) });
}

/** Where a test server is, and who may do everything there. */
export type Reachable = Pick<PostgresServer, "host" | "port" | "superuser" | "password">;

/** How to reach a test server, as its superuser or as `user`. */
export function settingsOf(
  server: Reachable,
  user: { readonly username: string; readonly password: string } = {
    username: server.superuser,
    password: server.password,
  },
): ConnectionSettings {
  return {
    host: server.host,
    port: server.port,
    username: user.username,
    login: loginOf(user.password),
    statementTimeoutMs: patienceMs,
    lockTimeoutMs: 100,
  };
}

/** The statement poll on a real server, one call a poll. */
export function watchStatements(
  server: Reachable,
  options: {
    readonly limit?: number;
    readonly user?: { readonly username: string; readonly password: string };
    readonly reportsDatabase?: (name: string) => boolean;
    readonly database?: string;
    /** Plans that are asked for at each poll; none by default. */
    readonly explain?: number;
    /** Metrics of statements, with series of so many; none by default. */
    readonly series?: number;
    /** In place of what the server is found to run on. */
    readonly platform?: Platform;
    /** Default: one of its own. */
    readonly host?: TestHost;
  } = {},
) {
  const settings = settingsOf(server, options.user);
  const endpoint = `${server.host}:${server.port}`;
  const host = patient(options.host, endpoint);
  const database = options.database ?? "postgres";
  const source = new StatementSource(settings, endpoint, database, new ServerPlatform(options.platform));
  const visits = new Visits(settings, new KnownServer(new DatabaseConnection(settings, database), endpoint));
  const context = { endpoint, username: settings.username, database };
  const explain = { limit: options.explain ?? 0, cacheSize: 1000, cacheTtlMs: 3_600_000, intervalMs: 60_000 };
  const logged = new LoggedPlans(host.clock);
  const scans = new KnownScans(host.clock);
  const plans =
    explain.limit === 0 ? undefined : new PlanCollector({ host, visits, logged, scans, context, ...explain });
  const watched = watchedDatabase(context);
  const poll = new StatementPoll({
    host,
    source,
    plans,
    resource: instanceResource({ host: server.host, port: server.port, enabled: () => true }),
    context,
    limit: options.limit ?? 200,
    ...(options.series === undefined
      ? {}
      : { queryMetrics: new QueryMetrics({ limit: options.series, enabled: () => true }) }),
    reportsDatabase: options.reportsDatabase ?? (() => true),
  });
  const guards = new StatementGuards({ host, watched, source });
  const direct = () =>
    poll.poll({
      signal: never,
      guard: guards.forPoll(calm),
    });
  const guarded = guardedPoll({ host, watched, collectorClass: "statements", cheapest: true, source, poll });
  return {
    host,
    source,
    /** What auto_explain has logged. */
    logged,
    /** What statements read, as their plans tell. */
    scans,
    /** Polls if the breaker of the database lets it, as the receiver does. */
    pollGuarded: (signal = never): Promise<PollResult> => guarded({ signal }),
    /** Polls without moving the checkpoint. */
    peek: direct,
    /** Polls and moves the checkpoint, as when everything was taken. */
    async poll(): Promise<PollResult> {
      const result = await direct();
      result.commit?.();
      return result;
    },
    close: () => source.close(),
  };
}

/** The poll of sessions on a real server, one call a poll. */
export function watchActivity(
  server: PostgresServer,
  options: {
    readonly user?: { readonly username: string; readonly password: string };
    readonly limit?: number;
    readonly samples?: boolean;
    readonly ageLimits?: Partial<AgeLimits>;
    readonly intervalMs?: number;
    readonly reportsDatabase?: (name: string) => boolean;
    /** Default: one of its own. */
    readonly host?: TestHost;
  } = {},
) {
  const settings = settingsOf(server, options.user);
  const endpoint = `${server.host}:${server.port}`;
  const host = patient(options.host, endpoint);
  const connection = new DatabaseConnection(settings, "postgres");
  const context = { endpoint, username: settings.username, database: "postgres" };
  const known = new KnownServer(connection, endpoint);
  const poll = new ActivityPoll({
    host,
    server: known,
    visits: new Visits(settings, known),
    resource: instanceResource({ host: server.host, port: server.port, enabled: () => true }),
    context,
    limit: options.limit ?? 1000,
    samples: options.samples ?? true,
    ageLimits: { statement: 0, transaction: 0, idleTransaction: 0, preparedTransaction: 0, ...options.ageLimits },
    intervalMs: options.intervalMs ?? 10_000,
    reportsDatabase: options.reportsDatabase ?? (() => true),
  });
  const guards = new StatementGuards({ host, watched: watchedDatabase(context), source: connection });
  const peek = () => poll.poll({ signal: never, guard: guards.forPoll(calm) });
  return {
    host,
    connection,
    lastLook: poll.lastLook,
    /** Polls without moving the checkpoint. */
    peek,
    async poll(): Promise<PollResult> {
      const result = await peek();
      result.commit?.();
      return result;
    },
    close: () => connection.close(),
  };
}
