import { advise } from "../advice/advise.ts";
import type { BlockerFacts, DeadlockFacts, Evidence, PlanChange, Seen, StatementCounters } from "../advice/evidence.ts";
import type { WaitFinding } from "../advice/finding.ts";
import { type AdvisorSettings, defaultAdvisorSettings } from "../advice/settings.ts";
import { byUrgency } from "../advice/urgency.ts";
import type { BaselineSettings } from "../baseline/baselines.ts";
import { type BlockingEdge, type BlockingForest, blockingForest } from "../blocking/blocking-forest.ts";
import {
  defaultWaitProfileSettings,
  type WaitProfileSettings,
  WaitProfiles,
  type WaitSample,
} from "../profile/wait-profiles.ts";
import type { WaitShiftSettings } from "../shift/wait-shift.ts";
import type { WaitTrend } from "../shift/wait-trend.ts";
import { type DeadlockParty, Deadlocks } from "./deadlocks.ts";
import { keyOf } from "./key.ts";
import { Learned } from "./learned.ts";
import { Recent } from "./recent.ts";

export interface WaitEngineSettings {
  readonly profiles?: Partial<WaitProfileSettings> | undefined;
  readonly baselines?: Partial<BaselineSettings> | undefined;
  readonly advisor?: Partial<AdvisorSettings> | undefined;
  readonly shift?: Partial<WaitShiftSettings> | undefined;
  /** Statements of a database that `evaluate` judges, those with most time first. Default 100. */
  readonly maxJudged?: number | undefined;
}

/** Names a statement of a database, as the receiver of its evidence does. */
interface StatementName {
  readonly database: string;
  readonly query: string;
}

/** Connections of a database; the rate is compared with what is usual when it is judged. */
interface Connections {
  readonly open: number;
  readonly max?: number | undefined;
  readonly madePerSecond?: number | undefined;
}

/**
 * Takes what is seen of databases as it comes, learns what is usual, and says at any time what is wrong.
 *
 * All times are those of the evidence, in milliseconds since 1970. Everything has a bound, and what has grown old is
 * forgotten.
 */
export class WaitEngine {
  readonly #advisor: AdvisorSettings;
  readonly #maxJudged: number;
  readonly #windowMs: number;
  readonly #profiles: WaitProfiles;
  readonly #learned: Learned;
  readonly #counters: Recent<StatementName & { readonly counters: StatementCounters }>;
  readonly #planChanges: Recent<PlanChange>;
  readonly #blocking: Recent<BlockingForest>;
  readonly #blockers: Recent<ReadonlyMap<string, BlockerFacts>>;
  readonly #connections: Recent<Connections>;
  readonly #deadlocks: Recent<Deadlocks>;
  #learntMs = Number.NEGATIVE_INFINITY;

  constructor(settings: WaitEngineSettings = {}) {
    const { windowSeconds, maxQueries, maxDatabases } = { ...defaultWaitProfileSettings, ...settings.profiles };
    this.#advisor = { ...defaultAdvisorSettings, ...settings.advisor };
    this.#maxJudged = settings.maxJudged ?? 100;
    this.#windowMs = windowSeconds * 1000;
    this.#profiles = new WaitProfiles(settings.profiles);
    this.#learned = new Learned({ baselines: settings.baselines, shift: settings.shift, maxReferences: maxQueries });
    this.#counters = new Recent(maxQueries);
    this.#planChanges = new Recent(maxQueries);
    this.#blocking = new Recent(maxDatabases);
    this.#blockers = new Recent(maxDatabases);
    this.#connections = new Recent(maxDatabases);
    this.#deadlocks = new Recent(maxDatabases);
  }

  /** The samples, for shares and profiles of one's own. */
  get profiles(): WaitProfiles {
    return this.#profiles;
  }

  /** One session at one moment. Tell idle ones too, or of an idle database nothing is learnt. */
  sample(sample: WaitSample): void {
    this.#profiles.add(sample);
  }

  /** What the counters of a statement have grown by. */
  statement(args: StatementName & { readonly timeMs: number; readonly counters: StatementCounters }): void {
    const { database, query, timeMs, counters } = args;
    this.#counters.set(keyOf(database, query), timeMs, { database, query, counters });
  }

