import { readPlan } from "@dbintel/plans";
import { CustomQueryPoll, type CustomSqlDialect, integer, text } from "@dbintel/watching";
import { watchedDatabase } from "../connection/problems.ts";
import { receiverScope } from "../resource.ts";
import type { WatchedServer } from "../watched-server.ts";

/** The queries of the configuration, each a poll of its own in short sessions. */
export function customSqlPart(server: WatchedServer): void {
  const { next, config, watch, visits, host, context } = server;
  if (next.metrics === undefined) return;
  const dialect = postgresqlDialect(server);
  for (const query of config.custom_queries) {
    const poll = new CustomQueryPoll({ query, dialect, watched: watchedDatabase(context), clock: host.clock });
    watch.add({ name: `custom.${query.name}`, interval: query.interval, poll, source: visits });
  }
}

/** Names of a query mean what they mean to its user, and not the system's objects. */
const sessionOptions = ["jit=off"];

function postgresqlDialect({ views, visits, resource, context, host }: WatchedServer): CustomSqlDialect {
  return {
    databaseLabel: "postgresql.database.name",
    describe: (signal) =>
      views.turn.take(signal, async () => {
        const { version } = await views.capabilities(signal);
        const [now = {}] = await views.connection.query(
          "SELECT (date_part('epoch', clock_timestamp()) * 1000000)::int8 AS clock",
          [],
          signal,
        );
        const timeUnixNano = (integer(now, "clock") ?? 0n) * 1000n;
        return { product: "postgresql", version, resource, scope: receiverScope(host.build, version), timeUnixNano };
      }),
    visit: (database = context.database, signal, work) =>
      visits.visit({ database, signal, sessionOptions }, (connection) =>
        work({
          limit: (timeoutMs) => connection.limit(timeoutMs),
          rows: (sql, ending) => connection.query(sql, [], ending),
          async cost(sql, ending) {
            if (/^show\b/i.test(sql)) return undefined;
            const [row = {}] = await connection.query(`EXPLAIN (FORMAT JSON) ${sql}`, [], ending);
            const { plan } = readPlan(text(row, "QUERY PLAN") ?? "", { syntax: "postgresql" });
            return plan?.root.estimate?.totalCost;
          },
        }),
      ),
  };
}
