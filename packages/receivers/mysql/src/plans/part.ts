import type { WatchedServer } from "../watched-server.ts";
import { PlanCollector } from "./plan-collector.ts";

/** What gets the plans of the top statements; `undefined` where the configuration wants none. */
export function planCollector(server: WatchedServer): PlanCollector | undefined {
  const {
    max_explain_each_interval: limit,
    query_plan_cache_size: cacheSize,
    query_plan_cache_ttl: cacheTtlMs,
    collection_interval: intervalMs,
    explain_mode: mode,
    explain_procedure: procedure,
    explain_format: format,
  } = server.config.top_query_collection;
  const { max_database_share: mostShare } = server.config.budget;
  if (limit === 0) return undefined;
  return new PlanCollector({
    ...{ ...server, limit, cacheSize, cacheTtlMs, intervalMs, mostShare },
    explain: { mode, procedure, format },
  });
}