  /** A statement has another plan. */
  planChange(args: StatementName & { readonly timeMs: number; readonly change: PlanChange }): void {
    this.#planChanges.set(keyOf(args.database, args.query), args.timeMs, args.change);
  }

  /** All sessions of a database that wait for locks now; none is told by no edges. */
  blocking(args: {
    readonly database: string;
    readonly timeMs: number;
    readonly edges: Iterable<BlockingEdge>;
    readonly blockers?: ReadonlyMap<string, BlockerFacts> | undefined;
  }): BlockingForest {
    const { database, timeMs } = args;
    const forest = blockingForest(args.edges);
    this.#blocking.set(database, timeMs, forest);
    this.#blockers.set(database, timeMs, args.blockers ?? new Map());
    return forest;
  }

  /** How many connections are open now, and made since the last look. */
  connections(args: Connections & { readonly database: string; readonly timeMs: number }): void {
    const { database, timeMs, ...connections } = args;
    this.#connections.set(database, timeMs, connections);
  }

  /** The server has ended a transaction that waited in a circle; once for each of its parties. */
  deadlock(args: DeadlockParty & { readonly database: string }): void {
    const { database, timeMs } = args;
    const deadlocks = this.#deadlocks.get(database)?.value ?? new Deadlocks();
    deadlocks.add(args);
    this.#deadlocks.set(database, timeMs, deadlocks);
  }

  /** Whether a statement waits for more or less of its time than usual; `undefined` while too little is known. */
  trend({ database, query, nowMs }: StatementName & { readonly nowMs: number }): WaitTrend | undefined {
    const waits = this.#profiles.profile({ database, query, timeMs: nowMs });
    return waits && this.#learned.trend(keyOf(database, query), waits);
  }

  /** Everything that is wrong now, the most pressing first. Learns when it is time to. */
  evaluate(nowMs: number): readonly WaitFinding[] {
    this.#forget(nowMs);
    const subjects = this.#subjects(nowMs);
    const findings = [...subjects].flatMap(([database, queries]) => [
      ...this.findings({ database, nowMs }),
      ...queries.flatMap((query) => this.findings({ database, query, nowMs })),
    ]);
    this.learn(nowMs);
    return findings.toSorted(byUrgency);
  }

