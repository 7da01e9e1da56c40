export type { SessionAnswer, SessionSampler } from "./activity/active-session-poll.ts";
export { ActiveSessionPoll } from "./activity/active-session-poll.ts";
export { activeSessionSettings, longRunningSettings } from "./activity/activity-settings.ts";
export { addBlocking } from "./activity/blocking-metrics.ts";
export type { RememberedSessions } from "./activity/remembered-look.ts";
export { rememberedLook } from "./activity/remembered-look.ts";
export type { ComparedSession, SampleReason, SampleSelection } from "./activity/sample-memory.ts";
export { SampleMemory } from "./activity/sample-memory.ts";
export type { SessionEventName } from "./activity/session-events.ts";
export { sessionEvents } from "./activity/session-events.ts";
export { SessionFingerprints, sessionSample } from "./activity/session-sample.ts";
export type { Advice, AdviceKind } from "./advice/advice.ts";
export { adviceOf, clean, mostFindings } from "./advice/advice.ts";
export { AdviceBook } from "./advice/advice-book.ts";
export type { AdviceAttributes } from "./advice/advice-events.ts";
export { adviceEvent } from "./advice/advice-events.ts";
export type { OpenAdvice } from "./advice/advice-memory.ts";
export { adviceCollection } from "./advice/advice-settings.ts";
export { bounded, printable } from "./bounded-text.ts";
export { breakerSettings, circuitBreaker } from "./breaker-settings.ts";
export { budgetSettings } from "./budget/budget-settings.ts";
export { checkpointSettings } from "./checkpoint-settings.ts";
export type { CustomSqlDialect, CustomSqlSession } from "./custom-sql/custom-query-poll.ts";
export { CustomQueryPoll } from "./custom-sql/custom-query-poll.ts";
export { customQueries } from "./custom-sql/settings.ts";
export { clockSkew, encryption, reachability, trialFindings } from "./diagnosis/findings.ts";
export { PollTrial } from "./diagnosis/poll-trial.ts";
export type { GuardedSource } from "./guarded-poll.ts";
export { guardedPoll } from "./guarded-poll.ts";
export { KeptState } from "./kept-state.ts";
export { lead } from "./lease/lead.ts";
export { leaseSettings } from "./lease/lease-settings.ts";
export type { LockAnswer, LockDialect, LockSession } from "./lease/session-lock.ts";
export { SessionLock } from "./lease/session-lock.ts";
export type { MetricDefinition, MetricQuery } from "./metric-definition.ts";
export { single } from "./metric-definition.ts";
export { addMetric } from "./metric-points.ts";
export { KeptRests } from "./objects/kept-rests.ts";
export type { RankedRelation } from "./objects/relation-ranking.ts";
export { RelationRanking } from "./objects/relation-ranking.ts";
export type { KeptRest } from "./objects/rest-row.ts";
export { keptRest, RestRow } from "./objects/rest-row.ts";
export type { DuePlan, PlanBookOptions, PlanCandidate, PollPlans } from "./plans/plan-book.ts";
export { PlanBook } from "./plans/plan-book.ts";
export type { NoPlanReason, PlanOutcome } from "./plans/plan-outcome.ts";
export { noPlanReasons } from "./plans/plan-outcome.ts";
export { planMemorySettings } from "./plans/plan-settings.ts";
export type { Row, Value } from "./row.ts";
export { integer, number, text } from "./row.ts";
export {
  endpointText,
  idleMetricSettings,
  metricSetting,
  named,
  parseEndpoint,
  switchable,
} from "./server-settings.ts";
export type { PollList, WatchedPoll } from "./server-watch.ts";
export { ServerWatch } from "./server-watch.ts";
export { LastingSession } from "./session/lasting-session.ts";
export { ServerSessions } from "./session/server-sessions.ts";
export type { LeftSession, SessionDialect } from "./session/session-dialect.ts";
export { silence } from "./session/silence.ts";
export type { SettingChange } from "./settings/setting-changes.ts";
export { settingChanges } from "./settings/setting-changes.ts";
export { settingsCollection } from "./settings/settings-collection.ts";
export type { SettingsDialect } from "./settings/settings-poll.ts";
export { SettingsPoll, settingsChangeEvent, shownSetting } from "./settings/settings-poll.ts";
export type { AdmittedPoll, StatementGuard } from "./statement-guard.ts";
export { StatementGuards } from "./statement-guard.ts";
export { Turn } from "./turn.ts";
export type { WatchedDatabase } from "./watched-database.ts";
