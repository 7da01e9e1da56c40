import { feedback, noSavings } from "@dbintel/feedback";
import type { IntegrationErrorKind } from "@dbintel/new-relic";
import type { Host } from "@dbintel/pipeline";

/** What is done about an error of New Relic: mend all breaches, keep fewer series, send less, or ask a person. */
export type Remedy = "fix" | "fold" | "send_less" | "check_key" | "none";

/** A remedy ends when no error has called for it in this time. */
const calmMs = 10 * 60_000;
const smallestShare = 0.1;

const byKind: Readonly<Record<IntegrationErrorKind, Remedy>> = {
  cardinality: "fold",
  rate_limit: "send_less",
  quota: "send_less",
  authentication: "check_key",
  too_many_attributes: "fix",
  too_long: "fix",
  timestamp: "fix",
  too_large: "fix",
  value: "fix",
  other: "none",
};

const words: Readonly<Record<Remedy, string>> = {
  fix: "mend or drop what breaks the contract: mode: fix",
  fold: "keep fewer series: fold the attribute with most values, or set cardinality_limit lower",
  send_less: "send less: longer intervals of metrics and lower rates of samplers",
  check_key: "check the licence key of the exporter, its account and its region",
  none: "read the message",
};

/** The remedies of one monitor that are in force. */
export class Remedies {
  readonly #id: string;
  readonly #host: Host;
  readonly #apply: boolean;
  /** Until when each one holds, on the monotonic clock. */
  readonly #until = new Map<Remedy, number>();
  #share = 1;

  constructor(host: Host, id: string, apply: boolean) {
    this.#id = id;
    this.#host = host;
    this.#apply = apply;
  }

  /** Whether breaches are to be mended although the mode is `monitor`. */
  get fixes(): boolean {
    return this.#holds("fix");
  }

  /** Share of the limit of series that may be used; `undefined` while nothing is to be folded. */
  get seriesShare(): number | undefined {
    return this.#holds("fold") ? this.#share : undefined;
  }

  /** Takes the remedy for an error, or only names it: `applied` tells which. */
  take(kind: IntegrationErrorKind): { readonly remedy: Remedy; readonly advice: string; readonly applied: boolean } {
    const remedy = byKind[kind];
    const applied = this.#apply && remedy !== "none" && remedy !== "check_key";
    if (applied) this.#begin(remedy);
    return { remedy, advice: words[remedy], applied };
  }

  /** Ends what nothing has called for any more. */
  expire(): void {
    for (const remedy of [...this.#until.keys()]) {
      if (this.#holds(remedy)) continue;
      this.#until.delete(remedy);
      if (remedy === "fold") this.#share = 1;
      if (remedy === "send_less") this.#host.shared(feedback).demand(this.#id, undefined);
      this.#host.logger.info({ remedy }, "no more errors of New Relic call for this: taken back");
    }
  }

  /** At the end of the component. */
  end(): void {
    this.#until.clear();
    this.#host.shared(feedback).demand(this.#id, undefined);
  }

  #begin(remedy: Remedy): void {
    const before = this.#holds(remedy);
    this.#until.set(remedy, this.#host.clock.monotonicMs() + calmMs);
    if (remedy === "fold") this.#share = Math.max(smallestShare, this.#share / 2);
    if (remedy === "send_less") {
      const demand = { ...noSavings, metricsIntervalFactor: 2, samplingFactor: 0.5 };
      this.#host.shared(feedback).demand(this.#id, demand);
    }
    if (!before) this.#host.logger.warn({ remedy }, `New Relic reports errors, so now: ${words[remedy]}`);
  }

  #holds(remedy: Remedy): boolean {
    return (this.#until.get(remedy) ?? Number.NEGATIVE_INFINITY) > this.#host.clock.monotonicMs();
  }
}
