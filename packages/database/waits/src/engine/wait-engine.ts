import { advise } from "../advice/advise.ts";
import type {
  BlockerFacts,
  ConnectionFacts,
  Evidence,
  PlanChange,
  StatementCounters,
  UsualLoad,
} from "../advice/evidence.ts";
import type { WaitFinding } from "../advice/finding.ts";
import { type AdvisorSettings, defaultAdvisorSettings } from "../advice/settings.ts";
import { byUrgency } from "../advice/urgency.ts";
import { type BaselineSettings, Baselines, type Comparison } from "../baseline/baselines.ts";
import { type BlockingEdge, type BlockingForest, blockingForest } from "../blocking/blocking-forest.ts";
import type { WaitClass } from "../category.ts";
import { averageActiveSessions, classShare, type WaitProfile } from "../profile/wait-profile.ts";
import {
  defaultWaitProfileSettings,
  type WaitProfileSettings,
  WaitProfiles,
  type WaitSample,
} from "../profile/wait-profiles.ts";
import { type WaitShiftSettings, waitShift } from "../shift/wait-shift.ts";
import { decodeSnapshot, encodeSnapshot } from "../snapshot/snapshot.ts";
import { Recent } from "./recent.ts";
import { References } from "./references.ts";

export interface WaitEngineSettings {
  readonly profiles?: Partial<WaitProfileSettings> | undefined;
  readonly baselines?: Partial<BaselineSettings> | undefined;
  readonly advisor?: Partial<AdvisorSettings> | undefined;
  readonly shift?: Partial<WaitShiftSettings> | undefined;
  /** Statements of a database that are judged, those with most time first. Default 100. */
  readonly maxJudged?: number | undefined;
}

/** Classes of waits of which is learnt what is usual. */
const learntClasses: readonly WaitClass[] = ["cpu", "lock", "io", "network", "internal", "replication"];

/** Names a statement of a database, as the receiver of its evidence does. */
interface StatementName {
  readonly database: string;
  readonly query: string;
}

/**
 * Takes what is seen of databases as it comes, learns what is usual, and says at any time what is wrong.
 *
 * All times are those of the evidence, in milliseconds since 1970. What is usual is learnt once for each window; evidence
 * older than a window is forgotten. Everything has a bound.
 */
export class WaitEngine {
  readonly #settings: WaitEngineSettings;
  readonly #advisor: AdvisorSettings;
  readonly #windowMs: number;
  readonly #profiles: WaitProfiles;
  readonly #maxReferences: number;
  #baselines: Baselines;
  #references: References;
  readonly #counters: Recent<StatementName & { readonly counters: StatementCounters }>;
  readonly #planChanges: Recent<PlanChange>;
  readonly #blocking: Recent<BlockingForest>;
  readonly #blockers: Recent<ReadonlyMap<string, BlockerFacts>>;
  readonly #connections: Recent<Omit<ConnectionFacts, "made"> & { readonly madePerSecond?: number | undefined }>;
  #learntMs = Number.NEGATIVE_INFINITY;

  constructor(settings: WaitEngineSettings = {}) {
    const { windowSeconds, maxQueries, maxDatabases } = { ...defaultWaitProfileSettings, ...settings.profiles };
    this.#settings = settings;
    this.#advisor = { ...defaultAdvisorSettings, ...settings.advisor };
    this.#windowMs = windowSeconds * 1000;
    this.#profiles = new WaitProfiles(settings.profiles);
    this.#baselines = new Baselines(settings.baselines);
    this.#maxReferences = maxQueries;
    this.#references = new References(maxQueries);
    this.#counters = new Recent(maxQueries);
    this.#planChanges = new Recent(maxQueries);
    this.#blocking = new Recent(maxDatabases);
    this.#blockers = new Recent(maxDatabases);
    this.#connections = new Recent(maxDatabases);
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
    this.#counters.set(key(database, query), timeMs, { database, query, counters });
  }

