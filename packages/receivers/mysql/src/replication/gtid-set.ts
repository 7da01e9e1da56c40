/** First and last number of an interval; both belong to it. */
type Interval = readonly [first: bigint, last: bigint];

/** Longer sets are not compared: a healthy one has a few sources with few intervals. */
const longestSet = 100_000;

/**
 * How many transactions of `received` are not in `executed`; `undefined` for what is too long. Both as MySQL prints
 * them: `uuid[:tag]:first[-last]…` with commas in between (MySQL 9 Reference Manual, GTID Format and Storage).
 */
export function missingTransactions(received: string, executed: string): bigint | undefined {
  if (received.length > longestSet || executed.length > longestSet) return undefined;
  const done = gtidSet(executed);
  let missing = 0n;
  for (const [source, intervals] of gtidSet(received)) {
    for (const interval of intervals) missing += outside(interval, done.get(source) ?? []);
  }
  return missing;
}

/** By source, and by tag where there is one; intervals in ascending order. */
function gtidSet(text: string): ReadonlyMap<string, readonly Interval[]> {
  const set = new Map<string, Interval[]>();
  for (const part of text.split(",")) {
    const [uuid = "", ...tokens] = part.trim().toLowerCase().split(":");
    let source = uuid;
    for (const token of tokens) {
      const [, first, last] = /^(\d{1,19})(?:-(\d{1,19}))?$/.exec(token) ?? [];
      if (first === undefined) {
        source = `${uuid}:${token}`;
        continue;
      }
      const intervals = set.get(source) ?? [];
      intervals.push([BigInt(first), BigInt(last ?? first)]);
      set.set(source, intervals);
    }
  }
  for (const intervals of set.values()) intervals.sort(([a], [b]) => (a < b ? -1 : 1));
  return set;
}

/** How much of an interval lies in none of the others, which are in ascending order. */
function outside([first, last]: Interval, others: readonly Interval[]): bigint {
  let from = first;
  let count = 0n;
  for (const [otherFirst, otherLast] of others) {
    if (otherLast < from) continue;
    if (otherFirst > last) break;
    if (otherFirst > from) count += otherFirst - from;
    from = otherLast + 1n;
  }
  return from > last ? count : count + last - from + 1n;
}

/**
 * The same for MariaDB, `domain-server-sequence` with commas in between: how far one position is behind the other,
 * summed over its domains. A sequence has no gaps but what was skipped on purpose.
 */
export function missingSequence(received: string, executed: string): bigint | undefined {
  if (received.length > longestSet || executed.length > longestSet) return undefined;
  const done = positions(executed);
  let missing = 0n;
  for (const [domain, sequence] of positions(received)) {
    const behind = sequence - (done.get(domain) ?? 0n);
    if (behind > 0n) missing += behind;
  }
  return missing;
}

function positions(text: string): ReadonlyMap<string, bigint> {
  const found = new Map<string, bigint>();
  for (const part of text.split(",")) {
    const [, domain, sequence] = /^\s*(\d+)-\d+-(\d{1,20})\s*$/.exec(part) ?? [];
    if (domain !== undefined && sequence !== undefined) found.set(domain, BigInt(sequence));
  }
  return found;
}
