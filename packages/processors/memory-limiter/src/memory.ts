import { totalmem } from "node:os";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** What the process uses at one moment, in bytes. */
export interface MemoryReading {
  /** Resident set: what the operating system counts. */
  readonly rss: number;
  /** What V8 has committed for its heap. */
  readonly heapTotal: number;
  /** The part of it that holds objects, dead ones included until they are collected. */
  readonly heapUsed: number;
  /** Where V8 ends the process. */
  readonly heapLimit: number;
  /** Memory outside the heap that objects on it keep alive: above all the bytes of telemetry. */
  readonly external: number;
}

/** The memory of a process as the limiter sees it; tests bring their own. */
export interface Memory {
  read(): MemoryReading;
  /** Collects garbage now, blocking. */
  collect(): void;
  /** Where the kernel ends the container; `undefined` where there is none, or it has no limit. */
  readonly containerBytes: number | undefined;
  /** What percentages are of: the container's limit, or the machine's memory where there is none. */
  readonly totalBytes: number;
}

/** The memory of this process. */
export function processMemory(): Memory {
  let collect: (() => void) | undefined;
  return {
    read() {
      const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
      return { rss, heapTotal, heapUsed, external, heapLimit: getHeapStatistics().heap_size_limit };
    },
    collect() {
      collect ??= exposedCollector();
      collect();
    },
    get containerBytes() {
      return containerBytes();
    },
    get totalBytes() {
      return containerBytes() ?? totalmem();
    },
  };
}

/**
 * libuv reads memory.max and memory.high (cgroup v2) or memory.limit_in_bytes (v1) of the process's own cgroup; 0 and
 * more than the machine has both mean that there is no limit.
 */
function containerBytes(): number | undefined {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : undefined;
}

/**
 * V8's collector, also when the process was not started with --expose-gc. "Last resort" is the flavour that gives
 * committed pages back to the system; the ordinary one keeps tens of MiB of young space.
 */
function exposedCollector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: NodeJS.GCFunction = globalThis.gc ?? runInNewContext("gc");
  return () => collect({ type: "major", execution: "sync", flavor: "last-resort" });
}
