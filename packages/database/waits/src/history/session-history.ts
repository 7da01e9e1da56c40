import { type WaitCategory, type WaitClass, waitClassOf } from "../category.ts";

/** What a session does. */
export interface SessionActivity {
  readonly database: string;
  /** The id that the server gives to the statement; absent where it gives none. */
  readonly queryId?: string | undefined;
  /** Of the statement's text, where there is no id. */
  readonly fingerprint?: string | undefined;
  /** What they wait for, as the server names it; both empty while they compute. */
  readonly eventType: string;
  readonly event: string;
  /** What the wait means; `idle` is no load and left out. */
  readonly category: WaitCategory;
}

/** Sessions that do the same at one moment. */
export interface ActiveSessions extends SessionActivity {
  readonly sessions: number;
}

/** Sessions that did the same over an interval, on average. */
export interface AverageSessions extends SessionActivity {
  readonly averageSessions: number;
}

/** What was active in an interval. The averages of `groups` and `others` add up to those of `classes`. */
export interface SessionProfile {
  /** How long was sampled. */
  readonly seconds: number;
  readonly samples: number;
  /** The busiest first. */
  readonly groups: readonly AverageSessions[];
  /** All other groups, by what they waited for. */
  readonly others: ReadonlyMap<WaitClass, number>;
  /** Everything, by what it waited for. */
  readonly classes: ReadonlyMap<WaitClass, number>;
}

interface Group {
  readonly activity: SessionActivity;
  /** Sessions times the time that they were seen for. */
  seconds: number;
}

/** Groups that are kept apart while they are counted. */
const mostGroups = 5000;

/**
 * Average active sessions by what they execute and what they wait for.
 *
 * Each sample stands for the time since the one before, so that the averages are right however unevenly samples come.
 * What exceeds the bounds is not lost but summed by wait class.
 */
export class ActiveSessionHistory {
  readonly #groups = new Map<string, Group>();
  /** Session seconds of what came when there were too many groups. */
  readonly #overflow = new Map<WaitClass, number>();
  #seconds = 0;
  #samples = 0;

  /** Notes who is active, which stands for the last `seconds`. */
  add(active: Iterable<ActiveSessions>, seconds: number): void {
    this.#samples++;
    if (!(seconds > 0)) return;
    this.#seconds += seconds;
    for (const each of active) {
      if (each.category !== "idle" && each.sessions > 0) this.#count(each, each.sessions * seconds);
    }
  }

  /** What was seen since the last reset, at most `limit` groups one by one. */
  profile(limit: number): SessionProfile {
    const groups = [...this.#groups.values()].toSorted((one, other) => other.seconds - one.seconds);
    const total = new Map<WaitClass, number>();
    const others = new Map<WaitClass, number>();
    for (const [waitClass, seconds] of this.#overflow) {
      plus(total, waitClass, seconds);
      plus(others, waitClass, seconds);
    }
    groups.forEach(({ activity, seconds }, index) => {
      const waitClass = waitClassOf(activity.category);
      plus(total, waitClass, seconds);
      if (index >= limit) plus(others, waitClass, seconds);
    });
    return {
      seconds: this.#seconds,
      samples: this.#samples,
      groups: groups
        .slice(0, limit)
        .map(({ activity, seconds }) => ({ ...activity, averageSessions: seconds / this.#seconds })),
      others: this.#averages(others),
      classes: this.#averages(total),
    };
  }

  /** Begins the next interval. */
  reset(): void {
    this.#groups.clear();
    this.#overflow.clear();
    this.#seconds = 0;
    this.#samples = 0;
  }

  #count(active: ActiveSessions, seconds: number): void {
    const { database, queryId, fingerprint, eventType, event, category } = active;
    const key = JSON.stringify([database, queryId ?? "", fingerprint ?? "", eventType, event]);
    const group = this.#groups.get(key);
    if (group !== undefined) group.seconds += seconds;
    else if (this.#groups.size < mostGroups) {
      const activity = { database, queryId, fingerprint, eventType, event, category };
      this.#groups.set(key, { activity, seconds });
    } else plus(this.#overflow, waitClassOf(category), seconds);
  }

  #averages(seconds: ReadonlyMap<WaitClass, number>): ReadonlyMap<WaitClass, number> {
    return new Map([...seconds].map(([waitClass, sum]) => [waitClass, sum / this.#seconds]));
  }
}

function plus(sums: Map<WaitClass, number>, waitClass: WaitClass, seconds: number): void {
  sums.set(waitClass, (sums.get(waitClass) ?? 0) + seconds);
}
