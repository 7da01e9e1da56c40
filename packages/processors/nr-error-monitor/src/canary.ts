import { type NerdGraph, nrqlText } from "@dbintel/new-relic";
import { type Metrics, metricsBuilder } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";

export const canaryMetric = "nr.collector.canary";
/** Canaries that are waited for; there is one an interval. */
const maxWaiting = 64;
const nonceBytes = 12;

/** Sends gauges and finds out whether they were stored, which a 200 does not say. */
export class Canary {
  readonly #host: Host;
  readonly #nerdGraph: NerdGraph;
  readonly #timeoutMs: number;
  readonly #ended: (outcome: "stored" | "lost", delayMs?: number) => void;
  /** When each was sent, on the monotonic clock, by its nonce. */
  readonly #waiting = new Map<string, number>();

  constructor(args: {
    readonly host: Host;
    readonly nerdGraph: NerdGraph;
    readonly timeoutMs: number;
    readonly ended: (outcome: "stored" | "lost", delayMs?: number) => void;
  }) {
    this.#host = args.host;
    this.#nerdGraph = args.nerdGraph;
    this.#timeoutMs = args.timeoutMs;
    this.#ended = args.ended;
  }

  /** The next canary, with the nonce by which it is found again. */
  next(): { readonly nonce: string; readonly metrics: Metrics } {
    const { build, clock, random } = this.#host;
    const nonce = Buffer.from(random.bytes(nonceBytes)).toString("hex");
    const metrics = metricsBuilder()
      .resource({ attributes: { "service.name": build.name, "service.version": build.version } })
      .scope({ name: "@dbintel/processor-nr-error-monitor", version: build.version })
      .gauge({ name: canaryMetric, description: "Proves that data is stored.", unit: "1" }, [
        { timeUnixNano: clock.unixNano(), value: 1n, attributes: { nonce } },
      ])
      .build();
    return { nonce, metrics };
  }

  /** Waits for one that was sent. */
  sent(nonce: string): void {
    if (this.#waiting.size < maxWaiting) this.#waiting.set(nonce, this.#host.clock.monotonicMs());
  }

  /** Asks for those that are waited for. Rejects as `nrql` does. */
  async look(signal: AbortSignal): Promise<void> {
    for (const [nonce, sentMs] of [...this.#waiting]) {
      const [row] = await this.#nerdGraph.nrql(
        `SELECT count(*) FROM Metric WHERE metricName = ${nrqlText(canaryMetric)} AND nonce = ${nrqlText(nonce)} SINCE 1 day ago`,
        signal,
      );
      const delayMs = this.#host.clock.monotonicMs() - sentMs;
      if (Number(row?.count ?? 0) > 0) this.#end(nonce, "stored", delayMs);
      else if (delayMs > this.#timeoutMs) this.#end(nonce, "lost");
    }
  }

  #end(nonce: string, outcome: "stored" | "lost", delayMs?: number): void {
    this.#waiting.delete(nonce);
    this.#ended(outcome, delayMs);
  }
}
