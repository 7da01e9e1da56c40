import { Folding } from "@dbintel/cardinality";
import {
  type Breach,
  Contract,
  type ContractLimits,
  documentedLimits,
  type IntegrationError,
} from "@dbintel/new-relic";
import type { Batch, Metrics } from "@dbintel/pdata";
import { every, type Host, type OwnEvents, type SharedKey, type Timer } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import { BreachBook } from "./breach-book.ts";
import type { NrErrorMonitorConfig } from "./config.ts";
import { MonitorMetrics } from "./metrics.ts";
import type { ExplainedError, Finding } from "./monitor-event.ts";
import { NewRelicWatch } from "./new-relic-watch.ts";
import { RecentBatches } from "./recent-batches.ts";
import { Remedies } from "./remedies.ts";
import { SeriesWatch } from "./series-watch.ts";

/** Findings that wait for a logs pipeline; the newest are dropped, all were logged. */
const maxFindings = 256;
const nanosecondsPerDay = 86_400_000_000_000n;

/** The monitors of a collector by the id of the processor: what all signals share. */
export const monitors: SharedKey<Map<string, Monitor>> = { name: "nr_error_monitors", create: () => new Map() };

/** Knows what was sent towards New Relic, what breaks its contract, and what it said of it. */
export class Monitor {
  readonly #metrics: MonitorMetrics;
  readonly #remedies: Remedies;
  /** Asks New Relic, where that is configured. */
  readonly #watch: NewRelicWatch | undefined;
  readonly #config: NrErrorMonitorConfig;
  readonly #host: Host;
  readonly #book: BreachBook;
  readonly #series: SeriesWatch;
  readonly #batches = new RecentBatches();
  readonly #folding: Folding;
  readonly #reports: Contract;
  readonly #fixes: Contract;
  /** When a metric was told of last, on the monotonic clock. */
  readonly #toldMs: LRUCache<string, number>;
  readonly #findings: Finding[] = [];
  #members = 0;
  #timer: Timer | undefined;
  #day = 0n;
  #alarmed = false;

  constructor(args: { readonly id: string; readonly config: NrErrorMonitorConfig; readonly host: Host }) {
    const { id, config, host } = args;
    this.#config = config;
    this.#host = host;
    this.#metrics = new MonitorMetrics(host, id);
    this.#remedies = new Remedies(host, id, config.nerdgraph?.actions === "apply");
    this.#watch = this.#createWatch();
    this.#book = new BreachBook(host, config, this.#metrics);
    this.#series = new SeriesWatch(config.cardinality_warning_threshold);
    this.#folding = new Folding(config.cardinality_limit);
    this.#toldMs = new LRUCache({ max: 1000 });
    this.#reports = this.#contract(false);
    this.#fixes = this.#contract(true);
  }