  /** A statement has another plan. */
  planChange(args: StatementName & { readonly timeMs: number; readonly change: PlanChange }): void {
    this.#planChanges.set(key(args.database, args.query), args.timeMs, args.change);
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

  connections(args: {
    readonly database: string;
    readonly timeMs: number;
    readonly open: number;
    readonly max?: number | undefined;
    readonly madePerSecond?: number | undefined;
  }): void {
    const { database, timeMs, ...facts } = args;
    this.#connections.set(database, timeMs, facts);
  }

  /** Everything that is wrong now, the most pressing first. Call it at a steady pace, at least once a window. */
  evaluate(nowMs: number): readonly WaitFinding[] {
    this.#forget(nowMs);
    const learns = nowMs - this.#learntMs >= this.#windowMs;
    if (learns) this.#learntMs = nowMs;
    const queries = this.#queries(nowMs);
    const databases = new Set([
      ...this.#profiles.databases(nowMs),
      ...[...this.#blocking.entries(), ...this.#connections.entries()].map(([database]) => database),
      ...queries.keys(),
    ]);
    const findings = [...databases].flatMap((database) => {
      const waits = this.#profiles.profile({ database, timeMs: nowMs });
      return [
        ...this.#judgeDatabase({ database, waits, nowMs, learns }),
        ...(queries.get(database) ?? []).flatMap((query) =>
          this.#judgeStatement({ database, query, databaseWaits: waits, nowMs, learns }),
        ),
      ];
    });
    return findings.toSorted(byUrgency);
  }

  /** What was learnt, for the next start. Samples and other evidence of the moment are left out. */
  takeSnapshot(): Uint8Array {
    return encodeSnapshot({ baselines: [...this.#baselines.states()], references: [...this.#references.entries()] });
  }

  /** Goes on with what was learnt before. False, and nothing has changed, when the bytes are no snapshot of a known version. */
  restoreSnapshot(bytes: Uint8Array): boolean {
    const snapshot = decodeSnapshot(bytes);
    if (snapshot === undefined) return false;
    this.#baselines = new Baselines(this.#settings.baselines, snapshot.baselines);
    this.#references = new References(this.#maxReferences, snapshot.references);
    return true;
  }

  #judgeDatabase(args: {
    readonly database: string;
    readonly waits: WaitProfile | undefined;
    readonly nowMs: number;
    readonly learns: boolean;
  }): readonly WaitFinding[] {
    const { database, waits, nowMs, learns } = args;
    const usual: UsualLoad = {
      all: waits && this.#against(database, "all", averageActiveSessions(waits), args),
      byClass: Object.fromEntries(
        learntClasses.map((waitClass) => [
          waitClass,
          waits &&
            this.#against(database, waitClass, averageActiveSessions(waits) * classShare(waits, waitClass).share, args),
        ]),
      ),
    };
    const connections = this.#connections.get(database);
    const made = connections?.value.madePerSecond;
    return this.#advise(
      {
        database,
        ...this.#shifted(database, waits, nowMs, learns),
        waits: waits && { timeMs: nowMs, value: waits },
        usual: { timeMs: nowMs, value: usual },
        blocking: this.#blocking.get(database),
        blockers: this.#blockers.get(database),
        connections: connections && {
          timeMs: connections.timeMs,
          value: {
            open: connections.value.open,
            max: connections.value.max,
            made: made === undefined ? undefined : this.#against(database, "connections", made, args),
          },
        },
      },
      nowMs,
    );
  }

  #judgeStatement(args: {
    readonly database: string;
    readonly query: string;
    readonly databaseWaits: WaitProfile | undefined;
    readonly nowMs: number;
    readonly learns: boolean;
  }): readonly WaitFinding[] {
    const { database, query, databaseWaits, nowMs, learns } = args;
    const waits = this.#profiles.profile({ database, query, timeMs: nowMs });
    const name = key(database, query);
    const counters = this.#counters.get(name);
    return this.#advise(
      {
        database,
        query,
        ...this.#shifted(name, waits, nowMs, learns),
        waits: waits && { timeMs: nowMs, value: waits },
        databaseWaits: databaseWaits && { timeMs: nowMs, value: databaseWaits },
        counters: counters && { timeMs: counters.timeMs, value: counters.value.counters },
        planChange: this.#planChanges.get(name),
      },
      nowMs,
    );
  }

  #advise(evidence: Evidence, nowMs: number): readonly WaitFinding[] {
    return advise({ evidence, nowMs, settings: this.#advisor });
  }

  /** Compares first and learns then, so that a value is never compared with itself. */
  #against(
    database: string,
    figure: string,
    value: number,
    { nowMs, learns }: { readonly nowMs: number; readonly learns: boolean },
  ): Comparison | undefined {
    const comparison = this.#baselines.compare(key(database, figure), value, nowMs);
    if (learns) this.#baselines.learn(key(database, figure), value, nowMs);
    return comparison;
  }

  #shifted(name: string, waits: WaitProfile | undefined, nowMs: number, learns: boolean): Pick<Evidence, "shift"> {
    if (waits === undefined) return {};
    const reference = this.#references.get(name);
    const shift = reference === undefined ? undefined : waitShift(reference, waits, this.#settings.shift);
    if (learns) this.#references.learn(name, waits);
    return shift === undefined ? {} : { shift: { timeMs: nowMs, value: shift } };
  }

  /** Statements worth a judgement: those with most sampled time, then those with most counted time. */
  #queries(nowMs: number): ReadonlyMap<string, readonly string[]> {
    const all = new Map<string, Set<string>>();
    const times = new Map<string, number>();
    const add = (database: string, query: string, seconds: number) => {
      const name = key(database, query);
      times.set(name, Math.max(times.get(name) ?? 0, seconds));
      const queries = all.get(database);
      if (queries === undefined) all.set(database, new Set([query]));
      else queries.add(query);
    };
    for (const database of this.#profiles.databases(nowMs)) {
      for (const query of this.#profiles.queries(database, nowMs)) {
        add(database, query, this.#profiles.profile({ database, query, timeMs: nowMs })?.seconds ?? 0);
      }
    }
    for (const [, { value }] of this.#counters.entries()) add(value.database, value.query, value.counters.seconds);
    const most = this.#settings.maxJudged ?? 100;
    return new Map(
      [...all].map(([database, queries]) => {
        const timeOf = (query: string) => times.get(key(database, query)) ?? 0;
        return [database, [...queries].toSorted((one, other) => timeOf(other) - timeOf(one)).slice(0, most)];
      }),
    );
  }

  #forget(nowMs: number): void {
    const { maxAgeSeconds, maxPlanChangeAgeSeconds } = this.#advisor;
    for (const recent of [this.#counters, this.#blocking, this.#blockers, this.#connections]) {
      recent.forgetBefore(nowMs - maxAgeSeconds * 1000);
    }
    this.#planChanges.forgetBefore(nowMs - maxPlanChangeAgeSeconds * 1000);
  }
}

/** Names that hold no control character stay apart. */
function key(database: string, name: string): string {
  return `${database}\u0000${name}`;
}
