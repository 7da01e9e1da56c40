import type { Clock, Logger } from "@dbintel/pipeline";
import { type Change, describeChange } from "./state-change.ts";

/** Changes that wait for a logs pipeline; beyond it the oldest go, which were logged and counted. */
const mostWaiting = 256;
/** Lines of our own log; a thousand databases that fail together say it once. */
const linesPerMinute = 60;
const minuteMs = 60_000;

/** Changes of state on their way to the log and to a logs pipeline, both bounded. */
export class Announcements {
  readonly #host: { readonly clock: Clock; readonly logger: Logger };
  #waiting: Change[] = [];
  #lines = 0;
  #minuteSinceMs = Number.NEGATIVE_INFINITY;
  #silent = 0;

  constructor(host: { readonly clock: Clock; readonly logger: Logger }) {
    this.#host = host;
  }

  add(change: Change): void {
    this.#waiting.push(change);
    if (this.#waiting.length > mostWaiting) this.#waiting.shift();
    this.#log(change);
  }

  /** Changes since the last call: for the one logs pipeline that asks first. */
  take(): readonly Change[] {
    const taken = this.#waiting;
    this.#waiting = [];
    return taken;
  }

  #log(change: Change): void {
    const nowMs = this.#host.clock.monotonicMs();
    if (nowMs - this.#minuteSinceMs >= minuteMs) {
      this.#minuteSinceMs = nowMs;
      this.#lines = 0;
    }
    if (this.#lines++ >= linesPerMinute) {
      this.#silent++;
      return;
    }
    const { unixNano: _, evidence, ...fields } = change;
    const silent = this.#silent > 0 ? { changes_not_logged: this.#silent } : {};
    this.#silent = 0;
    const level = change.to === "open" ? "warn" : "info";
    this.#host.logger[level]({ ...fields, ...evidence, ...silent }, describeChange(change));
  }
}
