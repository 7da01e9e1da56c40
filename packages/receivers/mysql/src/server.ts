import { type ListedServer, LoginSource, ReportedNames, ServerPlatform } from "@dbintel/instances";
import type { Clock } from "@dbintel/pipeline";
import { parseEndpoint } from "@dbintel/watching";
import type { MysqlConfig } from "./config.ts";
import { KnownServer } from "./connection/capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "./connection/connection.ts";
import { platformTraits } from "./connection/platforms.ts";
import { tooManySchemas } from "./connection/problems.ts";
import { ServerStart } from "./connection/server-start.ts";
import type { WatchedServer } from "./watched-server.ts";

/** The server of a configuration as the parts see it; `watch` closes its session. */
export function watchedServer(listed: ListedServer<MysqlConfig>): WatchedServer {
  const { config, host, next, watch, problems } = listed;
  const { endpoint, username, resource_attributes: switches } = config;
  const settings = { ...connectionSettings(config, host.clock), sessions: watch.sessions };
  const platform = new ServerPlatform(config.platform);
  const status = new KnownServer(new DatabaseConnection(settings), platform);
  watch.closes(status.connection);
  const start = new ServerStart(host);
  watch.closes(start);
  const instance = {
    ...parseEndpoint(endpoint),
    attributes: listed.attributes ?? {},
    enabled: (name: string) => switches[name]?.enabled ?? true,
  };
  const schemas = new ReportedNames({
    ...{ include: config.databases, exclude: config.exclude_databases },
    ...{ most: config.max_databases, clock: host.clock },
    provided: () => platformTraits(platform.current).schemas,
    onFull: (full) => problems?.set("schemas", full ? [tooManySchemas(endpoint, config.max_databases)] : []),
  });
  return {
    ...{ config, host, next, watch, settings, status, instance, platform, context: { endpoint, username } },
    start,
    // What is done without a schema is left out only where schemas are named.
    reportsSchema: (name) => (name === null ? config.databases.length === 0 : schemas.reports(name)),
  };
}

function connectionSettings(config: MysqlConfig, clock: Clock): ConnectionSettings {
  const { username, tls } = config;
  const address = parseEndpoint(config.endpoint);
  const insecure = address.port === 0 || tls.insecure;
  return {
    ...{ ...address, username },
    login: new LoginSource({ clock, password: config, tls: { ...tls, insecure } }),
    statementTimeoutMs: config.statement_timeout,
    lockTimeoutMs: config.lock_timeout,
  };
}
