export { breakerSettings, circuitBreaker } from "./breaker-settings.ts";
export { BreakerWatch } from "./breaker-watch.ts";
export type { GuardedSource, LastProblem } from "./guarded-poll.ts";
export { breakerGate, guardedPoll } from "./guarded-poll.ts";
export type { MetricDefinition, MetricQuery } from "./metric-definition.ts";
export { single } from "./metric-definition.ts";
export { addMetric } from "./metric-points.ts";
export type { Row, Value } from "./row.ts";
export { integer, number, text } from "./row.ts";
export {
  endpointSetting,
  idleMetricSettings,
  metricSetting,
  named,
  parseEndpoint,
  switchable,
  tlsOptions,
  tlsSettings,
} from "./server-settings.ts";
export type { AdmittedPoll, StatementGuard } from "./statement-guard.ts";
export { StatementGuards } from "./statement-guard.ts";
export type { WatchedDatabase } from "./watched-database.ts";
