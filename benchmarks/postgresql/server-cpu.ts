import { readdirSync, readFileSync } from "node:fs";

/** Linux reports CPU time in hundredths of a second (USER_HZ, fixed in the kernel's interface to programs). */
const millisecondsPerTick = 10;

interface ProcessStat {
  readonly parent: number;
  readonly ownMs: number;
  /** Of its children that have ended. */
  readonly endedMs: number;
}

/**
 * CPU time of the processes that a PostgreSQL server has started since: those that are there already, other sessions
 * and the server's own, do not count.
 */
export class ServerCpu {
  readonly #postmaster: number;
  readonly #others: ReadonlySet<number>;

  constructor(postmaster: number) {
    this.#postmaster = postmaster;
    this.#others = new Set(childrenOf(postmaster).keys());
  }

  /** Milliseconds of CPU so far, in processes that run and in those that have ended. */
  ms(): number {
    let ms = statOf(this.#postmaster)?.endedMs ?? 0;
    for (const [pid, { ownMs }] of childrenOf(this.#postmaster)) if (!this.#others.has(pid)) ms += ownMs;
    return ms;
  }
}

function childrenOf(parent: number): ReadonlyMap<number, ProcessStat> {
  const children = new Map<number, ProcessStat>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statOf(Number(name));
    if (stat?.parent === parent) children.set(Number(name), stat);
  }
  return children;
}

/** Fields 4 and 14 to 17 of /proc/PID/stat; `undefined` when the process has ended. */
function statOf(pid: number): ProcessStat | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat
      .slice(stat.lastIndexOf(")") + 2)
      .split(" ")
      .map(Number);
    const ticks = (first: number) => (fields[first] ?? 0) + (fields[first + 1] ?? 0);
    return {
      parent: fields[1] ?? 0,
      ownMs: ticks(11) * millisecondsPerTick,
      endedMs: ticks(13) * millisecondsPerTick,
    };
  } catch {
    return undefined;
  }
}
