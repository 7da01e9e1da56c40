import type { BlockingForest } from "../blocking/blocking-forest.ts";
import { averageActiveSessions, type WaitProfile } from "../profile/wait-profile.ts";
import type { WaitShift } from "../shift/wait-shift.ts";
import type {
  BlockerFacts,
  ConnectionFacts,
  DeadlockFacts,
  Evidence,
  PlanChange,
  Seen,
  StatementCounters,
  UsualLoad,
} from "./evidence.ts";
import type { EvidenceItem, SignCode, Unit } from "./finding.ts";
import type { AdvisorSettings } from "./settings.ts";
import type { Weight } from "./severity.ts";

/** What rules look at: evidence that is fresh, without its times. */
export interface Scene {
  readonly settings: AdvisorSettings;
  readonly query: string | undefined;
  readonly waits: WaitProfile | undefined;
  /** Of the database; the same as `waits` where those are. */
  readonly databaseWaits: WaitProfile | undefined;
  readonly usual: UsualLoad | undefined;
  readonly shift: WaitShift | undefined;
  readonly counters: StatementCounters | undefined;
  readonly planChange: PlanChange | undefined;
  readonly blocking: BlockingForest | undefined;
  readonly blockers: ReadonlyMap<string, BlockerFacts> | undefined;
  readonly connections: ConnectionFacts | undefined;
  readonly deadlocks: DeadlockFacts | undefined;
  readonly cores: number | undefined;
}

/** What one rule has found. */
export interface Sign {
  readonly code: SignCode;
  readonly impact: number;
  readonly confidence: number;
  readonly weight: Weight;
  readonly evidence: Readonly<Record<string, EvidenceItem>>;
  readonly recommendation: string;
}

/** Rules know nothing of one another. */
export type Rule = (scene: Scene) => readonly Sign[];

/** Leaves out what is not known. */
export function items(
  entries: Readonly<Record<string, readonly [value: number | string | undefined, unit: Unit]>>,
): Readonly<Record<string, EvidenceItem>> {
  const known: Record<string, EvidenceItem> = {};
  for (const [name, [value, unit]] of Object.entries(entries)) {
    if (value !== undefined) known[name] = { value, unit };
  }
  return known;
}

/** The evidence without what is older than allowed, or from the future by as much: a clock that is wrong proves nothing. */
export function sceneOf(evidence: Evidence, settings: AdvisorSettings, nowMs: number): Scene {
  const fresh = <Value>(seen: Seen<Value> | undefined, maxAgeSeconds = settings.maxAgeSeconds) =>
    seen !== undefined && Math.abs(nowMs - seen.timeMs) <= maxAgeSeconds * 1000 ? seen.value : undefined;
  const waits = fresh(evidence.waits);
  return {
    settings,
    query: evidence.query,
    waits,
    databaseWaits: evidence.query === undefined ? waits : fresh(evidence.databaseWaits),
    usual: fresh(evidence.usual),
    shift: fresh(evidence.shift),
    counters: fresh(evidence.counters),
    planChange: fresh(evidence.planChange, settings.maxPlanChangeAgeSeconds),
    blocking: fresh(evidence.blocking),
    blockers: fresh(evidence.blockers),
    connections: fresh(evidence.connections),
    deadlocks: fresh(evidence.deadlocks),
    cores: evidence.cores,
  };
}

/** Seconds of these waits as a share of the time of the database. */
export function databaseShare(scene: Scene, seconds: number): number {
  const total = scene.databaseWaits?.seconds ?? 0;
  return total > 0 ? Math.min(1, seconds / total) : 0;
}

/** The share of the database's time that a statement takes, by its samples or else by its counters. */
export function statementShare(scene: Scene): number {
  const { waits, counters } = scene;
  if (scene.query !== undefined && waits !== undefined && waits.samples >= scene.settings.minSamples) {
    return databaseShare(scene, waits.seconds);
  }
  return counters?.loadShare ?? 0;
}

/** What a statement weighs that costs this share of the database's time: by its samples, or else by its counters. */
export function weightOf(scene: Scene, impact: number): Weight {
  const { waits, counters, usual, settings } = scene;
  const sampled = waits !== undefined && waits.samples >= settings.minSamples;
  const sessions = sampled ? averageActiveSessions(waits) : (counters?.averageSessions ?? impact);
  return { share: impact, sessions, usual: usual?.all };
}
