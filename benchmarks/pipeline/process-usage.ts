import { readFileSync } from "node:fs";

/** Linux reports CPU time in hundredths of a second (USER_HZ, fixed in the kernel's interface to programs). */
const ticksPerSecond = 100;

/**
 * CPU seconds of a process in user and kernel mode, all of its threads or one of them, from /proc/PID/stat (fields 14 and
 * 15).
 */
export function cpuSeconds(pid: number, thread?: number): number {
  const stat = readFileSync(thread === undefined ? `/proc/${pid}/stat` : `/proc/${pid}/task/${thread}/stat`, "utf8");
  // The second field, the command, is in parentheses and may hold anything; the rest counts from its end.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident memory of a process in MiB, from /proc/PID/status. */
export function residentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
}
