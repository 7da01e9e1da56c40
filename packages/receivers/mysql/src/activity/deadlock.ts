/** A lock of InnoDB, as far as it is no value of a row. */
export interface DeadlockLock {
  /** `RECORD` or `TABLE`. */
  readonly type: string;
  /** `X`, `X locks rec but not gap`, `IX` … */
  readonly mode: string;
  /** `schema.table`. */
  readonly relation: string;
  readonly index: string | undefined;
}

/** One of the transactions that waited for each other. */
export interface DeadlockParty {
  readonly transactionId: string;
  /** The session's number in the process list. */
  readonly session: number | undefined;
  readonly activeSeconds: number | undefined;
  /** As it was typed: never to be shown. The server cuts it off at 1 kB. */
  readonly statement: string;
  readonly holds: readonly DeadlockLock[];
  readonly waitsFor: readonly DeadlockLock[];
}

/** The latest deadlock that the server remembers. */
export interface Deadlock {
  /** By the server's local clock, as it prints it: what tells one deadlock from the next. */
  readonly stamp: string;
  /** How long ago it was when the server was asked, in seconds. */
  readonly ageSeconds: number;
  readonly parties: readonly DeadlockParty[];
  /** The place among `parties` of the one that was rolled back. */
  readonly victim: number | undefined;
}

const title = "LATEST DETECTED DEADLOCK";
/** What is read of it; the server prints the bytes of rows as well, which may be long. */
const longestSection = 262_144;
/** More would be no circle that anybody can read. */
const mostParties = 50;
const mostLocks = 20;
const longestStatement = 4096;

const stampPattern = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) /;
const recordLock =
  /^RECORD LOCKS .{0,200}? index (.{1,200}?) of table (`.{1,300}?`\.`.{1,300}?`) .{0,200}?trx id \S+ lock[_ ]mode (.{1,100})$/;
const tableLock = /^TABLE LOCK table (`.{1,300}?`\.`.{1,300}?`) .{0,200}?trx id \S+ lock[_ ]mode (.{1,100})$/;

/**
 * The latest deadlock of `SHOW ENGINE INNODB STATUS`, in the form of MySQL 8 and later and of MariaDB 10.5 and later. Of
 * each lock the dump of the row is left out: it is what the row holds. A statement may have several lines, and any text in
 * them that does not begin a line with `***`.
 */
export function deadlockIn(status: string): Deadlock | undefined {
  const begin = status.indexOf(title);
  if (begin < 0) return undefined;
  const lines = status.slice(begin, begin + longestSection).split("\n");
  const end = lines.indexOf("TRANSACTIONS");
  const stamp = stampPattern.exec(lines[2] ?? "")?.[1];
  const now = stampPattern.exec(status.trimStart().split("\n", 2)[1] ?? "")?.[1];
  if (stamp === undefined) return undefined;
  const sections = sectionsOf(lines.slice(3, end < 0 ? lines.length : end));
  const parties: Party[] = [];
  let victim: number | undefined;
  for (const { heading, content } of sections) {
    const last = parties.at(-1);
    if (/^\*\*\* \(\d+\) TRANSACTION:$/.test(heading)) {
      if (parties.length < mostParties) parties.push(partyOf(content));
    } else if (heading.includes("HOLDS THE LOCK")) last?.holds.push(...locksOf(content));
    else if (heading.includes("WAITING FOR THIS LOCK")) last?.waitsFor.push(...locksOf(content));
    else victim ??= victimOf(heading);
  }
  if (parties.length < 2) return undefined;
  return { stamp, ageSeconds: now === undefined ? 0 : secondsBetween(stamp, now), parties, victim };
}

interface Party extends DeadlockParty {
  readonly holds: DeadlockLock[];
  readonly waitsFor: DeadlockLock[];
}

interface Section {
  readonly heading: string;
  readonly content: string[];
}

function sectionsOf(lines: readonly string[]): readonly Section[] {
  const sections: Section[] = [];
  for (const line of lines) {
    if (line.startsWith("*** ")) sections.push({ heading: line.trimEnd(), content: [] });
    else sections.at(-1)?.content.push(line);
  }
  return sections;
}

/** What the server says of a transaction; its statement follows the line of its thread. */
function partyOf(lines: readonly string[]): Party {
  const [, transactionId = "", active] =
    /^TRANSACTION (\d+), ACTIVE(?: \(PREPARED\))? (\d+) sec/.exec(lines[0] ?? "") ?? [];
  const thread = lines.findIndex((line) => /^(?:MySQL|MariaDB) thread id \d/.test(line));
  const id = /thread id (\d+)/.exec(lines[thread] ?? "")?.[1];
  const statement = thread < 0 ? "" : lines.slice(thread + 1).join("\n");
  return {
    transactionId,
    session: id === undefined ? undefined : Number(id),
    activeSeconds: active === undefined ? undefined : Number(active),
    statement: statement.slice(0, longestStatement).trim(),
    holds: [],
    waitsFor: [],
  };
}

function locksOf(lines: readonly string[]): readonly DeadlockLock[] {
  const locks: DeadlockLock[] = [];
  for (const line of lines) {
    if (locks.length >= mostLocks) break;
    const [, index, table, mode] = recordLock.exec(line) ?? [];
    if (index !== undefined) {
      locks.push({ type: "RECORD", mode: modeOf(mode), relation: named(table), index: named(index) });
      continue;
    }
    const [, whole, wholeMode] = tableLock.exec(line) ?? [];
    if (whole !== undefined) {
      locks.push({ type: "TABLE", mode: modeOf(wholeMode), relation: named(whole), index: undefined });
    }
  }
  return locks;
}

/** That it is waited for is said already. */
function modeOf(mode = ""): string {
  return mode.trim().replace(/ waiting$/, "");
}

function named(quoted = ""): string {
  return quoted.replaceAll("`", "");
}

function victimOf(heading: string): number | undefined {
  const number = /^\*\*\* WE ROLL BACK TRANSACTION \((\d+)\)$/.exec(heading)?.[1];
  return number === undefined ? undefined : Number(number) - 1;
}

/** Both are of one clock; which time zone it has makes no difference. */
function secondsBetween(stamp: string, now: string): number {
  const [then, later] = [stamp, now].map((each) => Date.parse(`${each.replace(" ", "T")}Z`));
  const seconds = ((later ?? 0) - (then ?? 0)) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : 0;
}
