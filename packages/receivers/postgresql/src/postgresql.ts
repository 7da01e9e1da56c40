import { databaseReceiver } from "@dbintel/instances";
import type { Component, Consumers, Host } from "@dbintel/pipeline";
import { type PostgresqlConfig, postgresqlInstance, settingsWithoutEffect } from "./config.ts";
import { watchedDatabase } from "./connection/problems.ts";
import { parts } from "./parts.ts";
import { problemContext, watchedServer } from "./server.ts";

/**
 * Watches servers, each over two connections: one polls the statistics views and the sessions, the other
 * pg_stat_statements, each at its own interval. What is not wired into a pipeline is not asked for.
 */
export function postgresqlReceiver(args: {
  readonly id: string;
  readonly config: PostgresqlConfig;
  readonly host: Host;
  readonly next: Consumers;
}): Component {
  return databaseReceiver({
    ...args,
    schema: postgresqlInstance,
    withoutEffect: settingsWithoutEffect(args.config),
    watched: (config) => watchedDatabase(problemContext(config)),
    fill(listed) {
      const server = watchedServer(listed);
      for (const part of parts) part(server);
    },
  });
}
