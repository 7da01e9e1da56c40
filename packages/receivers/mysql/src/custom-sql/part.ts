import { nodesOf, readPlan } from "@dbintel/plans";
import { CustomQueryPoll, type CustomSqlDialect, type GuardedSource, Turn, text } from "@dbintel/watching";
import { DatabaseConnection } from "../connection/connection.ts";
import { watchedDatabase } from "../connection/problems.ts";
import { serverClock } from "../connection/server-clock.ts";
import { instanceResource, receiverScope } from "../resource.ts";
import type { WatchedServer } from "../watched-server.ts";

/** The queries of the configuration, each a poll of its own in short sessions, one at a time. */
export function customSqlPart(server: WatchedServer): void {
  const { next, config, watch, host, context, status } = server;
  if (next.metrics === undefined) return;
  const dialect = mysqlDialect(server);
  // Whether the server answers needs no session of its own; each short one has the limits of its query.
  const source: GuardedSource = {
    ping: (signal) => status.turn.take(signal, () => status.connection.ping(signal)),
    limit: () => {},
    close: async () => {},
  };
  for (const query of config.custom_queries) {
    const poll = new CustomQueryPoll({ query, dialect, watched: watchedDatabase(context), clock: host.clock });
    watch.add({ name: `custom.${query.name}`, interval: query.interval, poll, source });
  }
}

function mysqlDialect({ status, settings, instance, host }: WatchedServer): CustomSqlDialect {
  const turn = new Turn();
  return {
    databaseLabel: "db.namespace",
    describe: (signal) =>
      status.turn.take(signal, async () => {
        const capabilities = await status.capabilities(signal);
        const { product, version } = capabilities;
        const timeUnixNano = (await serverClock(status.connection, signal)) * 1000n;
        const resource = instanceResource(instance, capabilities);
        return { product, version, resource, scope: receiverScope(host.build, capabilities), timeUnixNano };
      }),
    visit: (database, signal, work) =>
      turn.take(signal, async () => {
        const connection = new DatabaseConnection(settings);
        try {
          if (database !== undefined) await connection.query(`USE ${quoted(database)}`, [], signal);
          return await work({
            limit: (timeoutMs) => connection.limit(timeoutMs),
            rows: (sql, ending) => connection.query(sql, [], ending),
            async cost(sql, ending) {
              if (/^show\b/i.test(sql)) return undefined;
              const [row = {}] = await connection.query(`EXPLAIN FORMAT=JSON ${sql}`, [], ending);
              return costOf(text(row, "EXPLAIN") ?? "");
            },
          });
        } finally {
          await connection.close();
        }
      }),
  };
}

/**
 * The greatest cost in the plan: what is above a subquery may tell its own only. MariaDB before 11.0 tells none; there it
 * is the rows that it expects to look at, those of one table for each of the other.
 */
function costOf(json: string): number | undefined {
  const { plan } = readPlan(json, { syntax: "mysql" });
  if (plan === undefined) return undefined;
  const nodes = [...nodesOf(plan.root)];
  const costs = nodes.flatMap(({ estimate }) => estimate?.totalCost ?? []);
  if (costs.length > 0) return Math.max(...costs);
  const rows = nodes.filter(({ relation }) => relation !== undefined).flatMap(({ estimate }) => estimate?.rows ?? []);
  return rows.reduce((product, each) => product * Math.max(1, each), 1);
}

function quoted(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
