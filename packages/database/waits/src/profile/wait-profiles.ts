import type { WaitCategory } from "../category.ts";
import { SlidingProfile } from "./sliding-profile.ts";
import type { WaitProfile } from "./wait-profile.ts";

/** How much is remembered. */
export interface WaitProfileSettings {
  /** How far back profiles reach. Default 300. */
  readonly windowSeconds: number;
  /** The window moves in steps of this. Default 30. */
  readonly sliceSeconds: number;
  /** Statements that are followed, of all databases; the one that was seen longest ago makes room. Default 20,000. */
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

/** The samples of a database, and when the first of them was. */
interface Followed {
  readonly waits: SlidingProfile;
  readonly sinceMs: number;
}

/**
 * Profiles of databases and of their statements over a sliding window.
 *
 * The time of samples is the clock, for each database its own: a sample that is older than the window is counted as late
 * and left out, one that is older than the current slice counts for that slice. An idle session is no load, but shows that the database
 * was looked at.
 */
export class WaitProfiles {
  readonly #settings: WaitProfileSettings;
  readonly #sliceMs: number;
  readonly #slices: number;
  /** Both in the order of their last sample. */
  readonly #databases = new Map<string, Followed>();
  readonly #queries = new Map<string, Followed>();
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

  /** Statements and databases that made room for others while they were still in their window. */
  get evicted(): number {
    return this.#evicted;
  }

  get queryCount(): number {
    return this.#queries.size;
  }

  add({ database, query, category, seconds, timeMs }: WaitSample): void {
    if (!(seconds > 0 && Number.isFinite(seconds) && Number.isFinite(timeMs))) {
      this.#late++;
      return;
    }
    const slice = Math.floor(timeMs / this.#sliceMs);
    const last = this.#databases.get(database)?.waits.lastSlice ?? slice;
    if (slice <= last - this.#slices) {
      this.#late++;
      return;
    }
    const now = Math.max(slice, last);
    const startMs = timeMs - seconds * 1000;
    this.#follow(this.#databases, database, this.#settings.maxDatabases, now, startMs).waits.add(
      now,
      category,
      seconds,
    );
    if (query === undefined || category === "idle") return;
    const key = queryKey(database, query);
    this.#follow(this.#queries, key, this.#settings.maxQueries, now, startMs).waits.add(now, category, seconds);
  }

  /** Databases that were sampled within their window before `timeMs`. */
  databases(timeMs: number): readonly string[] {
    const oldest = this.#sliceOf(timeMs) - this.#slices;
    return [...this.#databases].filter(([, { waits }]) => waits.lastSlice > oldest).map(([database]) => database);
  }

  /** Statements that were sampled within the window, by database. */
  queries(timeMs: number): ReadonlyMap<string, readonly string[]> {
    const oldest = this.#sliceOf(timeMs) - this.#slices;
    const found = new Map<string, string[]>();
    for (const [key, { waits }] of this.#queries) {
      if (waits.lastSlice <= oldest) continue;
      const split = key.indexOf(separator);
      const queries = found.get(key.slice(0, split));
      if (queries === undefined) found.set(key.slice(0, split), [key.slice(split + 1)]);
      else queries.push(key.slice(split + 1));
    }
    return found;
  }

  /** What the window shows of a database, or of one of its statements. `undefined` when it has no sample. */
  profile(args: {
    readonly database: string;
    readonly query?: string | undefined;
    readonly timeMs: number;
  }): WaitProfile | undefined {
    const { database, query, timeMs } = args;
    const followed = query === undefined ? this.#databases.get(database) : this.#queries.get(queryKey(database, query));
    const last = this.#sliceOf(timeMs);
    const first = last - this.#slices + 1;
    if (followed === undefined || followed.waits.lastSlice < first) return undefined;
    const fromMs = Math.max(first * this.#sliceMs, this.#databases.get(database)?.sinceMs ?? 0);
    return followed.waits.profile(first, last, Math.max(timeMs - fromMs, 1) / 1000);
  }

  #sliceOf(timeMs: number): number {
    return Math.floor(timeMs / this.#sliceMs);
  }

  #follow(all: Map<string, Followed>, key: string, max: number, slice: number, startMs: number): Followed {
    const followed = all.get(key);
    if (followed !== undefined && followed.waits.lastSlice === slice) return followed;
    const kept = followed ?? { waits: new SlidingProfile(), sinceMs: startMs };
    kept.waits.forgetBefore(slice - this.#slices + 1);
    all.delete(key);
    all.set(key, kept);
    this.#makeRoom(all, max, slice);
    return kept;
  }

  /** Lets go of what lies outside of the window, at most two at a time, and of the oldest where there are too many. */
  #makeRoom(all: Map<string, Followed>, max: number, slice: number): void {
    let looked = 0;
    for (const [key, { waits }] of all) {
      const old = waits.lastSlice >= 0 && waits.lastSlice <= slice - this.#slices;
      if (all.size <= max && (!old || ++looked > 2)) return;
      if (!old) this.#evicted++;
      all.delete(key);
    }
  }
}

/** Occurs neither in names of databases nor in fingerprints. */
const separator = "\u0000";

function queryKey(database: string, query: string): string {
  return `${database}${separator}${query}`;
}
