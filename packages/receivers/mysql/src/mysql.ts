import { databaseReceiver } from "@dbintel/instances";
import type { Component, Consumers, Host } from "@dbintel/pipeline";
import { type MysqlConfig, mysqlInstance, settingsWithoutEffect } from "./config.ts";
import { watchedDatabase } from "./connection/problems.ts";
import { parts } from "./parts.ts";
import { watchedServer } from "./server.ts";

/**
 * Watches servers, each over two connections: one polls its status, the other the summary of statements, each at its
 * own interval. What is not wired into a pipeline is not asked for.
 */
export function mysqlReceiver(args: {
  readonly id: string;
  readonly config: MysqlConfig;
  readonly host: Host;
  readonly next: Consumers;
}): Component {
  return databaseReceiver({
    ...args,
    schema: mysqlInstance,
    withoutEffect: settingsWithoutEffect(args.config),
    watched: watchedDatabase,
    fill(listed) {
      const server = watchedServer(listed);
      for (const part of parts) part(server);
    },
  });
}
