import type { Batch } from "@dbintel/pdata";
import { every, type Host, type SharedKey, type Timer } from "@dbintel/pipeline";
import type { QualityConfig } from "./config.ts";
import type { Finding } from "./finding.ts";
import { Findings } from "./findings.ts";
import { Freshness } from "./freshness.ts";
import { Health } from "./health.ts";
import { ItemQuality } from "./item-quality.ts";
import { QualityMetrics } from "./metrics.ts";
import { NrqlChecks } from "./nrql-checks.ts";
import { Tuning } from "./tuning.ts";

/** The quality checks of a collector by the id of the processor: what its pipelines share. */
export const qualities: SharedKey<Map<string, Quality>> = { name: "verification_qualities", create: () => new Map() };

/** Looks at data as it passes, at its silence, at what New Relic has of it, and at the collector itself. */
export class Quality {
  readonly #host: Host;
  readonly #config: QualityConfig;
  readonly #metrics: QualityMetrics;
  readonly #findings: Findings;
  readonly #items: ItemQuality;
  readonly #freshness: Freshness;
  readonly #health: Health | undefined;
  readonly #checks: NrqlChecks | undefined;
  readonly #tuning: Tuning | undefined;
  #members = 0;
  readonly #timers: Timer[] = [];
  /** The reading of the health that is under way. */
  #reading: Promise<void> | undefined;

  constructor(args: { readonly id: string; readonly config: QualityConfig; readonly host: Host }) {
    const { id, config, host } = args;
    this.#host = host;
    this.#config = config;
    this.#metrics = new QualityMetrics(host, id);
    this.#findings = new Findings(host, config.feedback_interval);
    this.#items = new ItemQuality(host.clock, config);
    this.#freshness = new Freshness(host.clock, {
      thresholdMs: config.data_freshness_threshold,
      attributes: config.sources,
    });
    this.#health = config.health === undefined ? undefined : new Health(host.clock, config.health);
    this.#tuning = config.tuning === undefined ? undefined : new Tuning(host, id, config.tuning);
    this.#checks = config.nerdgraph === undefined ? undefined : this.#createChecks(config.nerdgraph);
  }

  /** Called by each processor of the id that starts. */
  join(): void {
    if (this.#members++ > 0) return;
    this.#every(this.#config.interval, () => this.#look());
    const health = this.#health;
    if (health !== undefined) this.#every(health.intervalMs, () => this.#readHealth(health));
    if (this.#config.tuning !== undefined) this.#every(this.#config.tuning.interval, () => this.#tune());
    health?.start();
    this.#checks?.start();
  }

  /** Called by each one that stops. */
  async leave(): Promise<void> {
    if (--this.#members > 0) return;
    for (const timer of this.#timers.splice(0)) timer.cancel();
    this.#health?.stop();
    this.#tuning?.end();
    await this.#checks?.stop();
    await this.#reading;
  }

  /** Looks at a batch, which is not changed. */
  observe(batch: Batch): void {
    for (const { attributes } of batch.resources()) this.#freshness.seen(attributes);
    this.#items.observe(batch);
  }

  /** The findings since the last call. */
  takeFindings(): readonly Finding[] {
    return this.#findings.take();
  }

  #look(): void {
    for (const finding of [...this.#freshness.look(), ...this.#items.look()]) this.#find(finding);
    this.#metrics.score(this.#items.score);
  }

  /** One reading at a time: the disk may be slow to answer. */
  #readHealth(health: Health): void {
    this.#reading ??= this.#lookAtHealth(health).finally(() => {
      this.#reading = undefined;
    });
  }

  async #lookAtHealth(health: Health): Promise<void> {
    const reading = await health.read();
    this.#metrics.health(reading);
    for (const finding of health.judge(reading)) this.#find(finding);
  }

  #tune(): void {
    const finding = this.#tuning?.look();
    if (finding !== undefined) this.#find(finding);
  }

  #find(finding: Finding): void {
    this.#metrics.finding(finding);
    this.#findings.tell(finding);
  }

  #createChecks(config: NonNullable<QualityConfig["nerdgraph"]>): NrqlChecks {
    return new NrqlChecks({
      host: this.#host,
      config,
      answered: ({ name }, outcome, finding) => {
        this.#metrics.check(name, outcome);
        if (finding !== undefined) this.#find(finding);
      },
    });
  }

  #every(intervalMs: number, run: () => void): void {
    this.#timers.push(every(this.#host.clock, intervalMs, run));
  }
}
