import { ServerPlatform } from "@dbintel/instances";
import type { Consumers, Host } from "@dbintel/pipeline";
import { type PollList, parseEndpoint, tlsOptions } from "@dbintel/watching";
import type { PostgresqlConfig } from "./config.ts";
import { KnownServer } from "./connection/capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "./connection/connection.ts";
import { platformTraits } from "./connection/platforms.ts";
import type { ProblemContext } from "./connection/problems.ts";
import { Visits } from "./connection/visits.ts";
import { instanceResource } from "./resource.ts";
import type { WatchedServer } from "./watched-server.ts";

/** The server of a configuration as the parts see it; `watch` closes its session. */
export async function watchedServer(args: {
  readonly config: PostgresqlConfig;
  readonly host: Host;
  readonly next: Consumers;
  readonly watch: PollList;
}): Promise<WatchedServer> {
  const { config, watch } = args;
  const context = problemContext(config);
  const settings = {
    ...(await connectionSettings(config)),
    sessions: watch.sessions,
  };
  const platform = new ServerPlatform(config.platform);
  const views = new KnownServer(new DatabaseConnection(settings, context.database), context.endpoint, platform);
  const visits = new Visits(settings, views);
  watch.closes(views.connection);
  watch.closes(visits);
  const resource = instanceResource({
    ...parseEndpoint(config.endpoint),
    enabled: (name) => config.resource_attributes[name]?.enabled ?? true,
    platform,
  });
  return {
    ...{ ...args, settings, views, visits, errands: [], resource, platform, context },
    reportsDatabase: (name) => reportsDatabase(config, platform, name),
    reportsUser: (name) => !platformTraits(platform.current).users.includes(name),
  };
}

/** What problems may name of the configuration. */
export function problemContext({ endpoint, username, connect_database: database }: PostgresqlConfig): ProblemContext {
  return { endpoint, username, database };
}

function reportsDatabase(config: PostgresqlConfig, platform: ServerPlatform, name: string): boolean {
  if (config.exclude_databases.includes(name)) return false;
  const { databases: provided } = platformTraits(platform.current);
  return config.databases.length === 0 ? !provided.includes(name) : config.databases.includes(name);
}

async function connectionSettings(config: PostgresqlConfig): Promise<ConnectionSettings> {
  const { host, port } = parseEndpoint(config.endpoint);
  return {
    host: config.transport === "unix" && !host.startsWith("/") ? `/${host}` : host,
    port,
    username: config.username,
    password: config.password,
    tls: config.transport === "unix" ? false : await tlsOptions(config.tls),
    statementTimeoutMs: config.statement_timeout,
    lockTimeoutMs: config.lock_timeout,
  };
}
