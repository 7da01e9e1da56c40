import { type NerdGraph, type NrqlRow, nerdGraphOf } from "@dbintel/new-relic";
import type { Host, Timer } from "@dbintel/pipeline";
import type { NerdGraphCheckConfig } from "./config.ts";
import type { Finding } from "./finding.ts";

type Check = NerdGraphCheckConfig["queries"][number];

const compare = {
  gt: (answer: number, threshold: number) => answer > threshold,
  lt: (answer: number, threshold: number) => answer < threshold,
  eq: (answer: number, threshold: number) => answer === threshold,
} as const;

/** Asks New Relic the configured questions, each at its own interval and never twice at once. */
export class NrqlChecks {
  readonly #host: Host;
  readonly #config: NerdGraphCheckConfig;
  readonly #nerdGraph: NerdGraph;
  readonly #answered: (check: Check, outcome: "met" | "missed" | "failed", finding?: Finding) => void;
  readonly #timers = new Map<string, Timer>();
  readonly #asking = new Set<Promise<void>>();
  #abort = new AbortController();

  constructor(args: {
    readonly host: Host;
    readonly config: NerdGraphCheckConfig;
    readonly answered: (
      check: { readonly name: string },
      outcome: "met" | "missed" | "failed",
      finding?: Finding,
    ) => void;
  }) {
    const { host, config } = args;
    this.#host = host;
    this.#config = config;
    this.#answered = args.answered;
    this.#nerdGraph = nerdGraphOf(config);
  }

  start(): void {
    this.#abort = new AbortController();
    for (const check of this.#config.queries) this.#schedule(check);
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#abort.abort();
    await Promise.all(this.#asking);
  }

  #schedule(check: Check): void {
    const timer = this.#host.clock.schedule(check.interval, () => {
      const asking = this.#ask(check).then(() => {
        this.#asking.delete(asking);
        if (!this.#abort.signal.aborted) this.#schedule(check);
      });
      this.#asking.add(asking);
    });
    this.#timers.set(check.name, timer);
  }

  async #ask(check: Check): Promise<void> {
    const { signal } = this.#abort;
    try {
      const [row] = await this.#nerdGraph.nrql(check.query, signal);
      const answer = row === undefined ? undefined : firstNumber(row);
      if (answer !== undefined && compare[check.comparison](answer, check.threshold)) this.#answered(check, "met");
      else this.#answered(check, "missed", missed(check, answer));
    } catch (error) {
      if (signal.aborted) return;
      this.#host.logger.warn({ check: check.name, error }, "New Relic was not asked whether the data has arrived");
      this.#answered(check, "failed");
    }
  }
}

function firstNumber(row: NrqlRow): number | undefined {
  return Object.values(row).find((value): value is number => typeof value === "number");
}

function missed({ name, comparison, threshold }: Check, answer: number | undefined): Finding {
  const wanted = { gt: "more than", lt: "less than", eq: "exactly" }[comparison];
  return {
    category: "verification_query",
    subject: name,
    message: `${name}: ${answer ?? "no number"}, expected ${wanted} ${threshold}`,
    remediation: "compare with what the exporter says it has sent, and with nr_error_monitor's findings",
    evidence: { threshold, ...(answer === undefined ? {} : { answer }) },
  };
}
