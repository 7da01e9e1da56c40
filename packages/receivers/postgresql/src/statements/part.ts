import { PlanCollector } from "../plans/plan-collector.ts";
import type { WatchedServer } from "../watched-server.ts";
import { StatementPoll } from "./statement-poll.ts";
import { StatementSource } from "./statement-source.ts";
import { topQueryEvent } from "./top-query-events.ts";

/** What statements did in each interval, with the plans of the top ones; over a session of its own. */
export function statementsPart(server: WatchedServer): void {
  const { next, config, watch, settings, platform } = server;
  if (next.logs === undefined || !config.events[topQueryEvent].enabled) return;
  const { collection_interval: interval, top_n_query: limit } = config.top_query_collection;
  const source = new StatementSource(settings, config.endpoint, config.connect_database, platform);
  watch.closes(source);
  const poll = new StatementPoll({ ...server, source, plans: planCollector(server), limit });
  watch.add({ name: "statements", interval, source, poll });
}

function planCollector(server: WatchedServer): PlanCollector | undefined {
  const {
    max_explain_each_interval: limit,
    query_plan_cache_size: cacheSize,
    query_plan_cache_ttl: cacheTtlMs,
    collection_interval: intervalMs,
  } = server.config.top_query_collection;
  return limit === 0 ? undefined : new PlanCollector({ ...server, limit, cacheSize, cacheTtlMs, intervalMs });
}
