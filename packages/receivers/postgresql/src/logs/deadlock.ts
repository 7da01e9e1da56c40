import type { LogEntry } from "./log-entry.ts";

/** One of the sessions that waited for each other. */
export interface DeadlockParty {
  readonly pid: number;
  readonly waitsForPid: number;
  /** `ShareLock` … */
  readonly lockMode: string;
  /** `transaction`, `relation`, `tuple` … */
  readonly lockType: string;
  readonly relationOid: number | undefined;
  /** As it was typed: never to be shown. The server cuts it off at `track_activity_query_size`. */
  readonly statement: string | undefined;
}

export interface Deadlock {
  readonly parties: readonly DeadlockParty[];
  /** The session that the server ended the wait of. */
  readonly victim: number | undefined;
  /** The table that the victim was at, if the server says so. */
  readonly relation: string | undefined;
}

/** More would be no circle that anybody can read. */
const mostParties = 50;
const waits = /^Process (\d+) waits for (\w+) on (.{1,200}); blocked by process (\d+)\.$/;

/**
 * Both sides of a deadlock, from the detail of its message: first who waits for whom, a line for each, then the statement
 * of each in the same order. A statement may have several lines, and any text in them.
 */
export function deadlockOf({ message, sqlState, detail = "", context = "", pid }: LogEntry): Deadlock | undefined {
  if (sqlState === undefined ? message !== "deadlock detected" : sqlState !== "40P01") return undefined;
  const lines = detail.split("\n");
  const parties: DeadlockParty[] = [];
  for (const line of lines.slice(0, mostParties)) {
    const [, waiting, lockMode = "", place = "", blocker] = waits.exec(line) ?? [];
    if (waiting === undefined) break;
    parties.push({
      pid: Number(waiting),
      waitsForPid: Number(blocker),
      lockMode,
      lockType: /^[a-z ]+?(?= \(| \d| \[|$| of )/.exec(place)?.[0] ?? "",
      relationOid: oidIn(place),
      statement: undefined,
    });
  }
  if (parties.length < 2) return undefined;
  const texts = statementsOf(lines.slice(parties.length), parties);
  return {
    parties: parties.map((party, index) => ({ ...party, statement: texts[index] })),
    victim: pid,
    relation: /in relation "([^"\n]{1,128})"/.exec(context)?.[1],
  };
}

/** Each begins where the next process in turn is named. */
function statementsOf(lines: readonly string[], parties: readonly DeadlockParty[]): readonly string[] {
  const texts: string[] = [];
  for (const line of lines) {
    const begin = `Process ${parties[texts.length]?.pid}: `;
    if (line.startsWith(begin)) texts.push(line.slice(begin.length));
    else if (texts.length > 0) texts[texts.length - 1] += `\n${line}`;
  }
  return texts;
}

function oidIn(place: string): number | undefined {
  const oid = /\brelation (\d+)/.exec(place)?.[1];
  return oid === undefined ? undefined : Number(oid);
}
