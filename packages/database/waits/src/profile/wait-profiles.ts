import type { WaitCategory } from "../category.ts";
import { SlidingProfile } from "./sliding-profile.ts";
import type { WaitProfile } from "./wait-profile.ts";

/** How much is remembered. */
export interface WaitProfileSettings {
  /** How far back profiles reach. Default 300. */
  readonly windowSeconds: number;
  /** The window moves in steps of this. Default 30. */
  readonly sliceSeconds: number;
  /** Statements that are followed, of all databases; one of the database that was sampled longest ago makes room. Default 20,000. */
  readonly maxQueries: number;
  /** Databases that are followed. Default 1,000. */
  readonly maxDatabases: number;
}

export const defaultWaitProfileSettings: WaitProfileSettings = {
  windowSeconds: 300,
  sliceSeconds: 30,
  maxQueries: 20_000,
  maxDatabases: 1_000,
};

/** What one session did when it was looked at. */
export interface WaitSample {
  /** Names instance and database. */
  readonly database: string;
  /** Fingerprint of the statement; absent where it is not known, which then counts for the database only. */
  readonly query?: string | undefined;
  readonly category: WaitCategory;
  /** Since the session, or the server, was looked at before: what the sample stands for. */
  readonly seconds: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}

/** The samples of a database and of its statements. */
interface Followed {
  readonly waits: SlidingProfile;
  /** When the first sample began. */
  readonly sinceMs: number;
  /** In the order of their last slice. */
  readonly queries: Map<string, SlidingProfile>;
}

/**
 * Profiles of databases and of their statements over a sliding window.
 *
 * The time of samples is the clock, for each database its own: a sample that is older than the window is counted as late
 * and left out, one that is older than the current slice counts for that slice. An idle session is no load, but shows that
 * the database was looked at.
 */
export class WaitProfiles {
  readonly #settings: WaitProfileSettings;
  readonly #sliceMs: number;
  readonly #slices: number;
  /** In the order of their last slice or new statement. */
  readonly #databases = new Map<string, Followed>();
  #queryCount = 0;
  #late = 0;
  #evicted = 0;

  constructor(settings: Partial<WaitProfileSettings> = {}) {
    this.#settings = { ...defaultWaitProfileSettings, ...settings };
    this.#sliceMs = this.#settings.sliceSeconds * 1000;
    this.#slices = Math.max(1, Math.ceil(this.#settings.windowSeconds / this.#settings.sliceSeconds));
  }

  /** Samples that came after their window had passed, or were none: of a time that is not a positive number of seconds. */
  get late(): number {
    return this.#late;
  }

  /** Statements that made room for others while they were still in their window. */
  get evicted(): number {
    return this.#evicted;
  }

  /** Statements that are followed, of all databases. */
  get queryCount(): number {
    return this.#queryCount;
  }

  add({ database, query, category, seconds, timeMs }: WaitSample): void {
    const known = this.#databases.get(database);
    const last = known?.waits.lastSlice ?? Number.NEGATIVE_INFINITY;
    const slice = Math.max(this.#sliceOf(timeMs), last);
    if (!(seconds > 0 && Number.isFinite(seconds + slice) && this.#sliceOf(timeMs) > last - this.#slices)) {
      this.#late++;
      return;
    }
    const followed = known ?? { waits: new SlidingProfile(), sinceMs: timeMs - seconds * 1000, queries: new Map() };
    if (last !== slice) this.#begin(database, followed, slice);
    followed.waits.add(slice, category, seconds);
    if (query === undefined || category === "idle") return;
    const waits = followed.queries.get(query) ?? new SlidingProfile();
    if (waits.lastSlice !== slice) this.#beginQuery(database, followed, query, waits, slice);
    waits.add(slice, category, seconds);
  }

  /** Databases that were sampled within their window before `timeMs`. */
  databases(timeMs: number): readonly string[] {
    const oldest = this.#sliceOf(timeMs) - this.#slices;
    return [...this.#databases].filter(([, { waits }]) => waits.lastSlice > oldest).map(([database]) => database);
  }

  /** Statements of a database that were sampled within the window. */
  queries(database: string, timeMs: number): readonly string[] {
    const oldest = this.#sliceOf(timeMs) - this.#slices;
    const queries = this.#databases.get(database)?.queries ?? [];
    return [...queries].filter(([, waits]) => waits.lastSlice > oldest).map(([query]) => query);
  }

  /** What the window shows of a database, or of one of its statements. `undefined` when it has no sample. */
  profile(args: {
    readonly database: string;
    readonly query?: string | undefined;
    readonly timeMs: number;
  }): WaitProfile | undefined {
    const { database, query, timeMs } = args;
    const followed = this.#databases.get(database);
    const waits = query === undefined ? followed?.waits : followed?.queries.get(query);
    const last = this.#sliceOf(timeMs);
    const first = last - this.#slices + 1;
    if (followed === undefined || waits === undefined || waits.lastSlice < first) return undefined;
    const fromMs = Math.max(first * this.#sliceMs, followed.sinceMs);
    return waits.profile(first, last, Math.max(timeMs - fromMs, 1) / 1000);
  }

  #sliceOf(timeMs: number): number {
    return Math.floor(timeMs / this.#sliceMs);
  }

  /** The first sample of a database in a slice: it comes last now, and what lies outside of the window goes. */
  #begin(database: string, followed: Followed, slice: number): void {
    followed.waits.forgetBefore(slice - this.#slices + 1);
    for (const [query, waits] of followed.queries) {
      if (waits.lastSlice > slice - this.#slices) break;
      followed.queries.delete(query);
      this.#queryCount--;
    }
    this.#databases.delete(database);
    this.#databases.set(database, followed);
    if (this.#databases.size > this.#settings.maxDatabases) this.#forgetDatabase();
  }

  #beginQuery(database: string, followed: Followed, query: string, waits: SlidingProfile, slice: number): void {
    waits.forgetBefore(slice - this.#slices + 1);
    const isNew = !followed.queries.delete(query);
    followed.queries.set(query, waits);
    if (!isNew || ++this.#queryCount <= this.#settings.maxQueries) return;
    // It comes last, so that it is not what makes room.
    this.#databases.delete(database);
    this.#databases.set(database, followed);
    this.#forgetQuery();
  }

  #forgetDatabase(): void {
    const [oldest] = this.#databases;
    if (oldest === undefined) return;
    this.#databases.delete(oldest[0]);
    this.#queryCount -= oldest[1].queries.size;
    this.#evicted += oldest[1].queries.size;
  }

  /** The oldest statement of the database that was sampled longest ago. */
  #forgetQuery(): void {
    for (const { queries } of this.#databases.values()) {
      const [oldest] = queries.keys();
      if (oldest === undefined) continue;
      queries.delete(oldest);
      this.#queryCount--;
      this.#evicted++;
      return;
    }
  }
}
