import { InstanceSet, instanceAttributes, instanceConfig, listingOf } from "@dbintel/instances";
import type { Component, Consumers, Host } from "@dbintel/pipeline";
import { breakerSettings, ServerWatch } from "@dbintel/watching";
import { type PostgresqlConfig, postgresqlInstance, settingsWithoutEffect } from "./config.ts";
import { watchedDatabase } from "./connection/problems.ts";
import { parts } from "./parts.ts";
import { problemContext, watchedServer } from "./server.ts";

/**
 * Watches servers, each over two connections: one polls the statistics views and the sessions, the other
 * pg_stat_statements, each at its own interval. What is not wired into a pipeline is not asked for.
 */
export function postgresqlReceiver(args: {
  readonly config: PostgresqlConfig;
  readonly host: Host;
  readonly next: Consumers;
}): Component {
  const { config, next } = args;
  const { initial_delay: initialDelay, timeout } = config;
  return new InstanceSet({
    host: args.host,
    listing: listingOf(config, postgresqlInstance),
    mostInstances: config.max_instances,
    concurrentStarts: config.concurrent_starts,
    withoutEffect: settingsWithoutEffect(config),
    open({ entry, host, problems }) {
      const own = instanceConfig(config, entry);
      const watched = watchedDatabase(problemContext(own));
      const breaker = breakerSettings(own.circuit_breaker);
      const mostShare = own.budget.max_database_share;
      const watch = new ServerWatch({ host, next, watched, breaker, initialDelay, timeout, problems, mostShare });
      const attributes = instanceAttributes(entry);
      const server = watchedServer({ config: own, attributes, host, next, watch, problems });
      for (const part of parts) part(server);
      return watch;
    },
  });
}
