import type { Errand } from "./errand.ts";

/** A database with what is to be asked in it now. */
export interface DueVisit {
  readonly database: string;
  readonly errands: readonly Errand[];
}

/** How far the visits are behind. */
export interface ErrandLag {
  readonly errand: string;
  /** By how much the database that waits longest is overdue, in milliseconds; 0 when none is. */
  readonly lagMs: number;
  /** Databases whose turn has come. */
  readonly pending: number;
}

interface Place {
  dueMs: number;
  failures: number;
}

/** Asking about a database takes at most this share of the time: one that takes a second is asked every 100 seconds. */
const timeShare = 0.01;
/** A failing errand is tried at most this much more rarely. */
const mostFailures = 5;

/** When each errand is to be done in each database: those that wait longest come first. */
export class VisitSchedule {
  readonly #errands: readonly Errand[];
  readonly #places = new Map<string, Map<Errand, Place>>();

  constructor(errands: readonly Errand[]) {
    this.#errands = errands;
  }

  /** Takes over which databases there are: new ones are due at once, those that are gone are forgotten. */
  update(databases: readonly string[], nowMs: number): void {
    const present = new Set(databases);
    for (const known of this.#places.keys()) if (!present.has(known)) this.#places.delete(known);
    for (const database of databases) {
      if (this.#places.has(database)) continue;
      this.#places.set(database, new Map(this.#errands.map((errand) => [errand, { dueMs: nowMs, failures: 0 }])));
    }
  }

  /** The visits that are due, the one that waits longest first. */
  due(nowMs: number): readonly DueVisit[] {
    const visits: (DueVisit & { readonly sinceMs: number })[] = [];
    for (const [database, places] of this.#places) {
      const due = [...places].filter(([, { dueMs }]) => dueMs <= nowMs);
      if (due.length === 0) continue;
      const sinceMs = Math.min(...due.map(([, { dueMs }]) => dueMs));
      visits.push({ database, errands: due.map(([errand]) => errand), sinceMs });
    }
    return visits.sort((a, b) => a.sinceMs - b.sinceMs);
  }

  /** The errand was done, in `tookMs`. `factor` ≥ 1 makes its interval longer. */
  done(args: DoneErrand & { readonly tookMs: number; readonly factor: number }): void {
    const place = this.#place(args);
    if (place === undefined) return;
    place.failures = 0;
    place.dueMs = args.nowMs + Math.max(args.errand.intervalMs * args.factor, args.tookMs / timeShare);
  }

  /** The errand failed: it is tried again after the interval, then after twice as long, and so on. */
  failed(args: DoneErrand): void {
    const place = this.#place(args);
    if (place === undefined) return;
    place.dueMs = args.nowMs + args.errand.intervalMs * 2 ** Math.min(place.failures++, mostFailures);
  }

  /** The server could not be reached: it stays due, behind what was due before. */
  putOff(args: DoneErrand): void {
    const place = this.#place(args);
    if (place !== undefined) place.dueMs = args.nowMs;
  }

  lags(nowMs: number): readonly ErrandLag[] {
    return this.#errands.map((errand) => {
      let lagMs = 0;
      let pending = 0;
      for (const places of this.#places.values()) {
        const overdueMs = nowMs - (places.get(errand)?.dueMs ?? nowMs + 1);
        if (overdueMs < 0) continue;
        pending++;
        lagMs = Math.max(lagMs, overdueMs);
      }
      return { errand: errand.name, lagMs, pending };
    });
  }

  #place({ database, errand }: DoneErrand): Place | undefined {
    return this.#places.get(database)?.get(errand);
  }
}

interface DoneErrand {
  readonly database: string;
  readonly errand: Errand;
  readonly nowMs: number;
}
