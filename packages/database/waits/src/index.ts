export { advise } from "./advice/advise.ts";
export type {
  BlockerFacts,
  ConnectionFacts,
  DeadlockFacts,
  Evidence,
  PlanChange,
  Seen,
  StatementCounters,
  UsualLoad,
} from "./advice/evidence.ts";
export type {
  CompositeCode,
  EvidenceItem,
  FindingCode,
  Priority,
  Severity,
  SignCode,
  Unit,
  WaitFinding,
} from "./advice/finding.ts";
export { compositeCodes, signCodes } from "./advice/finding.ts";
export type { AdvisorSettings } from "./advice/settings.ts";
export { defaultAdvisorSettings } from "./advice/settings.ts";
export type { BaselineState, Level } from "./baseline/baseline.ts";
export type { BaselineSettings, Comparison } from "./baseline/baselines.ts";
export { Baselines, defaultBaselineSettings } from "./baseline/baselines.ts";
export type { BlockedSeries, BlockingStatement } from "./blocking/blocked-time.ts";
export { BlockedTime, blockedSince } from "./blocking/blocked-time.ts";
export type { BlockedSession, BlockingEdge, BlockingForest, BlockingRoot } from "./blocking/blocking-forest.ts";
export { blockingForest } from "./blocking/blocking-forest.ts";
export type { WaitCategory, WaitClass } from "./category.ts";
export { waitCategories, waitClassOf } from "./category.ts";
export type { DeadlockParty } from "./engine/deadlocks.ts";
export type { WaitEngineSettings } from "./engine/wait-engine.ts";
export { WaitEngine } from "./engine/wait-engine.ts";
export type { UnknownEvents } from "./events/unknown-events.ts";
export type { MysqlSession, PostgresqlSession } from "./events/wait-catalogue.ts";
export { WaitCatalogue } from "./events/wait-catalogue.ts";
export type { SampleCost } from "./history/sampling-pace.ts";
export { SamplingPace } from "./history/sampling-pace.ts";
export type { ActiveSessions, SessionProfile } from "./history/session-history.ts";
export { ActiveSessionHistory } from "./history/session-history.ts";
export { ToldOnce } from "./history/told-once.ts";
export type { WaitProfile, WaitShare } from "./profile/wait-profile.ts";
export {
  averageActiveSessions,
  classShare,
  mergeProfiles,
  noWaits,
  waitingShare,
  waitShare,
} from "./profile/wait-profile.ts";
export type { WaitProfileSettings, WaitSample } from "./profile/wait-profiles.ts";
export { defaultWaitProfileSettings, WaitProfiles } from "./profile/wait-profiles.ts";
export type { ShareChange, WaitShift, WaitShiftSettings } from "./shift/wait-shift.ts";
export { defaultWaitShiftSettings, waitShift } from "./shift/wait-shift.ts";
export type { WaitTrend } from "./shift/wait-trend.ts";
export type { WaitSnapshot } from "./snapshot/snapshot.ts";
export { decodeSnapshot, encodeSnapshot } from "./snapshot/snapshot.ts";
