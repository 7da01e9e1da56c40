import type { UsualLoad } from "../advice/evidence.ts";
import { type BaselineSettings, Baselines, type Comparison } from "../baseline/baselines.ts";
import type { WaitClass } from "../category.ts";
import { averageActiveSessions, classShare, type WaitProfile } from "../profile/wait-profile.ts";
import { type WaitShift, type WaitShiftSettings, waitShift } from "../shift/wait-shift.ts";
import { type WaitTrend, waitTrend } from "../shift/wait-trend.ts";
import { decodeSnapshot, encodeSnapshot } from "../snapshot/snapshot.ts";
import { keyOf } from "./key.ts";
import { References } from "./references.ts";

/** Classes of waits of which is learnt what is usual. */
const classes: readonly WaitClass[] = ["cpu", "lock", "io", "network", "internal", "replication"];

export interface LearnedSettings {
  readonly baselines?: Partial<BaselineSettings> | undefined;
  readonly shift?: Partial<WaitShiftSettings> | undefined;
  readonly maxReferences: number;
}

/** What is usual: how much load of what kind, how many connections, and what sessions wait for. */
export class Learned {
  readonly #settings: LearnedSettings;
  #baselines: Baselines;
  #references: References;

  constructor(settings: LearnedSettings) {
    this.#settings = settings;
    this.#baselines = new Baselines(settings.baselines);
    this.#references = new References(settings.maxReferences);
  }

  /** The load of a database against what is usual at that hour. */
  load(database: string, waits: WaitProfile, nowMs: number): UsualLoad {
    const against = (figure: string, value: number) => this.#baselines.compare(keyOf(database, figure), value, nowMs);
    return {
      all: against("all", averageActiveSessions(waits)),
      byClass: Object.fromEntries(
        classes.map((waitClass) => [waitClass, against(waitClass, sessionsOf(waits, waitClass))]),
      ),
    };
  }

  /** Connections made per second against what is usual at that hour. */
  connections(database: string, madePerSecond: number, nowMs: number): Comparison | undefined {
    return this.#baselines.compare(keyOf(database, "connections"), madePerSecond, nowMs);
  }

  /** Deadlocks of a window against what is usual at that hour. */
  deadlocks(database: string, count: number, nowMs: number): Comparison | undefined {
    return this.#baselines.compare(keyOf(database, "deadlocks"), count, nowMs);
  }

  /** How much of its time a statement waits against what is usual; `undefined` while too little is known. */
  trend(name: string, waits: WaitProfile): WaitTrend | undefined {
    const reference = this.#references.get(name);
    return reference && waitTrend(reference, waits);
  }

  /** What a database or a statement waits for against what is usual; `undefined` while too little is known. */
  shift(name: string, waits: WaitProfile): WaitShift | undefined {
    const reference = this.#references.get(name);
    return reference && waitShift(reference, waits, this.#settings.shift);
  }

  learnDatabase(database: string, waits: WaitProfile, nowMs: number): void {
    this.#baselines.learn(keyOf(database, "all"), averageActiveSessions(waits), nowMs);
    for (const waitClass of classes) {
      this.#baselines.learn(keyOf(database, waitClass), sessionsOf(waits, waitClass), nowMs);
    }
    this.#references.learn(database, waits);
  }

  learnConnections(database: string, madePerSecond: number, nowMs: number): void {
    this.#baselines.learn(keyOf(database, "connections"), madePerSecond, nowMs);
  }

  learnDeadlocks(database: string, count: number, nowMs: number): void {
    this.#baselines.learn(keyOf(database, "deadlocks"), count, nowMs);
  }

  learnStatement(name: string, waits: WaitProfile): void {
    this.#references.learn(name, waits);
  }

  takeSnapshot(): Uint8Array {
    return encodeSnapshot({ baselines: [...this.#baselines.states()], references: [...this.#references.entries()] });
  }

  restoreSnapshot(bytes: Uint8Array): boolean {
    const snapshot = decodeSnapshot(bytes);
    if (snapshot === undefined) return false;
    this.#baselines = new Baselines(this.#settings.baselines, snapshot.baselines);
    this.#references = new References(this.#settings.maxReferences, snapshot.references);
    return true;
  }
}

function sessionsOf(waits: WaitProfile, waitClass: WaitClass): number {
  return averageActiveSessions(waits) * classShare(waits, waitClass).share;
}
