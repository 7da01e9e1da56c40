import { feedback, noSavings } from "@dbintel/feedback";
import type { Host } from "@dbintel/pipeline";
import type { TuningConfig } from "./config.ts";
import type { Finding } from "./finding.ts";

/** What a change is judged by: how the exporters fared in one interval. */
interface Strain {
  readonly queueFill: number;
  /** Answers in the interval that asked to send less. */
  readonly throttled: number;
}

/** Better by less than this share is no better. */
const least = 0.1;

/**
 * Lowers the rates of samplers while exporters cannot keep up, one step an interval; a step that did not help is taken
 * back, and so are all when the exporters keep up. Without `auto_apply` it only suggests.
 */
export class Tuning {
  readonly #id: string;
  readonly #host: Host;
  readonly #config: TuningConfig;
  #throttledSoFar: number;
  /** The share of the configured rates that is asked for. */
  #sampling = 1;
  /** The strain before the last step, and the share before it. */
  #step: { readonly before: Strain; readonly sampling: number } | undefined;
  /** Intervals to wait after a step that did not help. */
  #pause = 0;

  constructor(host: Host, id: string, config: TuningConfig) {
    this.#id = `${id}/tuning`;
    this.#host = host;
    this.#config = config;
    this.#throttledSoFar = host.shared(feedback).exporterLoad.throttled;
  }

  /** Once an interval. */
  look(): Finding | undefined {
    const strain = this.#strain();
    const isStrained = strain.queueFill >= this.#config.queue_fill || strain.throttled > 0;
    const undone = this.#judge(strain, isStrained);
    if (undone !== undefined) return undone;
    if (!isStrained) {
      if (this.#sampling < 1) this.#set(Math.min(1, this.#sampling / (1 - this.#config.max_change)));
      return undefined;
    }
    if (this.#pause > 0) {
      this.#pause--;
      return undefined;
    }
    return this.#suggest(strain);
  }

  /** Takes everything back. */
  end(): void {
    this.#step = undefined;
    this.#set(1);
  }

  #strain(): Strain {
    const { queueFill, throttled } = this.#host.shared(feedback).exporterLoad;
    const since = throttled - this.#throttledSoFar;
    this.#throttledSoFar = throttled;
    return { queueFill, throttled: since };
  }

  /** Takes the last step back when it did not help. */
  #judge(now: Strain, isStrained: boolean): Finding | undefined {
    const step = this.#step;
    this.#step = undefined;
    if (step === undefined || !isStrained) return undefined;
    const helped =
      now.queueFill < step.before.queueFill * (1 - least) || now.throttled < step.before.throttled * (1 - least);
    if (helped) return undefined;
    this.#set(step.sampling);
    // Twice as long as the step was given: the next try is for another load.
    this.#pause = 2;
    return this.#finding("the lower rate did not help and is taken back", now);
  }

  #suggest(strain: Strain): Finding | undefined {
    const { auto_apply, max_change, least_sampling } = this.#config;
    const lower = Math.max(least_sampling, this.#sampling * (1 - max_change));
    if (lower >= this.#sampling) return undefined;
    if (auto_apply) {
      this.#step = { before: strain, sampling: this.#sampling };
      this.#set(lower);
    }
    const verb = auto_apply ? "rates of samplers are" : "suggestion: let rates of samplers be";
    return this.#finding(`exporters cannot keep up; ${verb} ${lower.toFixed(2)} of what is configured`, strain);
  }

  #set(sampling: number): void {
    this.#sampling = sampling;
    const demand = sampling === 1 ? undefined : { ...noSavings, samplingFactor: sampling };
    this.#host.shared(feedback).demand(this.#id, demand);
  }

  #finding(message: string, { queueFill, throttled }: Strain): Finding {
    return {
      category: "tuning",
      subject: message,
      message,
      remediation: "lower rates or intervals in the configuration, or give the exporter more room",
      evidence: { queue_fill: queueFill, throttled_requests: throttled, sampling_factor: this.#sampling },
    };
  }
}
