import type { MetricDefinition } from "@dbintel/watching";
import { PlanCollector } from "../plans/plan-collector.ts";
import type { WatchedServer } from "../watched-server.ts";
import { QueryMetrics } from "./query-metrics.ts";
import { StatementPoll } from "./statement-poll.ts";
import { StatementSource } from "./statement-source.ts";
import { topQueryEvent } from "./top-query-events.ts";

/** What statements did in each interval, with the plans of the top ones; over a session of its own. */
export function statementsPart(server: WatchedServer): void {
  const { next, config, watch, settings, platform } = server;
  const { collection_interval: interval, top_n_query: limit, query_series: series } = config.top_query_collection;
  const events = next.logs !== undefined && config.events[topQueryEvent].enabled;
  const enabled = ({ name }: MetricDefinition) =>
    next.metrics !== undefined && (config.metrics[name]?.enabled ?? false);
  const metrics = new QueryMetrics({ limit: series, enabled });
  const queryMetrics = metrics.anyEnabled ? metrics : undefined;
  if (!events && queryMetrics === undefined) return;
  const source = new StatementSource(settings, config.endpoint, config.connect_database, platform, server.visits.turn);
  watch.closes(source);
  const checkpointMaxAgeMs = config.checkpoint.max_age;
  const plans = planCollector(server);
  const poll = new StatementPoll({ ...server, source, plans, limit, events, queryMetrics, checkpointMaxAgeMs });
  watch.add({ name: "statements", interval, source, poll, baseline: poll.checkpoint, forget: () => poll.forget() });
}

function planCollector(server: WatchedServer): PlanCollector | undefined {
  const {
    max_explain_each_interval: limit,
    query_plan_cache_size: cacheSize,
    query_plan_cache_ttl: cacheTtlMs,
    collection_interval: intervalMs,
  } = server.config.top_query_collection;
  if (limit === 0) return undefined;
  const { max_database_share: mostShare } = server.config.budget;
  const logged = server.loggedPlans;
  return new PlanCollector({ ...server, logged, limit, cacheSize, cacheTtlMs, intervalMs, mostShare });
}