  /** Called by each processor of the id that starts; `canaries` by one that has a metrics pipeline. */
  join(canaries: OwnEvents<"metrics"> | undefined): void {
    if (canaries !== undefined) this.#watch?.sendCanariesBy(canaries);
    if (this.#members++ > 0) return;
    this.#timer = every(this.#host.clock, this.#config.reporting_interval, () => this.#look());
    this.#watch?.start();
  }

  /** Called by each one that stops. */
  async leave(): Promise<void> {
    if (--this.#members > 0) return;
    this.#timer?.cancel();
    await this.#watch?.stop();
    this.#remedies.end();
  }

  /** Checks a batch that is about to be sent, and mends it where that is wanted. */
  check(batch: Batch): void {
    const now = this.#host.clock.unixNano();
    const fixes = this.#config.mode === "fix" || this.#remedies.fixes;
    (fixes ? this.#fixes : this.#reports).check(batch, now);
    if (batch.signal === "metrics") this.#checkSeries(batch, now, fixes);
    this.#batches.add(batch, now);
  }

  /** The findings since the last call. */
  takeFindings(): readonly Finding[] {
    return this.#findings.splice(0);
  }

  /** What New Relic reported: explained, answered, told of. */
  #reported(errors: readonly IntegrationError[]): void {
    for (const error of errors) {
      this.#metrics.reported(error);
      const explained = this.#explain(error);
      const { metric, attribute, remedy, applied } = explained;
      const fields = { kind: error.kind, feature: error.feature, metric, attribute, remedy, applied };
      this.#host.logger.warn(fields, `New Relic reports: ${error.message}`);
      this.#find({ kind: "error", explained });
    }
  }

  #checkSeries(metrics: Metrics, now: bigint, fixes: boolean): void {
    const day = now / nanosecondsPerDay;
    if (day !== this.#day) this.#folding.rotate();
    this.#day = day;
    this.#series.count(metrics, now);
    const share = this.#remedies.seriesShare ?? (fixes ? 1 : undefined);
    // A point that cannot be read is not folded; it goes on as it is.
    if (share !== undefined) this.#folding.apply(metrics, share, () => undefined);
  }

  #look(): void {
    this.#remedies.expire();
    this.#book.measure();
    this.#metrics.series(this.#series.most);
    for (const breach of this.#book.tell()) this.#find({ kind: "breach", breach });
    this.#lookAtSeries();
    this.#alarm();
  }

  #lookAtSeries(): void {
    const nowMs = this.#host.clock.monotonicMs();
    for (const wide of this.#series.wide()) {
      const toldMs = this.#toldMs.get(wide.metric) ?? Number.NEGATIVE_INFINITY;
      if (nowMs - toldMs < this.#config.error_suppression_duration) continue;
      this.#toldMs.set(wide.metric, nowMs);
      this.#host.logger.warn({ ...wide }, "a metric has many series");
      this.#find({ kind: "cardinality", wide });
    }
  }

  #alarm(): void {
    const alarmed = this.#book.recent >= this.#config.alert_threshold;
    if (alarmed === this.#alarmed) return;
    this.#alarmed = alarmed;
    this.#host.reportStatus(
      alarmed
        ? {
            state: "recoverable_error",
            message: "much of what is sent to New Relic breaks its contract",
            hint: "the log names each breach; mode: fix mends or drops what breaks the contract",
          }
        : { state: "ok" },
    );
  }

  /** Which of our metrics, attributes and batches an error is about, and what to do. */
  #explain(error: IntegrationError): ExplainedError {
    const breach = this.#book.findNamed(error.names);
    const metric = error.names.find((name) => this.#series.has(name)) ?? breach?.metric;
    const wide = this.#series.wide().find((one) => one.metric === metric);
    return {
      error,
      metric,
      attribute: breach?.attribute ?? wide?.attribute,
      batch: this.#batches.before(error.feature, error.timeMs),
      ...this.#remedies.take(error.kind),
    };
  }

  #find(finding: Finding): void {
    if (this.#findings.length < maxFindings) this.#findings.push(finding);
  }

  #createWatch(): NewRelicWatch | undefined {
    const { nerdgraph: config } = this.#config;
    if (config === undefined) return undefined;
    const reported = (errors: readonly IntegrationError[]) => this.#reported(errors);
    return new NewRelicWatch({ config, host: this.#host, metrics: this.#metrics, reported });
  }

  #contract(fix: boolean): Contract {
    const config = this.#config;
    return new Contract({
      limits: limitsOf(config),
      fix,
      keep: config.keep_attributes,
      entity: config.entity_attributes,
      onBreach: (breach: Breach) => this.#book.add(breach),
    });
  }
}

function limitsOf(config: NrErrorMonitorConfig): ContractLimits {
  return {
    ...documentedLimits,
    attributeNameLength: config.max_attribute_name_length,
    attributeValueLength: config.max_attribute_length,
    metricNameLength: config.max_metric_name_length,
    attributes: config.max_attributes,
    maxPastMs: config.max_age,
    maxFutureMs: config.max_future,
  };
}