  /** What is wrong now with a database, or with one of its statements, the most pressing first. */
  findings(args: {
    readonly database: string;
    readonly query?: string | undefined;
    readonly nowMs: number;
  }): readonly WaitFinding[] {
    const { database, query, nowMs } = args;
    const evidence =
      query === undefined ? this.#ofDatabase(database, nowMs) : this.#ofStatement(database, query, nowMs);
    return advise({ evidence, nowMs, settings: this.#advisor });
  }

  /** Learns what the last window showed. Does nothing before another window has passed, so that it can be called often. */
  learn(nowMs: number): void {
    if (Math.abs(nowMs - this.#learntMs) < this.#windowMs) return;
    this.#learntMs = nowMs;
    this.#forget(nowMs);
    for (const [database, queries] of this.#subjects(nowMs)) {
      const waits = this.#profiles.profile({ database, timeMs: nowMs });
      if (waits !== undefined) this.#learned.learnDatabase(database, waits, nowMs);
      const made = this.#connections.get(database)?.value.madePerSecond;
      if (made !== undefined) this.#learned.learnConnections(database, made, nowMs);
      this.#learned.learnDeadlocks(database, this.#deadlocksOf(database, nowMs)?.count ?? 0, nowMs);
      for (const query of queries) {
        const ofQuery = this.#profiles.profile({ database, query, timeMs: nowMs });
        if (ofQuery !== undefined) this.#learned.learnStatement(keyOf(database, query), ofQuery);
      }
    }
  }

  /** What was learnt, for the next start. Samples and other evidence of the moment are left out. */
  takeSnapshot(): Uint8Array {
    return this.#learned.takeSnapshot();
  }

  /** Goes on with what was learnt before. False, and nothing has changed, when the bytes are no snapshot of a known version. */
  restoreSnapshot(bytes: Uint8Array): boolean {
    return this.#learned.restoreSnapshot(bytes);
  }

  #ofDatabase(database: string, nowMs: number): Evidence {
    const waits = this.#profiles.profile({ database, timeMs: nowMs });
    const connections = this.#connections.get(database);
    const made = connections?.value.madePerSecond;
    const deadlocks = this.#deadlocksOf(database, nowMs);
    return {
      database,
      deadlocks: seenAt(
        nowMs,
        deadlocks && { ...deadlocks, made: this.#learned.deadlocks(database, deadlocks.count, nowMs) },
      ),
      waits: seenAt(nowMs, waits),
      usual: seenAt(nowMs, waits && this.#learned.load(database, waits, nowMs)),
      shift: seenAt(nowMs, waits && this.#learned.shift(database, waits)),
      blocking: this.#blocking.get(database),
      blockers: this.#blockers.get(database),
      connections: connections && {
        timeMs: connections.timeMs,
        value: {
          open: connections.value.open,
          max: connections.value.max,
          made: made === undefined ? undefined : this.#learned.connections(database, made, nowMs),
        },
      },
    };
  }

  #deadlocksOf(database: string, nowMs: number): Omit<DeadlockFacts, "made"> | undefined {
    return this.#deadlocks.get(database)?.value.facts(nowMs, this.#windowMs);
  }

  #ofStatement(database: string, query: string, nowMs: number): Evidence {
    const name = keyOf(database, query);
    const waits = this.#profiles.profile({ database, query, timeMs: nowMs });
    const databaseWaits = this.#profiles.profile({ database, timeMs: nowMs });
    const counters = this.#counters.get(name);
    return {
      database,
      query,
      waits: seenAt(nowMs, waits),
      databaseWaits: seenAt(nowMs, databaseWaits),
      usual: seenAt(nowMs, databaseWaits && this.#learned.load(database, databaseWaits, nowMs)),
      shift: seenAt(nowMs, waits && this.#learned.shift(name, waits)),
      counters: counters && { timeMs: counters.timeMs, value: counters.value.counters },
      planChange: this.#planChanges.get(name),
    };
  }

  /** Databases of which something is known, each with the statements that took most time. */
  #subjects(nowMs: number): ReadonlyMap<string, readonly string[]> {
    const times = new Map<string, Map<string, number>>();
    const timesOf = (database: string) => {
      const known = times.get(database) ?? new Map<string, number>();
      times.set(database, known);
      return known;
    };
    for (const [database] of this.#blocking.entries()) timesOf(database);
    for (const [database] of this.#connections.entries()) timesOf(database);
    for (const [database] of this.#deadlocks.entries()) timesOf(database);
    for (const database of this.#profiles.databases(nowMs)) {
      const known = timesOf(database);
      for (const query of this.#profiles.queries(database, nowMs)) {
        known.set(query, this.#profiles.profile({ database, query, timeMs: nowMs })?.seconds ?? 0);
      }
    }
    for (const [, { value }] of this.#counters.entries()) {
      const known = timesOf(value.database);
      known.set(value.query, Math.max(known.get(value.query) ?? 0, value.counters.seconds));
    }
    return new Map([...times].map(([database, known]) => [database, longest(known, this.#maxJudged)]));
  }

  #forget(nowMs: number): void {
    const { maxAgeSeconds, maxPlanChangeAgeSeconds } = this.#advisor;
    for (const recent of [this.#counters, this.#blocking, this.#blockers, this.#connections, this.#deadlocks]) {
      recent.forgetBefore(nowMs - maxAgeSeconds * 1000);
    }
    this.#planChanges.forgetBefore(nowMs - maxPlanChangeAgeSeconds * 1000);
  }
}

function seenAt<Value>(timeMs: number, value: Value | undefined): Seen<Value> | undefined {
  return value === undefined ? undefined : { timeMs, value };
}

/** The names with the largest numbers, the largest first. */
function longest(seconds: ReadonlyMap<string, number>, most: number): readonly string[] {
  const sorted = [...seconds].toSorted(([, one], [, other]) => other - one);
  return sorted.slice(0, most).map(([name]) => name);
}
