import { type ListedServer, LoginSource, ReportedNames, ServerPlatform } from "@dbintel/instances";
import type { Clock } from "@dbintel/pipeline";
import { parseEndpoint } from "@dbintel/watching";
import type { PostgresqlConfig } from "./config.ts";
import { KnownServer } from "./connection/capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "./connection/connection.ts";
import { platformTraits } from "./connection/platforms.ts";
import { type ProblemContext, tooManyDatabases } from "./connection/problems.ts";
import { Visits } from "./connection/visits.ts";
import { KnownScans } from "./plans/known-scans.ts";
import { LoggedPlans } from "./plans/logged-plans.ts";
import { instanceResource } from "./resource.ts";
import type { WatchedServer } from "./watched-server.ts";

/** Where a path names the folder of a Unix socket only. */
const standardPort = 5432;

/** The server of a configuration as the parts see it; `watch` closes its session. */
export function watchedServer(listed: ListedServer<PostgresqlConfig>): WatchedServer {
  const { config, host, next, watch, problems } = listed;
  const context = problemContext(config);
  const settings = { ...connectionSettings(config, host.clock), sessions: watch.sessions };
  const platform = new ServerPlatform(config.platform);
  const views = new KnownServer(new DatabaseConnection(settings, context.database), context.endpoint, platform);
  const visits = new Visits(settings, views);
  const loggedPlans = new LoggedPlans(host.clock);
  const scans = new KnownScans(host.clock);
  watch.closes(views.connection);
  watch.closes(visits);
  const resource = instanceResource({
    ...{ host: settings.host, port: settings.port, platform },
    enabled: (name) => config.resource_attributes[name]?.enabled ?? true,
    ...(listed.attributes === undefined ? {} : { attributes: listed.attributes }),
  });
  const databases = new ReportedNames({
    ...{ include: config.databases, exclude: config.exclude_databases },
    provided: () => platformTraits(platform.current).databases,
    ...{ most: config.max_databases, clock: host.clock },
    onFull: (full) => problems?.set("databases", full ? [tooManyDatabases(context, config.max_databases)] : []),
  });
  return {
    ...{
      config,
      host,
      next,
      watch,
      settings,
      views,
      visits,
      errands: [],
      loggedPlans,
      scans,
      resource,
      platform,
      context,
    },
    reportsDatabase: (name) => databases.reports(name),
  };
}

/** What problems may name of the configuration. */
export function problemContext({ endpoint, username, connect_database: database }: PostgresqlConfig): ProblemContext {
  return { endpoint, username, database };
}

function connectionSettings(config: PostgresqlConfig, clock: Clock): ConnectionSettings {
  const { endpoint, transport, username } = config;
  const { host, port } = parseEndpoint(endpoint);
  const folder = host.startsWith("/") ? host : `/${host}`;
  const socket = transport === "unix" || host.startsWith("/");
  return {
    ...{ host: socket ? folder : host, port: port === 0 ? standardPort : port, username },
    login: new LoginSource({
      clock,
      password: config,
      tls: { ...config.tls, insecure: socket || config.tls.insecure },
    }),
    statementTimeoutMs: config.statement_timeout,
    lockTimeoutMs: config.lock_timeout,
  };
}
