import type { Host } from "@dbintel/pipeline";
import type { Finding } from "./finding.ts";
import type { HealthReading } from "./health.ts";

/** What the quality checks say of the data and of the collector. */
export class QualityMetrics {
  readonly #processor: string;
  readonly #findings;
  readonly #score;
  readonly #checks;
  readonly #health;

  constructor({ meter }: Host, id: string) {
    this.#processor = id;
    this.#findings = meter.createCounter("dbintel_verification_quality_findings", {
      description: "Looks that found something, by category.",
      unit: "{findings}",
    });
    this.#score = meter.createGauge("dbintel_verification_quality_score", {
      description: "Mean score of the items within the window; 1 is without a flaw.",
      unit: "1",
    });
    this.#checks = meter.createCounter("dbintel_verification_checks", {
      description: "Questions to New Relic, by name and outcome: met, missed, failed.",
      unit: "{questions}",
    });
    this.#health = {
      memory_percent: meter.createGauge("dbintel_verification_memory", { description: "Resident memory.", unit: "%" }),
      cpu_percent: meter.createGauge("dbintel_verification_cpu", { description: "Processor time.", unit: "%" }),
      event_loop_delay: meter.createGauge("dbintel_verification_event_loop_delay", {
        description: "99th percentile of the delay of the event loop.",
        unit: "ms",
      }),
      disk_percent: meter.createGauge("dbintel_verification_disk", { description: "Used disk space.", unit: "%" }),
    };
  }

  finding({ category }: Finding): void {
    this.#findings.add(1, { processor: this.#processor, category });
  }

  score(score: number | undefined): void {
    if (score !== undefined) this.#score.record(score, { processor: this.#processor });
  }

  check(name: string, outcome: "met" | "missed" | "failed"): void {
    this.#checks.add(1, { processor: this.#processor, check: name, outcome });
  }

  health(reading: HealthReading): void {
    for (const name of Object.keys(this.#health) as (keyof HealthReading)[]) {
      const value = reading[name];
      if (value !== undefined) this.#health[name].record(value, { processor: this.#processor });
    }
  }
}
