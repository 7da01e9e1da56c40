import { LoginSource, withPassword } from "@dbintel/instances";
import { parseEndpoint } from "@dbintel/watching";
import type { WatchedServer } from "../watched-server.ts";
import { PgbouncerConsole } from "./pgbouncer-console.ts";
import { PoolPoll } from "./pool-poll.ts";

/** Where a path names the folder of a Unix socket only. */
const standardPort = 6432;

/** Pools of a PgBouncer before the server. */
export function poolsPart(server: WatchedServer): void {
  const { host, next, config, watch, visits } = server;
  const { pgbouncer, collection_interval: interval, statement_timeout: timeoutMs } = config;
  if (next.metrics === undefined || pgbouncer === undefined) return;
  const { endpoint, username = config.username, tls = config.tls, ...password } = pgbouncer;
  const place = parseEndpoint(endpoint);
  const console = new PgbouncerConsole({
    ...{ ...place, port: place.port === 0 ? standardPort : place.port, username, timeoutMs },
    login: new LoginSource({
      clock: host.clock,
      password: withPassword(config, password),
      tls: { ...tls, insecure: tls.insecure || place.host.startsWith("/") },
    }),
  });
  watch.closes(console);
  const context = { endpoint, username, database: "pgbouncer" };
  const enabled = ({ name, enabled: usual }: { readonly name: string; readonly enabled: boolean }) =>
    config.metrics[name]?.enabled ?? usual;
  // What holds for the server's breaker is asked of the server: nothing of PgBouncer says how that one is.
  const source = {
    ping: (signal: AbortSignal) => visits.ping(signal),
    limit: () => {},
    close: () => console.close(),
  };
  watch.add({ name: "pgbouncer", interval, source, poll: new PoolPoll({ ...server, console, context, enabled }) });
}
