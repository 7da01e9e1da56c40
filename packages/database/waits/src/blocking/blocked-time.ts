import type { BlockingForest } from "./blocking-forest.ts";

/** The statement of a session that others wait for: what it executes, or executed last. */
export interface BlockingStatement {
  /** "" where it is not known, as of a prepared transaction. */
  readonly database: string;
  /** The id that the server gives to the statement; absent where it gives none. */
  readonly queryId?: string | undefined;
  /** Of the statement's text, where there is no id. */
  readonly fingerprint?: string | undefined;
}

/** What sessions lost to one statement since the last look. */
export interface BlockedIncrement extends BlockingStatement {
  /** Sessions that wait now. */
  readonly sessions: number;
  /** What they have waited since the last look, taken together. */
  readonly seconds: number;
}

export interface BlockedSeries extends BlockedIncrement {
  /** Since when it counts, by the server's clock. */
  readonly sinceMicros: bigint;
}

/** Statements that have a counter of their own. */
const mostSeries = 100;

/**
 * The time that sessions have lost to each statement at the root of a blocking tree, as counters that only grow. When a
 * new statement needs room, the one that has blocked nobody for longest gives what it counted to the sum of all others:
 * so all of them always add up to all time lost.
 */
export class BlockedTime {
  /** In the order in which they blocked last. */
  readonly series: ReadonlyMap<string, BlockedSeries>;
  /** The sum of those that gave up theirs. */
  readonly others: BlockedSeries | undefined;

  private constructor(series: ReadonlyMap<string, BlockedSeries>, others: BlockedSeries | undefined) {
    this.series = series;
    this.others = others;
  }

  static readonly none: BlockedTime = new BlockedTime(new Map(), undefined);

  /** The counters after another look; these stay as they are. `lastMicros` is when the look before it was. */
  after(increments: Iterable<BlockedIncrement>, lastMicros: bigint): BlockedTime {
    const series = new Map([...this.series].map(([name, known]) => [name, over(known)] as const));
    for (const increment of increments) {
      const name = JSON.stringify([increment.database, increment.queryId ?? "", increment.fingerprint ?? ""]);
      const known = series.get(name);
      series.delete(name);
      series.set(name, {
        ...increment,
        sessions: increment.sessions + (known?.sessions ?? 0),
        seconds: increment.seconds + (known?.seconds ?? 0),
        sinceMicros: known?.sinceMicros ?? lastMicros,
      });
    }
    let others = this.others && over(this.others);
    for (const [name, { sessions, seconds, sinceMicros }] of series) {
      if (series.size <= mostSeries) break;
      series.delete(name);
      others = {
        database: "",
        sessions: sessions + (others?.sessions ?? 0),
        seconds: seconds + (others?.seconds ?? 0),
        sinceMicros: others?.sinceMicros ?? sinceMicros,
      };
    }
    return new BlockedTime(series, others);
  }
}

/** As long as nobody waits for it any more. */
function over(series: BlockedSeries): BlockedSeries {
  return { ...series, sessions: 0 };
}

/** What the sessions behind each root of a blocking tree have waited since the last look. */
export function blockedSince(args: {
  readonly forest: BlockingForest;
  /** How long ago the last look was, in seconds; 0 at the first. */
  readonly elapsedSeconds: number;
  /** The statement of a root; `undefined` when it is not reported. */
  readonly statementOf: (root: string) => BlockingStatement | undefined;
}): readonly BlockedIncrement[] {
  const { forest, elapsedSeconds, statementOf } = args;
  return [...forest.blocked.values()].flatMap(({ root, seconds }) => {
    const statement = statementOf(root);
    // A clock that was set back makes waits look as if they had not begun yet.
    const lost = Math.max(0, Math.min(seconds, elapsedSeconds));
    return statement === undefined ? [] : [{ ...statement, sessions: 1, seconds: lost }];
  });
}
