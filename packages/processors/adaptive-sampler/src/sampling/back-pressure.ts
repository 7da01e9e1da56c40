import type { ExporterLoad } from "@dbintel/feedback";

/** Queues fuller than this are a sign to send less, emptier than that one to send more. */
const highFill = 0.8;
const lowFill = 0.5;

/** Times a second at most: answers to what was sent before a cut are no reason for another. */
const lookEveryMs = 1000;
const cutTo = 0.5;
const risePerSecond = 0.05;
const least = 0.01;

/**
 * What share of the goal to keep to, by how exporters are doing: halved when a backend throttles or a queue runs full,
 * and raised step by step when it is over (additive increase, multiplicative decrease; Chiu, Jain, Computer Networks
 * and ISDN Systems 17, 1989).
 */
export class BackPressure {
  #share = 1;
  #throttled: number | undefined;
  #lookedMs = Number.NEGATIVE_INFINITY;

  /** In (0, 1]. */
  share(load: ExporterLoad, nowMs: number): number {
    const sinceMs = nowMs - this.#lookedMs;
    if (sinceMs < lookEveryMs) return this.#share;
    const { throttled, queueFill } = load;
    const newlyThrottled = this.#throttled !== undefined && throttled > this.#throttled;
    if (newlyThrottled || queueFill >= highFill) this.#share = Math.max(least, this.#share * cutTo);
    else if (queueFill < lowFill) this.#share = Math.min(1, this.#share + (risePerSecond * sinceMs) / 1000);
    this.#throttled = throttled;
    this.#lookedMs = nowMs;
    return this.#share;
  }
}
