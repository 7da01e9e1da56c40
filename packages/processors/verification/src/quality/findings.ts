import type { Host } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import type { Finding } from "./finding.ts";

/** Findings that wait for a logs pipeline; further ones are only logged. */
const maxWaiting = 128;
/** Findings that are remembered as told of. */
const maxTold = 1000;

/** Tells of findings in the log, and hands them to a logs pipeline; each at most once in an interval. */
export class Findings {
  readonly #host: Host;
  readonly #intervalMs: number;
  /** When each was told of, on the monotonic clock. */
  readonly #toldMs = new LRUCache<string, number>({ max: maxTold });
  #waiting: Finding[] = [];

  constructor(host: Host, intervalMs: number) {
    this.#host = host;
    this.#intervalMs = intervalMs;
  }

  tell(finding: Finding): void {
    const key = `${finding.category}\0${finding.subject}`;
    const nowMs = this.#host.clock.monotonicMs();
    if (nowMs - (this.#toldMs.get(key) ?? Number.NEGATIVE_INFINITY) < this.#intervalMs) return;
    this.#toldMs.set(key, nowMs);
    const { category, subject, message, remediation, evidence } = finding;
    this.#host.logger.warn({ category, subject, remediation, ...evidence }, message);
    if (this.#waiting.length < maxWaiting) this.#waiting.push(finding);
  }

  /** Those since the last call. */
  take(): readonly Finding[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }
}
