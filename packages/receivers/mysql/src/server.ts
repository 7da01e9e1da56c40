import { ServerPlatform } from "@dbintel/instances";
import type { Consumers, Host } from "@dbintel/pipeline";
import { type PollList, parseEndpoint, tlsOptions } from "@dbintel/watching";
import type { MysqlConfig } from "./config.ts";
import { KnownServer } from "./connection/capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "./connection/connection.ts";
import type { WatchedServer } from "./watched-server.ts";

/** The server of a configuration as the parts see it; `watch` closes its session. */
export async function watchedServer(args: {
  readonly config: MysqlConfig;
  readonly host: Host;
  readonly next: Consumers;
  readonly watch: PollList;
}): Promise<WatchedServer> {
  const { config, watch } = args;
  const { endpoint, username, resource_attributes: attributes } = config;
  const settings = { ...(await connectionSettings(config)), sessions: watch.sessions };
  const platform = new ServerPlatform(config.platform);
  const status = new KnownServer(new DatabaseConnection(settings), platform);
  watch.closes(status.connection);
  const instance = { ...parseEndpoint(endpoint), enabled: (name: string) => attributes[name]?.enabled ?? true };
  return { ...args, settings, status, instance, platform, context: { endpoint, username } };
}

async function connectionSettings(config: MysqlConfig): Promise<ConnectionSettings> {
  return {
    ...parseEndpoint(config.endpoint),
    username: config.username,
    password: config.password,
    tls: await tlsOptions(config.tls),
    statementTimeoutMs: config.statement_timeout,
    lockTimeoutMs: config.lock_timeout,
  };
}
